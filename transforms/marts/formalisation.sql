-- Grain: frame, province and size class; cells without a business have no row.
-- Reads: placed (placed.sql).
-- Why: how many hold a NIB or an NPWP. Halal, PIRT and other certificates are in none of the known exports.
SELECT
    frame_code, province_code, size_class_code,
    sum(business_count)::BIGINT AS business_count, sum(nib_count)::BIGINT AS nib_count, sum(npwp_count)::BIGINT AS npwp_count,
    sum(nib_count) / sum(business_count) AS nib_ratio,
    getvariable('as_of') AS as_of_date
FROM (
    SELECT '34' AS frame_code, province_code_34 AS province_code, * FROM placed
    UNION ALL
    SELECT '38', province_code_38, * FROM placed
)
GROUP BY ALL
