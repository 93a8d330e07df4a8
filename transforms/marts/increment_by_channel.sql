-- Grain: year and increment channel.
-- Reads: reference.increment_plans, reference.targets, figures (figures.sql).
-- Why: how much regions and ministries were to add each year. The parts as announced need not sum to the total as announced,
--      nor to the step between two targets; both gaps are shown and neither is mended. No source reports by channel.
WITH totals AS (
    SELECT increment_year, sum(planned_count) AS planned_sum FROM reference.increment_plans GROUP BY ALL
), steps AS (
    SELECT target_year AS increment_year, target_count - lag(target_count) OVER (ORDER BY target_year) AS target_step_count
    FROM reference.targets WHERE indicator_code = 'umkm_digital'
), observed AS (
    SELECT
        target_year AS increment_year,
        sum(observed_count) - lag(sum(observed_count)) OVER (ORDER BY target_year) AS register_step_count
    FROM figures WHERE definition_code = 'D1' GROUP BY target_year
)
SELECT
    increment_year, increment_channel, planned_count, planned_count / planned_sum AS planned_ratio,
    announced_total_count, planned_sum::BIGINT AS planned_sum_count, announced_total_count - planned_sum::BIGINT AS announced_gap_count,
    target_step_count, target_step_count - planned_sum::BIGINT AS step_gap_count,
    NULL::BIGINT AS observed_count, 'not_assessable' AS verdict, register_step_count::BIGINT AS register_step_count,
    getvariable('as_of') AS as_of_date
FROM reference.increment_plans JOIN totals USING (increment_year)
LEFT JOIN steps USING (increment_year) LEFT JOIN observed USING (increment_year)
