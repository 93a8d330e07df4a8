-- Grain: quarantined source line.
-- Reads: quarantined, validated.
-- Why: a corrected file repairs what another delivery of the same registration number got wrong. Which of two lines tells
--      the later state is read from their own dates, never from their arrival, so that the same deliveries give the same
--      history in whatever order they came. A date that is itself the defect says nothing.
WITH held AS (
    SELECT
        row_id, delivery_id, line_number, rule_codes, source_register, registration_number,
        coalesce(
            updated_date,
            CASE WHEN NOT list_contains(rule_codes, 'ENUMERATED_DATE_OUT_OF_RANGE') THEN enumerated_date END
        ) AS told_date
    FROM quarantined
), repairing AS (
    SELECT held.row_id, validated.row_id AS repaired_by_row_id, validated.delivery_id AS repaired_by_delivery_id
    FROM held JOIN validated USING (source_register, registration_number)
    WHERE validated.delivery_id <> held.delivery_id
        AND (held.told_date IS NULL OR coalesce(validated.updated_date, validated.enumerated_date) >= held.told_date)
    QUALIFY row_number() OVER (
        PARTITION BY held.row_id
        ORDER BY validated.updated_date DESC NULLS LAST, validated.enumerated_date DESC NULLS LAST, validated.row_id
    ) = 1
)
SELECT
    row_id,
    delivery_id,
    line_number,
    rule_codes,
    CASE WHEN repaired_by_row_id IS NULL THEN 'waiting' ELSE 'repaired' END AS status,
    repaired_by_row_id,
    repaired_by_delivery_id
FROM held LEFT JOIN repairing USING (row_id)
