-- Grain: business that any figure of the register sees otherwise.
-- Reads: earlier_contributions, later_contributions.
-- Why: ids last, so one join finds the few businesses that are to be explained; nothing else is looked at line by line.
SELECT
    coalesce(earlier.business_id, later.business_id) AS business_id,
    earlier.business_id IS NOT NULL AS in_earlier,
    later.business_id IS NOT NULL AS in_later,
    coalesce(earlier.is_in_stock, false) AS was_in_stock,
    earlier.digital_rank AS earlier_rank,
    earlier.counted_from_date AS earlier_from_date,
    earlier.told_date AS earlier_told_date,
    coalesce(later.is_in_stock, false) AS is_in_stock,
    later.digital_rank AS later_rank,
    later.counted_from_date AS later_from_date,
    later.told_date AS later_told_date
FROM earlier_contributions AS earlier FULL JOIN later_contributions AS later USING (business_id)
WHERE coalesce(earlier.is_in_stock, false) <> coalesce(later.is_in_stock, false)
    OR earlier.digital_rank IS DISTINCT FROM later.digital_rank
    OR earlier.counted_from_date IS DISTINCT FROM later.counted_from_date
