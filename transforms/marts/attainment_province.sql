-- Grain: frame, province, target year and definition; the province unknown takes what has no region.
-- Reads: figures (figures.sql), allocations (allocations.sql), reference.provinces, reference.regencies, reference.operator_targets.
-- Why: targets below the nation are allocations, labelled so, and no verdict rests on them; a target that the operator
--      supplies for a province takes the allocation's place.
WITH placed AS (
    SELECT unnest(['34', '38']) AS frame_code, unnest([province_code_34, province_code_38]) AS province_code, *
    FROM figures
    JOIN (SELECT regency_code, target_year, business_count, allocated_count FROM allocations) USING (regency_code, target_year)
), summed AS (
    SELECT
        frame_code, province_code, target_year, definition_code, observed_date,
        sum(observed_count)::BIGINT AS observed_count, sum(year_before_count)::BIGINT AS year_before_count,
        sum(strict_change)::BIGINT AS strict_change, sum(loose_change)::BIGINT AS loose_change,
        sum(waiting_count)::BIGINT AS waiting_count,
        sum(allocated_count)::BIGINT AS allocated_count, sum(business_count)::BIGINT AS business_count,
        count(*) FILTER (business_count > 0) / count(*) AS coverage_ratio
    FROM placed GROUP BY ALL
), aimed AS (
    SELECT
        summed.* REPLACE (CASE WHEN province_code <> 'unknown' THEN coverage_ratio END AS coverage_ratio),
        coalesce(province_name, 'Tidak diketahui') AS province_name,
        coalesce(operator.target_count, allocated_count) AS target_count,
        CASE WHEN operator.target_count IS NULL THEN 'indicative_allocation' ELSE 'operator_target' END AS target_basis,
        coalesce(operator.source, 'share of counted businesses') AS allocation_key
    FROM summed
    LEFT JOIN reference.provinces USING (frame_code, province_code)
    LEFT JOIN reference.operator_targets AS operator
        ON operator.region_code = province_code AND operator.target_year = summed.target_year AND frame_code = '38'
)
SELECT
    frame_code, province_code, province_name, target_year, definition_code, 'register_observed' AS series,
    target_count, target_basis, allocation_key, observed_date, observed_count,
    observed_count / nullif(target_count, 0)::DOUBLE AS attainment_ratio,
    target_count - observed_count AS gap_count,
    required_pace(target_count - observed_count, observed_date, make_date(target_year, 12, 31)) AS required_pace_count,
    (observed_count - year_before_count) / 12 AS actual_pace_count,
    projected_date(target_count - observed_count, (observed_count - year_before_count) / 12, observed_date) AS projected_date,
    regional_verdict(target_basis, observed_count, target_count, target_year, coverage_ratio) AS verdict,
    observed_count + band_low_change(strict_change, loose_change) AS band_low_count,
    observed_count + band_high_change(strict_change, loose_change, waiting_count) AS band_high_count,
    coverage_ratio,
    business_count,
    observed_count / nullif(business_count, 0) AS digital_ratio,
    rank() OVER (PARTITION BY frame_code, target_year, definition_code ORDER BY observed_count DESC)::INTEGER AS observed_rank,
    getvariable('as_of') AS as_of_date
FROM aimed
