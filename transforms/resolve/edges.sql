-- Grain: pair of source lines that are linked.
-- Reads: edges, weighed, cut.
-- Why: an edge keeps its evidence, so that a membership can be explained and undone.
SELECT
    left_row_id, right_row_id, level, edges.threshold, decided_by, pattern, owner_weight, business_weight, stranger_weight,
    sibling_weight, cut.reason AS cut_by
FROM edges
LEFT JOIN weighed USING (pattern)
LEFT JOIN cut USING (left_row_id, right_row_id)
