-- Grain: business that bears an id of its own in each version.
-- Reads: moved_lines, changed_businesses.
-- Why: behind a version that was rolled back the same lines are given other ids; that is no merge and no split.
WITH pairs AS (
    SELECT DISTINCT earlier_business_id, later_business_id
    FROM moved_lines
    JOIN changed_businesses AS gone ON gone.business_id = earlier_business_id AND NOT gone.in_later
    JOIN changed_businesses AS minted ON minted.business_id = later_business_id AND NOT minted.in_earlier
)
SELECT earlier_business_id, later_business_id FROM pairs
QUALIFY later_business_id = min(later_business_id) OVER (PARTITION BY earlier_business_id)
    AND earlier_business_id = min(earlier_business_id) OVER (PARTITION BY later_business_id)
