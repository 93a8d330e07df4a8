-- Grain: one record of a delivered file, with its fields in source order.
-- Reads: lines(line_number, raw_text); delimiter.
-- Why: lines come first and fields second, so that every physical line keeps its number and its text whatever is in it.
--      A line with quotes is cut at them: the odd pieces stand outside, where a delimiter ends a field; an empty piece
--      between two quoted ones is a doubled quote.
CREATE OR REPLACE MACRO split_record(raw_text, delimiter) AS
    CASE
        WHEN raw_text IS NULL OR trim(raw_text) = '' THEN NULL
        WHEN NOT contains(raw_text, '"') THEN string_split(raw_text, delimiter)
        WHEN (length(raw_text) - length(replace(raw_text, '"', ''))) % 2 = 1 THEN NULL
        ELSE string_split(
            array_to_string(
                list_transform(
                    string_split(raw_text || ' ', '"'),
                    lambda piece, place: CASE
                        WHEN place % 2 = 0 THEN piece
                        WHEN piece = '' AND place > 1 THEN '"'
                        ELSE replace(piece, delimiter, chr(31))
                    END
                ),
                ''
            ),
            chr(31)
        )
    END;
