-- Texts: what says something, and what stands for "nothing" or for an error.

-- Around a text, without belonging to it: blanks of any width, line ends, byte-order marks, and the apostrophe that forces
-- text in a spreadsheet.
CREATE OR REPLACE MACRO trimmed(t) AS regexp_replace(t, '^[\s\x{A0}\x{200B}\x{202F}\x{FEFF}''’]+|[\s\x{A0}\x{200B}\x{202F}\x{FEFF}''’]+$', '', 'g');
-- Stands for "nothing"; of a text in lower case and trimmed.
CREATE OR REPLACE MACRO is_placeholder(u) AS
    regexp_matches(u, '^(?:[-–—.*/?_]*|x{2,}|n/?a|null|nan|none|nil|nihil|kosong|(?:tidak|tdk|tak|belum|blm) ?(?:ada|punya|diisi|tersedia))$');
-- What a spreadsheet shows instead of a value: an error, or a column that is too narrow.
CREATE OR REPLACE MACRO is_error_cell(u) AS
    regexp_matches(u, '^#(?:#+|n/a|ref!|value!|name\?|div/0!|null!|num!|spill!|calc!)$');
-- "3,17E+15": a number of which a spreadsheet kept 15 digits and showed fewer; what is lost is not guessed.
CREATE OR REPLACE MACRO is_exponent(u) AS regexp_matches(u, '^[0-9]([.,][0-9]*)?[eE][+]?[0-9]{1,2}$');
-- Either, in a text as delivered.
CREATE OR REPLACE MACRO is_damaged_cell(t) AS
    list_transform([lower(trimmed(t))], lambda u: is_error_cell(u) OR is_exponent(u))[1];

-- A text that says something. The first branch recognises, without touching the text, what needs no trimming and is no
-- placeholder: none is long, and the letters with which one begins are B K N T X b k n t x.
CREATE OR REPLACE MACRO given(t) AS
    CASE
        WHEN t >= '0' AND t < '{' AND right(t, 1) BETWEEN '(' AND '~'
            AND (strlen(t) > 16 OR ascii(t) NOT IN (63, 66, 75, 78, 84, 88, 95, 98, 107, 110, 116, 120) OR NOT is_placeholder(lower(t)))
        THEN t
        WHEN t <> '' AND NOT (is_placeholder(lower(trimmed(t))) OR is_error_cell(lower(trimmed(t)))) THEN trimmed(t)
    END;
-- Whether a text that gave no value is a finding: errors are, placeholders are not.
CREATE OR REPLACE MACRO is_something(t) AS t <> '' AND NOT is_placeholder(lower(trimmed(t)));

CREATE OR REPLACE MACRO read_text(t) AS given(t);
CREATE OR REPLACE MACRO read_upper_text(t) AS upper(given(t));

-- "TOKO (CABANG 2) <SITI AMINAH>": the last brackets hold the owner; what has a digit is no name. A missing or doubled
-- bracket at the end is forgiven, empty brackets say nothing.
CREATE OR REPLACE MACRO has_brackets(t) AS contains(t, '<') OR contains(t, '(') OR contains(t, '{');
CREATE OR REPLACE MACRO read_name_before_brackets(t) AS
    list_transform(
        [CASE WHEN has_brackets(t) THEN regexp_replace(t, '\s*[<({]+[^<>(){}0-9]*[>)}]*\s*$', '') ELSE t END], lambda u: given(u))[1];
CREATE OR REPLACE MACRO read_name_in_brackets(t) AS
    CASE
        WHEN has_brackets(t)
        THEN list_transform([regexp_extract(t, '[<({]+([^<>(){}0-9]*)[>)}]*\s*$', 1)], lambda u: given(u))[1]
    END;
