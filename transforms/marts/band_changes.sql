-- Grain: threshold, kab/kota, day from which a business counts as digital, and digital rank.
-- Reads: register.businesses, register.threshold_clusters, register.threshold_businesses.
-- Why: what the strict threshold (merges least) and the loose one (merges most) add to a count and take from it.
WITH differing AS (
    SELECT threshold, regency_code, digital_rank, counted_from_date, is_counted, enumerated_date, wave, 1 AS change
    FROM register.threshold_businesses
    UNION ALL
    SELECT threshold, regency_code, digital_rank, counted_from_date, is_counted, enumerated_date, wave, -1
    FROM register.businesses JOIN (SELECT DISTINCT threshold, business_id FROM register.threshold_clusters) USING (business_id)
)
SELECT
    threshold, coalesce(regency_code, 'unknown') AS regency_code, digital_rank, counted_from_date, sum(change)::BIGINT AS change_count
FROM differing
WHERE is_counted AND coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
GROUP BY ALL
