-- Grain: owner's name as delivered, and one row for none.
-- Reads: registrations.
-- Why: many registrations bear one name; each is taken apart once. A name is known by its hash, and no two rows have one hash,
--      whatever is delivered: of names that a forger made collide the smaller one speaks.
SELECT
    owner_name_id,
    array_to_string(words, '') AS owner_name,
    CASE WHEN words IS NOT NULL THEN hash(list_sort(words)) END AS owner_key,
    CASE WHEN words IS NOT NULL THEN hash(words[1]) END AS owner_first_word
FROM (
    SELECT owner_name_id, person_words(delivered_name) AS words
    FROM (SELECT hash(owner_name) AS owner_name_id, min(owner_name) AS delivered_name FROM registrations GROUP BY owner_name_id)
)
