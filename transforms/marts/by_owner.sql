-- Grain: frame, province, sex and age band of the owner; cells without a business have no row.
-- Reads: known (known.sql).
-- Why: owners are persons, businesses are theirs. An owner is counted once, with the oldest of the counted businesses.
WITH counted AS (
    SELECT
        province_code_34, province_code_38, coalesce(owner_sex_code, 'unknown') AS owner_sex_code, owner_age_band, digital_rank,
        business_id = min(business_id) OVER (PARTITION BY owner_id) AS is_oldest
    FROM known WHERE is_counted
), summed AS (
    SELECT
        province_code_34, province_code_38, owner_sex_code, owner_age_band,
        count(*) AS business_count, count(*) FILTER (is_oldest) AS owner_count,
        count(*) FILTER (digital_rank <= 1) AS d1_count, count(*) FILTER (digital_rank <= 2) AS d2_count,
        count(*) FILTER (digital_rank <= 3) AS d3_count, count(*) FILTER (digital_rank <= 4) AS d4_count
    FROM counted GROUP BY ALL
)
SELECT
    frame_code, province_code, owner_sex_code, owner_age_band,
    sum(owner_count)::BIGINT AS owner_count, sum(business_count)::BIGINT AS business_count,
    sum(d1_count)::BIGINT AS d1_count, sum(d2_count)::BIGINT AS d2_count, sum(d3_count)::BIGINT AS d3_count, sum(d4_count)::BIGINT AS d4_count,
    getvariable('observed_date') AS observed_date, getvariable('as_of') AS as_of_date
FROM (
    SELECT '34' AS frame_code, province_code_34 AS province_code, * FROM summed
    UNION ALL
    SELECT '38', province_code_38, * FROM summed
)
GROUP BY ALL
