-- Grain: threshold.
-- Reads: register.businesses, register.threshold_clusters, register.edges.
-- Why: the strict threshold merges least and so counts most businesses; the band stands beside every count.
WITH totals AS (
    SELECT sum(registration_count)::BIGINT AS current_count, count(*) AS business_count FROM register.businesses
), changed AS (
    SELECT threshold, count(DISTINCT cluster_row_id) - count(DISTINCT business_id) AS change FROM register.threshold_clusters GROUP BY threshold
)
SELECT
    threshold,
    current_count,
    business_count + coalesce(change, 0) AS business_count,
    (
        SELECT count(*) FROM register.edges
        WHERE list_position(['strict', 'chosen', 'loose'], edges.threshold) <= place AND decided_by = 'weight'
    ) AS edge_count
FROM (VALUES ('strict', 1), ('chosen', 2), ('loose', 3)) AS thresholds(threshold, place)
CROSS JOIN totals
LEFT JOIN changed USING (threshold)
