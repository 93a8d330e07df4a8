-- Grain: business.
-- Reads: classified (classified.sql), ids.
-- Why: each business under its lasting ids.
SELECT business_id, owner_id, classified.* EXCLUDE (threshold, cluster, row_id, omzet_idr, omzet_year)
FROM classified
JOIN ids USING (row_id)
WHERE threshold = 'chosen'
