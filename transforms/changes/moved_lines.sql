-- Grain: line of a changed business, in either version.
-- Reads: changed_businesses, earlier.memberships, later.memberships, later_contributions.
-- Why: a business changes because lines came, went or moved between businesses, or because what they say is read otherwise.
WITH touched AS (
    SELECT row_id FROM earlier.memberships SEMI JOIN changed_businesses USING (business_id)
    UNION
    SELECT row_id FROM later.memberships SEMI JOIN changed_businesses USING (business_id)
)
SELECT
    row_id,
    earlier.business_id AS earlier_business_id,
    later.business_id AS later_business_id,
    coalesce(later.delivery_id, earlier.delivery_id) AS delivery_id,
    coalesce(later.registration_number, earlier.registration_number) AS registration_number,
    coalesce(later.enumerated_date, told_date) AS told_date
FROM touched
LEFT JOIN earlier.memberships AS earlier USING (row_id)
LEFT JOIN later.memberships AS later USING (row_id)
LEFT JOIN later_contributions ON later_contributions.business_id = later.business_id
