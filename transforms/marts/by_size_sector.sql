-- Grain: frame, province, size class, size rule and KBLI section; cells without a business have no row.
-- Reads: placed (placed.sql).
-- Why: who is digital by size and sector; capital and sales classes are told apart by the rule that was used.
SELECT
    frame_code, province_code, size_class_code, size_rule, section_code,
    sum(business_count)::BIGINT AS business_count, sum(worker_count)::BIGINT AS worker_count,
    sum(d1_count)::BIGINT AS d1_count, sum(d2_count)::BIGINT AS d2_count, sum(d3_count)::BIGINT AS d3_count, sum(d4_count)::BIGINT AS d4_count,
    getvariable('observed_date') AS observed_date, getvariable('as_of') AS as_of_date
FROM (
    SELECT '34' AS frame_code, province_code_34 AS province_code, * FROM placed
    UNION ALL
    SELECT '38', province_code_38, * FROM placed
)
GROUP BY ALL
