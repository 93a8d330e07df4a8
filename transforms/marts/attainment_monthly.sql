-- Grain: month (its last day, or the as-of date in the last), definition, series and institution; from January 2020 on.
-- Reads: stock (stock.sql), reference.targets, reference.definitions, reference.official_reports.
-- Why: the way to the targets. Published figures stand in the month they speak of; months without one have no row.
WITH months AS (
    SELECT least(last_day(month), getvariable('as_of')) AS observed_date
    FROM (SELECT unnest(generate_series(DATE '2020-01-01', greatest(getvariable('as_of'), DATE '2020-01-01'), INTERVAL 1 MONTH))::DATE AS month)
), daily AS (
    SELECT definition_code, counted_from_date, sum(business_count) AS business_count
    FROM stock JOIN reference.definitions ON digital_rank <= definition_rank GROUP BY ALL
), counted AS (
    SELECT
        observed_date, definition_code, 'register_observed' AS series, 'capaian' AS institution,
        coalesce(sum(business_count) FILTER (counted_from_date <= observed_date), 0)::BIGINT AS observed_count,
        coalesce(sum(business_count) FILTER (counted_from_date <= observed_date - INTERVAL 1 YEAR), 0)::BIGINT AS year_before_count
    FROM months CROSS JOIN (SELECT definition_code FROM reference.definitions) LEFT JOIN daily USING (definition_code)
    GROUP BY ALL
), reports AS (
    SELECT
        institution, as_of_date, reported_count,
        lag({'day': as_of_date, 'count': reported_count}) OVER (PARTITION BY institution ORDER BY as_of_date, report_id) AS earlier
    FROM reference.official_reports
    WHERE indicator_code = 'umkm_digital' AND as_of_date <= getvariable('as_of') AND as_of_date >= DATE '2020-01-01'
), figured AS (
    SELECT *, (observed_count - year_before_count) / 12 AS actual_pace_count FROM counted
    UNION ALL BY NAME
    SELECT
        max(as_of_date) AS observed_date, 'as_reported' AS definition_code, 'official_reported' AS series, institution,
        max_by(reported_count, as_of_date) AS observed_count,
        max_by((reported_count - earlier.count) / nullif(months_between(earlier.day, as_of_date), 0), as_of_date) AS actual_pace_count
    FROM reports GROUP BY institution, date_trunc('month', as_of_date)
), aimed AS (
    SELECT figured.*, min(target_year) AS target_year FROM figured
    LEFT JOIN reference.targets ON indicator_code = 'umkm_digital' AND make_date(target_year, 12, 31) >= observed_date
    GROUP BY ALL
)
SELECT
    date_trunc('month', observed_date)::DATE AS month_date, observed_date, definition_code, series, institution, target_year, target_count, observed_count,
    observed_count / target_count AS attainment_ratio,
    target_count - observed_count AS gap_count,
    required_pace(target_count - observed_count, observed_date, make_date(target_year, 12, 31)) AS required_pace_count,
    actual_pace_count,
    getvariable('as_of') AS as_of_date
FROM aimed LEFT JOIN (SELECT target_year, target_count FROM reference.targets WHERE indicator_code = 'umkm_digital') USING (target_year)
