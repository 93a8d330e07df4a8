-- Grain: kab/kota, district and village as delivered.
-- Reads: registrations.
-- Why: each place is brought to one spelling once. It is known by its hash, and no two rows have one hash (owner_names.sql).
WITH spelled AS (
    SELECT
        place_id, regency_code, district_name, village_name,
        hash(regency_code, place_name(district_name)) AS district_key,
        hash(district_key, place_name(village_name)) AS village_key
    FROM (
        SELECT place_id, unnest(place)
        FROM (
            SELECT
                hash(regency_code, district_name, village_name) AS place_id,
                min({'regency_code': regency_code, 'district_name': district_name, 'village_name': village_name}) AS place
            FROM (SELECT DISTINCT regency_code, district_name, village_name FROM registrations) GROUP BY place_id
        )
    )
)
SELECT
    place_id,
    CASE WHEN regency_code IS NOT NULL AND district_name IS NOT NULL THEN district_key END AS district,
    CASE WHEN regency_code IS NOT NULL AND village_name IS NOT NULL THEN village_key END AS village,
    CASE WHEN regency_code IS NOT NULL THEN coalesce(village, district, hash(regency_code)) END AS place,
    CASE WHEN regency_code IS NOT NULL THEN coalesce(district, hash(regency_code)) END AS area
FROM spelled
