-- Grain: province of both frames, size class, size rule and KBLI section.
-- Reads: known (known.sql), reference.kbli.
-- Why: one scan for sizes, sectors and formalisation; a business without a value stands under unknown.
SELECT
    province_code_34, province_code_38, size_class_code, size_rule, coalesce(section_code, 'unknown') AS section_code,
    count(*) AS business_count,
    coalesce(sum(worker_count), 0)::BIGINT AS worker_count,
    count(*) FILTER (digital_rank <= 1) AS d1_count,
    count(*) FILTER (digital_rank <= 2) AS d2_count,
    count(*) FILTER (digital_rank <= 3) AS d3_count,
    count(*) FILTER (digital_rank <= 4) AS d4_count,
    count(*) FILTER (has_nib) AS nib_count,
    count(*) FILTER (has_npwp) AS npwp_count
FROM known LEFT JOIN (SELECT kbli_code, section_code FROM reference.kbli) USING (kbli_code)
WHERE is_counted
GROUP BY ALL
