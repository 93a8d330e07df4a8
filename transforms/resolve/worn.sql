-- Grain: validated registration.
-- Reads: validated.
-- Why: a registration as a less careful export shows it, so that weights are not learned from one export's virtues: half the
--      coordinates and a third of the addresses are missing, what coordinates there are lie up to 100 m off, NIK and trade are
--      missing or mistaken in a tenth and more, the founding year is missing or told otherwise. The shares are assumed.
SELECT * REPLACE (
    CASE WHEN hash(row_id, 1) % 2 = 0 THEN latitude + (hash(row_id, 2) % 100)::INTEGER / 100000.0 END AS latitude,
    CASE WHEN hash(row_id, 1) % 2 = 0 THEN longitude + (hash(row_id, 3) % 100)::INTEGER / 100000.0 END AS longitude,
    CASE hash(row_id, 4) % 20
        WHEN 0 THEN NULL WHEN 1 THEN NULL WHEN 2 THEN kbli_code[1:3] || '99' WHEN 3 THEN kbli_code[1:3] || '99'
        WHEN 4 THEN '47112' ELSE kbli_code END AS kbli_code,
    (CASE hash(row_id, 5) % 10
        WHEN 0 THEN NULL WHEN 1 THEN NULL WHEN 2 THEN NULL WHEN 3 THEN NULL
        WHEN 4 THEN started_year + 1 WHEN 5 THEN started_year - 3 ELSE started_year END)::SMALLINT AS started_year,
    CASE hash(row_id, 6) % 10
        WHEN 0 THEN NULL WHEN 1 THEN NULL WHEN 2 THEN nik[1:13] || nik[15] || nik[14] || nik[16] ELSE nik END AS nik,
    CASE WHEN hash(row_id, 7) % 10 >= 3 THEN address END AS address
)
FROM validated
