-- Chance as a function: the same seed, field and key always give the same number, whatever the thread or the chunk.
-- The field is mixed into the key before it is hashed: hash(field, key) would only combine two hashes, and draws of
-- different fields for one key would hang together.
CREATE OR REPLACE MACRO chance(field, key) AS hash(xor(key::UBIGINT, hash(getvariable('seed'), field)));
CREATE OR REPLACE MACRO draw(field, key) AS chance(field, key)::DOUBLE / 18446744073709551616.0;
-- A draw for damage: with noise 1.5 what is drawn below a given share is half as frequent again.
CREATE OR REPLACE MACRO damage_draw(field, key) AS draw(field, key) / getvariable('noise');
CREATE OR REPLACE MACRO pick_number(field, key, count) AS (chance(field, key) % count::UBIGINT)::BIGINT;
CREATE OR REPLACE MACRO part(kind, field, key) AS
    getvariable(kind)[1 + pick_number(field, key, len(getvariable(kind)))];
-- Six names in ten are of the province's own culture, where it has names of its own.
CREATE OR REPLACE MACRO person_part(kind, field, key) AS
    CASE WHEN draw('local ' || field, key) < 0.6 THEN part(kind || '_local', field, key)
        ELSE part(kind, field, key) END;
CREATE OR REPLACE MACRO phone_of(key) AS
    '08' || (11 + pick_number('phone area', key, 48)) || lpad(pick_number('phone', key, 100000000)::VARCHAR, 8, '0');
CREATE OR REPLACE MACRO shop_name(field, key, word, first_name) AS
    word || ' ' || CASE pick_number('shop form' || field, key, 10)
        WHEN 0 THEN first_name
        WHEN 1 THEN first_name
        WHEN 2 THEN 'BERKAH ' || first_name
        WHEN 3 THEN part('place', 'shop place' || field, key)
        ELSE part('fancy', 'shop' || field, key)
            || CASE WHEN draw('second' || field, key) < 0.4 THEN ' ' || part('fancy', 'second' || field, key)
                ELSE '' END
    END;
-- How another hand writes the same name: old spelling, a dropped letter, a doubled one, an abbreviation.
CREATE OR REPLACE MACRO noisy_text(t, key) AS
    CASE pick_number('noise', key, 6)
        WHEN 0 THEN replace(t, 'U', 'OE')
        WHEN 1 THEN replace(t, 'J', 'DJ')
        WHEN 2 THEN t[1:4] || t[6:]
        WHEN 3 THEN t[1:3] || t[3:]
        WHEN 4 THEN t[1:length(t) - 1]
        ELSE replace(replace(replace(t, 'MUHAMMAD ', 'MOH. '), 'WARUNG ', 'WR. '), 'TOKO ', 'TK. ')
    END;
-- RFC 4180: quote a field that holds the delimiter, a quote or a line break.
CREATE OR REPLACE MACRO csv_field(t, delimiter) AS
    CASE WHEN contains(t, delimiter) OR contains(t, '"') OR contains(t, chr(10))
        THEN '"' || replace(t, '"', '""') || '"' ELSE t END;
-- How people say an amount: 1,5 juta; 2 jt; 500rb.
CREATE OR REPLACE MACRO short_money(amount, key) AS
    CASE pick_number('short form', key, 3)
        WHEN 0 THEN replace(round(amount / 1000000, 1)::VARCHAR, '.', ',') || ' juta'
        WHEN 1 THEN greatest(1, round(amount / 1000000))::BIGINT || ' jt'
        ELSE (amount::BIGINT // 1000) || 'rb'
    END;
CREATE OR REPLACE MACRO rupiah_text(amount, defect, key) AS
    CASE defect
        WHEN 'money_unreadable' THEN 'tidak tahu'
        WHEN 'money_short_form' THEN short_money(amount, key)
        ELSE 'Rp ' || replace(format('{:,}', amount::BIGINT), ',', '.') || ',00'
    END;
CREATE OR REPLACE MACRO thousands_text(amount, defect, key) AS
    CASE defect
        WHEN 'money_unreadable' THEN 'tidak tahu'
        WHEN 'money_short_form' THEN short_money(amount, key)
        ELSE (amount::BIGINT // 1000)::VARCHAR
    END;
CREATE OR REPLACE MACRO month_name(day) AS
    ['Januari', 'Februari', 'Maret', 'April', 'Mei', 'Juni', 'Juli', 'Agustus', 'September', 'Oktober', 'November',
     'Desember'][extract('month' FROM day)];
CREATE OR REPLACE MACRO month_short_name(day) AS
    ['Jan', 'Feb', 'Mar', 'Apr', 'Mei', 'Jun', 'Jul', 'Agt', 'Sep', 'Okt', 'Nov', 'Des'][extract('month' FROM day)];
CREATE OR REPLACE MACRO day_text(day, defect, form, key) AS
    CASE defect
        WHEN 'date_impossible' THEN '31/02/1980'
        WHEN 'date_month_name' THEN
            CASE WHEN pick_number('month form', key, 2) = 0
                THEN strftime(day, '%d ') || month_name(day) || strftime(day, ' %Y')
                ELSE strftime(day, '%d-') || month_short_name(day) || strftime(day, '-%y') END
        ELSE strftime(day, form)
    END;
CREATE OR REPLACE MACRO yes_no(flag) AS CASE WHEN flag THEN 'Ya' ELSE 'Tidak' END;
CREATE OR REPLACE MACRO one_two(flag) AS CASE WHEN flag THEN '1' ELSE '2' END;
