-- Grain: kab/kota, day from which a business counts as digital, and digital rank; NULL in both when it is not digital.
-- Reads: register.businesses.
-- Why: one scan of the register for all marts that count businesses by place and time. A business is known from its first
--      interview on.
SELECT
    coalesce(regency_code, 'unknown') AS regency_code, digital_rank, counted_from_date, count(*) AS business_count
FROM register.businesses
WHERE is_counted AND coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
GROUP BY ALL
