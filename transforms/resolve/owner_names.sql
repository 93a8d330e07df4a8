-- Grain: owner's name as delivered, and one row for none.
-- Reads: registrations.
-- Why: many registrations bear one name; each is taken apart once. A name is known by its hash.
SELECT
    hash(delivered_name) AS owner_name_id,
    array_to_string(words, '') AS owner_name,
    CASE WHEN words IS NOT NULL THEN hash(list_sort(words)) END AS owner_key,
    CASE WHEN words IS NOT NULL THEN hash(words[1]) END AS owner_first_word
FROM (
    SELECT delivered_name, person_words(delivered_name) AS words
    FROM (SELECT DISTINCT owner_name AS delivered_name FROM registrations)
)
