-- Grain: entity, version and event.
-- Reads: earlier_history, changes.
-- Why: an id that was published resolves for ever: `current_entity_id` is what it means today, however often it was merged.
SELECT earlier.entity_kind, earlier.entity_id, earlier.version, earlier.event, earlier.other_entity_id,
    CASE WHEN gone.event IS NULL THEN earlier.current_entity_id ELSE gone.other_entity_id END AS current_entity_id
FROM earlier_history AS earlier
LEFT JOIN changes AS gone
    ON gone.entity_kind = earlier.entity_kind AND gone.entity_id = earlier.current_entity_id AND gone.event <> 'split'
UNION ALL
SELECT entity_kind, entity_id, version, event, other_entity_id,
    CASE event WHEN 'split' THEN entity_id ELSE other_entity_id END AS current_entity_id
FROM changes
