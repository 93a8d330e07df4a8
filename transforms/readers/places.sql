-- Places: codes and names of regions in the spellings that name the same place.

-- A code down to the regency, district or village, with or without points; what follows or precedes it must not be digits.
-- "11.1" is not read: a spreadsheet made it of 11.10 or of 11.1, and nobody can tell.
CREATE OR REPLACE MACRO read_region_digits(t) AS
    CASE
        WHEN regexp_matches(t, '^[0-9]{2}\.?[0-9]{2}(?:\.?[0-9]{2}(?:\.?[0-9]{4})?|[0-9]{3}(?:[0-9]{3})?)?$') THEN replace(t, '.', '')
        WHEN t <> '' THEN nullif(replace(replace(
            regexp_extract(trimmed(t), '^[^0-9]*([0-9]{2}[. ]?[0-9]{2}(?:[. ]?[0-9]{2,3}(?:[. ]?[0-9]{3,4})?)?)(?:[^0-9.][^0-9]*|\.0)?$', 1),
            '.', ''), ' ', ''), '')
    END;
-- "KAB. BOGOR", "Kabupaten Bogor", "[01] BOGOR" and "BOGOR" name the same place.
CREATE OR REPLACE MACRO bare_regency_name(t) AS
    regexp_replace(regexp_replace(
        upper(given(t)), '^(\[?[0-9.]+\]? *)?((KABUPATEN|KAB\.?|KOTA) +)?((ADMINISTRASI|ADM\.?) +)?', '', 'g'), '[^A-Z]', '', 'g');
-- Which of the two a delivered name says it is, where it says so.
CREATE OR REPLACE MACRO stated_regency_kind(t) AS
    CASE WHEN regexp_matches(upper(t), '^[^A-Z]*KOTA ') THEN 'kota' WHEN regexp_matches(upper(t), '^[^A-Z]*KAB(UPATEN|\.)? ') THEN 'kabupaten' END;
