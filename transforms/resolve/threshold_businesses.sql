-- Grain: threshold and business of that threshold, where it differs from the chosen one.
-- Reads: classified (classified.sql).
-- Why: the band of any count is the count, less the businesses of threshold_clusters, plus these.
SELECT
    threshold, cluster AS cluster_row_id, business_kind, regency_code, province_code_34, province_code_38, wave, enumerated_date,
    size_class_code, is_counted, digital_rank, counted_from_date, counted_from_year
FROM classified
WHERE threshold <> 'chosen'
