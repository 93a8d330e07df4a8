-- Grain: threshold (or waiting), kab/kota, day from which a business counts as digital, and digital rank.
-- Reads: register.businesses, register.threshold_clusters, register.threshold_businesses, quality.waiting_counts.
-- Why: what the strict threshold (merges least) and the loose one (merges most) add to a count and take from it, and what
--      waits in quarantine.
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
UNION ALL
SELECT 'waiting', regency_code, digital_rank, counted_from_date, sum(waiting_count)::BIGINT
FROM quality.waiting_counts WHERE known_from_date <= getvariable('as_of')
GROUP BY ALL
