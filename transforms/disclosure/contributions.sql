-- Grain: year of sales and KBLI section, of counted businesses known at the as-of date that give their sales.
-- Reads: classified (resolve/classified.sql), reference.kbli.
-- Why: what the rules of dominance need: the total, its two largest contributors and their number. The largest are the sales
--      of single businesses, so this is never published; `release.py` decides by it and keeps the totals that may be seen.
SELECT
    omzet_year, coalesce(section_code, 'unknown') AS section_code, sum(omzet_idr)::HUGEINT AS omzet_idr,
    max(omzet_idr) AS largest_idr, coalesce(max(omzet_idr, 2)[2], 0) AS second_largest_idr,
    count(*) FILTER (omzet_idr > 0) AS contributor_count
FROM classified LEFT JOIN (SELECT kbli_code, section_code FROM reference.kbli) USING (kbli_code)
WHERE threshold = 'chosen' AND is_counted AND omzet_idr IS NOT NULL AND omzet_year IS NOT NULL
    AND coalesce(enumerated_date, make_date(wave, 1, 1)) <= getvariable('as_of')
GROUP BY ALL
