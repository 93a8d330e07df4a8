-- Grain: indicator, target year, definition, series and institution.
-- Reads: figures (figures.sql), related (related.sql), stock, reference.targets, reference.official_reports, reference.regencies,
--        reference.population_bases.
-- Why: published figures and the register's own count stand side by side, never mixed. A count below the target proves
--      nothing where the register covers part of the country; a count above it does.
WITH targets AS (
    SELECT indicator_code, target_year, target_count, target_basis, make_date(target_year, 12, 31) AS due_date FROM reference.targets
), coverage AS (
    SELECT
        count(DISTINCT regency_code) FILTER (regency_code <> 'unknown') / (SELECT count(*) FROM reference.regencies) AS regency_coverage_ratio,
        coalesce(sum(business_count), 0) / (SELECT max_by(unit_count, population_year) FROM reference.population_bases) AS population_coverage_ratio
    FROM stock
), observed AS (
    SELECT
        'umkm_digital' AS indicator_code, target_year, definition_code, observed_date,
        sum(observed_count) AS observed_count, sum(year_before_count) AS year_before_count,
        sum(strict_change) AS strict_change, sum(loose_change) AS loose_change, sum(waiting_count) AS waiting_count
    FROM figures GROUP BY ALL
    UNION ALL BY NAME
    SELECT
        indicator_code, target_year, definition_code, least(due_date, getvariable('as_of')) AS observed_date,
        CASE WHEN bool_and(is_defined) THEN coalesce(sum(business_count) FILTER (from_date <= least(due_date, getvariable('as_of'))), 0) END AS observed_count,
        CASE WHEN bool_and(is_defined)
            THEN coalesce(sum(business_count) FILTER (from_date <= least(due_date, getvariable('as_of')) - INTERVAL 1 YEAR), 0)
        END AS year_before_count
    FROM targets JOIN (VALUES
        ('umkm_ekatalog', 'ekatalog', true), ('umkm_formalised', 'micro_with_nib', true), ('koperasi_modern', 'undefined', false)
    ) AS indicators(indicator_code, definition_code, is_defined) USING (indicator_code)
    LEFT JOIN related USING (indicator_code)
    GROUP BY ALL
), reporters AS (
    SELECT DISTINCT indicator_code, institution FROM reference.official_reports SEMI JOIN targets
    ON targets.indicator_code = official_reports.indicator_code AND target_year = year(as_of_date)
), reports AS (
    SELECT
        indicator_code, institution, as_of_date AS observed_date, reported_count,
        lag({'day': as_of_date, 'count': reported_count}) OVER (
            PARTITION BY indicator_code, institution ORDER BY as_of_date, report_id) AS earlier
    FROM reference.official_reports WHERE as_of_date <= getvariable('as_of')
), reported AS (
    SELECT
        indicator_code, institution, year(observed_date) AS target_year, max(observed_date) AS observed_date,
        max_by(reported_count, observed_date) AS observed_count,
        max_by((reported_count - earlier.count) / nullif(months_between(earlier.day, observed_date), 0), observed_date) AS actual_pace_count
    FROM reports GROUP BY ALL
), figured AS (
    SELECT
        indicator_code, target_year, definition_code, 'register_observed' AS series, 'capaian' AS institution, observed_date,
        observed_count::BIGINT AS observed_count, (observed_count - year_before_count) / 12 AS actual_pace_count,
        CASE WHEN waiting_count IS NOT NULL THEN band_low_change(strict_change, loose_change) END::BIGINT AS low_change, band_high_change(strict_change, loose_change, waiting_count)::BIGINT AS high_change,
        'straight line, pace of the last 12 months' AS projection_method,
        least(regency_coverage_ratio, population_coverage_ratio) AS coverage_ratio, regency_coverage_ratio, population_coverage_ratio
    FROM observed CROSS JOIN coverage
    UNION ALL BY NAME
    SELECT
        indicator_code, target_year, 'as_reported' AS definition_code, 'official_reported' AS series, institution, observed_date,
        observed_count, actual_pace_count, 'straight line, pace between the last two reports' AS projection_method
    FROM targets JOIN reporters USING (indicator_code) LEFT JOIN reported USING (indicator_code, institution, target_year)
)
SELECT
    indicator_code, target_year, definition_code, series, institution, target_count, target_basis, observed_date, observed_count,
    observed_count / target_count AS attainment_ratio,
    target_count - observed_count AS gap_count,
    required_pace(target_count - observed_count, observed_date, due_date) AS required_pace_count,
    actual_pace_count,
    projected_date(target_count - observed_count, actual_pace_count, observed_date) AS projected_date,
    CASE WHEN projected_date(target_count - observed_count, actual_pace_count, observed_date) IS NOT NULL THEN projection_method END AS projection_method,
    CASE
        WHEN observed_count >= target_count THEN 'met'
        WHEN due_date > getvariable('as_of') OR observed_count IS NULL THEN 'not_assessable'
        WHEN series = 'register_observed' AND coverage_ratio < 0.95 THEN 'not_assessable'
        ELSE 'not_met'
    END AS verdict,
    observed_count + low_change AS band_low_count,
    observed_count + high_change AS band_high_count,
    coverage_ratio, regency_coverage_ratio, population_coverage_ratio,
    getvariable('as_of') AS as_of_date
FROM figured JOIN targets USING (indicator_code, target_year)
