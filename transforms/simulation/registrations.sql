-- Grain: one simulated registration of the chunk [first, last) of a delivery.
-- Reads: variables seed, noise, delivery_number, first, last, first_key, wave, is_sheet, regencies, trades, the name parts,
--        field_start, field_days, decimal_mark, register; for cross_wave: earlier_first_key, earlier_groups and
--        earlier_regencies of the same province's delivery of 2022.
-- Why: every attribute is a pure function of hash(seed, key, field) with the key of a person or a business. A duplicate
--      shows the same person because it carries the same key, so nothing is ever joined and memory stays constant.
-- Rows come in groups of four that share a village; the first is always an ordinary registration (the base), the others
-- may refer to it.
WITH numbered AS (
    SELECT i, getvariable('first_key') + i AS row_key, getvariable('first_key') + i - i % 4 AS base_key,
        i % 4 AS place_in_group
    FROM range(getvariable('first'), getvariable('last')) AS rows(i)
), classed AS (
    SELECT
        *,
        CASE
            WHEN place_in_group = 0 THEN 'single'
            WHEN draw('class', row_key) < 0.107 THEN 'duplicate'
            WHEN draw('class', row_key) < 0.147 THEN 'exact_duplicate'
            WHEN draw('class', row_key) < 0.161 THEN 'superseded'
            WHEN draw('class', row_key) < 0.170 THEN 'renamed'
            WHEN draw('class', row_key) < 0.179 THEN 'moved'
            WHEN draw('class', row_key) < 0.246 THEN 'two_businesses'
            WHEN draw('class', row_key) < 0.261 THEN 'branch'
            -- Family names and "bin" pass from man to man.
            WHEN draw('class', row_key) < 0.288 THEN
                CASE WHEN draw('sex', base_key) < 0.55 THEN 'namesake' ELSE 'father_son' END
            WHEN draw('class', row_key) < 0.296 THEN 'twins'
            WHEN draw('class', row_key) < 0.336 THEN 'generic_name'
            WHEN draw('class', row_key) < 0.356 THEN 'facilitator_phone'
            WHEN draw('class', row_key) < 0.360 THEN 'cooperative'
            WHEN draw('class', row_key) < 0.364 AND getvariable('earlier_groups') > 0 THEN 'cross_wave'
            ELSE 'single'
        END AS case_class
    FROM numbered
), keyed AS (
    SELECT
        *,
        -- whose business and owner the row shows; a base of the earlier wave for cross_wave
        CASE
            WHEN case_class = 'cross_wave'
            THEN getvariable('earlier_first_key')
                + 4 * pick_number('earlier', row_key, greatest(1, getvariable('earlier_groups')))
            WHEN case_class IN ('duplicate', 'exact_duplicate', 'superseded', 'renamed', 'moved') THEN base_key
            ELSE row_key
        END AS business_key,
        CASE WHEN case_class IN ('two_businesses', 'branch') THEN base_key ELSE business_key END AS owner_key,
        -- whose name, family name, birth date and NIK the row shows
        CASE WHEN case_class = 'namesake' THEN base_key ELSE owner_key END AS name_key,
        CASE WHEN case_class IN ('namesake', 'father_son', 'twins') THEN base_key ELSE owner_key END AS family_key,
        CASE WHEN case_class = 'twins' THEN base_key ELSE owner_key END AS birth_key,
        CASE
            WHEN case_class = 'father_son' THEN base_key
            WHEN case_class IN ('moved', 'cross_wave') THEN row_key
            ELSE business_key
        END AS address_key
    FROM classed
), placed AS (
    SELECT
        *,
        getvariable('regencies')[1 + pick_number('regency', base_key, len(getvariable('regencies')))] AS regency,
        1 + pick_number('district', base_key, 12) AS district_number,
        1 + (pick_number('village', base_key, 9)
            + CASE WHEN case_class = 'moved' THEN 1 + pick_number('moved', row_key, 8) ELSE 0 END) % 9
            AS village_number,
        -- The first six digits of a NIK say where it was first issued: mostly here, for some in another regency.
        CASE WHEN case_class = 'cross_wave' THEN getvariable('earlier_regencies') ELSE getvariable('regencies') END
            AS homes,
        CASE WHEN draw('migrant', birth_key) < 0.1 THEN birth_key WHEN case_class = 'cross_wave' THEN business_key
            ELSE base_key END AS home_key,
        pick_number('birth', base_key, 19700) AS base_birth_day,
        CASE
            -- A generation apart: the base is the father, or the son where it is the younger man.
            WHEN case_class = 'father_son'
            THEN base_birth_day
                + CASE WHEN base_birth_day < 9500 THEN 1 ELSE -1 END * (7300 + pick_number('generation', row_key, 3600))
            ELSE pick_number('birth', birth_key, 19700)
        END AS birth_day,
        CASE
            WHEN case_class = 'father_son' THEN false
            ELSE draw('sex', CASE WHEN case_class = 'twins' THEN birth_key ELSE name_key END) < 0.55
        END AS is_female,
        pick_number('trade', base_key, len(getvariable('trades'))) AS base_trade_place,
        pick_number('trade', business_key, len(getvariable('trades'))) AS trade_place
    FROM keyed
), traded AS (
    SELECT
        *,
        DATE '1950-01-01' + birth_day::INTEGER AS birth_date,
        homes[1 + pick_number('regency', home_key, len(homes))].kemendagri
            || lpad((1 + pick_number('district', home_key, 12))::VARCHAR, 2, '0') AS home_code,
        getvariable('trades')[1 + base_trade_place] AS base_trade,
        getvariable('trades')[1 + trade_place] AS own_trade,
        -- The list is sorted by code and no code fills half of it: half a list away is always another trade.
        getvariable('trades')[1 + (base_trade_place + len(getvariable('trades')) // 2) % len(getvariable('trades'))]
            AS far_trade
    FROM placed
), named AS (
    SELECT
        *,
        CASE
            WHEN case_class = 'generic_name' THEN {'kbli_code': '47112', 'word': 'TOKO KELONTONG'}
            WHEN case_class = 'cooperative' THEN {'kbli_code': '64141', 'word': 'SIMPAN PINJAM'}
            WHEN case_class = 'branch' THEN base_trade
            WHEN case_class = 'two_businesses' AND own_trade.kbli_code = base_trade.kbli_code THEN far_trade
            ELSE own_trade
        END AS trade,
        CASE WHEN is_female THEN person_part('female', 'first name', name_key)
            ELSE person_part('male', 'first name', name_key) END AS first_name,
        person_part('family', 'family name', family_key) AS family_name,
        home_code
            || lpad((extract('day' FROM birth_date) + CASE WHEN is_female THEN 40 ELSE 0 END)::INTEGER::VARCHAR, 2, '0')
            || strftime(birth_date, '%m%y')
            || lpad((1 + pick_number('serial', birth_key, 90))::VARCHAR, 3, '0')
            || (1 + (pick_number('digit', birth_key, 9)
                + CASE WHEN case_class = 'twins' THEN place_in_group ELSE 0 END) % 9) AS true_nik,
        hash(regency.kemendagri, district_number) AS district_key,
        hash(regency.kemendagri, district_number, village_number) AS village_key,
        part('place', 'district', district_key) AS district_name,
        part('place', 'village', village_key)
            || ['', ' LOR', ' KIDUL', ' WETAN', ' KULON'][1 + pick_number('side', village_key, 5)] AS village_name
    FROM traded
), described AS (
    SELECT
        *,
        CASE
            WHEN case_class = 'cooperative' THEN
                ['KSP ', 'KUD ', 'KOPERASI ', 'KOPKAR ', 'KSU '][1 + pick_number('cooperative kind', business_key, 5)]
                || part('fancy', 'shop', business_key) || ' ' || part('fancy', 'second', business_key)
            WHEN case_class = 'generic_name'
            THEN ['WARUNG', 'KIOS', 'TOKO KELONTONG', 'PEDAGANG'][1 + pick_number('generic', row_key, 4)]
            WHEN case_class = 'branch' THEN shop_name('', base_key, trade.word, first_name)
                || [' CABANG 2', ' II', ' 2'][1 + pick_number('branch', row_key, 3)]
            WHEN case_class = 'renamed' THEN shop_name('renamed', row_key, trade.word, first_name)
            ELSE shop_name('', business_key, trade.word, first_name)
        END AS true_business_name,
        case_class = 'duplicate' AND damage_draw('noise name', row_key) < 0.6 AS has_name_noise,
        -- Another interview hears another founding year, is coded into another trade, stands at another corner of the
        -- shop and now and then mistypes the NIK.
        case_class IN ('duplicate', 'renamed', 'moved', 'cross_wave') AS is_told_again,
        is_told_again AND damage_draw('told year', row_key) < 0.25 AS has_other_year,
        is_told_again AND damage_draw('told trade', row_key) < 0.08 AS has_other_trade,
        is_told_again AND damage_draw('typed nik', row_key) < 0.02 AS has_typing_slip,
        CASE
            WHEN NOT is_female AND draw('muhammad', name_key) < 0.1 AND NOT first_name LIKE 'I %'
            THEN ['MUHAMMAD ', 'MUHAMMAD ', 'MOH. ', 'MUH. ', 'M. ']
                [1 + pick_number('muhammad form', CASE WHEN has_name_noise THEN row_key ELSE name_key END, 5)]
            ELSE ''
        END || first_name || CASE
            WHEN case_class = 'father_son' AND base_birth_day < birth_day AND draw('bin', row_key) < 0.5
            THEN ' BIN ' || person_part('male', 'first name', base_key)
            WHEN case_class NOT IN ('father_son', 'twins') AND draw('single word', name_key) < 0.08 THEN ''
            ELSE ' ' || family_name
        END AS true_owner_name,
        exp(17.9 + 2.6 * (draw('o1', business_key) + draw('o2', business_key) + draw('o3', business_key) - 1.5))
            * CASE WHEN draw('size', business_key) < 0.012 THEN 60 ELSE 1 END
            * CASE WHEN draw('huge', business_key) < 0.0004 THEN 5000 ELSE 1 END AS raw_omzet,
        -- Channels are drawn among those who use the internet at all.
        regency.is_java::INTEGER AS java,
        getvariable('wave') - 2022 AS later,
        draw('net', business_key) < 0.47 + 0.10 * java + 0.05 * later AS has_internet,
        has_internet AND draw('marketplace', business_key) < 0.31 + 0.09 * java + 0.06 * later AS on_marketplace,
        has_internet AND draw('social', business_key) < 0.51 + 0.05 * java + 0.03 * later AS on_social_media,
        has_internet AND draw('messaging', business_key) < 0.78 + 0.05 * java AS on_messaging,
        has_internet AND draw('website', business_key) < 0.036 AS on_website,
        has_internet AND draw('food', business_key) < CASE WHEN trade.kbli_code[1:2] = '56' THEN 0.25 ELSE 0.01 END
            AS on_food_delivery,
        has_internet AND draw('ekatalog', business_key) < 0.018 AS on_ekatalog,
        has_internet AND draw('qris', business_key) < 0.42 + 0.04 * java + 0.05 * later AS with_qris
    FROM named
), damaged AS (
    -- Which defects a row carries. One draw per field, so that a field has at most one.
    SELECT
        *,
        CASE
            WHEN case_class = 'cooperative' THEN NULL
            -- A clerk typed every third NIK of a sheet as a number, and a spreadsheet keeps 15 digits.
            WHEN getvariable('is_sheet') AND damage_draw('number', row_key) < 0.33 THEN 'nik_excel_rounded'
            WHEN damage_draw('bad nik', row_key) < 0.004 THEN 'nik_excel_exponent'
            WHEN damage_draw('bad nik', row_key) < 0.007 THEN 'nik_excel_rounded'
            WHEN damage_draw('bad nik', row_key) < 0.012 THEN 'nik_apostrophe'
            WHEN damage_draw('bad nik', row_key) < 0.022 THEN 'nik_missing'
            WHEN damage_draw('bad nik', row_key) < 0.026 THEN 'nik_malformed'
        END AS nik_defect,
        CASE
            WHEN damage_draw('bad phone', row_key) < 0.010 THEN 'phone_lost_zero'
            WHEN damage_draw('bad phone', row_key) < 0.016 THEN 'phone_placeholder'
        END AS phone_defect,
        CASE
            WHEN damage_draw('bad money', row_key) < 0.010 THEN 'money_short_form'
            WHEN damage_draw('bad money', row_key) < 0.014 THEN 'money_unreadable'
        END AS money_defect,
        CASE
            WHEN case_class = 'cooperative' THEN NULL
            WHEN damage_draw('bad date', row_key) < 0.006 THEN 'date_month_name'
            WHEN damage_draw('bad date', row_key) < 0.009 THEN 'date_impossible'
        END AS date_defect,
        CASE
            WHEN damage_draw('bad kbli', row_key) < 0.005 THEN 'kbli_missing'
            WHEN damage_draw('bad kbli', row_key) < 0.008 THEN 'kbli_unknown'
            WHEN damage_draw('bad kbli', row_key) < 0.011 THEN 'kbli_out_of_scope'
        END AS kbli_defect,
        CASE
            WHEN damage_draw('bad region', row_key) < 0.002 THEN 'region_unknown_code'
            WHEN damage_draw('bad region', row_key) < 0.003 THEN 'region_missing'
            WHEN damage_draw('bad region', row_key) < 0.006 AND regency.kemendagri <> regency.bps THEN 'region_other_system'
        END AS region_defect,
        CASE
            WHEN damage_draw('bad status', row_key) < 0.004 THEN 'status_duplicate'
            WHEN damage_draw('bad status', row_key) < 0.007 THEN 'status_not_found'
            WHEN damage_draw('bad status', row_key) < 0.009 THEN 'status_wrong_region'
            WHEN damage_draw('bad status', row_key) < 0.019 THEN 'status_closed'
        END AS status_defect,
        CASE WHEN damage_draw('bad place', row_key) < 0.003 THEN 'coordinates_swapped' END AS place_defect,
        CASE WHEN damage_draw('bad name', row_key) < 0.002 THEN 'business_name_missing' END AS name_defect,
        CASE WHEN damage_draw('bad number', row_key) < 0.001 AND case_class <> 'superseded' THEN 'registration_number_missing'
            END AS number_defect,
        CASE WHEN damage_draw('bad sex', row_key) < 0.003 AND case_class <> 'cooperative' THEN 'sex_disagrees' END
            AS sex_defect,
        CASE
            WHEN getvariable('is_sheet') THEN NULL
            WHEN damage_draw('bad line', row_key) < 0.0008 THEN 'unparsable_line'
            WHEN damage_draw('bad line', row_key) < 0.0018 THEN 'quoted_newline'
        END AS line_defect,
        NOT getvariable('is_sheet') AND draw('blank', row_key) < 0.0006 AS has_blank_line_after,
        CASE WHEN damage_draw('placeholder', row_key) < 0.02 AND line_defect IS DISTINCT FROM 'quoted_newline'
            THEN 'placeholder' END AS placeholder_defect
    FROM described
)
SELECT
    i, row_key, base_key, business_key, owner_key, case_class, line_defect, has_blank_line_after,
    list_sort(list_filter(
        [nik_defect, phone_defect, money_defect, date_defect, kbli_defect, region_defect, status_defect, place_defect,
         name_defect, number_defect, sex_defect, line_defect, placeholder_defect], lambda d: d IS NOT NULL
    )) AS defects,
    getvariable('register')
        || lpad(CASE WHEN case_class = 'superseded' THEN base_key ELSE row_key END::VARCHAR, 10, '0')
        AS registration_number,
    CASE WHEN number_defect IS NULL THEN registration_number ELSE '' END AS shown_number,
    case_class = 'cooperative' AS is_cooperative,
    -- field_days leaves room at the end of the field period for the later visit of a superseded row
    getvariable('field_start') + (pick_number('interview', base_key, getvariable('field_days'))
        + CASE WHEN case_class = 'superseded' THEN place_in_group ELSE 0 END)::INTEGER AS enumerated_date,
    enumerated_date + CASE WHEN case_class = 'superseded' THEN 40 ELSE 10 END AS updated_date,
    region_defect, regency, district_number, village_number, district_name, village_name,
    (10000 + village_key % 89999)::VARCHAR AS postcode,
    CASE WHEN placeholder_defect IS NOT NULL THEN '-' ELSE
        ['JL. ', 'JALAN ', 'JLN ']
            [1 + pick_number('street form', CASE WHEN case_class = 'duplicate' THEN row_key ELSE address_key END, 3)]
        || part('street', 'street', address_key) || ' NO. ' || (1 + pick_number('house', address_key, 250))
        || CASE WHEN draw('rt', address_key) < 0.35
                THEN ', RT 0' || (1 + pick_number('rt number', address_key, 9)) || '/RW 0'
                    || (1 + pick_number('rw number', address_key, 9)) ELSE '' END
        || CASE WHEN line_defect = 'quoted_newline' THEN chr(10) || 'LANTAI 2' ELSE '' END
    END AS address,
    round(regency.latitude + (draw('latitude', address_key) - 0.5) / 10
        + CASE WHEN is_told_again THEN (draw('stood north', row_key) - 0.5) / 2000 ELSE 0 END, 6) AS true_latitude,
    round(regency.longitude + (draw('longitude', address_key) - 0.5) / 10
        + CASE WHEN is_told_again THEN (draw('stood east', row_key) - 0.5) / 2000 ELSE 0 END, 6) AS true_longitude,
    CASE WHEN place_defect IS NULL THEN true_latitude ELSE true_longitude END AS shown_latitude,
    CASE WHEN place_defect IS NULL THEN true_longitude ELSE true_latitude END AS shown_longitude,
    CASE WHEN name_defect IS NOT NULL THEN '' WHEN has_name_noise THEN noisy_text(true_business_name, row_key)
        ELSE true_business_name END AS business_name,
    CASE WHEN case_class = 'cooperative' THEN '' ELSE
        CASE WHEN has_name_noise OR draw('title', name_key) >= 0.05 THEN '' WHEN is_female THEN 'HJ. ' ELSE 'H. ' END
        || CASE WHEN has_name_noise THEN noisy_text(true_owner_name, row_key + 1) ELSE true_owner_name END
        || CASE WHEN draw('degree', name_key) < 0.02 THEN ', S.E.' ELSE '' END
    END AS owner_name,
    CASE
        WHEN case_class = 'cooperative' THEN ''
        WHEN nik_defect = 'nik_missing' THEN ''
        WHEN nik_defect = 'nik_malformed' THEN true_nik[1:15]
        WHEN nik_defect = 'nik_apostrophe' THEN '''' || true_nik
        WHEN nik_defect = 'nik_excel_rounded' THEN true_nik[1:15] || '0'
        WHEN nik_defect = 'nik_excel_exponent'
        THEN true_nik[1:1] || getvariable('decimal_mark') || true_nik[2:3] || 'E+15'
        -- two digits of the serial number change places; the last is never 0
        WHEN has_typing_slip THEN true_nik[1:13] || true_nik[15] || true_nik[14] || true_nik[16]
        ELSE true_nik
    END AS nik,
    CASE WHEN draw('email', owner_key) < 0.06
        THEN 'usaha' || (owner_key % 100000) || '@example.com'
        WHEN draw('email', owner_key) < 0.08 THEN 'tidakada@example.com' ELSE '' END AS email,
    CASE WHEN draw('nib', owner_key) < 0.45
        THEN (1000000000000 + pick_number('nib number', owner_key, 8999999999999))::VARCHAR ELSE '' END AS nib,
    CASE
        WHEN phone_defect = 'phone_placeholder' THEN '0000'
        WHEN phone_defect = 'phone_lost_zero' THEN phone_of(owner_key)[2:]
        -- keys beyond every person's
        WHEN case_class = 'facilitator_phone'
        THEN phone_of(2000000000000 + getvariable('delivery_number') * 1000003 + i // 3000)
        WHEN case_class IN ('duplicate', 'renamed', 'moved') AND damage_draw('noise phone', row_key) < 0.4
        THEN phone_of(1000000000000 + row_key)
        WHEN draw('no phone', owner_key) < 0.15 THEN ''
        ELSE phone_of(owner_key)
    END AS phone,
    CASE WHEN case_class = 'cooperative' THEN NULL ELSE is_female <> (sex_defect IS NOT NULL) END AS shows_female,
    birth_date, date_defect,
    CASE status_defect WHEN 'status_duplicate' THEN 9 WHEN 'status_not_found' THEN 6 WHEN 'status_wrong_region' THEN 10
        WHEN 'status_closed' THEN 4 ELSE 1 END AS status,
    CASE status WHEN 1 THEN 'Aktif' WHEN 4 THEN 'Tutup' WHEN 6 THEN 'Tidak Ditemukan' WHEN 9 THEN 'Duplikat'
        ELSE 'Salah Kode Wilayah' END AS status_text,
    -- the wave of 2022 went to fixed places only
    draw('fixed', business_key) < CASE WHEN later = 0 THEN 0.99 ELSE 0.85 END AS is_fixed,
    CASE WHEN case_class = 'cooperative' THEN 'Koperasi' WHEN draw('form', business_key) < 0.93 THEN 'Perorangan'
         WHEN draw('form', business_key) < 0.96 THEN 'CV' WHEN draw('form', business_key) < 0.98 THEN 'PT' ELSE 'UD' END
        AS legal_form,
    (1985 + pick_number('started', business_key, 36)
        + CASE WHEN has_other_year THEN pick_number('other year', row_key, 7) - 4 ELSE 0 END)::INTEGER AS started_year,
    CASE
        WHEN kbli_defect = 'kbli_missing' THEN ''
        WHEN kbli_defect = 'kbli_unknown' THEN '99999'
        WHEN kbli_defect = 'kbli_out_of_scope' THEN '01111'
        WHEN has_other_trade
        THEN getvariable('trades')[1 + pick_number('other trade', row_key, len(getvariable('trades')))].kbli_code
        ELSE trade.kbli_code END AS kbli_code,
    trade.word AS activity,
    1 + floor(power(draw('workers', business_key), 4) * 12)::INTEGER AS worker_count,
    round(raw_omzet / 100000) * 100000 + 100000 AS omzet,
    round(raw_omzet * 0.4 / 100000) * 100000 + 100000 AS capital,
    money_defect,
    getvariable('wave') - 1 AS omzet_year,
    has_internet, on_marketplace, on_social_media, on_messaging, on_website, on_food_delivery, on_ekatalog, with_qris,
    -- few before 2020, then more each year
    CASE
        WHEN NOT has_internet THEN NULL
        WHEN draw('early', business_key) < 0.12
        THEN greatest(started_year, 2016 + pick_number('early year', business_key, 4))
        ELSE 2020 + floor(power(draw('since', business_key), 0.75) * (getvariable('wave') - 2019))::INTEGER
    END AS digital_since_year,
    CASE WHEN case_class = 'cooperative'
        THEN '3' || lpad(pick_number('coop', business_key, 999999999999)::VARCHAR, 12, '0') ELSE '' END
        AS cooperative_number,
    CASE WHEN case_class = 'cooperative'
        THEN '518/' || (1 + pick_number('entity number', business_key, 999)) || '/BH/'
            || ['I', 'IV', 'X'][1 + pick_number('entity month', business_key, 3)] || '/' || started_year
        ELSE '' END AS legal_entity_number,
    CASE WHEN case_class = 'cooperative' THEN 20 + pick_number('members', business_key, 900) END AS member_count
FROM damaged
