-- Grain: business with several current registrations.
-- Reads: ranked, business_ids.
-- Why: whose word each field of such a business is, so that it can be asked after; NULL where no registration gives it.
WITH preferred AS (
    SELECT
        cluster,
        list(row_id ORDER BY preference) AS rows,
        max(preference) FILTER (regency_code IS NOT NULL) AS regency_code,
        max(preference) FILTER (business_status_code IS NOT NULL) AS business_status_code,
        max(preference) FILTER (is_fixed_location IS NOT NULL) AS is_fixed_location,
        max(preference) FILTER (legal_form_code IS NOT NULL) AS legal_form_code,
        max(preference) FILTER (started_year IS NOT NULL) AS started_year,
        max(preference) FILTER (kbli_code IS NOT NULL) AS kbli_code,
        max(preference) FILTER (owner_sex_code IS NOT NULL) AS owner_sex_code,
        max(preference) FILTER (worker_count IS NOT NULL) AS worker_count,
        max(preference) FILTER (omzet_idr IS NOT NULL) AS omzet_idr,
        max(preference) FILTER (capital_idr IS NOT NULL) AS capital_idr,
        min({'year': digital_since_year, 'preference': preference}) FILTER (digital_since_year IS NOT NULL).preference AS digital_since_year,
        min(preference) FILTER (is_digital AND enumerated_date IS NOT NULL) AS digital_proven_date
    FROM ranked WHERE threshold = 'chosen' GROUP BY cluster
)
SELECT
    business_ids.id AS business_id,
    rows[regency_code] AS regency_code_row_id,
    rows[business_status_code] AS business_status_code_row_id,
    rows[is_fixed_location] AS is_fixed_location_row_id,
    rows[legal_form_code] AS legal_form_code_row_id,
    rows[started_year] AS started_year_row_id,
    rows[kbli_code] AS kbli_code_row_id,
    rows[owner_sex_code] AS owner_sex_code_row_id,
    rows[worker_count] AS worker_count_row_id,
    rows[omzet_idr] AS omzet_idr_row_id,
    rows[capital_idr] AS capital_idr_row_id,
    rows[digital_since_year] AS digital_since_year_row_id,
    rows[digital_proven_date] AS digital_proven_date_row_id
FROM preferred JOIN business_ids ON business_ids.row_id = cluster
