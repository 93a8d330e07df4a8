-- Grain: validated source line.
-- Reads: validated, chosen_clusters, business_ids, superseded.
-- Why: duplicates are linked, not deleted; every line keeps its way to the business.
SELECT
    row_id,
    delivery_id,
    registration_number,
    business_ids.id AS business_id,
    superseded.row_id IS NULL AS is_current
FROM (
    SELECT row_id, delivery_id, registration_number, coalesce(cluster, row_id) AS cluster
    FROM validated LEFT JOIN chosen_clusters USING (row_id)
)
JOIN business_ids USING (cluster)
LEFT JOIN superseded USING (row_id)
