-- Grain: business known at the as-of date, with the digital rank it had at the observed date.
-- Reads: register.businesses.
-- Why: breakdowns speak of the latest target year that has begun, as the last rows of attainment_national do.
SELECT * REPLACE (CASE WHEN counted_from_date <= getvariable('observed_date') THEN digital_rank END AS digital_rank)
FROM register.businesses
WHERE coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
