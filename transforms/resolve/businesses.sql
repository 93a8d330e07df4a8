-- Grain: business.
-- Reads: classified (classified.sql), business_ids, owner_ids.
-- Why: each business under its lasting ids.
SELECT business_ids.id AS business_id, owner_ids.id AS owner_id, classified.* EXCLUDE (threshold, cluster, row_id, omzet_idr, omzet_year)
FROM classified
JOIN business_ids USING (row_id)
JOIN owner_ids USING (row_id)
WHERE threshold = 'chosen'
