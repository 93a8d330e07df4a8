-- One row: province of the frame and definition. Columns are named with their table, because an argument bears the name of one.
CREATE MACRO marts.attainment_province_at(frame, event_date, known_date) AS TABLE
WITH known AS (
    SELECT max(versions.version) AS version, max_by(versions.as_of_date, versions.version) AS as_of_date
    FROM meta.versions AS versions WHERE versions.known_date <= CAST(known_date AS DATE)
), asked AS (
    SELECT known.version, known.as_of_date, least(CAST(event_date AS DATE), known.as_of_date) AS observed_date FROM known
), placed AS (
    SELECT
        regencies.regency_code,
        CASE CAST(frame AS VARCHAR) WHEN '34' THEN regencies.province_code_34 ELSE regencies.province_code_38 END AS province_code
    FROM reference.regencies AS regencies
), stock AS (
    SELECT coalesce(placed.province_code, 'unknown') AS province_code, changes.digital_rank, sum(changes.change_count) AS business_count
    FROM marts.stock_changes AS changes
    JOIN asked ON changes.counted_from_date <= asked.observed_date
    LEFT JOIN placed ON placed.regency_code = changes.regency_code
    WHERE changes.known_date <= CAST(known_date AS DATE)
    GROUP BY ALL
), provinces AS (
    SELECT named.province_code, named.province_name FROM reference.provinces AS named
    WHERE named.frame_code = CAST(frame AS VARCHAR)
    UNION ALL
    SELECT 'unknown', 'Tidak diketahui' WHERE CAST(frame AS VARCHAR) IN ('34', '38')
), counted AS (
    SELECT
        provinces.province_code, provinces.province_name, definitions.definition_code,
        CAST(coalesce(sum(stock.business_count), 0) AS BIGINT) AS business_count
    FROM provinces CROSS JOIN reference.definitions AS definitions
    LEFT JOIN stock ON stock.province_code = provinces.province_code AND stock.digital_rank <= definitions.definition_rank
    GROUP BY ALL
)
SELECT
    counted.province_code, counted.province_name, counted.definition_code, asked.version, asked.as_of_date,
    CASE WHEN asked.version IS NOT NULL THEN asked.observed_date END AS observed_date,
    CASE WHEN asked.version IS NOT NULL THEN counted.business_count END AS observed_count
FROM counted CROSS JOIN asked
ORDER BY counted.province_code, counted.definition_code;
COMMENT ON MACRO TABLE marts.attainment_province_at IS 'attainment_province_at(frame, event_date, known_date): the same by province of frame 34 or 38, to which kab/kota belong as this version has it; the province unknown takes what has no region.';
