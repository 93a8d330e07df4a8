-- One row: definition. Columns are named with their table, because an argument bears the name of one.
CREATE MACRO marts.attainment_at(event_date, known_date) AS TABLE
WITH known AS (
    SELECT max(versions.version) AS version, max_by(versions.as_of_date, versions.version) AS as_of_date
    FROM meta.versions AS versions WHERE versions.known_date <= CAST(known_date AS DATE)
), asked AS (
    SELECT known.version, known.as_of_date, least(CAST(event_date AS DATE), known.as_of_date) AS observed_date FROM known
), stock AS (
    SELECT changes.digital_rank, sum(changes.change_count) AS business_count
    FROM marts.stock_changes AS changes JOIN asked ON changes.counted_from_date <= asked.observed_date
    WHERE changes.known_date <= CAST(known_date AS DATE)
    GROUP BY changes.digital_rank
), counted AS (
    SELECT definitions.definition_code, CAST(coalesce(sum(stock.business_count), 0) AS BIGINT) AS business_count
    FROM reference.definitions AS definitions LEFT JOIN stock ON stock.digital_rank <= definitions.definition_rank
    GROUP BY definitions.definition_code
)
SELECT
    counted.definition_code, asked.version, asked.as_of_date,
    CASE WHEN asked.version IS NOT NULL THEN asked.observed_date END AS observed_date,
    targets.target_year, targets.target_count,
    CASE WHEN asked.version IS NOT NULL THEN counted.business_count END AS observed_count
FROM counted CROSS JOIN asked
LEFT JOIN reference.targets AS targets
    ON targets.indicator_code = 'umkm_digital' AND targets.target_year = year(CAST(event_date AS DATE))
ORDER BY counted.definition_code;
COMMENT ON MACRO TABLE marts.attainment_at IS 'attainment_at(event_date, known_date): businesses that were digital on event_date as far as was published by the end of known_date, per definition; NULL when nothing was published yet. A version says nothing of days after its as_of_date: observed_date is the earlier of the two. target_count is that of the end of the year.';
