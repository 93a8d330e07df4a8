-- Grain: breakdown and category, for the whole country.
-- Reads: marts.by_size_sector, marts.by_owner.
-- Why: breakdowns are released one by one and never crossed, so that each is known by its own sums alone. Exact here;
--      `release.py` hides.
WITH placed AS (
    SELECT
        unnest(['size_class', 'section']) AS breakdown, unnest([size_class_code, section_code]) AS category_code,
        business_count, d1_count, d2_count, d3_count, d4_count, observed_date, as_of_date
    FROM marts.by_size_sector WHERE frame_code = '38'
    UNION ALL
    SELECT
        unnest(['owner_sex', 'owner_age_band']), unnest([owner_sex_code, owner_age_band]),
        business_count, d1_count, d2_count, d3_count, d4_count, observed_date, as_of_date
    FROM marts.by_owner WHERE frame_code = '38'
)
SELECT
    breakdown, category_code, sum(business_count)::BIGINT AS business_count, sum(d1_count)::BIGINT AS d1_count,
    sum(d2_count)::BIGINT AS d2_count, sum(d3_count)::BIGINT AS d3_count, sum(d4_count)::BIGINT AS d4_count, observed_date, as_of_date
FROM placed
GROUP BY ALL
