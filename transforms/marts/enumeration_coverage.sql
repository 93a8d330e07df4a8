-- Grain: wave and kab/kota; every kab/kota under both waves, enumerated or not, and unknown where a wave has such rows.
-- Reads: register.registration_counts, reference.regencies, reference.census_waves.
-- Why: which part of the country each wave speaks for. The waves are disjoint by plan: a kab/kota in both is worth a question.
WITH counted AS (
    SELECT * FROM register.registration_counts
    WHERE coalesce(first_enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
), places AS (
    SELECT wave, regency_code FROM reference.census_waves CROSS JOIN reference.regencies
    UNION
    SELECT wave, regency_code FROM counted
)
SELECT
    wave, regency_code, coalesce(regency_name, 'Tidak diketahui') AS regency_name,
    coalesce(province_code_34, 'unknown') AS province_code_34, coalesce(province_code_38, 'unknown') AS province_code_38,
    counted.regency_code IS NOT NULL AS is_enumerated,
    count(counted.regency_code) FILTER (places.regency_code <> 'unknown') OVER (PARTITION BY places.regency_code) > 1 AS is_in_both_waves,
    coalesce(current_count, 0) AS current_count, coalesce(superseded_count, 0) AS superseded_count,
    first_enumerated_date, last_enumerated_date,
    getvariable('as_of') AS as_of_date
FROM places LEFT JOIN counted USING (wave, regency_code)
LEFT JOIN (SELECT regency_code, regency_name, province_code_34, province_code_38 FROM reference.regencies) USING (regency_code)
