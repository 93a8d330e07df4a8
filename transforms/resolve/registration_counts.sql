-- Grain: wave and kab/kota.
-- Reads: validated, superseded.
-- Why: the census is judged by its records, and attainment by its businesses; this keeps the former.
SELECT
    wave, coalesce(regency_code, 'unknown') AS regency_code,
    count(*) FILTER (superseded.row_id IS NULL) AS current_count,
    count(superseded.row_id) AS superseded_count,
    min(enumerated_date) AS first_enumerated_date,
    max(enumerated_date) AS last_enumerated_date
FROM validated LEFT JOIN superseded USING (row_id)
GROUP BY ALL
