-- Grain: owner with a valid NIK whose last interview is no longer ago than identifiers are kept.
-- Reads: validated, register.memberships, register.businesses; macro keyed_pseudonym; variables pseudonym_key_id, known_date, identifier_years.
-- Why: one NIK stands for an owner, the one most registrations show, the smaller at a tie. A NIK that lost digits in a
-- spreadsheet is none. The pseudonym is over the NIK, so that it stays when ids of owners are merged or split.
WITH shown AS (
    SELECT owner_id, nik, count(*) AS registration_count, max(enumerated_date) AS last_enumerated_date
    FROM (SELECT row_id, CASE WHEN NOT is_nik_precision_lost THEN nik END AS nik, enumerated_date FROM validated)
    JOIN (SELECT row_id, business_id FROM register.memberships) USING (row_id)
    JOIN (SELECT business_id, owner_id FROM register.businesses) USING (business_id)
    GROUP BY ALL
), owners AS (
    SELECT
        owner_id,
        min({'rank': -registration_count, 'nik': nik}) FILTER (nik IS NOT NULL).nik AS nik,
        (max(last_enumerated_date) + to_years(getvariable('identifier_years')))::DATE AS expires_date
    FROM shown GROUP BY owner_id
)
SELECT
    keyed_pseudonym('nik:' || nik) AS pseudonym,
    getvariable('pseudonym_key_id') AS key_id,
    owner_id,
    nik,
    expires_date
FROM owners WHERE nik IS NOT NULL AND expires_date > getvariable('known_date')
