-- One row: validated line of the business that the registration number belongs to, the asked one first. A number that two
-- registers gave has the lines of both businesses.
CREATE MACRO marts.trace(number) AS TABLE
WITH asked AS (
    SELECT DISTINCT memberships.business_id FROM register.memberships AS memberships
    WHERE memberships.registration_number = CAST(number AS VARCHAR)
), lines AS (
    SELECT memberships.*, memberships.registration_number = CAST(number AS VARCHAR) AS is_asked
    FROM register.memberships AS memberships JOIN asked USING (business_id)
), ties AS (
    SELECT ends.row_id, string_agg(DISTINCT edges.decided_by, ', ' ORDER BY edges.decided_by) AS linked_by,
        max(edges.stranger_weight) AS stranger_weight
    FROM register.edges AS edges, (SELECT lines.row_id FROM lines) AS ends
    WHERE ends.row_id IN (edges.left_row_id, edges.right_row_id) AND edges.level <> 'owner' AND edges.cut_by IS NULL
    GROUP BY ends.row_id
)
SELECT
    lines.registration_number, deliveries.file_name, CAST(lines.row_id % 134217728 AS INTEGER) AS line_number, lines.is_current,
    lines.business_id, businesses.registration_count, ties.linked_by, ties.stranger_weight, businesses.regency_code,
    businesses.is_counted, businesses.digital_rank, businesses.counted_from_date
FROM lines
JOIN register.businesses AS businesses USING (business_id)
JOIN quality.deliveries AS deliveries USING (delivery_id)
LEFT JOIN ties USING (row_id)
ORDER BY lines.is_asked DESC, lines.row_id;
COMMENT ON MACRO TABLE marts.trace IS 'trace(number): what became of a registration number: every line of its business, in which file it stands, by what it was linked (NULL: by nothing), and as what the business counts. No row: no validated line has the number, see quality.quarantine_history and capaian explain.';
