-- Grain: quarantined source line.
-- Reads: quarantined, validated.
-- Why: a corrected file repairs what another delivery of the same registration number got wrong. Which of two lines tells
--      the later state is read from their own dates, never from their arrival, so that the same deliveries give the same
--      history in whatever order they came. A date that is itself the defect says nothing.
-- Two deliveries per registration are enough to have one that is not the line's own, so that a number that thousands
-- of lines share multiplies nothing.
WITH held AS (
    SELECT
        row_id, delivery_id, line_number, rule_codes, source_register, registration_number,
        coalesce(
            updated_date,
            CASE WHEN NOT list_contains(rule_codes, 'ENUMERATED_DATE_OUT_OF_RANGE') THEN enumerated_date END
        ) AS told_date
    FROM quarantined
), latest AS (
    SELECT
        source_register, registration_number, row_id, delivery_id, updated_date, enumerated_date,
        coalesce(updated_date, enumerated_date) AS told_date
    FROM validated SEMI JOIN held USING (source_register, registration_number)
    QUALIFY row_number() OVER (
        PARTITION BY source_register, registration_number, delivery_id
        ORDER BY told_date DESC NULLS LAST, updated_date DESC NULLS LAST, enumerated_date DESC NULLS LAST, row_id
    ) = 1
), rivals AS (
    SELECT *, row_number() OVER (
        PARTITION BY source_register, registration_number
        ORDER BY told_date DESC NULLS LAST, updated_date DESC NULLS LAST, enumerated_date DESC NULLS LAST, row_id
    ) AS place FROM latest QUALIFY place <= 2
), repairing AS (
    SELECT held.row_id, rivals.row_id AS repaired_by_row_id, rivals.delivery_id AS repaired_by_delivery_id
    FROM held JOIN rivals USING (source_register, registration_number)
    WHERE rivals.delivery_id <> held.delivery_id AND (held.told_date IS NULL OR rivals.told_date >= held.told_date)
    QUALIFY row_number() OVER (PARTITION BY held.row_id ORDER BY place) = 1
)
SELECT
    row_id, delivery_id, line_number, rule_codes,
    CASE WHEN repaired_by_row_id IS NULL THEN 'waiting' ELSE 'repaired' END AS status,
    repaired_by_row_id, repaired_by_delivery_id
FROM held LEFT JOIN repairing USING (row_id)
