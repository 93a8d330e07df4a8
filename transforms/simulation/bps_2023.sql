-- Grain: one registration as the BPS business register exports it; after the facts, each column is a field of the
--        export, in its order and under its header.
-- Reads: registrations.
-- Why: the layout is the profile's (warehouse/sources/bps-2023.toml): BPS codes in four parts, the owner in brackets
--      behind the business, 1 and 2 for yes and no, money in thousands.
SELECT
    i, registration_number, business_key, owner_key, case_class, defects, line_defect, has_blank_line_after,
    shown_number AS idsbr,
    CASE WHEN is_cooperative THEN '2' ELSE '1' END AS jenis_pelaku,
    'PL-KUMKM 2023' AS sumber_data,
    strftime(enumerated_date, '%Y-%m-%d') AS tanggal_cacah,
    CASE region_defect WHEN 'region_missing' THEN '' WHEN 'region_unknown_code' THEN '99'
        WHEN 'region_other_system' THEN regency.kemendagri[1:2] ELSE regency.bps[1:2] END AS kdprov,
    CASE region_defect WHEN 'region_missing' THEN '' WHEN 'region_unknown_code' THEN '88'
        WHEN 'region_other_system' THEN regency.kemendagri[3:4] ELSE regency.bps[3:4] END AS kdkab,
    CASE WHEN region_defect = 'region_missing' THEN '' ELSE lpad((district_number * 10)::VARCHAR, 3, '0') END AS kdkec,
    CASE WHEN region_defect = 'region_missing' THEN '' ELSE lpad(village_number::VARCHAR, 3, '0') END AS kddesa,
    upper(getvariable('province_name')) AS nmprov,
    regency.name AS nmkab,
    district_name AS nmkec,
    village_name AS nmdesa,
    address AS alamat_usaha,
    postcode AS kode_pos,
    shown_latitude::VARCHAR AS latitude,
    shown_longitude::VARCHAR AS longitude,
    business_name || CASE
        WHEN owner_name = '' THEN ''
        WHEN row_key % 10 = 8 THEN ' (' || owner_name || ')'
        WHEN row_key % 10 = 9 THEN ' {' || owner_name || '}'
        ELSE ' <' || owner_name || '>'
    END AS nama_usaha,
    CASE WHEN draw('commercial name', row_key) < 0.2 THEN business_name ELSE '' END AS nama_komersial_usaha,
    nik AS nik_pemilik,
    nib,
    phone AS nomor_telepon,
    CASE WHEN shows_female THEN '2' WHEN NOT shows_female THEN '1' END AS jenis_kelamin_pemilik,
    CASE WHEN NOT is_cooperative THEN day_text(birth_date, date_defect, '%Y-%m-%d', row_key) END
        AS tanggal_lahir_pemilik,
    CASE pick_number('status form', row_key, 3) WHEN 0 THEN status::VARCHAR WHEN 1 THEN status || '. ' || status_text
        ELSE status_text END AS keberadaan_usaha,
    one_two(is_fixed) AS usaha_menetap,
    legal_form AS bentuk_badan_hukum_usaha,
    CASE WHEN omzet <= 2e9 THEN 'Mikro' WHEN omzet <= 15e9 THEN 'Kecil' WHEN omzet <= 50e9 THEN 'Menengah'
        ELSE 'Besar' END AS skala_usaha,
    started_year::VARCHAR AS tahun_berdiri,
    activity AS kegiatan_usaha,
    kbli_code AS kode_kbli,
    worker_count::VARCHAR AS jumlah_tenaga_kerja,
    thousands_text(capital, NULL, row_key) AS aset,
    thousands_text(omzet, money_defect, row_key) AS pendapatan_setahun,
    omzet_year::VARCHAR AS tahun_data,
    one_two(has_internet) AS internet,
    one_two(on_marketplace) AS marketplace,
    one_two(on_social_media) AS media_sosial,
    one_two(on_messaging) AS pesan_instan,
    one_two(on_website) AS website,
    one_two(on_food_delivery) AS pesan_antar,
    one_two(on_ekatalog) AS ekatalog,
    one_two(with_qris) AS pembayaran_digital,
    digital_since_year::VARCHAR AS tahun_digital,
    cooperative_number AS nomor_induk_koperasi,
    legal_entity_number AS nomor_badan_hukum,
    member_count::VARCHAR AS jumlah_anggota
FROM registrations
