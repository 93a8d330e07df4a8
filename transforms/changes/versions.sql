-- Grain: version that the later one was built upon, and itself.
-- Reads: earlier.versions, later.publication.
-- Why: what was known on a day is what the last version of that day or before said.
SELECT version, known_date, as_of_date FROM earlier.versions
UNION ALL
SELECT version, known_date, as_of_date FROM later.publication
