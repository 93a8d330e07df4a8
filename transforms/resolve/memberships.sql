-- Grain: validated source line.
-- Reads: validated, ids, superseded.
-- Why: duplicates are linked, not deleted; every line keeps its way to the business.
SELECT
    row_id,
    delivery_id,
    registration_number,
    business_id,
    superseded.row_id IS NULL AS is_current,
    enumerated_date
FROM validated
JOIN ids USING (row_id)
LEFT JOIN superseded USING (row_id)
