-- Dates: "31/12/1980", "31-12-1980", "1980-12-31" with or without a time, "12 Agustus 1980", "12-Agt-80", and the serial
-- number of a spreadsheet. Day comes before month; a month of 13 or more is not read the other way round.

-- Days since 30 December 1899, from 1927 to 2030; on the sheet's other calendar (1904) the same number is another day.
CREATE OR REPLACE MACRO is_date_serial(u) AS regexp_matches(u, '^(?:[1-3][0-9]{4}|4[0-7][0-9]{3})(?:\.0)?$');
CREATE OR REPLACE MACRO month_number(word) AS
    coalesce(
        try_cast(word AS INTEGER),
        MAP {
            'januari': 1, 'january': 1, 'jan': 1, 'februari': 2, 'february': 2, 'pebruari': 2, 'feb': 2, 'peb': 2, 'maret': 3,
            'march': 3, 'mar': 3, 'mrt': 3, 'april': 4, 'apr': 4, 'mei': 5, 'may': 5, 'juni': 6, 'june': 6, 'jun': 6, 'juli': 7,
            'july': 7, 'jul': 7, 'agustus': 8, 'august': 8, 'agu': 8, 'agt': 8, 'ags': 8, 'agst': 8, 'aug': 8, 'september': 9,
            'sept': 9, 'sep': 9, 'oktober': 10, 'october': 10, 'okt': 10, 'oct': 10, 'november': 11, 'nopember': 11, 'nov': 11,
            'nop': 11, 'desember': 12, 'december': 12, 'des': 12, 'dec': 12}[word]
    );
-- Two-digit years: nobody in this census was born after 2010 or interviewed before 2020.
CREATE OR REPLACE MACRO full_year(word) AS
    CASE WHEN strlen(word) = 4 THEN word WHEN word <= '25' THEN '20' || word ELSE '19' || word END;
CREATE OR REPLACE MACRO read_date(t) AS
    CASE
        WHEN t LIKE '____-__-__' AND t >= '1' THEN try_cast(t AS DATE)
        WHEN t LIKE '__/__/1___' OR t LIKE '__/__/2___' THEN CAST(try_strptime(t, '%d/%m/%Y') AS DATE)
        WHEN t <> '' AND is_date_serial(trimmed(t)) THEN DATE '1899-12-30' + CAST(substr(trimmed(t), 1, 5) AS INTEGER)
        WHEN t <> '' THEN list_transform(
            [regexp_extract(
                lower(trimmed(t)),
                '^([12][0-9]{3}|[0-9]{1,2})(?:[-/. ]([0-9]{1,2})[-/. ]|[-/. ]?([a-z]{3,9})[-/. ]{0,2})([12][0-9]{3}|[0-9]{1,2})'
                || '(?:[t ][0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?(?:z| ?[-+][0-9:]+)?)?$',
                ['first', 'number', 'name', 'last'])],
            lambda parts: try_cast(CASE
                WHEN strlen(parts.last) = 4 AND strlen(parts.first) < 4
                THEN parts.last || '-' || month_number(parts.number || parts.name) || '-' || parts.first
                WHEN strlen(parts.first) = 4 AND strlen(parts.last) < 4 AND parts.name = ''
                THEN parts.first || '-' || parts.number || '-' || parts.last
                WHEN strlen(parts.last) = 2 AND parts.name <> ''
                THEN full_year(parts.last) || '-' || month_number(parts.name) || '-' || parts.first
            END AS DATE)
        )[1]
    END;
