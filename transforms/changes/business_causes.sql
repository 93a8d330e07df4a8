-- Grain: changed business; one that bears another id in each version is one.
-- Reads: changed_businesses, renamed_businesses, moved_lines, line_causes, earlier.* and later.* of corrections and deliveries,
--      earlier.publication, later.publication.
-- Why: one cause for each business, the first that applies, so that no business is explained twice.
WITH decided AS (
    SELECT * FROM (
        SELECT profile, registration_number, column_name, expect, replacement FROM earlier.corrections WHERE status = 'applied'
        EXCEPT SELECT profile, registration_number, column_name, expect, replacement FROM later.corrections WHERE status = 'applied'
    )
    UNION ALL
    SELECT * FROM (
        SELECT profile, registration_number, column_name, expect, replacement FROM later.corrections WHERE status = 'applied'
        EXCEPT SELECT profile, registration_number, column_name, expect, replacement FROM earlier.corrections WHERE status = 'applied'
    )
), changed AS (
    SELECT
        coalesce(earlier_business_id, business_id) AS business_id,
        bool_or(in_earlier) AS in_earlier, bool_or(in_later) AS in_later,
        bool_or(was_in_stock) AS was_in_stock, max(earlier_rank) AS earlier_rank, max(earlier_from_date) AS earlier_from_date,
        bool_or(is_in_stock) AS is_in_stock, max(later_rank) AS later_rank, max(later_from_date) AS later_from_date,
        max(earlier_told_date) AS earlier_told_date, max(later_told_date) AS later_told_date
    FROM changed_businesses LEFT JOIN renamed_businesses ON later_business_id = business_id
    GROUP BY ALL
), moves AS (
    SELECT
        moved_lines.earlier_business_id AS earlier_id,
        coalesce(renamed.earlier_business_id, moved_lines.later_business_id) AS later_id
    FROM moved_lines LEFT JOIN renamed_businesses AS renamed USING (later_business_id)
    WHERE moved_lines.earlier_business_id IS NOT NULL AND moved_lines.later_business_id IS NOT NULL
), gave AS (
    SELECT DISTINCT earlier_id AS business_id FROM moves WHERE earlier_id <> later_id
), took AS (
    SELECT DISTINCT later_id AS business_id FROM moves WHERE earlier_id <> later_id
), lines AS (
    SELECT coalesce(earlier_business_id, business_id) AS business_id, list(DISTINCT cause) AS causes
    FROM line_causes LEFT JOIN renamed_businesses ON later_business_id = business_id
    GROUP BY ALL
), corrected AS (
    SELECT DISTINCT unnest([earlier_business_id, later_business_id]) AS business_id
    FROM moved_lines LEFT JOIN later.deliveries USING (delivery_id)
    WHERE moved_lines.registration_number IN (SELECT registration_number FROM decided WHERE registration_number IS NOT NULL)
        OR profile IN (SELECT profile FROM decided WHERE profile IS NOT NULL)
)
SELECT
    changed.*,
    CASE
        WHEN in_earlier AND in_later AND took.business_id IS NOT NULL THEN 'merges'
        WHEN in_earlier AND NOT in_later AND gave.business_id IS NOT NULL THEN 'merges'
        WHEN gave.business_id IS NOT NULL OR took.business_id IS NOT NULL THEN 'splits'
        WHEN list_contains(causes, 'corrections') THEN 'corrections'
        WHEN list_contains(causes, 'quarantine_released') THEN 'quarantine_released'
        WHEN list_contains(causes, 'late_deliveries') THEN 'late_deliveries'
        WHEN list_contains(causes, 'new_registrations') THEN 'new_registrations'
        WHEN list_contains(causes, 'withdrawals') THEN 'withdrawals'
        WHEN corrected.business_id IS NOT NULL THEN 'corrections'
        WHEN was_in_stock <> is_in_stock
            AND (earlier_told_date <= earlier.as_of_date) <> (earlier_told_date <= later.as_of_date)
            AND (later_told_date <= earlier.as_of_date) <> (later_told_date <= later.as_of_date) THEN 'as_of_changes'
        WHEN getvariable('are_references_changed') THEN 'reference_changes'
        ELSE 'rule_and_code_changes'
    END AS cause
FROM changed
LEFT JOIN gave USING (business_id)
LEFT JOIN took USING (business_id)
LEFT JOIN lines USING (business_id)
LEFT JOIN corrected USING (business_id)
CROSS JOIN earlier.publication AS earlier
CROSS JOIN later.publication AS later
