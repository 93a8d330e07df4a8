-- Grain: unit of the released tree of regions: nation, province of the 34 frame, province of the 38 frame, kab/kota.
-- Reads: marts.attainment_kabkota, reference.provinces.
-- Why: one tree for both frames: a province of 34 is the union of provinces of 38. Exact here; `release.py` hides.
WITH counted AS (
    SELECT
        regency_code, regency_name, province_code_34, province_code_38, observed_date, as_of_date, business_count,
        max(observed_count) FILTER (definition_code = 'D1') AS d1_count, max(observed_count) FILTER (definition_code = 'D2') AS d2_count,
        max(observed_count) FILTER (definition_code = 'D3') AS d3_count, max(observed_count) FILTER (definition_code = 'D4') AS d4_count
    FROM marts.attainment_kabkota WHERE target_year = (SELECT max(target_year) FROM marts.attainment_kabkota)
    GROUP BY ALL
), placed AS (
    SELECT 'nation' AS unit_code, NULL AS parent_code, 'nation' AS region_level, NULL AS frame_code, 'ID' AS region_code, * FROM counted
    UNION ALL
    SELECT 'province34/' || province_code_34, 'nation', 'province', '34', province_code_34, * FROM counted WHERE regency_code <> 'unknown'
    UNION ALL
    SELECT 'province38/' || province_code_38, 'province34/' || province_code_34, 'province', '38', province_code_38, *
    FROM counted WHERE regency_code <> 'unknown'
    UNION ALL
    SELECT 'regency/' || regency_code, 'province38/' || province_code_38, 'regency', NULL, regency_code, * FROM counted WHERE regency_code <> 'unknown'
    UNION ALL
    SELECT 'unknown', 'nation', 'unknown', NULL, 'unknown', * FROM counted WHERE regency_code = 'unknown'
)
SELECT
    unit_code, parent_code, region_level, placed.frame_code, region_code,
    coalesce(any_value(province_name), CASE WHEN any_value(region_level) = 'nation' THEN 'Indonesia' ELSE any_value(regency_name) END) AS region_name,
    sum(business_count)::BIGINT AS business_count, sum(d1_count)::BIGINT AS d1_count, sum(d2_count)::BIGINT AS d2_count,
    sum(d3_count)::BIGINT AS d3_count, sum(d4_count)::BIGINT AS d4_count,
    observed_date, as_of_date
FROM placed LEFT JOIN reference.provinces ON provinces.frame_code = placed.frame_code AND provinces.province_code = region_code
GROUP BY ALL
