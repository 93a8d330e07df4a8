-- Grain: kabupaten/kota that was enumerated, with the wave that did it and its code in each wave's code system.
-- Reads: reference.regencies, reference.regency_codes.
-- Why: the waves are disjoint as they were: 240 in 2022, 215 in 2023 (none in 34 or 51), 59 never, all off Java.
WITH kemendagri AS (
    SELECT regency_code, source_code FROM reference.regency_codes
    WHERE code_system = 'kemendagri' AND code_vintage = '2022'
), bps AS (
    SELECT regency_code, source_code FROM reference.regency_codes
    WHERE code_system = 'bps' AND code_vintage = '2020'
), regencies AS (
    SELECT province_code_34 AS province_code, regency_code, kemendagri.source_code AS kemendagri,
        bps.source_code AS bps, upper(regency_name) AS name, md5(regency_code) AS lot
    FROM reference.regencies
    JOIN kemendagri USING (regency_code)
    JOIN bps USING (regency_code)
), left_out AS (
    SELECT regency_code FROM regencies
    WHERE province_code IN ('12', '13', '21', '53', '62', '65', '71', '74', '81', '82', '91', '92')
    QUALIFY row_number() OVER (PARTITION BY province_code ORDER BY lot) > 2
    ORDER BY regency_code <> '13.09', lot -- Mentawai is known to have been left out
    LIMIT 59
), dealt AS (
    SELECT *, province_code IN ('34', '51') AS is_first_wave_only,
        row_number() OVER (PARTITION BY province_code ORDER BY lot) AS place,
        count(*) OVER (PARTITION BY province_code) AS size
    FROM regencies ANTI JOIN left_out USING (regency_code)
)
SELECT *,
    CASE WHEN row_number() OVER (ORDER BY is_first_wave_only DESC, place / size, lot) <= 240 THEN 2022 ELSE 2023 END
        AS wave
FROM dealt
