-- Grain: frame and province; provinces without a cooperative have no row.
-- Reads: known (known.sql), reference.business_statuses.
-- Why: cooperatives are no UMKM and enter no attainment. What makes one "modern and digital" was never defined, so the
--      targets of 250, 400 and 500 stand in attainment_national as not assessable.
WITH summed AS (
    SELECT
        province_code_34, province_code_38, count(*) AS cooperative_count,
        count(*) FILTER (coalesce(statuses.is_active, true)) AS active_count,
        count(*) FILTER (has_cooperative_number) AS cooperative_number_count,
        coalesce(sum(member_count), 0)::BIGINT AS member_count,
        count(*) FILTER (digital_rank <= 1) AS d1_count, count(*) FILTER (digital_rank <= 2) AS d2_count,
        count(*) FILTER (digital_rank <= 3) AS d3_count, count(*) FILTER (digital_rank <= 4) AS d4_count
    FROM known
    LEFT JOIN (SELECT business_status_code, is_counted AS is_active FROM reference.business_statuses) AS statuses USING (business_status_code)
    WHERE business_kind = 'koperasi' GROUP BY ALL
)
SELECT
    frame_code, province_code, sum(cooperative_count)::BIGINT AS cooperative_count, sum(active_count)::BIGINT AS active_count,
    sum(cooperative_number_count)::BIGINT AS cooperative_number_count, sum(member_count)::BIGINT AS member_count,
    sum(d1_count)::BIGINT AS d1_count, sum(d2_count)::BIGINT AS d2_count, sum(d3_count)::BIGINT AS d3_count, sum(d4_count)::BIGINT AS d4_count,
    getvariable('observed_date') AS observed_date, getvariable('as_of') AS as_of_date
FROM (
    SELECT '34' AS frame_code, province_code_34 AS province_code, * FROM summed
    UNION ALL
    SELECT '38', province_code_38, * FROM summed
)
GROUP BY ALL
