-- Grain: superseded source line.
-- Reads: numbered.
-- Why: a registration number that comes again in its register is the same registration, as it was or as it is now; the one
--      that was changed last speaks. Numbers are counted as hashes, and only those that come again are read.
WITH repeated AS (
    SELECT hash(source_register, registration_number) AS registration FROM numbered
    WHERE registration_number IS NOT NULL AND source_register IS NOT NULL GROUP BY registration HAVING count(*) > 1
)
SELECT
    row_id,
    first_value(row_id) OVER (
        PARTITION BY source_register, registration_number
        ORDER BY updated_date DESC NULLS LAST, enumerated_date DESC NULLS LAST, row_id
    ) AS current_row_id
FROM numbered
WHERE registration_number IS NOT NULL AND source_register IS NOT NULL
    AND hash(source_register, registration_number) IN (SELECT registration FROM repeated)
QUALIFY row_id <> current_row_id
