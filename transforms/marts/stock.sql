-- Grain: regency, counted-from year and digital rank of counted businesses known at the as-of date.
-- Reads: register.businesses.
-- Why: one scan of the register; every mart adds up these few cells.
SELECT
    regency_code, province_code_34, province_code_38, digital_rank, counted_from_year, count(*) AS business_count
FROM register.businesses
WHERE is_counted AND coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
GROUP BY ALL
