-- Grain: decision.
-- Reads: decided.
-- Why: a decision that no longer speaks of two current registrations says so.
SELECT decision_line, decision, left_register, left_number, right_register, right_number, reason, decided_by, decided_date,
    left_row_id, right_row_id,
    CASE WHEN left_row_id IS NULL OR right_row_id IS NULL OR left_row_id = right_row_id THEN 'unmatched' ELSE 'applied' END AS status
FROM decided
