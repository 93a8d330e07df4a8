-- Grain: business of the side (earlier or later).
-- Reads: side.businesses, side.publication.
-- Why: all that a figure of the register sees of a business; what is not counted by its as-of date has no rank and no day.
SELECT
    business_id,
    coalesce(enumerated_date, make_date(wave, 1, 1)) AS told_date,
    is_counted AND told_date <= as_of_date AS is_in_stock,
    CASE WHEN is_in_stock THEN digital_rank END AS digital_rank,
    CASE WHEN is_in_stock THEN counted_from_date END AS counted_from_date
FROM side.businesses CROSS JOIN side.publication
