-- Grain: kab/kota (unknown included), target year and definition.
-- Reads: figures (figures.sql), allocations (allocations.sql), register.registration_counts, reference.regencies,
--        reference.operator_targets, reference.regency_reports.
-- Why: as for provinces; beside the count stands what the province's own recaps say of the same kab/kota.
WITH waves AS (
    SELECT regency_code, string_agg(wave::VARCHAR, '+' ORDER BY wave) AS enumerated_waves
    FROM register.registration_counts
    WHERE first_enumerated_date <= getvariable('as_of') OR first_enumerated_date IS NULL AND make_date(wave, 1, 1) <= getvariable('as_of')
    GROUP BY ALL
), recaps AS (
    SELECT
        regency_code, max_by(reported_count, {'year': report_year, 'id': report_id}) AS reported_business_count,
        max_by(report_id, {'year': report_year, 'id': report_id}) AS report_id
    FROM reference.regency_reports WHERE make_date(report_year, 12, 31) <= getvariable('as_of') AND indicator_code = 'umkm_projected'
    GROUP BY ALL
), aimed AS (
    SELECT
        figures.*, business_count, coalesce(regency_name, 'Tidak diketahui') AS regency_name,
        CASE WHEN regency_code <> 'unknown' THEN coalesce(enumerated_waves, 'none') END AS enumerated_waves,
        CASE WHEN regency_code <> 'unknown' THEN (business_count > 0)::INTEGER::DOUBLE END AS coverage_ratio,
        coalesce(operator.target_count, allocated_count) AS target_count,
        CASE WHEN operator.target_count IS NULL THEN 'indicative_allocation' ELSE 'operator_target' END AS target_basis,
        coalesce(operator.source, 'share of counted businesses') AS allocation_key,
        reported_business_count, report_id
    FROM figures
    JOIN (SELECT regency_code, target_year, business_count, allocated_count FROM allocations) USING (regency_code, target_year)
    LEFT JOIN (SELECT regency_code, regency_name FROM reference.regencies) USING (regency_code)
    LEFT JOIN waves USING (regency_code)
    LEFT JOIN recaps USING (regency_code)
    LEFT JOIN reference.operator_targets AS operator
        ON operator.region_code = figures.regency_code AND operator.target_year = figures.target_year
)
SELECT
    regency_code, regency_name, province_code_34, province_code_38, enumerated_waves, target_year, definition_code,
    'register_observed' AS series, target_count, target_basis, allocation_key, observed_date, observed_count,
    observed_count / nullif(target_count, 0)::DOUBLE AS attainment_ratio,
    target_count - observed_count AS gap_count,
    required_pace(target_count - observed_count, observed_date, make_date(target_year, 12, 31)) AS required_pace_count,
    (observed_count - year_before_count) / 12 AS actual_pace_count,
    projected_date(target_count - observed_count, (observed_count - year_before_count) / 12, observed_date) AS projected_date,
    regional_verdict(target_basis, observed_count, target_count, target_year, coverage_ratio) AS verdict,
    observed_count + band_low_change(strict_change, loose_change) AS band_low_count,
    observed_count + band_high_change(strict_change, loose_change, waiting_count) AS band_high_count,
    coverage_ratio, business_count, observed_count / nullif(business_count, 0) AS digital_ratio, reported_business_count, report_id,
    getvariable('as_of') AS as_of_date
FROM aimed
