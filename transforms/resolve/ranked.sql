-- Grain: current registration of a business that has several.
-- Reads: validated, chosen_clusters, superseded.
-- Why: survivorship. The latest interview speaks first, and where it says nothing the next; row_id breaks ties.
WITH linked AS (
    SELECT validated.*, cluster FROM validated JOIN chosen_clusters USING (row_id) ANTI JOIN superseded USING (row_id)
), repeated AS (
    SELECT cluster FROM linked GROUP BY cluster HAVING count(*) > 1
)
SELECT
    linked.*,
    row_number() OVER (PARTITION BY cluster ORDER BY enumerated_date NULLS FIRST, row_id)::INTEGER AS preference,
    coalesce(sells_on_marketplace OR sells_on_social_media OR sells_on_instant_messaging OR sells_on_own_website
        OR sells_on_food_delivery OR sells_on_ekatalog OR accepts_epayment OR uses_internet, false) AS is_digital
FROM linked SEMI JOIN repeated USING (cluster)
