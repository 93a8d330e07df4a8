-- Numbers: counts, years, degrees and rupiah. A mark that could separate thousands or decimals is never guessed at.

CREATE OR REPLACE MACRO read_count(t) AS
    CASE
        WHEN regexp_matches(t, '^[0-9]{1,9}$') THEN CAST(t AS INTEGER)
        WHEN t <> ''
        THEN try_cast(regexp_extract(lower(trimmed(t)), '^(-?[0-9]{1,9})(?:[.,]0{1,2})?(?: ?(?:orang|org|jiwa|anggota))?$', 1) AS INTEGER)
    END;
CREATE OR REPLACE MACRO read_year(t) AS
    CASE
        WHEN regexp_matches(t, '^(19|20)[0-9]{2}$') THEN CAST(t AS SMALLINT)
        WHEN t <> '' THEN try_cast(regexp_extract(trimmed(t), '^((?:19|20)[0-9]{2})(?:[.,]0)?$', 1) AS SMALLINT)
    END;

-- Degrees: a decimal comma is as good as a point; degrees and minutes are another notation and not read.
CREATE OR REPLACE MACRO read_decimal(t) AS
    CASE
        WHEN regexp_matches(t, '^-?[0-9]{1,3}[.,][0-9]{1,17}$') THEN CAST(replace(t, ',', '.') AS DOUBLE)
        WHEN t <> ''
        THEN try_cast(replace(replace(
            regexp_extract(lower(trimmed(t)), '^[-+−]?[0-9]{1,3}(?:[.,][0-9]{1,17})?(?:e-[0-9]{1,2})?$'), ',', '.'), '−', '-') AS DOUBLE)
    END;

-- A number in either notation, as far as only one reading is possible. "1.500" has two, and the decimal mark decides: with a
-- comma it is 1500, with a point it is nothing.
CREATE OR REPLACE MACRO plain_number(u, decimal_mark) AS
    CASE
        WHEN regexp_matches(u, '^[0-9]{1,15}(?:[.,][0-9]{1,2})?$') THEN try_cast(replace(u, ',', '.') AS DOUBLE)
        WHEN regexp_matches(u, '^[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){1,4}(?:,[0-9]{1,2})?|(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,2})?)$')
            AND NOT (length(u) <= 7 AND substr(u, -4, 1) = decimal_mark)
        THEN try_cast(replace(regexp_replace(u, '[.,]([0-9]{3})', '\1', 'g'), ',', '.') AS DOUBLE)
    END;
-- Rupiah: "Rp 1.500.000,00", "1500000", "1,5 juta", "2 jt", "500rb", "2 M"; whole rupiah. An amount with a word of its own
-- is in rupiah; a bare number is in the unit of the source. A range, a bound, a period or another currency is no amount.
CREATE OR REPLACE MACRO read_rupiah(t, decimal_mark, unit_idr) AS
    CASE
        WHEN regexp_matches(t, '^[0-9]{1,12}$') THEN CAST(t AS BIGINT) * unit_idr
        WHEN regexp_matches(t, '^Rp [0-9]{1,3}(\.[0-9]{3}){0,4},00$')
        THEN CAST(replace(substr(t, 4, strlen(t) - 6), '.', '') AS BIGINT)
        WHEN t <> '' THEN list_transform(
            [regexp_extract(
                replace(lower(trimmed(t)), chr(160), ' '),
                '^(rp|rp\.|idr)? *(-?) *([0-9](?:[0-9.,]*[0-9])?)(?:[.,]--?)? ?(rb|ribu|jt|juta|m|miliar|milyar|miliyar|t|triliun|trilyun)?\.? ?(rupiah)?$',
                ['currency', 'sign', 'number', 'word', 'name'])],
            lambda parts: list_transform(
                [plain_number(parts.number, decimal_mark) * CASE
                    WHEN parts.word <> '' THEN MAP {
                        'rb': 1e3, 'ribu': 1e3, 'jt': 1e6, 'juta': 1e6, 'm': 1e9, 'miliar': 1e9, 'milyar': 1e9, 'miliyar': 1e9,
                        't': 1e12, 'triliun': 1e12, 'trilyun': 1e12}[parts.word]
                    WHEN parts.currency <> '' OR parts.name <> '' THEN 1
                    ELSE unit_idr END],
                -- A fraction of a rupiah is dropped where it does not matter; a small amount with one was meant otherwise.
                lambda amount: CASE WHEN amount < 1e15 AND (amount >= 1000 OR amount = round(amount)) THEN
                    try_cast(round(CASE WHEN parts.sign = '-' THEN -amount ELSE amount END) AS BIGINT) END
            )[1]
        )[1]
    END;
