-- Grain: year, definition, whose businesses, whose targets and definitions, and whose as-of date.
-- Reads: earlier_contributions, later_contributions, earlier.* and later.* of targets, definitions and publication.
-- Why: the register's figures counted anew by the code of today, to part what businesses changed from what targets,
--      definitions and the as-of date changed, and all of it from what code changed.
WITH stock AS (
    SELECT 'earlier' AS businesses_of, digital_rank, counted_from_date, count(*) AS business_count
    FROM earlier_contributions WHERE digital_rank IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT 'later', digital_rank, counted_from_date, count(*)
    FROM later_contributions WHERE digital_rank IS NOT NULL GROUP BY ALL
), sides AS (
    SELECT 'earlier' AS asked_on, as_of_date FROM earlier.publication
    UNION ALL
    SELECT 'later', as_of_date FROM later.publication
), asked AS (
    SELECT 'earlier' AS asked_by, target_year, definition_code, definition_rank
    FROM earlier.targets CROSS JOIN earlier.definitions WHERE indicator_code = 'umkm_digital'
    UNION ALL
    SELECT 'later', target_year, definition_code, definition_rank
    FROM later.targets CROSS JOIN later.definitions WHERE indicator_code = 'umkm_digital'
), told AS (
    SELECT sides.asked_on AS businesses_of, asked.*, moments.asked_on, least(make_date(target_year, 12, 31), moments.as_of_date) AS observed_date
    FROM sides CROSS JOIN asked CROSS JOIN sides AS moments
)
SELECT told.businesses_of, asked_by, asked_on, target_year, definition_code, coalesce(sum(business_count), 0)::BIGINT AS observed_count
FROM told
LEFT JOIN stock ON stock.businesses_of = told.businesses_of AND digital_rank <= definition_rank AND counted_from_date <= observed_date
GROUP BY ALL
