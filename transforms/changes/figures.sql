-- Grain: headline figure of the side (earlier or later).
-- Reads: side.attainment_national, side.attainment_province, side.targets.
-- Why: what was published, as it was published. Headline figures are those of the main indicator.
SELECT series AS figure, target_year, definition_code, institution, observed_count AS figure_count
FROM side.attainment_national WHERE coalesce(indicator_code, 'umkm_digital') = 'umkm_digital'
UNION ALL
SELECT 'target', target_year, NULL, NULL, target_count FROM side.targets WHERE indicator_code = 'umkm_digital'
UNION ALL
SELECT 'counted_businesses', NULL, NULL, 'capaian', sum(business_count)::BIGINT
FROM (SELECT DISTINCT province_code, business_count FROM side.attainment_province WHERE frame_code = '38')
