-- Grain: statement that the version's own tables make.
-- Reads: quality.deliveries, quality.row_balance, register.linkage_counts, marts.attainment_national.
-- Why: one SELECT states these figures for the certificate, audits them in the finished file and verifies them later,
--      so a figure cannot be certified otherwise than it is published.
SELECT
    'deliveries' AS section,
    'delivery ' || delivery_id AS item,
    line_count || ' lines' AS value,
    sha256,
    'The bytes as they arrived; in landed/ they lie in a folder of this name.' AS meaning
FROM quality.deliveries WHERE status = 'validated'
UNION ALL
SELECT
    'deliveries',
    'all deliveries',
    count(*) || ' validated',
    sha256(coalesce(string_agg(sha256 || chr(10), '' ORDER BY sha256), '')),
    'SHA-256 over the list of those of every delivery, sorted, one a line.'
FROM quality.deliveries WHERE status = 'validated'
UNION ALL
SELECT
    'balance',
    seam,
    format('{} rows in, {} out, {} lost', sum(rows_in), sum(rows_out), sum(abs(residual_count))),
    NULL,
    'What goes into the seam comes out of it, over all deliveries; the sums of quality.row_balance.'
FROM quality.row_balance GROUP BY seam
UNION ALL
SELECT
    'band',
    threshold,
    format('{} businesses of {} current registrations', business_count, current_count),
    NULL,
    'Businesses when linking at this threshold; from register.linkage_counts.'
FROM register.linkage_counts
UNION ALL
SELECT
    'figures',
    concat_ws(' ', indicator_code, target_year, definition_code, series, institution),
    format(
        '{} of {}, band {} to {}, coverage {}, {}',
        coalesce(observed_count::VARCHAR, 'none'), target_count, coalesce(band_low_count::VARCHAR, 'none'),
        coalesce(band_high_count::VARCHAR, 'none'), coalesce(printf('%.6f', coverage_ratio), 'none'), verdict
    ),
    NULL,
    'Observed of targeted units, its band, share of the country that is covered, verdict; from marts.attainment_national.'
FROM marts.attainment_national
