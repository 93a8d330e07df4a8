-- Grain: kab/kota (unknown included), target year and definition.
-- Reads: stock (stock.sql), band_changes (band_changes.sql), reference.regencies, reference.targets, reference.definitions.
-- Why: the register's figures, counted once; kab/kota, provinces of both frames and the nation are sums of them, and so agree.
WITH moments AS (
    SELECT target_year, least(make_date(target_year, 12, 31), getvariable('as_of')) AS observed_date
    FROM reference.targets WHERE indicator_code = 'umkm_digital'
), regions AS (
    SELECT regency_code, province_code_34, province_code_38 FROM reference.regencies
    UNION ALL
    SELECT 'unknown', 'unknown', 'unknown'
), cells AS (
    SELECT 'chosen' AS threshold, regency_code, digital_rank, counted_from_date, business_count FROM stock
    UNION ALL
    SELECT * FROM band_changes
), counted AS (
    SELECT
        regency_code, target_year, definition_code,
        sum(business_count) FILTER (threshold = 'chosen') AS observed_count,
        sum(business_count) FILTER (threshold = 'chosen' AND counted_from_date <= observed_date - INTERVAL 1 YEAR) AS year_before_count,
        sum(business_count) FILTER (threshold = 'strict') AS strict_change,
        sum(business_count) FILTER (threshold = 'loose') AS loose_change,
        sum(business_count) FILTER (threshold = 'waiting') AS waiting_count
    FROM cells
    JOIN moments ON counted_from_date <= observed_date
    JOIN reference.definitions ON digital_rank <= definition_rank
    GROUP BY ALL
)
SELECT
    regions.*, target_year, definition_code, observed_date,
    coalesce(observed_count, 0)::BIGINT AS observed_count,
    coalesce(year_before_count, 0)::BIGINT AS year_before_count,
    coalesce(strict_change, 0)::BIGINT AS strict_change,
    coalesce(loose_change, 0)::BIGINT AS loose_change,
    coalesce(waiting_count, 0)::BIGINT AS waiting_count
FROM regions CROSS JOIN moments CROSS JOIN (SELECT definition_code FROM reference.definitions)
LEFT JOIN counted USING (regency_code, target_year, definition_code)
