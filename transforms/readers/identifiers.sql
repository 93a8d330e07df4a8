-- Identifiers: digits that name a person, a business, a telephone or an activity. A digit that was lost is never put back,
-- but for the zero of a telephone number, which no number is without.

-- Digits only: without the blanks, marks and brackets people set between them, and without the ".0" of a float.
CREATE OR REPLACE MACRO bare_digits(t) AS
    regexp_replace(regexp_replace(trimmed(t), '\.0$', ''), '[\s .()+''’-]', '', 'g');

-- A number of a register: opaque, in capitals; zeros alone are a placeholder.
CREATE OR REPLACE MACRO read_identifier(t) AS
    CASE
        WHEN regexp_matches(t, '^[A-WYZ1-9][A-Z./-]*[0-9][A-Z0-9./-]{2,}$') THEN t
        WHEN t <> '' AND NOT (is_exponent(trimmed(t)) OR regexp_matches(trimmed(t), '^[0.,/ -]+$')) THEN upper(given(t))
    END;

-- NIK: 6 digits of the region of first registration (the province is one of any vintage), day of birth (+40 for women), month
-- and year, a serial number from 0001; there is no check digit. The alternatives are the days that a month has.
CREATE OR REPLACE MACRO is_nik(t) AS
    regexp_matches(
        t,
        '^(?:1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-6])[0-9]{4}'
        || '(?:(?:0[1-9]|1[0-9]|2[0-8]|4[1-9]|5[0-9]|6[0-8])(?:0[1-9]|1[0-2])[0-9]{2}|(?:29|30|69|70)(?:0[13-9]|1[0-2])[0-9]{2}'
        || '|(?:31|71)(?:0[13578]|1[02])[0-9]{2}|(?:29|69)02(?:[02468][048]|[13579][26]))[0-9]{4}$')
    AND NOT suffix(t, '0000') AND t NOT IN ('1111111111111111', '1212121212121212');
CREATE OR REPLACE MACRO read_nik(t) AS
    CASE
        WHEN is_nik(t) THEN t
        WHEN t <> '' AND is_nik(bare_digits(t)) THEN bare_digits(t)
    END;
-- Whether a spreadsheet took the last digit of a column of NIKs: most end in 0, where honest serial numbers do one time in ten.
CREATE OR REPLACE MACRO are_niks_rounded(ending_in_0, niks) AS niks >= 20 AND 2 * ending_in_0 > niks;

-- NPWP: 15 digits; since 2022 16, where a leading 0 is an entity and anything else is the NIK of a person.
CREATE OR REPLACE MACRO read_npwp(t) AS
    list_transform([bare_digits(t)], lambda u:
        CASE WHEN regexp_matches(u, '^[0-9]{15}$|^0[0-9]{15}$') AND NOT regexp_matches(u, '^(?:0+|1+|9+)$') OR is_nik(u) THEN u END)[1];

CREATE OR REPLACE MACRO read_nib(t) AS
    CASE
        WHEN regexp_matches(t, '^[1-8][0-9]{12}$') AND NOT t = '1111111111111' THEN t
        WHEN t <> '' AND regexp_matches(bare_digits(t), '^[0-9]{13}$') AND NOT regexp_matches(bare_digits(t), '^(?:0+|1+|9+)$')
        THEN bare_digits(t)
    END;

-- Mobile and landline numbers, with 0, 62, +62 or +62 (0) in front; before an 8 the 0 may be lost. One digit repeated is a
-- placeholder, and two numbers in one field are no number.
CREATE OR REPLACE MACRO read_phone(t) AS
    CASE
        WHEN regexp_matches(t, '^08[1-79][0-9]{7,10}$') THEN '+62' || substr(t, 2)
        WHEN t <> '' THEN list_transform(
            [regexp_replace(
                regexp_extract(bare_digits(t), '^(?:(?:0|620?)(?:[2-7][0-9]{6,10}|9[0-9]{6,10})|(?:0|620?)?8[1-9][0-9]{7,10})$'),
                '^(?:0|620?)', '')],
            lambda u: CASE WHEN u <> '' AND replace(u, substr(u, 1, 1), '') <> '' THEN '+62' || u END
        )[1]
    END;

-- KBLI: five digits, with its title behind it or not.
CREATE OR REPLACE MACRO read_kbli(t) AS
    CASE
        WHEN regexp_matches(t, '^[0-9]{5}$') THEN t
        WHEN t <> '' THEN nullif(regexp_extract(trimmed(t), '^[\[(]?([0-9]{5})[\])]?(?:\.0|[-\s.:)/]+[^0-9]*)?$', 1), '')
    END;
