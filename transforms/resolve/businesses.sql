-- Grain: business.
-- Reads: validated, register.memberships, same_business, same_owner, superseded, reference.regencies, reference.business_statuses.
-- Why: the latest current registration speaks for the business; a channel counts if any registration has it, from the
--      earliest year any of them gives. Every choice has a total order.
WITH registrations AS (
    SELECT validated.*, coalesce(same_business.founding_row_id, row_id) AS business_id, same_business.founding_row_id IS NOT NULL AS is_linked,
        coalesce(same_owner.founding_row_id, row_id) AS owner_id
    FROM validated
    LEFT JOIN same_business USING (row_id)
    LEFT JOIN same_owner USING (row_id)
    ANTI JOIN superseded USING (row_id)
), linked AS (
    SELECT
        business_id,
        arg_max(row_id, {'enumerated_date': coalesce(enumerated_date, DATE '0001-01-01'), 'row_id': row_id}) AS chosen_row_id,
        min(owner_id) AS owner_id,
        min(enumerated_date) AS enumerated_date,
        bool_or(uses_internet) AS uses_internet,
        bool_or(sells_on_marketplace) AS sells_on_marketplace,
        bool_or(sells_on_social_media) AS sells_on_social_media,
        bool_or(sells_on_instant_messaging) AS sells_on_instant_messaging,
        bool_or(sells_on_own_website) AS sells_on_own_website,
        bool_or(sells_on_food_delivery) AS sells_on_food_delivery,
        bool_or(sells_on_ekatalog) AS sells_on_ekatalog,
        bool_or(accepts_epayment) AS accepts_epayment,
        min(digital_since_year) AS digital_since_year,
        count(*) AS registration_count
    FROM registrations WHERE is_linked GROUP BY business_id
), united AS (
    SELECT * REPLACE (
        linked.owner_id AS owner_id, linked.enumerated_date AS enumerated_date, linked.uses_internet AS uses_internet,
        linked.sells_on_marketplace AS sells_on_marketplace, linked.sells_on_social_media AS sells_on_social_media,
        linked.sells_on_instant_messaging AS sells_on_instant_messaging, linked.sells_on_own_website AS sells_on_own_website,
        linked.sells_on_food_delivery AS sells_on_food_delivery, linked.sells_on_ekatalog AS sells_on_ekatalog,
        linked.accepts_epayment AS accepts_epayment, linked.digital_since_year AS digital_since_year
    )
    FROM (SELECT registrations.*, linked FROM registrations JOIN linked ON row_id = chosen_row_id)
    UNION ALL BY NAME
    SELECT *, NULL AS linked FROM registrations WHERE NOT is_linked
), classified AS (
    SELECT
        *,
        coalesce(linked.registration_count, 1) AS registration_count,
        CASE
            WHEN omzet_idr IS NOT NULL THEN size_class_by_sales(omzet_idr)
            WHEN capital_idr IS NOT NULL THEN size_class_by_capital(capital_idr)
            ELSE 'unknown'
        END AS size_class_code,
        CASE WHEN omzet_idr IS NOT NULL THEN 'sales' WHEN capital_idr IS NOT NULL THEN 'capital' ELSE 'none' END AS size_rule,
        CASE
            WHEN sells_on_marketplace OR sells_on_food_delivery OR sells_on_ekatalog THEN 1
            WHEN sells_on_social_media OR sells_on_instant_messaging OR sells_on_own_website THEN 2
            WHEN accepts_epayment THEN 3
            WHEN uses_internet THEN 4
        END AS digital_rank
    FROM united
)
SELECT
    business_id, owner_id, coalesce(business_kind, 'umkm') AS business_kind, regency_code,
    coalesce(province_code_34, 'unknown') AS province_code_34, coalesce(province_code_38, 'unknown') AS province_code_38,
    wave, enumerated_date, business_status_code, is_fixed_location, legal_form_code, started_year, kbli_code, owner_sex_code,
    worker_count, size_class_code, size_rule,
    coalesce(business_kind, 'umkm') = 'umkm' AND size_class_code <> 'large' AND coalesce(statuses.is_counted, true) AS is_counted,
    uses_internet, sells_on_marketplace, sells_on_social_media, sells_on_instant_messaging, sells_on_own_website,
    sells_on_food_delivery, sells_on_ekatalog, accepts_epayment, digital_since_year, digital_rank,
    CASE WHEN digital_rank IS NOT NULL THEN coalesce(digital_since_year, year(enumerated_date), wave) END AS counted_from_year,
    registration_count
FROM classified
LEFT JOIN (SELECT regency_code, province_code_34, province_code_38 FROM reference.regencies) USING (regency_code)
LEFT JOIN (SELECT business_status_code, is_counted FROM reference.business_statuses) AS statuses USING (business_status_code)
