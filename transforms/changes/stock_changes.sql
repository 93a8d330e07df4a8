-- Grain: version, kab/kota, digital rank and counted-from day.
-- Reads: earlier.stock_changes, stock (marts/stock.sql), later.publication.
-- Why: each version keeps what every version before it knew, at the price of what changed. A version whose published file
--      keeps no changes is followed by one that changes everything.
SELECT * FROM earlier.stock_changes
UNION ALL BY NAME
SELECT version, known_date, changes.*
FROM (
    SELECT regency_code, digital_rank, counted_from_date, sum(business_count) AS change_count
    FROM (
        SELECT regency_code, digital_rank, counted_from_date, business_count FROM stock
        UNION ALL
        SELECT regency_code, digital_rank, counted_from_date, -change_count FROM earlier.stock_changes
    )
    GROUP BY ALL HAVING sum(business_count) <> 0
) AS changes CROSS JOIN later.publication
