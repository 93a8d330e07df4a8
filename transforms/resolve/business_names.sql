-- Grain: name of a business as delivered, and one row for none.
-- Reads: registrations.
-- Why: many registrations bear one name; each is taken apart once. A name is known by its hash, and no two rows have one hash
--      (owner_names.sql).
WITH plain_names AS (
    SELECT business_name_id, plain_text(delivered_name) AS plain_name
    FROM (
        SELECT hash(business_name) AS business_name_id, min(business_name) AS delivered_name FROM registrations
        GROUP BY business_name_id
    )
), parted_names AS (
    SELECT
        business_name_id,
        CASE WHEN may_have_branch(plain_name) THEN branch_mark(words_of(plain_name)) WHEN plain_name IS NOT NULL THEN '' END AS branch,
        words_of(one_spelling(
            CASE WHEN may_have_branch(plain_name) THEN array_to_string(without_branch(words_of(plain_name)), ' ') ELSE plain_name END
        )) AS words
    FROM plain_names
), compared_names AS (
    SELECT
        business_name_id, branch, array_to_string(words, '') AS full_name,
        nullif(array_to_string(own_words, ''), '') AS core_name, coalesce(own_words[-1], words[-1]) AS last_word
    FROM (SELECT *, list_filter(words, lambda w: NOT list_contains(trade_words(), w)) AS own_words FROM parted_names)
)
SELECT
    business_name_id, branch, full_name, core_name,
    CASE WHEN full_name IS NOT NULL THEN hash(last_word[1:4]) END AS name_stem,  -- the least damaged part: words are lost before it
    CASE WHEN full_name IS NOT NULL THEN (hash(coalesce(core_name, full_name)[1:2]) & 65535)::USMALLINT END AS name_beginning
FROM compared_names
