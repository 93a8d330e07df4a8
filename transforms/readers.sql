-- Readers: each turns the text of one field into one value, NULL when it cannot be read. Total functions, no exceptions.
-- Belongs here: all engine-specific text handling. Does not belong here: any judgement whether a value is acceptable.
-- Most texts arrive clean, so each reader tests for the usual form first; CASE evaluates the rest only for the others.

-- A text that says something: trimmed of blanks, no-break spaces and the apostrophe that forces text in a spreadsheet;
-- NULL for the placeholders that stand for "nothing".
-- The first branches only recognise, without touching the text, what cannot be a placeholder or need trimming.
CREATE OR REPLACE MACRO is_trimmed(t) AS
    t >= '0' AND t < '{' AND NOT (suffix(t, ' ') OR suffix(t, chr(160)) OR suffix(t, chr(9)) OR suffix(t, ''''));
CREATE OR REPLACE MACRO given(t) AS
    CASE
        WHEN t IS NULL OR t = '' THEN NULL
        WHEN is_trimmed(t) AND (strlen(t) > 9 OR lower(t) NOT IN ('tidak ada', 'n/a', 'na', 'null', 'nan', 'none')) THEN t
        WHEN lower(trim(t, chr(160) || chr(9) || ' ''')) IN ('', '-', '--', '.', 'tidak ada', 'n/a', 'na', 'null', 'nan', 'none')
        THEN NULL
        ELSE trim(t, chr(160) || chr(9) || ' ''')
    END;
-- A text that says something, yet gave no value.
CREATE OR REPLACE MACRO is_unread(value, t) AS
    CASE WHEN value IS NOT NULL OR t IS NULL OR t = '' THEN false ELSE given(t) IS NOT NULL END;

CREATE OR REPLACE MACRO read_text(t) AS given(t);
CREATE OR REPLACE MACRO read_upper_text(t) AS upper(given(t));

CREATE OR REPLACE MACRO read_identifier(t) AS
    CASE WHEN regexp_matches(t, '^[A-Z0-9][A-Z0-9./-]{3,}$') THEN t ELSE nullif(upper(given(t)), '0') END;

-- "TOKO MAJU <SITI AMINAH>": what stands before the brackets, and what stands in them.
CREATE OR REPLACE MACRO opening_bracket(t) AS
    CASE WHEN contains(t, '<') THEN '<' WHEN contains(t, '(') THEN '(' WHEN contains(t, '{') THEN '{' END;
CREATE OR REPLACE MACRO read_name_before_brackets(t) AS
    CASE WHEN opening_bracket(t) IS NULL THEN given(t) ELSE nullif(rtrim(left(t, strpos(t, opening_bracket(t)) - 1)), '') END;
CREATE OR REPLACE MACRO read_name_in_brackets(t) AS
    CASE WHEN opening_bracket(t) IS NOT NULL THEN nullif(rtrim(substr(t, strpos(t, opening_bracket(t)) + 1), '>)} '), '') END;

CREATE OR REPLACE MACRO read_boolean(t) AS
    CASE
        WHEN t IN ('Ya', '1') THEN true
        WHEN t IN ('Tidak', '2') THEN false
        WHEN lower(given(t)) IN ('ya', 'y', '1', '1. ya', 'true', 'ada', 'v') THEN true
        WHEN lower(given(t)) IN ('tidak', 't', '2', '2. tidak', '0', 'false') THEN false
    END;

CREATE OR REPLACE MACRO read_fixed_location(t) AS
    CASE
        WHEN t IN ('Menetap', '1') THEN true
        WHEN t IN ('Tidak Menetap', '2') THEN false
        WHEN lower(given(t)) IN ('menetap', 'tetap', '1', '1. menetap', 'ya') THEN true
        WHEN lower(given(t)) IN ('tidak menetap', 'tidak tetap', '2', '2. tidak menetap', 'keliling', 'tidak') THEN false
    END;

CREATE OR REPLACE MACRO read_sex(t) AS
    CASE
        WHEN t IN ('L', '1') THEN 'L'
        WHEN t IN ('P', '2') THEN 'P'
        WHEN lower(given(t)) IN ('l', '1', 'laki-laki', 'laki laki', 'pria', '1. laki-laki') THEN 'L'
        WHEN lower(given(t)) IN ('p', '2', 'perempuan', 'wanita', '2. perempuan') THEN 'P'
    END;

CREATE OR REPLACE MACRO read_business_kind(t) AS
    CASE
        WHEN t IN ('UMKM', '1') THEN 'umkm'
        WHEN lower(given(t)) IN ('umkm', '1', '1. umkm', 'usaha') THEN 'umkm'
        WHEN lower(given(t)) IN ('koperasi', '2', '2. koperasi') THEN 'koperasi'
    END;

CREATE OR REPLACE MACRO read_legal_form(t) AS
    CASE
        WHEN t IN ('Perorangan', 'Usaha Perorangan') THEN 'perorangan'
        ELSE CASE lower(given(t))
            WHEN 'perorangan' THEN 'perorangan'
            WHEN 'usaha perorangan' THEN 'perorangan'
            WHEN 'usaha orang perseorangan' THEN 'perorangan'
            WHEN 'ud' THEN 'ud'
            WHEN 'cv' THEN 'cv'
            WHEN 'pt' THEN 'pt'
            WHEN 'pt perorangan' THEN 'pt_perorangan'
            WHEN 'pt_perorangan' THEN 'pt_perorangan'
            WHEN 'firma' THEN 'firma'
            WHEN 'yayasan' THEN 'yayasan'
            WHEN 'koperasi' THEN 'koperasi'
            WHEN 'lainnya' THEN 'lainnya'
        END
    END;

-- keberadaan_usaha: "1", "1. Aktif" or its text.
CREATE OR REPLACE MACRO read_business_status(t) AS
    CASE
        WHEN t IN ('1', 'Aktif', '1. Aktif') THEN 1
        WHEN regexp_matches(given(t), '^([1-9]|10)(\.0|\..*|)$') THEN CAST(regexp_extract(given(t), '^([0-9]+)', 1) AS SMALLINT)
        ELSE CASE lower(given(t))
            WHEN 'aktif' THEN 1
            WHEN 'tutup sementara' THEN 2
            WHEN 'belum beroperasi' THEN 3
            WHEN 'belum beroperasi/berproduksi' THEN 3
            WHEN 'tutup' THEN 4
            WHEN 'alih usaha' THEN 5
            WHEN 'tidak ditemukan' THEN 6
            WHEN 'aktif pindah' THEN 7
            WHEN 'aktif nonrespon' THEN 8
            WHEN 'duplikat' THEN 9
            WHEN 'salah kode wilayah' THEN 10
        END
    END;

CREATE OR REPLACE MACRO read_count(t) AS
    CASE WHEN length(t) < 9 THEN try_cast(t AS INTEGER) ELSE try_cast(given(t) AS INTEGER) END;

CREATE OR REPLACE MACRO read_year(t) AS
    CASE WHEN regexp_matches(t, '^(19|20)[0-9]{2}$') THEN CAST(t AS SMALLINT)
         WHEN regexp_matches(given(t), '^(19|20)[0-9]{2}(\.0)?$') THEN CAST(substr(given(t), 1, 4) AS SMALLINT) END;

-- Degrees: a decimal comma is as good as a point.
CREATE OR REPLACE MACRO read_decimal(t) AS
    CASE WHEN contains(t, ',') THEN try_cast(replace(t, ',', '.') AS DOUBLE)
         WHEN try_cast(t AS DOUBLE) IS NOT NULL THEN try_cast(t AS DOUBLE)
         ELSE try_cast(given(t) AS DOUBLE) END;

CREATE OR REPLACE MACRO read_region_digits(t) AS
    CASE WHEN regexp_matches(t, '^[0-9.]{4,13}$') THEN replace(t, '.', '')
         ELSE nullif(regexp_replace(given(t), '[^0-9]', '', 'g'), '') END;

CREATE OR REPLACE MACRO read_kbli(t) AS
    CASE WHEN regexp_matches(t, '^[0-9]{5}$') THEN t
         WHEN regexp_matches(given(t), '^[0-9]{5}([^0-9].*)?$') THEN substr(given(t), 1, 5) END;

-- NIK: 6 digits of region, day (+40 for women), month, year, serial; there is no check digit.
CREATE OR REPLACE MACRO is_nik(t) AS
    regexp_matches(t, '^[1-9][0-9]{5}([04][1-9]|[1256][0-9]|[37][01])(0[1-9]|1[0-2])[0-9]{6}$') AND NOT suffix(t, '0000');
CREATE OR REPLACE MACRO read_nik(t) AS
    CASE WHEN is_nik(t) THEN t
         WHEN is_nik(regexp_replace(given(t), '[ .'']', '', 'g')) THEN regexp_replace(given(t), '[ .'']', '', 'g') END;
-- "3,17E+15": a spreadsheet kept at most 15 digits; what is lost is not guessed.
CREATE OR REPLACE MACRO is_precision_lost(t) AS regexp_matches(t, '^[0-9]([.,][0-9]+)?[eE]\+?1[0-9]$');

CREATE OR REPLACE MACRO read_nib(t) AS
    CASE WHEN regexp_matches(t, '^[0-9]{13}$') THEN t
         WHEN regexp_matches(replace(given(t), ' ', ''), '^[0-9]{13}$') THEN replace(given(t), ' ', '') END;

CREATE OR REPLACE MACRO phone_digits(t) AS regexp_replace(given(t), '[ ().+-]', '', 'g');
CREATE OR REPLACE MACRO read_phone(t) AS
    CASE
        WHEN regexp_matches(t, '^08[1-9][0-9]{7,10}$') THEN '+62' || substr(t, 2)
        WHEN regexp_matches(phone_digits(t), '^0[2-9][0-9]{6,11}$') THEN '+62' || substr(phone_digits(t), 2)
        WHEN regexp_matches(phone_digits(t), '^62[2-9][0-9]{7,11}$') THEN '+' || phone_digits(t)
        WHEN regexp_matches(phone_digits(t), '^8[1-9][0-9]{7,10}$') THEN '+62' || phone_digits(t)
    END;

-- Dates: dd/mm/yyyy, yyyy-mm-dd, "12 Agustus 1980", "12-Agt-80".
CREATE OR REPLACE MACRO month_number(t) AS
    CASE substr(lower(t), 1, 3)
        WHEN 'jan' THEN 1 WHEN 'feb' THEN 2 WHEN 'peb' THEN 2 WHEN 'mar' THEN 3 WHEN 'apr' THEN 4 WHEN 'mei' THEN 5
        WHEN 'may' THEN 5 WHEN 'jun' THEN 6 WHEN 'jul' THEN 7 WHEN 'agu' THEN 8 WHEN 'agt' THEN 8 WHEN 'ags' THEN 8
        WHEN 'aug' THEN 8 WHEN 'sep' THEN 9 WHEN 'okt' THEN 10 WHEN 'oct' THEN 10 WHEN 'nov' THEN 11 WHEN 'nop' THEN 11
        WHEN 'des' THEN 12 WHEN 'dec' THEN 12
    END;
-- Two-digit years: nobody in this census was born after 2010 or interviewed before 2020.
CREATE OR REPLACE MACRO full_year(t) AS
    CASE WHEN length(t) = 4 THEN t WHEN CAST(t AS INTEGER) <= 25 THEN '20' || t ELSE '19' || t END;
CREATE OR REPLACE MACRO read_named_date(t) AS
    try_cast(
        full_year(regexp_extract(t, '([0-9]{4}|[0-9]{2})$', 1)) || '-'
        || month_number(regexp_extract(t, '[A-Za-z]+')) || '-' || regexp_extract(t, '^[0-9]{1,2}') AS DATE
    );
CREATE OR REPLACE MACRO read_date(t) AS
    CASE
        WHEN length(t) = 10 AND substr(t, 5, 1) = '-' THEN try_cast(t AS DATE)
        WHEN length(t) = 10 AND substr(t, 3, 1) = '/'
        THEN try_cast(try_strptime(t, '%d/%m/%Y') AS DATE)
        WHEN regexp_matches(given(t), '^[0-9]{1,2}[ -][A-Za-z]{3,9}[ -]([0-9]{4}|[0-9]{2})$') THEN read_named_date(given(t))
        WHEN regexp_matches(given(t), '^[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}$')
        THEN try_cast(try_strptime(replace(given(t), '-', '/'), '%d/%m/%Y') AS DATE)
        ELSE try_cast(substr(given(t), 1, 10) AS DATE)
    END;

-- Rupiah: "Rp 1.500.000,00", "1500000", "1,5 juta", "2 jt", "500rb", "2 M"; whole rupiah. An amount with a word of its own
-- is in rupiah; a bare number is in the unit of the source.
CREATE OR REPLACE MACRO plain_number(t, decimal_mark) AS
    try_cast(CASE WHEN decimal_mark = ',' THEN replace(replace(t, '.', ''), ',', '.') ELSE replace(t, ',', '') END AS DECIMAL(24, 4));
CREATE OR REPLACE MACRO rupiah_multiplier(word) AS
    CASE word
        WHEN 'rb' THEN 1000 WHEN 'ribu' THEN 1000 WHEN 'jt' THEN 1000000 WHEN 'juta' THEN 1000000
        WHEN 'm' THEN 1000000000 WHEN 'miliar' THEN 1000000000 WHEN 'milyar' THEN 1000000000
        WHEN 't' THEN 1000000000000 WHEN 'triliun' THEN 1000000000000
    END;
CREATE OR REPLACE MACRO read_rupiah(t, decimal_mark, unit_idr) AS
    CASE
        WHEN regexp_matches(t, '^[0-9]{1,14}$') THEN CAST(t AS BIGINT) * unit_idr
        WHEN regexp_matches(t, '^Rp [0-9]{1,3}(\.[0-9]{3}){0,4},00$')
        THEN CAST(replace(substr(t, 4, strlen(t) - 6), '.', '') AS BIGINT)
        WHEN regexp_matches(lower(given(t)), '^(rp\.? ?)?-?[0-9][0-9.,]* ?(rb|ribu|jt|juta|m|miliar|milyar|t|triliun)$')
        THEN try_cast(round(
            plain_number(regexp_extract(given(t), '-?[0-9][0-9.,]*'), ',')
            * rupiah_multiplier(regexp_extract(lower(given(t)), '[a-z]+$'))
        ) AS BIGINT)
        WHEN regexp_matches(lower(given(t)), '^(rp\.? ?)-?[0-9][0-9.,]*(,-)?$')
        THEN try_cast(round(plain_number(regexp_extract(given(t), '-?[0-9][0-9.,]*[0-9]|[0-9]'), ',')) AS BIGINT)
        WHEN regexp_matches(given(t), '^-?[0-9][0-9.,]*$')
        THEN try_cast(round(plain_number(given(t), decimal_mark) * unit_idr) AS BIGINT)
    END;

-- "KAB. BOGOR", "Kabupaten Bogor", "[01] BOGOR" and "BOGOR" name the same place.
CREATE OR REPLACE MACRO bare_regency_name(t) AS
    trim(regexp_replace(
        regexp_replace(upper(given(t)), '^(\[?[0-9.]+\]? *)?((KABUPATEN|KAB\.?|KOTA) +)?((ADMINISTRASI|ADM\.?) +)?', '', 'g'), '[^A-Z]', '', 'g'
    ));
-- Which of the two a delivered name says it is, where it says so.
CREATE OR REPLACE MACRO stated_regency_kind(t) AS
    CASE WHEN regexp_matches(upper(t), '^[^A-Z]*KOTA ') THEN 'kota' WHEN regexp_matches(upper(t), '^[^A-Z]*KAB(UPATEN|\.)? ') THEN 'kabupaten' END;
