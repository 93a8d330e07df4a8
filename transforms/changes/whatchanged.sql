-- Grain: headline figure and cause.
-- Reads: earlier_figures, later_figures, business_causes, recounts, causes, earlier.* and later.* of targets, definitions,
--      official_reports and publication.
-- Why: every part is counted by itself: first what targets and definitions change, then the as-of date, then each business.
--      What code changed is the difference between what was published and what the code of
--      today counts; so the parts sum to the change of the published figures, or one of them is wrong.
WITH figures AS (
    SELECT figure, target_year, definition_code, institution, sum(earlier_count)::BIGINT AS earlier_count, sum(later_count)::BIGINT AS later_count
    FROM (
        SELECT *, figure_count AS earlier_count, NULL AS later_count FROM earlier_figures
        UNION ALL
        SELECT *, NULL, figure_count FROM later_figures
    ) GROUP BY ALL
), changes AS (
    SELECT figure, target_year, definition_code, institution, coalesce(later_count, 0) - coalesce(earlier_count, 0) AS change_count
    FROM figures
), cells AS (
    SELECT cause, was_in_stock, earlier_rank, earlier_from_date, is_in_stock, later_rank, later_from_date, count(*) AS business_count
    FROM business_causes GROUP BY ALL
), moments AS (
    SELECT target_year, least(make_date(target_year, 12, 31), as_of_date) AS observed_date
    FROM later.targets CROSS JOIN later.publication WHERE indicator_code = 'umkm_digital'
), years AS (
    SELECT target_year FROM earlier.targets WHERE indicator_code = 'umkm_digital'
    INTERSECT SELECT target_year FROM later.targets WHERE indicator_code = 'umkm_digital'
), retold AS (
    SELECT DISTINCT institution FROM (
        (SELECT * EXCLUDE source FROM earlier.official_reports EXCEPT SELECT * EXCLUDE source FROM later.official_reports)
        UNION ALL
        (SELECT * EXCLUDE source FROM later.official_reports EXCEPT SELECT * EXCLUDE source FROM earlier.official_reports)
    )
), parts AS (
    SELECT 'counted_businesses' AS figure, NULL::INTEGER AS target_year, NULL AS definition_code, 'capaian' AS institution, cause,
        (is_in_stock::INTEGER - was_in_stock::INTEGER) * business_count AS change_count
    FROM cells
    UNION ALL
    SELECT 'register_observed', target_year, definition_code, 'capaian', cause,
        (coalesce(later_rank <= definition_rank AND later_from_date <= observed_date, false)::INTEGER
            - coalesce(earlier_rank <= definition_rank AND earlier_from_date <= observed_date, false)::INTEGER) * business_count
    FROM cells CROSS JOIN later.definitions CROSS JOIN moments
    UNION ALL
    SELECT 'register_observed', target_year, definition_code, 'capaian',
        CASE WHEN target_year IN (FROM years) THEN 'reference_changes' ELSE 'target_changes' END,
        CASE asked_by WHEN 'later' THEN observed_count ELSE -observed_count END
    FROM recounts WHERE businesses_of = 'earlier' AND asked_on = 'earlier'
    UNION ALL
    SELECT 'register_observed', target_year, definition_code, 'capaian', 'as_of_changes',
        CASE asked_on WHEN 'later' THEN observed_count ELSE -observed_count END
    FROM recounts WHERE businesses_of = 'earlier' AND asked_by = 'later'
    UNION ALL
    SELECT 'register_observed', target_year, definition_code, 'capaian', 'rule_and_code_changes',
        CASE businesses_of WHEN 'earlier' THEN observed_count ELSE -observed_count END
    FROM recounts WHERE businesses_of = asked_by AND businesses_of = asked_on
    UNION ALL
    SELECT figure, target_year, definition_code, institution, 'rule_and_code_changes', change_count
    FROM changes WHERE figure = 'register_observed'
    UNION ALL
    SELECT figure, target_year, definition_code, institution, 'target_changes', change_count FROM changes WHERE figure = 'target'
    UNION ALL
    SELECT figure, target_year, definition_code, changes.institution,
        CASE WHEN retold.institution IS NOT NULL THEN 'reference_changes'
            WHEN target_year NOT IN (FROM years) THEN 'target_changes'
            WHEN earlier.as_of_date <> later.as_of_date THEN 'as_of_changes'
            ELSE 'rule_and_code_changes' END,
        change_count
    FROM changes LEFT JOIN retold ON retold.institution = changes.institution
    CROSS JOIN earlier.publication AS earlier CROSS JOIN later.publication AS later
    WHERE figure = 'official_reported'
    UNION ALL
    SELECT figure, target_year, definition_code, institution, cause, 0 FROM changes CROSS JOIN causes
)
SELECT
    parts.figure, parts.target_year, parts.definition_code, parts.institution, cause,
    (SELECT version FROM earlier.publication) AS earlier_version,
    earlier_count, later_count, sum(change_count)::BIGINT AS change_count
FROM parts
JOIN figures ON figures.figure = parts.figure
    AND figures.target_year IS NOT DISTINCT FROM parts.target_year
    AND figures.definition_code IS NOT DISTINCT FROM parts.definition_code
    AND figures.institution IS NOT DISTINCT FROM parts.institution
WHERE EXISTS (FROM earlier.publication)
GROUP BY ALL
