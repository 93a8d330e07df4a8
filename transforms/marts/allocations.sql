-- Grain: kab/kota (unknown included) and target year.
-- Reads: stock (stock.sql), reference.regencies, reference.targets.
-- Why: no official target exists below the nation. The national target is shared out by the share of all counted businesses,
--      by largest remainder, once and at the finest level, so that kab/kota and provinces of both frames sum to it exactly.
WITH sizes AS (
    SELECT regency_code, province_code_34, province_code_38, coalesce(business_count, 0)::BIGINT AS business_count
    FROM (
        SELECT regency_code, province_code_34, province_code_38 FROM reference.regencies
        UNION ALL
        SELECT 'unknown', 'unknown', 'unknown'
    )
    LEFT JOIN (SELECT regency_code, sum(business_count) AS business_count FROM stock GROUP BY ALL) USING (regency_code)
), shares AS (
    SELECT
        sizes.*, target_year, target_count, target_count::HUGEINT * business_count AS product,
        nullif(sum(business_count) OVER (PARTITION BY target_year), 0)::HUGEINT AS total
    FROM sizes CROSS JOIN (SELECT target_year, target_count FROM reference.targets WHERE indicator_code = 'umkm_digital')
)
SELECT
    regency_code, province_code_34, province_code_38, target_year, business_count,
    (product // total + (
        row_number() OVER (PARTITION BY target_year ORDER BY product % total DESC, regency_code)
        <= target_count - sum(product // total) OVER (PARTITION BY target_year)
    )::INTEGER)::BIGINT AS allocated_count
FROM shares
