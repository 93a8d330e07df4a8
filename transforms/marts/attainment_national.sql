-- Grain: target year, definition, series and institution.
-- Reads: stock (stock.sql), reference.targets, reference.definitions, reference.official_reports, reference.regencies, reference.population_bases.
-- Why: published figures and the register's own count stand side by side, never mixed. A count below the target proves
--      nothing where the register covers part of the country; a count above it does.
WITH targets AS (
    SELECT target_year, target_count, target_year <= year(getvariable('as_of')) AND make_date(target_year, 12, 31) <= getvariable('as_of') AS is_year_over
    FROM reference.targets WHERE indicator_code = 'umkm_digital'
), coverage AS (
    SELECT
        count(DISTINCT regency_code) / (SELECT count(*) FROM reference.regencies) AS regency_coverage_ratio,
        coalesce(sum(business_count), 0) / (SELECT max_by(unit_count, population_year) FROM reference.population_bases) AS population_coverage_ratio
    FROM stock
), observed AS (
    SELECT target_year, definition_code, coalesce(sum(business_count), 0)::BIGINT AS observed_count
    FROM targets CROSS JOIN reference.definitions
    LEFT JOIN stock ON digital_rank <= definition_rank AND counted_from_year <= target_year
    GROUP BY ALL
), reporters AS (
    SELECT DISTINCT institution FROM reference.official_reports, targets
    WHERE indicator_code = 'umkm_digital' AND year(as_of_date) = target_year
), reported AS (
    SELECT target_year, institution, max_by(reported_count, {'as_of_date': as_of_date, 'report_id': report_id}) AS observed_count
    FROM targets CROSS JOIN reporters
    LEFT JOIN reference.official_reports AS reports USING (institution)
    WHERE indicator_code = 'umkm_digital' AND year(as_of_date) = target_year AND as_of_date <= getvariable('as_of')
    GROUP BY ALL
), figures AS (
    SELECT target_year, definition_code, 'register_observed' AS series, 'capaian' AS institution, observed_count,
        least(regency_coverage_ratio, population_coverage_ratio) AS coverage_ratio, regency_coverage_ratio, population_coverage_ratio
    FROM observed CROSS JOIN coverage
    UNION ALL BY NAME
    SELECT target_year, 'as_reported' AS definition_code, 'official_reported' AS series, institution, observed_count
    FROM targets CROSS JOIN reporters LEFT JOIN reported USING (target_year, institution)
)
SELECT
    target_year, definition_code, series, institution, target_count, observed_count,
    observed_count / target_count AS attainment_ratio,
    target_count - observed_count AS gap_count,
    CASE
        WHEN observed_count >= target_count THEN 'met'
        WHEN NOT is_year_over OR observed_count IS NULL THEN 'not_assessable'
        WHEN series = 'register_observed' AND coverage_ratio < 0.95 THEN 'not_assessable'
        ELSE 'not_met'
    END AS verdict,
    coverage_ratio,
    getvariable('as_of') AS as_of_date,
    regency_coverage_ratio,
    population_coverage_ratio
FROM figures JOIN targets USING (target_year)
