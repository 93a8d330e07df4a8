-- Grain: frame, province and channel.
-- Reads: known (known.sql), reference.channels, reference.provinces.
-- Why: by which channel businesses are digital. One business may use several, so channels must not be added up.
WITH summed AS (
    SELECT
        province_code_34, province_code_38, count(*) AS all_count,
        count(*) FILTER (uses_internet) AS uses_internet,
        count(*) FILTER (sells_on_marketplace) AS sells_on_marketplace,
        count(*) FILTER (sells_on_social_media) AS sells_on_social_media,
        count(*) FILTER (sells_on_instant_messaging) AS sells_on_instant_messaging,
        count(*) FILTER (sells_on_own_website) AS sells_on_own_website,
        count(*) FILTER (sells_on_food_delivery) AS sells_on_food_delivery,
        count(*) FILTER (sells_on_ekatalog) AS sells_on_ekatalog,
        count(*) FILTER (accepts_epayment) AS accepts_epayment
    FROM known WHERE is_counted GROUP BY ALL
), unpivoted AS (
    UNPIVOT summed ON uses_internet, sells_on_marketplace, sells_on_social_media, sells_on_instant_messaging, sells_on_own_website,
        sells_on_food_delivery, sells_on_ekatalog, accepts_epayment INTO NAME channel_code VALUE channel_count
)
SELECT
    frame_code, province_code, channel_code, definition_code,
    sum(channel_count)::BIGINT AS business_count,
    sum(channel_count) / sum(all_count) AS business_ratio,
    getvariable('as_of') AS as_of_date
FROM (
    SELECT '34' AS frame_code, province_code_34 AS province_code, * FROM unpivoted
    UNION ALL
    SELECT '38', province_code_38, * FROM unpivoted
) JOIN (SELECT channel_code, definition_code FROM reference.channels) USING (channel_code)
GROUP BY ALL
