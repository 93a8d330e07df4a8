-- Grain: frame, province, target year and definition; the province unknown takes what has no region.
-- Reads: stock (stock.sql), reference.provinces, reference.regencies, reference.targets, reference.definitions.
-- Why: no official target exists below the nation. The national target is shared out by the province's share of all
--      counted businesses, by largest remainder, so that the parts sum exactly; it is labelled as an allocation, and no
--      verdict rests on it.
WITH cells AS (
    SELECT '34' AS frame_code, province_code_34 AS province_code, * FROM stock
    UNION ALL
    SELECT '38', province_code_38, * FROM stock
), provinces AS (
    SELECT frame_code, province_code, province_name FROM reference.provinces
    UNION ALL
    SELECT unnest(['34', '38']), 'unknown', 'Tidak diketahui'
), regencies AS (
    SELECT '34' AS frame_code, province_code_34 AS province_code, regency_code FROM reference.regencies
    UNION ALL
    SELECT '38', province_code_38, regency_code FROM reference.regencies
), coverage AS (
    SELECT frame_code, province_code, count(covered.regency_code) / count(*) AS coverage_ratio
    FROM regencies LEFT JOIN (SELECT DISTINCT regency_code FROM stock) AS covered USING (regency_code)
    GROUP BY ALL
), sizes AS (
    SELECT frame_code, province_code, province_name, coalesce(sum(business_count), 0)::BIGINT AS business_count
    FROM provinces LEFT JOIN cells USING (frame_code, province_code)
    GROUP BY ALL
), targets AS (
    SELECT target_year, target_count FROM reference.targets WHERE indicator_code = 'umkm_digital'
), shares AS (
    SELECT
        sizes.*, targets.*, target_count::HUGEINT * business_count AS product,
        nullif(sum(business_count) OVER (PARTITION BY frame_code, target_year), 0)::HUGEINT AS total
    FROM sizes CROSS JOIN targets
), allocations AS (
    SELECT
        frame_code, province_code, province_name, business_count, target_year,
        product // total + (
            row_number() OVER (PARTITION BY frame_code, target_year ORDER BY product % total DESC, province_code)
            <= target_count - sum(product // total) OVER (PARTITION BY frame_code, target_year)
        )::INTEGER AS allocated_count
    FROM shares
), observed AS (
    SELECT frame_code, province_code, target_year, definition_code, sum(business_count)::BIGINT AS observed_count
    FROM cells
    JOIN reference.definitions ON digital_rank <= definition_rank
    JOIN targets ON counted_from_year <= target_year
    GROUP BY ALL
)
SELECT
    frame_code, province_code, province_name, target_year, definition_code,
    'register_observed' AS series,
    allocated_count AS target_count,
    'indicative_allocation' AS target_basis,
    'share of counted businesses' AS allocation_key,
    coalesce(observed_count, 0) AS observed_count,
    coalesce(observed_count, 0) / nullif(allocated_count, 0)::DOUBLE AS attainment_ratio,
    allocated_count - coalesce(observed_count, 0) AS gap_count,
    'not_assessable' AS verdict,
    coverage_ratio,
    getvariable('as_of') AS as_of_date,
    business_count
FROM allocations
CROSS JOIN (SELECT definition_code FROM reference.definitions)
LEFT JOIN observed USING (frame_code, province_code, target_year, definition_code)
LEFT JOIN coverage USING (frame_code, province_code)
