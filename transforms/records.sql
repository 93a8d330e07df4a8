-- Records: a line of a delivered file becomes the list of its fields.
-- Why: lines come first and fields second, so that every physical line keeps its number and its text whatever is in it.

-- A line with quotes is cut at them: the odd pieces stand outside, where a delimiter ends a field; an empty piece between
-- two quoted ones is a doubled quote. The fields come back separated by chr(31), which no text holds.
CREATE OR REPLACE MACRO unquoted_record(raw_text, delimiter) AS
    left(array_to_string(
        list_transform(
            string_split(raw_text || chr(31), '"'),  -- a last piece that is never empty, taken off again
            lambda piece, place: CASE
                WHEN place % 2 = 0 THEN piece
                WHEN piece = '' AND place > 1 THEN '"'
                ELSE replace(piece, delimiter, chr(31))
            END
        ),
        ''
    ), -1);
CREATE OR REPLACE MACRO has_open_quote(raw_text) AS
    contains(raw_text, '"') AND (length(raw_text) - length(replace(raw_text, '"', ''))) % 2 = 1;
-- The choice is made on texts, not on lists: choosing between lists copies every field.
CREATE OR REPLACE MACRO split_record(raw_text, delimiter) AS
    string_split(
        CASE WHEN NOT contains(raw_text, '"') THEN raw_text WHEN NOT has_open_quote(raw_text) THEN unquoted_record(raw_text, delimiter) END,
        CASE WHEN contains(raw_text, '"') THEN chr(31) ELSE delimiter END
    );

-- A line of totals: mostly empty, and what it says first is "total" or "jumlah".
CREATE OR REPLACE MACRO is_total_line(fields) AS
    regexp_matches(lower(array_to_string(fields, ' ')), '^[ "'']*((grand|sub)[ -]?)?(total|jumlah)\b')
    AND 2 * len(list_filter(fields, lambda field: trim(field) <> '')) <= len(fields);
