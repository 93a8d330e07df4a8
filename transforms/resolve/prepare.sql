-- Grain: registration.
-- Reads: registrations.
-- Why: two registrations are compared on these columns alone, so an edge is a function of two prepared records and of
--      nothing else. Each distinct name is taken apart once. Columns that are only ever compared for equality are hashes.
WITH owner_names AS (
    SELECT owner_name, array_to_string(words, '') AS compared_owner_name, hash(list_sort(list_distinct(words))) AS owner_key, words[1] AS owner_first_word
    FROM (SELECT owner_name, person_words(owner_name) AS words FROM (SELECT DISTINCT owner_name FROM registrations WHERE owner_name IS NOT NULL))
), plain_names AS (
    SELECT business_name, words_of(plain_text(business_name)) AS plain_words
    FROM (SELECT DISTINCT business_name FROM registrations WHERE business_name IS NOT NULL)
), business_words AS (
    SELECT business_name, plain_words, words_of(one_spelling(array_to_string(without_branch(plain_words), ' '))) AS words
    FROM plain_names
), business_names AS (
    SELECT
        business_name, branch_mark(plain_words) AS branch,
        array_to_string(words, '') AS full_name,
        nullif(array_to_string(list_filter(words, lambda w: NOT list_contains(trade_words(), w)), ''), '') AS core_name
    FROM business_words
), villages AS (
    SELECT
        regency_code, district_name, village_name,
        hash(regency_code, one_spelling(plain_text(district_name))) AS district,
        hash(district, one_spelling(plain_text(village_name))) AS village
    FROM (SELECT DISTINCT regency_code, district_name, village_name FROM registrations)
)
SELECT
    row_id,
    CASE WHEN NOT is_nik_precision_lost AND nik_number % 10 <> 0 THEN nik_number END AS nik,
    nik_number // 10 AS nik15,
    CASE WHEN nib IS NOT NULL THEN hash(nib) END AS nib,
    CASE WHEN phone IS NOT NULL THEN hash(phone) END AS phone,
    owner_birth_date AS birth_date,
    compared_owner_name AS owner_name, owner_key, owner_first_word,
    full_name, core_name, branch,
    registrations.regency_code AS regency,
    CASE WHEN registrations.regency_code IS NOT NULL AND registrations.district_name IS NOT NULL THEN district END AS district,
    CASE WHEN registrations.regency_code IS NOT NULL AND registrations.village_name IS NOT NULL THEN village END AS village,
    latitude, longitude,
    address,
    house_number_of(address) AS house_number,
    kbli_code AS kbli,
    started_year,
    CASE WHEN business_kind = 'koperasi' AND cooperative_number IS NOT NULL THEN hash(cooperative_number) END AS cooperative_number,
    CASE WHEN business_kind = 'koperasi' AND legal_entity_number IS NOT NULL THEN hash(plain_text(legal_entity_number)) END AS legal_entity
FROM (SELECT *, nik::BIGINT AS nik_number FROM registrations) AS registrations
LEFT JOIN owner_names USING (owner_name)
LEFT JOIN business_names USING (business_name)
LEFT JOIN villages
    ON villages.regency_code IS NOT DISTINCT FROM registrations.regency_code
    AND villages.district_name IS NOT DISTINCT FROM registrations.district_name
    AND villages.village_name IS NOT DISTINCT FROM registrations.village_name
