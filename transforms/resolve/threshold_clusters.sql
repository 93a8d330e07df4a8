-- Grain: threshold and registration of a business that is parted at strict or united at loose.
-- Reads: strict_clusters, chosen_clusters, loose_clusters, ids.
-- Why: whoever counts a band counts the businesses that no threshold changes once, and these by their clusters.
WITH parted AS (
    SELECT chosen.cluster FROM chosen_clusters AS chosen LEFT JOIN strict_clusters AS strict USING (row_id)
    GROUP BY chosen.cluster HAVING count(DISTINCT coalesce(strict.cluster, row_id)) > 1
), united AS (
    SELECT loose.cluster FROM loose_clusters AS loose LEFT JOIN chosen_clusters AS chosen USING (row_id)
    GROUP BY loose.cluster HAVING count(DISTINCT coalesce(chosen.cluster, row_id)) > 1
)
SELECT 'strict' AS threshold, row_id, coalesce(strict.cluster, row_id) AS cluster_row_id, business_id
FROM chosen_clusters AS chosen SEMI JOIN parted USING (cluster)
LEFT JOIN strict_clusters AS strict USING (row_id) JOIN ids USING (row_id)
UNION ALL
SELECT 'loose', row_id, loose.cluster, business_id
FROM loose_clusters AS loose SEMI JOIN united USING (cluster) JOIN ids USING (row_id)
