-- Grain: one simulated registration of the chunk [first, last) of a delivery.
-- Reads: variables seed, delivery_number, first, last, first_key, wave, regencies, trades, male, female, family, fancy, place, street.
-- Why: every attribute is a pure function of hash(seed, key, field) with the key of a person or a business. A duplicate
--      shows the same person because it carries the same key, so nothing is ever joined and memory stays constant.
-- Rows come in groups of four that share a village; the first is always an ordinary registration (the base), the others
-- may refer to it.
WITH numbered AS (
    SELECT i, getvariable('first_key') + i AS row_key, getvariable('first_key') + i - i % 4 AS base_key, i % 4 AS place_in_group
    FROM range(getvariable('first'), getvariable('last')) AS rows(i)
), classed AS (
    SELECT
        *,
        CASE
            WHEN place_in_group = 0 THEN 'single'
            WHEN draw('class', row_key) < 0.095 THEN 'duplicate'
            WHEN draw('class', row_key) < 0.135 THEN 'exact_duplicate'
            WHEN draw('class', row_key) < 0.149 THEN 'superseded'
            WHEN draw('class', row_key) < 0.157 THEN 'renamed'
            WHEN draw('class', row_key) < 0.165 THEN 'moved'
            WHEN draw('class', row_key) < 0.225 THEN 'two_businesses'
            WHEN draw('class', row_key) < 0.240 THEN 'branch'
            WHEN draw('class', row_key) < 0.255 THEN 'namesake'
            WHEN draw('class', row_key) < 0.270 THEN 'father_son'
            WHEN draw('class', row_key) < 0.278 THEN 'twins'
            WHEN draw('class', row_key) < 0.318 THEN 'generic_name'
            WHEN draw('class', row_key) < 0.338 THEN 'facilitator_phone'
            WHEN draw('class', row_key) < 0.342 THEN 'cooperative'
            ELSE 'single'
        END AS case_class
    FROM numbered
), keyed AS (
    SELECT
        *,
        CASE
            WHEN case_class IN ('duplicate', 'exact_duplicate', 'superseded', 'renamed', 'moved') THEN base_key
            ELSE row_key
        END AS business_key,
        CASE
            WHEN case_class IN ('duplicate', 'exact_duplicate', 'superseded', 'renamed', 'moved', 'two_businesses', 'branch') THEN base_key
            ELSE row_key
        END AS owner_key,
        -- whose name, family name, birth date and NIK the row shows
        CASE WHEN case_class = 'namesake' THEN base_key ELSE owner_key END AS name_key,
        CASE WHEN case_class IN ('namesake', 'father_son', 'twins') THEN base_key ELSE owner_key END AS family_key,
        CASE WHEN case_class = 'twins' THEN base_key ELSE owner_key END AS birth_key,
        CASE WHEN case_class = 'father_son' THEN base_key ELSE business_key END AS address_key
    FROM classed
), placed AS (
    SELECT
        *,
        getvariable('regencies')[1 + pick_number('regency', base_key, len(getvariable('regencies')))] AS regency,
        1 + pick_number('district', base_key, 12) AS district_number,
        1 + pick_number(CASE WHEN case_class = 'moved' THEN 'moved' ELSE 'village' END, base_key, 9) AS village_number,
        DATE '1950-01-01' + pick_number('birth', birth_key, 19700)::INTEGER AS birth_date,
        draw('sex', CASE WHEN case_class = 'twins' THEN birth_key ELSE name_key END) < 0.55 AS is_female,
        getvariable('trades')[1 + pick_number('trade', business_key, len(getvariable('trades')))] AS own_trade,
        getvariable('trades')[1 + pick_number('trade', base_key, len(getvariable('trades')))] AS base_trade
    FROM keyed
), named AS (
    SELECT
        *,
        CASE WHEN case_class = 'branch' THEN base_trade ELSE own_trade END AS trade,
        CASE WHEN is_female THEN part('female', 'first name', name_key) ELSE part('male', 'first name', name_key) END AS first_name,
        part('family', 'family name', family_key) AS family_name,
        regency.kemendagri || lpad(district_number::VARCHAR, 2, '0')
            || lpad((extract('day' FROM birth_date) + CASE WHEN is_female THEN 40 ELSE 0 END)::INTEGER::VARCHAR, 2, '0')
            || strftime(birth_date, '%m%y')
            || lpad((1 + pick_number('serial', birth_key, 90))::VARCHAR, 3, '0')
            || CASE WHEN case_class = 'twins' THEN (1 + (pick_number('digit', birth_key, 9) + 3) % 9)::VARCHAR
                    ELSE (1 + pick_number('digit', birth_key, 9))::VARCHAR END AS true_nik,
        part('place', 'district', hash(regency.kemendagri, district_number)) AS district_name,
        part('place', 'village', hash(regency.kemendagri, district_number, village_number)) || ' '
            || ['', 'LOR', 'KIDUL', 'WETAN', 'KULON'][1 + pick_number('side', hash(regency.kemendagri, district_number, village_number), 5)] AS village_name
    FROM placed
), described AS (
    SELECT
        *,
        CASE
            WHEN case_class = 'cooperative' THEN
                ['KSP ', 'KUD ', 'KOPERASI ', 'KOPKAR ', 'KSU '][1 + pick_number('cooperative kind', business_key, 5)]
                || part('fancy', 'shop', business_key) || ' ' || part('fancy', 'second', business_key)
            WHEN case_class = 'generic_name' THEN ['WARUNG', 'KIOS', 'TOKO KELONTONG', 'PEDAGANG'][1 + pick_number('generic', row_key, 4)]
            WHEN case_class = 'branch' THEN shop_name('', base_key, trade.word, first_name, village_name)
                || [' CABANG 2', ' II', ' 2'][1 + pick_number('branch', row_key, 3)]
            WHEN case_class = 'renamed' THEN shop_name('renamed', row_key, trade.word, first_name, village_name)
            ELSE shop_name('', business_key, trade.word, first_name, village_name)
        END AS true_business_name,
        first_name || CASE
            WHEN draw('single word', name_key) < 0.08 AND case_class <> 'father_son' THEN ''
            WHEN case_class = 'father_son' AND draw('bin', row_key) < 0.5 THEN ' BIN ' || family_name
            ELSE ' ' || family_name
        END AS true_owner_name,
        exp(17.9 + 2.6 * (draw('o1', business_key) + draw('o2', business_key) + draw('o3', business_key) - 1.5))
            * CASE WHEN draw('size', business_key) < 0.012 THEN 60 ELSE 1 END
            * CASE WHEN draw('huge', business_key) < 0.0004 THEN 5000 ELSE 1 END AS raw_omzet,
        draw('marketplace', business_key) < 0.13 + 0.10 * regency.is_java::INTEGER + CASE WHEN getvariable('wave') = 2023 THEN 0.06 ELSE 0 END AS on_marketplace,
        draw('social', business_key) < 0.24 + 0.08 * regency.is_java::INTEGER AS on_social_media,
        draw('messaging', business_key) < 0.38 + 0.10 * regency.is_java::INTEGER AS on_messaging,
        draw('website', business_key) < 0.02 AS on_website,
        draw('food', business_key) < CASE WHEN trade.kbli_code[1:2] = '56' THEN 0.15 ELSE 0.01 END AS on_food_delivery,
        draw('ekatalog', business_key) < 0.008 AS on_ekatalog,
        draw('qris', business_key) < 0.22 + 0.05 * (getvariable('wave') - 2022) AS with_qris,
        draw('net', business_key) < 0.15 AS other_internet
    FROM named
), damaged AS (
    -- Which defects a row carries. One draw per field, so that a field has at most one.
    SELECT
        *,
        CASE
            WHEN case_class = 'cooperative' THEN NULL
            WHEN draw('bad nik', row_key) < 0.004 THEN 'nik_excel_exponent'
            WHEN draw('bad nik', row_key) < 0.007 THEN 'nik_excel_rounded'
            WHEN draw('bad nik', row_key) < 0.012 THEN 'nik_apostrophe'
            WHEN draw('bad nik', row_key) < 0.022 THEN 'nik_missing'
            WHEN draw('bad nik', row_key) < 0.026 THEN 'nik_malformed'
        END AS nik_defect,
        CASE
            WHEN draw('bad phone', row_key) < 0.010 THEN 'phone_lost_zero'
            WHEN draw('bad phone', row_key) < 0.016 THEN 'phone_placeholder'
        END AS phone_defect,
        CASE
            WHEN draw('bad money', row_key) < 0.010 THEN 'money_short_form'
            WHEN draw('bad money', row_key) < 0.014 THEN 'money_unreadable'
        END AS money_defect,
        CASE
            WHEN draw('bad date', row_key) < 0.006 THEN 'date_month_name'
            WHEN draw('bad date', row_key) < 0.009 THEN 'date_impossible'
        END AS date_defect,
        CASE
            WHEN draw('bad kbli', row_key) < 0.005 THEN 'kbli_missing'
            WHEN draw('bad kbli', row_key) < 0.008 THEN 'kbli_unknown'
            WHEN draw('bad kbli', row_key) < 0.011 THEN 'kbli_out_of_scope'
        END AS kbli_defect,
        CASE
            WHEN draw('bad region', row_key) < 0.002 THEN 'region_unknown_code'
            WHEN draw('bad region', row_key) < 0.004 AND regency.kemendagri <> regency.bps THEN 'region_other_system'
            WHEN draw('bad region', row_key) < 0.005 THEN 'region_missing'
        END AS region_defect,
        CASE
            WHEN draw('bad status', row_key) < 0.004 THEN 'status_duplicate'
            WHEN draw('bad status', row_key) < 0.007 THEN 'status_not_found'
            WHEN draw('bad status', row_key) < 0.009 THEN 'status_wrong_region'
            WHEN draw('bad status', row_key) < 0.019 THEN 'status_closed'
        END AS status_defect,
        CASE WHEN draw('bad place', row_key) < 0.003 THEN 'coordinates_swapped' END AS place_defect,
        CASE WHEN draw('bad name', row_key) < 0.002 THEN 'business_name_missing' END AS name_defect,
        CASE WHEN draw('bad number', row_key) < 0.001 AND case_class <> 'superseded' THEN 'registration_number_missing' END AS number_defect,
        CASE WHEN draw('bad sex', row_key) < 0.003 AND case_class <> 'cooperative' THEN 'sex_disagrees' END AS sex_defect,
        CASE
            WHEN draw('bad line', row_key) < 0.0008 THEN 'unparsable_line'
            WHEN draw('bad line', row_key) < 0.0018 THEN 'quoted_newline'
        END AS line_defect,
        draw('blank', row_key) < 0.0006 AS has_blank_line_after,
        CASE WHEN draw('placeholder', row_key) < 0.02 THEN 'placeholder' END AS placeholder_defect
    FROM described
), noisy AS (
    SELECT
        *,
        on_marketplace OR on_social_media OR on_messaging OR on_website OR on_food_delivery OR on_ekatalog OR other_internet AS has_internet,
        case_class = 'duplicate' AND draw('noise name', row_key) < 0.6 AS has_name_noise,
        case_class IN ('duplicate', 'renamed', 'moved') AND draw('noise phone', row_key) < 0.4 AS has_other_phone
    FROM damaged
)
SELECT
    i, row_key, base_key, business_key, owner_key, case_class, line_defect, has_blank_line_after,
    list_filter([nik_defect, phone_defect, money_defect, date_defect, kbli_defect, region_defect, status_defect, place_defect,
        name_defect, number_defect, sex_defect, line_defect, placeholder_defect], lambda d: d IS NOT NULL) AS defects,
    getvariable('register') || lpad(CASE WHEN case_class = 'superseded' THEN base_key ELSE row_key END::VARCHAR, 10, '0') AS registration_number,
    case_class = 'cooperative' AS is_cooperative,
    getvariable('field_start') + (pick_number('interview', base_key, getvariable('field_days'))
        + CASE WHEN case_class = 'superseded' THEN 3 + place_in_group ELSE 0 END)::INTEGER AS enumerated_date,
    getvariable('field_start') + (pick_number('interview', base_key, getvariable('field_days'))
        + CASE WHEN case_class = 'superseded' THEN 40 + place_in_group ELSE 10 END)::INTEGER AS updated_date,
    region_defect, regency, district_number, village_number, district_name, trim(village_name) AS village_name,
    CASE WHEN placeholder_defect IS NOT NULL THEN '-' ELSE
        [ 'JL. ', 'JALAN ', 'JLN '][1 + pick_number('street form', CASE WHEN case_class = 'duplicate' THEN row_key ELSE address_key END, 3)]
        || part('street', 'street', CASE WHEN case_class = 'moved' THEN row_key ELSE address_key END) || ' NO. '
        || (1 + pick_number('house', CASE WHEN case_class = 'moved' THEN row_key ELSE address_key END, 250))
        || CASE WHEN draw('rt', address_key) < 0.35
                THEN ', RT 0' || (1 + pick_number('rt number', address_key, 9)) || '/RW 0' || (1 + pick_number('rw number', address_key, 9)) ELSE '' END
    END AS address,
    place_defect IS NOT NULL AS is_swapped,
    round(-9.5 + 14.0 * (hash(regency.kemendagri, 'lat')::DOUBLE / 18446744073709551616.0) + draw('lat', address_key) / 10, 6) AS latitude,
    round(95.5 + 44.0 * (hash(regency.kemendagri, 'lon')::DOUBLE / 18446744073709551616.0) + draw('lon', address_key) / 10, 6) AS longitude,
    CASE WHEN name_defect IS NOT NULL THEN '' WHEN has_name_noise THEN noisy_text(true_business_name, row_key) ELSE true_business_name END AS business_name,
    CASE WHEN case_class = 'cooperative' THEN '' ELSE
        CASE WHEN draw('title', name_key) < 0.05 AND is_female THEN 'HJ. '
             WHEN draw('title', name_key) < 0.05 THEN 'H. ' ELSE '' END
        || CASE WHEN has_name_noise THEN noisy_text(true_owner_name, row_key + 1) ELSE true_owner_name END
        || CASE WHEN draw('degree', name_key) < 0.02 THEN ', S.E.' ELSE '' END
    END AS owner_name,
    CASE
        WHEN case_class = 'cooperative' THEN ''
        WHEN nik_defect = 'nik_missing' THEN ''
        WHEN nik_defect = 'nik_malformed' THEN true_nik[1:15]
        WHEN nik_defect = 'nik_apostrophe' THEN '''' || true_nik
        WHEN nik_defect = 'nik_excel_rounded' THEN true_nik[1:15] || '0'
        WHEN nik_defect = 'nik_excel_exponent' THEN replace(true_nik[1:1] || '.' || true_nik[2:3] || 'E+15', '.', getvariable('decimal_mark'))
        ELSE true_nik
    END AS nik,
    CASE WHEN draw('nib', owner_key) < 0.45 THEN lpad((1000000000000 + pick_number('nib number', owner_key, 8999999999999))::VARCHAR, 13, '0') ELSE '' END AS nib,
    CASE
        WHEN phone_defect = 'phone_placeholder' THEN '0000'
        WHEN phone_defect = 'phone_lost_zero' THEN phone_of(owner_key)[2:]
        WHEN case_class = 'facilitator_phone' THEN phone_of(getvariable('delivery_number') * 1000003 + i // 400)
        WHEN has_other_phone THEN phone_of(row_key + 7)
        WHEN draw('no phone', owner_key) < 0.15 THEN ''
        ELSE phone_of(owner_key)
    END AS phone,
    CASE WHEN case_class = 'cooperative' THEN NULL ELSE is_female <> (sex_defect IS NOT NULL) END AS shows_female,
    birth_date, date_defect,
    CASE status_defect WHEN 'status_duplicate' THEN 9 WHEN 'status_not_found' THEN 6 WHEN 'status_wrong_region' THEN 10 WHEN 'status_closed' THEN 4 ELSE 1 END AS status,
    draw('fixed', business_key) < 0.9 AS is_fixed,
    CASE WHEN case_class = 'cooperative' THEN 'Koperasi' WHEN draw('form', business_key) < 0.93 THEN 'Perorangan'
         WHEN draw('form', business_key) < 0.96 THEN 'CV' WHEN draw('form', business_key) < 0.98 THEN 'PT' ELSE 'UD' END AS legal_form,
    1985 + pick_number('started', business_key, 36) AS started_year,
    CASE kbli_defect WHEN 'kbli_missing' THEN '' WHEN 'kbli_unknown' THEN '99999' WHEN 'kbli_out_of_scope' THEN '01111'
        ELSE CASE WHEN case_class = 'cooperative' THEN '64141' ELSE trade.kbli_code END END AS kbli_code,
    1 + floor(power(draw('workers', business_key), 4) * 12)::INTEGER AS worker_count,
    round(raw_omzet / 100000) * 100000 + 100000 AS omzet,
    round(raw_omzet * 0.4 / 100000) * 100000 + 100000 AS capital,
    money_defect,
    getvariable('wave') - 1 AS omzet_year,
    has_internet, on_marketplace, on_social_media, on_messaging, on_website, on_food_delivery, on_ekatalog, with_qris,
    CASE
        WHEN NOT has_internet THEN NULL
        WHEN draw('early', business_key) < 0.18 THEN 2014 + pick_number('early year', business_key, 6)
        ELSE 2020 + pick_number('year', business_key, getvariable('wave') - 2019)
    END AS digital_since_year,
    CASE WHEN case_class = 'cooperative' THEN lpad(pick_number('coop', business_key, 9999999999)::VARCHAR, 13, '3') ELSE '' END AS cooperative_number,
    CASE WHEN case_class = 'cooperative' THEN '518/' || (1 + pick_number('bh', business_key, 999)) || '/BH/' || ['I', 'IV', 'X'][1 + pick_number('bh2', business_key, 3)] || '/' || (1990 + pick_number('bh3', business_key, 30)) ELSE '' END AS legal_entity_number,
    CASE WHEN case_class = 'cooperative' THEN 20 + pick_number('members', business_key, 900) END AS member_count
FROM noisy
