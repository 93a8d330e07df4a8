-- Grain: anchor, a published figure that something here can be held against.
-- Reads: reference.anchors, reference.regency_reports, reference.official_reports, reference.targets, reference.population_bases,
--        reference.census_waves, reference.increment_plans, register.registration_counts, reference.regencies, stock (stock.sql).
-- Why: a reader who knows the published figures finds each beside ours, with the tolerance and what it means.
WITH counted AS (
    SELECT wave, regency_code, province_code_34, current_count FROM register.registration_counts
    LEFT JOIN (SELECT regency_code, province_code_34 FROM reference.regencies) USING (regency_code)
    WHERE coalesce(first_enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
), computed AS (
    SELECT 'registrations_of_wave' AS measure, wave::VARCHAR AS measure_key, sum(current_count)::DOUBLE AS computed_value FROM counted GROUP BY ALL
    UNION ALL
    SELECT 'regencies_of_wave', wave::VARCHAR, count(*) FILTER (regency_code <> 'unknown') FROM counted GROUP BY ALL
    UNION ALL
    SELECT 'provinces_of_wave', wave::VARCHAR, count(DISTINCT province_code_34) FROM counted GROUP BY ALL
    UNION ALL
    SELECT 'registrations_of_java', wave::VARCHAR, coalesce(sum(current_count) FILTER (province_code_34 IN ('31', '32', '33', '34', '35', '36')), 0)
    FROM counted GROUP BY ALL
    UNION ALL
    SELECT 'regencies_without_wave', 'all', (SELECT count(*) FROM reference.regencies) - count(DISTINCT regency_code) FILTER (regency_code <> 'unknown')
    FROM counted HAVING count(*) > 0
    UNION ALL
    SELECT 'records_of_all_waves', 'all', sum(record_count) FROM reference.census_waves
    UNION ALL
    SELECT 'increment_total', increment_year::VARCHAR, sum(planned_count) FROM reference.increment_plans GROUP BY ALL
    UNION ALL
    SELECT 'share_of_target_2024', report_id, reported_count / (
        SELECT target_count FROM reference.targets WHERE indicator_code = 'umkm_digital' AND target_year = 2024)
    FROM reference.official_reports WHERE as_of_date <= getvariable('as_of')
    UNION ALL
    SELECT 'share_of_population', report_id, reported_count / (SELECT max_by(unit_count, population_year) FROM reference.population_bases)
    FROM reference.official_reports WHERE as_of_date <= getvariable('as_of')
    UNION ALL
    SELECT 'businesses_of_regency', regency_code, sum(business_count) FROM stock GROUP BY ALL
), anchors AS (
    SELECT anchor_id, measure, measure_key, published_value, tolerance_ratio, statement, source FROM reference.anchors
    UNION ALL
    -- Nothing here says which businesses an office assists; such a recap is kept and not compared.
    SELECT report_id, CASE indicator_code WHEN 'umkm_projected' THEN 'businesses_of_regency' ELSE 'assisted_of_regency' END,
        regency_code, reported_count, 0.1, statement, source
    FROM reference.regency_reports
)
SELECT
    anchor_id, measure, measure_key, published_value, computed_value, computed_value - published_value AS difference_value, tolerance_ratio,
    CASE
        WHEN computed_value IS NULL THEN 'not_assessable'
        WHEN abs(computed_value - published_value) <= tolerance_ratio * abs(published_value) THEN 'agrees'
        ELSE 'differs'
    END AS verdict,
    statement, source,
    getvariable('as_of') AS as_of_date
FROM anchors LEFT JOIN computed USING (measure, measure_key)
