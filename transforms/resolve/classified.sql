-- Grain: threshold and business; at strict and loose only those that differ from the chosen threshold.
-- Reads: validated, ranked, superseded, reference.regencies, reference.business_statuses.
-- Why: for each field the latest registration that gives it speaks (`field_sources.sql` says which); a channel counts if any
--      registration has it, from the earliest year that any of them gives. Every choice has a total order.
WITH survived AS (
    SELECT
        threshold, cluster,
        arg_max(row_id, preference) AS row_id,
        arg_max(business_kind, preference) AS business_kind,
        arg_max(regency_code, preference) AS regency_code,
        arg_max(wave, preference) AS wave,
        min(enumerated_date) AS enumerated_date,
        arg_max(business_status_code, preference) AS business_status_code,
        arg_max(is_fixed_location, preference) AS is_fixed_location,
        arg_max(legal_form_code, preference) AS legal_form_code,
        arg_max(started_year, preference) AS started_year,
        arg_max(kbli_code, preference) AS kbli_code,
        arg_max(owner_sex_code, preference) AS owner_sex_code,
        arg_max(owner_birth_date, preference) AS owner_birth_date,
        arg_max(worker_count, preference) AS worker_count,
        arg_max(omzet_idr, preference) AS omzet_idr,
        arg_max(omzet_year, preference) FILTER (omzet_idr IS NOT NULL) AS omzet_year,
        arg_max(capital_idr, preference) AS capital_idr,
        bool_or(has_nib) AS has_nib,
        bool_or(has_npwp) AS has_npwp,
        bool_or(has_cooperative_number) AS has_cooperative_number,
        arg_max(member_count, preference) AS member_count,
        bool_or(uses_internet) AS uses_internet,
        bool_or(sells_on_marketplace) AS sells_on_marketplace,
        bool_or(sells_on_social_media) AS sells_on_social_media,
        bool_or(sells_on_instant_messaging) AS sells_on_instant_messaging,
        bool_or(sells_on_own_website) AS sells_on_own_website,
        bool_or(sells_on_food_delivery) AS sells_on_food_delivery,
        bool_or(sells_on_ekatalog) AS sells_on_ekatalog,
        bool_or(accepts_epayment) AS accepts_epayment,
        min(digital_since_year) AS digital_since_year,
        min(enumerated_date) FILTER (is_digital) AS digital_proven_date,
        count(*) AS registration_count
    FROM ranked GROUP BY threshold, cluster
), alone AS (
    SELECT
        'chosen' AS threshold, row_id AS cluster, row_id, business_kind, regency_code, wave, enumerated_date, business_status_code,
        is_fixed_location, legal_form_code, started_year, kbli_code, owner_sex_code, owner_birth_date, worker_count, omzet_idr, omzet_year, capital_idr,
        nib IS NOT NULL AS has_nib, npwp IS NOT NULL AS has_npwp, cooperative_number IS NOT NULL AS has_cooperative_number, member_count,
        uses_internet, sells_on_marketplace, sells_on_social_media, sells_on_instant_messaging, sells_on_own_website,
        sells_on_food_delivery, sells_on_ekatalog, accepts_epayment, digital_since_year,
        CASE WHEN sells_on_marketplace OR sells_on_social_media OR sells_on_instant_messaging OR sells_on_own_website
            OR sells_on_food_delivery OR sells_on_ekatalog OR accepts_epayment OR uses_internet THEN enumerated_date END AS digital_proven_date,
        1 AS registration_count
    FROM validated
    ANTI JOIN superseded USING (row_id)
    ANTI JOIN (SELECT row_id FROM ranked WHERE threshold = 'chosen') USING (row_id)
), classified AS (
    SELECT
        *,
        size_class_of(omzet_idr, capital_idr) AS size_class_code,
        CASE WHEN omzet_idr IS NOT NULL THEN 'sales' WHEN capital_idr IS NOT NULL THEN 'capital' ELSE 'none' END AS size_rule,
        digital_rank_of(sells_on_marketplace, sells_on_food_delivery, sells_on_ekatalog, sells_on_social_media,
            sells_on_instant_messaging, sells_on_own_website, accepts_epayment, uses_internet) AS digital_rank,
        coalesce(year(enumerated_date), wave) - year(owner_birth_date) AS owner_age_years
    FROM (SELECT * FROM survived UNION ALL BY NAME SELECT * FROM alone)
)
SELECT
    threshold, cluster, row_id, coalesce(business_kind, 'umkm') AS business_kind, regency_code,
    coalesce(province_code_34, 'unknown') AS province_code_34, coalesce(province_code_38, 'unknown') AS province_code_38,
    wave, enumerated_date, business_status_code, is_fixed_location, legal_form_code, started_year, kbli_code, owner_sex_code,
    CASE
        WHEN owner_age_years BETWEEN 16 AND 30 THEN '16-30' WHEN owner_age_years BETWEEN 31 AND 45 THEN '31-45'
        WHEN owner_age_years BETWEEN 46 AND 60 THEN '46-60' WHEN owner_age_years BETWEEN 61 AND 120 THEN '61+' ELSE 'unknown'
    END AS owner_age_band,
    worker_count, omzet_idr, omzet_year, size_class_code, size_rule,
    coalesce(business_kind, 'umkm') = 'umkm' AND size_class_code <> 'large' AND coalesce(statuses.is_counted, true) AS is_counted,
    has_nib, has_npwp, has_cooperative_number, member_count,
    uses_internet, sells_on_marketplace, sells_on_social_media, sells_on_instant_messaging, sells_on_own_website,
    sells_on_food_delivery, sells_on_ekatalog, accepts_epayment, digital_since_year, digital_proven_date, digital_rank,
    counted_from_date_of(digital_rank, digital_since_year, digital_proven_date, wave) AS counted_from_date,
    year(counted_from_date) AS counted_from_year,
    registration_count
FROM classified
LEFT JOIN (SELECT regency_code, province_code_34, province_code_38 FROM reference.regencies) USING (regency_code)
LEFT JOIN (SELECT business_status_code, is_counted FROM reference.business_statuses) AS statuses USING (business_status_code)
