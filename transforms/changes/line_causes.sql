-- Grain: line of a changed business that only one of the versions has.
-- Reads: moved_lines, earlier.* and later.* of memberships, deliveries, quarantined_rows and quarantine_history; earlier.publication.
-- Why: why a line came or went. A registration is told by its number within its profile or its business.
WITH named AS (
    SELECT moved_lines.*, coalesce(later.profile, earlier.profile) AS profile,
        earlier.status AS earlier_status, later.status AS later_status
    FROM moved_lines
    LEFT JOIN earlier.deliveries AS earlier USING (delivery_id)
    LEFT JOIN later.deliveries AS later USING (delivery_id)
    WHERE earlier_business_id IS NULL OR later_business_id IS NULL
), known AS (
    SELECT row_id, registration_number, business_id, profile
    FROM earlier.memberships SEMI JOIN named USING (registration_number)
    JOIN earlier.deliveries USING (delivery_id)
), told_anew AS (
    SELECT named.row_id FROM named JOIN known USING (registration_number)
    WHERE named.earlier_business_id IS NULL AND (known.profile = named.profile OR known.business_id = named.later_business_id)
), told_by_others AS (
    SELECT named.row_id
    FROM named
    JOIN later.memberships AS others USING (registration_number)
    JOIN later.deliveries AS deliveries ON deliveries.delivery_id = others.delivery_id
    WHERE named.later_business_id IS NULL AND deliveries.profile = named.profile
        AND others.row_id NOT IN (SELECT row_id FROM known)
), released AS (
    SELECT row_id FROM earlier.quarantined_rows
    UNION ALL
    SELECT repaired_by_row_id FROM later.quarantine_history SEMI JOIN earlier.quarantined_rows USING (row_id)
    WHERE repaired_by_row_id IS NOT NULL
)
SELECT
    row_id,
    coalesce(earlier_business_id, later_business_id) AS business_id,
    CASE
        WHEN row_id IN (FROM told_anew) OR row_id IN (FROM told_by_others) THEN 'corrections'
        WHEN earlier_business_id IS NOT NULL AND later_status IS DISTINCT FROM 'validated' THEN 'withdrawals'
        WHEN earlier_business_id IS NOT NULL THEN 'judged_otherwise'
        WHEN row_id IN (FROM released) OR earlier_status = 'held' THEN 'quarantine_released'
        WHEN earlier_status = 'validated' THEN 'judged_otherwise'
        WHEN told_date <= (SELECT as_of_date FROM earlier.publication) THEN 'late_deliveries'
        ELSE 'new_registrations'
    END AS cause
FROM named
