-- Grain: kab/kota, day from which a business would count as digital, and digital rank.
-- Reads: quarantined, validated, quality.quarantine_history, reference.business_statuses.
-- Why: rows that wait in quarantine are businesses that the count leaves out; the band of a count reaches up to them. A number
--      that is registered by another line, and an activity out of scope, adds nothing when it is repaired.
WITH waiting AS (
    SELECT *, digital_rank_of(sells_on_marketplace, sells_on_food_delivery, sells_on_ekatalog, sells_on_social_media,
        sells_on_instant_messaging, sells_on_own_website, accepts_epayment, uses_internet) AS digital_rank
    FROM quarantined SEMI JOIN (SELECT row_id FROM quality.quarantine_history WHERE status = 'waiting') USING (row_id)
    ANTI JOIN validated USING (source_register, registration_number)
    WHERE NOT list_contains(rule_codes, 'KBLI_CODE_OUT_OF_SCOPE')
    QUALIFY row_number() OVER (
        PARTITION BY source_register, coalesce(registration_number, row_id::VARCHAR) ORDER BY enumerated_date DESC NULLS LAST, row_id) = 1
)
SELECT
    coalesce(regency_code, 'unknown') AS regency_code, digital_rank,
    counted_from_date_of(digital_rank, digital_since_year, enumerated_date, wave) AS counted_from_date,
    coalesce(enumerated_date, make_date(wave, 1, 1)) AS known_from_date,
    count(*) AS waiting_count
FROM waiting LEFT JOIN reference.business_statuses AS statuses USING (business_status_code)
WHERE coalesce(business_kind, 'umkm') = 'umkm' AND coalesce(statuses.is_counted, true)
    AND size_class_of(omzet_idr, capital_idr) <> 'large'
GROUP BY ALL
