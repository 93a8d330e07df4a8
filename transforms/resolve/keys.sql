-- Grain: exact-key group of current registrations with at least two members, one table per key.
-- Reads: validated.
-- Why: keys are compared only inside the few rows that share the strongest part of the key, so that names are
--      normalised for those alone. A NIK ending in 0 may have lost its last digit in a spreadsheet: no key.
CREATE OR REPLACE MACRO name_key(name) AS regexp_replace(upper(name), '[^A-Z0-9]', '', 'g');

CREATE OR REPLACE TEMP TABLE superseded AS
WITH repeated AS (
    SELECT source_register, registration_number FROM validated GROUP BY ALL HAVING count(*) > 1
), ranked AS (
    SELECT
        row_id,
        first_value(row_id) OVER (
            PARTITION BY source_register, registration_number
            ORDER BY updated_date DESC NULLS LAST, enumerated_date DESC NULLS LAST, row_id
        ) AS current_row_id
    FROM validated SEMI JOIN repeated USING (source_register, registration_number)
)
SELECT row_id, current_row_id FROM ranked WHERE row_id <> current_row_id;

CREATE OR REPLACE TEMP VIEW current_registrations AS
SELECT * FROM validated ANTI JOIN superseded USING (row_id);

CREATE OR REPLACE TEMP TABLE same_nik AS
WITH shared AS (
    SELECT nik FROM current_registrations WHERE nik IS NOT NULL AND NOT suffix(nik, '0') GROUP BY nik HAVING count(*) > 1
)
SELECT row_id, nik, name_key(business_name) AS name_key, substr(kbli_code, 1, 2) AS kbli_division, regency_code, district_name
FROM current_registrations SEMI JOIN shared USING (nik);

CREATE OR REPLACE TEMP TABLE same_nib AS
WITH shared AS (SELECT nib FROM current_registrations WHERE nib IS NOT NULL GROUP BY nib HAVING count(*) > 1)
SELECT row_id, nib, name_key(business_name) AS name_key, substr(kbli_code, 1, 2) AS kbli_division, regency_code, district_name
FROM current_registrations SEMI JOIN shared USING (nib);

-- This key serves rows without a sound NIK. Two different NIKs outweigh an equal name, birth date and village: such a
-- group is no key.
CREATE OR REPLACE TEMP TABLE same_birth_place AS
WITH shared AS (
    SELECT owner_birth_date, regency_code, district_name, village_name FROM current_registrations
    WHERE owner_birth_date IS NOT NULL AND regency_code IS NOT NULL AND village_name IS NOT NULL
    GROUP BY ALL HAVING count(*) > 1 AND bool_or(nik IS NULL OR suffix(nik, '0'))
), named AS (
    SELECT
        row_id, owner_birth_date, regency_code, district_name, village_name,
        name_key(owner_name) AS owner_key, name_key(business_name) AS name_key,
        CASE WHEN NOT suffix(nik, '0') THEN nik END AS strong_nik
    FROM current_registrations SEMI JOIN shared USING (owner_birth_date, regency_code, district_name, village_name)
    WHERE owner_name IS NOT NULL
)
SELECT * FROM named
WINDOW same_person AS (PARTITION BY owner_birth_date, owner_key, name_key, regency_code, district_name, village_name)
QUALIFY min(strong_nik) OVER same_person IS NOT DISTINCT FROM max(strong_nik) OVER same_person;

CREATE OR REPLACE TEMP TABLE same_cooperative AS
SELECT row_id, cooperative_number, name_key(legal_entity_number) AS legal_entity_key, name_key(business_name) AS name_key, regency_code
FROM current_registrations WHERE business_kind = 'koperasi';

-- Size classes of PP 7/2021 article 35, upper bounds inclusive (a test holds them against reference.size_classes).
CREATE OR REPLACE MACRO size_class_by_sales(amount_idr) AS
    CASE WHEN amount_idr <= 2000000000 THEN 'micro' WHEN amount_idr <= 15000000000 THEN 'small'
         WHEN amount_idr <= 50000000000 THEN 'medium' ELSE 'large' END;
CREATE OR REPLACE MACRO size_class_by_capital(amount_idr) AS
    CASE WHEN amount_idr <= 1000000000 THEN 'micro' WHEN amount_idr <= 5000000000 THEN 'small'
         WHEN amount_idr <= 10000000000 THEN 'medium' ELSE 'large' END;
