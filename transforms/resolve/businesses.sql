-- Grain: business.
-- Reads: classified (classified.sql), ids.
-- Why: each business under its lasting ids. They are joined one after the other, since a narrow hash table stays in memory where
--      a wider one makes the businesses spill.
SELECT business_id, owner_id, classified.* EXCLUDE (threshold, cluster, row_id, omzet_idr, omzet_year)
FROM classified
JOIN (SELECT row_id, business_id FROM ids) AS business_ids USING (row_id)
JOIN (SELECT row_id, owner_id FROM ids) AS owner_ids USING (row_id)
WHERE threshold = 'chosen'
