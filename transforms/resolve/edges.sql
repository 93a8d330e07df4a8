-- Grain: pair of source lines linked by one rule; each group of a key is a star around its smallest row_id.
-- Reads: superseded, same_nik, same_nib, same_birth_place, same_cooperative (keys.sql).
-- Why: an edge keeps its reason, so that a membership can be explained and undone.
WITH stars AS (
    SELECT min(row_id) OVER (PARTITION BY nik, name_key, kbli_division, regency_code, district_name) AS left_row_id, row_id AS right_row_id,
        'business' AS level, 'NIK_NAME_TRADE_DISTRICT' AS link_rule
    FROM same_nik WHERE name_key <> '' AND regency_code IS NOT NULL
    UNION ALL
    SELECT min(row_id) OVER (PARTITION BY nib, name_key, kbli_division, regency_code, district_name), row_id,
        'business', 'NIB_NAME_TRADE_DISTRICT'
    FROM same_nib WHERE name_key <> '' AND regency_code IS NOT NULL
    UNION ALL
    SELECT min(row_id) OVER (PARTITION BY owner_birth_date, owner_key, name_key, regency_code, district_name, village_name), row_id,
        'business', 'OWNER_BIRTH_NAME_VILLAGE'
    FROM same_birth_place WHERE owner_key <> '' AND name_key <> ''
    UNION ALL
    SELECT min(row_id) OVER (PARTITION BY cooperative_number), row_id, 'business', 'COOPERATIVE_NUMBER'
    FROM same_cooperative WHERE cooperative_number IS NOT NULL
    UNION ALL
    SELECT min(row_id) OVER (PARTITION BY legal_entity_key, name_key, regency_code), row_id, 'business', 'LEGAL_ENTITY_NAME_REGENCY'
    FROM same_cooperative WHERE legal_entity_key <> '' AND name_key <> ''
    UNION ALL
    SELECT min(row_id) OVER (PARTITION BY nik), row_id, 'owner', 'NIK' FROM same_nik
    UNION ALL
    SELECT min(row_id) OVER (PARTITION BY nib), row_id, 'owner', 'NIB' FROM same_nib
)
SELECT current_row_id AS left_row_id, row_id AS right_row_id, 'registration' AS level, 'REGISTRATION_NUMBER' AS link_rule
FROM superseded
UNION ALL
SELECT left_row_id, right_row_id, level, link_rule FROM stars WHERE left_row_id <> right_row_id
