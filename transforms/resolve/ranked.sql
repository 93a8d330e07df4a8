-- Grain: threshold and current registration of a business that has several, or that differs at that threshold.
-- Reads: validated, chosen_clusters, superseded, register.threshold_clusters.
-- Why: survivorship. The latest interview speaks first, and where it says nothing the next; row_id breaks ties.
WITH linked AS (
    SELECT row_id, cluster FROM chosen_clusters ANTI JOIN superseded USING (row_id)
), repeated AS (
    SELECT 'chosen' AS threshold, row_id, cluster FROM linked SEMI JOIN (SELECT cluster FROM linked GROUP BY cluster HAVING count(*) > 1) USING (cluster)
    UNION ALL
    SELECT threshold, row_id, cluster_row_id FROM register.threshold_clusters ANTI JOIN superseded USING (row_id)
), preferred AS (
    SELECT threshold, cluster, row_id,
        row_number() OVER (PARTITION BY threshold, cluster ORDER BY enumerated_date NULLS FIRST, row_id)::INTEGER AS preference
    FROM repeated JOIN (SELECT row_id, enumerated_date FROM validated) USING (row_id)
)
SELECT
    threshold, cluster, row_id, preference,
    business_kind, regency_code, wave, enumerated_date, business_status_code, is_fixed_location, legal_form_code, started_year,
    kbli_code, owner_sex_code, owner_birth_date, worker_count, omzet_idr, omzet_year, capital_idr, nib IS NOT NULL AS has_nib,
    npwp IS NOT NULL AS has_npwp, cooperative_number IS NOT NULL AS has_cooperative_number, member_count,
    uses_internet, sells_on_marketplace, sells_on_social_media, sells_on_instant_messaging, sells_on_own_website, sells_on_food_delivery, sells_on_ekatalog, accepts_epayment,
    digital_since_year,
    coalesce(sells_on_marketplace OR sells_on_social_media OR sells_on_instant_messaging OR sells_on_own_website
        OR sells_on_food_delivery OR sells_on_ekatalog OR accepts_epayment OR uses_internet, false) AS is_digital
FROM validated JOIN preferred USING (row_id)
