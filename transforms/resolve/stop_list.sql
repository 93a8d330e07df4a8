-- Grain: over-full block.
-- Reads: over_full.
-- Why: what was not compared is told. The key itself could be a person's; its rank is not.
SELECT
    blocking_rule,
    row_number() OVER (PARTITION BY blocking_rule ORDER BY block_size DESC, key, part NULLS FIRST)::INTEGER AS block_rank,
    CASE WHEN part IS NULL THEN 'parted' ELSE 'stopped' END AS treatment,
    block_size
FROM over_full
