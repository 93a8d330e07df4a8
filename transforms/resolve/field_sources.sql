-- Grain: business with several current registrations.
-- Reads: ranked, ids.
-- Why: whose word each field of such a business is, so that it can be asked after; NULL where no registration gives it.
WITH preferred AS (
    SELECT
        cluster,
        arg_max(row_id, preference) FILTER (regency_code IS NOT NULL) AS regency_code_row_id,
        arg_max(row_id, preference) FILTER (business_status_code IS NOT NULL) AS business_status_code_row_id,
        arg_max(row_id, preference) FILTER (is_fixed_location IS NOT NULL) AS is_fixed_location_row_id,
        arg_max(row_id, preference) FILTER (legal_form_code IS NOT NULL) AS legal_form_code_row_id,
        arg_max(row_id, preference) FILTER (started_year IS NOT NULL) AS started_year_row_id,
        arg_max(row_id, preference) FILTER (kbli_code IS NOT NULL) AS kbli_code_row_id,
        arg_max(row_id, preference) FILTER (owner_sex_code IS NOT NULL) AS owner_sex_code_row_id,
        arg_max(row_id, preference) FILTER (worker_count IS NOT NULL) AS worker_count_row_id,
        arg_max(row_id, preference) FILTER (omzet_idr IS NOT NULL) AS omzet_idr_row_id,
        arg_max(row_id, preference) FILTER (capital_idr IS NOT NULL) AS capital_idr_row_id,
        arg_min(row_id, {'year': digital_since_year, 'preference': preference}) FILTER (digital_since_year IS NOT NULL) AS digital_since_year_row_id,
        arg_min(row_id, preference) FILTER (is_digital AND enumerated_date IS NOT NULL) AS digital_proven_date_row_id
    FROM ranked WHERE threshold = 'chosen' GROUP BY cluster
)
SELECT business_id, preferred.* EXCLUDE (cluster)
FROM preferred JOIN ids ON ids.row_id = cluster
