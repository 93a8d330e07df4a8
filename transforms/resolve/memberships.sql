-- Grain: validated source line.
-- Reads: validated, same_business, superseded.
-- Why: duplicates are linked, not deleted; every line keeps its way to the business.
SELECT
    row_id,
    delivery_id,
    registration_number,
    coalesce(founding_row_id, row_id) AS business_id,
    superseded.row_id IS NULL AS is_current
FROM validated
LEFT JOIN same_business USING (row_id)
LEFT JOIN superseded USING (row_id)
