-- Grain: registration.
-- Reads: registrations, places (places.sql).
-- Why: what is compared of a registration but its names, which stand once each (owner_names.sql, business_names.sql). Columns
--      that are only ever compared for equality are hashes.
SELECT
    row_id,
    CASE WHEN NOT is_nik_precision_lost AND nik_number % 10 <> 0 THEN nik_number END AS nik,
    nik_number // 10 AS nik15,
    CASE WHEN nib IS NOT NULL THEN hash(nib) END AS nib,
    CASE WHEN phone IS NOT NULL THEN hash(phone) END AS phone,
    owner_birth_date AS birth_date,
    hash(owner_name) AS owner_name_id,
    hash(business_name) AS business_name_id,
    regency_code AS regency, district, village, place, area,
    latitude, longitude,
    address,
    house_number_of(front) AS house_number,
    street_end_of(front) AS street_end,
    kbli_code AS kbli,
    started_year,
    CASE WHEN business_kind = 'koperasi' AND cooperative_number IS NOT NULL THEN hash(cooperative_number) END AS cooperative_number,
    CASE WHEN business_kind = 'koperasi' AND legal_entity_number IS NOT NULL THEN hash(plain_text(legal_entity_number)) END AS legal_entity
FROM (SELECT *, nik::BIGINT AS nik_number, front_of(address) AS front FROM registrations)
JOIN places ON place_id = hash(regency_code, district_name, village_name)
