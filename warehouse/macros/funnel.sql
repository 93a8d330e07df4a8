-- One row: province of the frame, and unknown where there are such businesses.
CREATE MACRO marts.funnel(frame) AS TABLE
WITH placed AS (
    SELECT CASE CAST(frame AS VARCHAR) WHEN '34' THEN businesses.province_code_34 ELSE businesses.province_code_38 END AS province_code, businesses.*
    FROM register.businesses AS businesses WHERE CAST(frame AS VARCHAR) IN ('34', '38')
)
SELECT
    placed.province_code, coalesce(any_value(provinces.province_name), 'Tidak diketahui') AS province_name,
    CAST(sum(placed.registration_count) AS BIGINT) AS current_count,
    count(*) AS business_count,
    count(*) FILTER (placed.is_counted) AS counted_count,
    count(*) FILTER (placed.is_counted AND placed.digital_rank <= 4) AS d4_count,
    count(*) FILTER (placed.is_counted AND placed.digital_rank <= 3) AS d3_count,
    count(*) FILTER (placed.is_counted AND placed.digital_rank <= 2) AS d2_count,
    count(*) FILTER (placed.is_counted AND placed.digital_rank <= 1) AS d1_count
FROM placed
LEFT JOIN reference.provinces AS provinces ON provinces.province_code = placed.province_code AND provinces.frame_code = CAST(frame AS VARCHAR)
GROUP BY placed.province_code
ORDER BY placed.province_code;
COMMENT ON MACRO TABLE marts.funnel IS 'funnel(frame): by province of frame 34 or 38, from current registrations over businesses and counted businesses to those that are digital under D4, D3, D2 and D1, whatever the date.';
