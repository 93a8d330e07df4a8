-- Grain: one registration as the ministry's register (SIDT) exports it; after the facts, each column is a field of the
--        export, in its order and under its header.
-- Reads: registrations.
-- Why: the layout is the profile's (warehouse/sources/sidt-2022.toml): Kemendagri codes, rupiah as people write it,
--      decimal commas.
SELECT
    i, registration_number, business_key, owner_key, case_class, defects, line_defect, has_blank_line_after,
    shown_number AS nomor_registrasi,
    CASE WHEN is_cooperative THEN 'Koperasi' ELSE 'UMKM' END AS jenis_pelaku,
    strftime(enumerated_date, '%d/%m/%Y') AS tanggal_pendataan,
    strftime(updated_date, '%d/%m/%Y') AS tanggal_pembaruan,
    CASE region_defect
        WHEN 'region_missing' THEN ''
        ELSE CASE region_defect
            WHEN 'region_unknown_code' THEN '99.88'
            WHEN 'region_other_system' THEN regency.bps[1:2] || '.' || regency.bps[3:4]
            ELSE regency.kemendagri[1:2] || '.' || regency.kemendagri[3:4]
        END || '.' || lpad(district_number::VARCHAR, 2, '0') || '.' || (2000 + village_number)
    END AS kode_wilayah,
    getvariable('province_name') AS nama_provinsi,
    regency.name AS nama_kabkota,
    district_name AS nama_kecamatan,
    village_name AS nama_desa,
    address AS alamat,
    postcode AS kode_pos,
    replace(shown_latitude::VARCHAR, '.', ',') AS latitude,
    replace(shown_longitude::VARCHAR, '.', ',') AS longitude,
    business_name AS nama_usaha,
    owner_name AS nama_pemilik,
    nik,
    nib,
    phone AS no_telepon,
    email,
    CASE WHEN shows_female THEN 'P' WHEN NOT shows_female THEN 'L' END AS jenis_kelamin,
    CASE WHEN NOT is_cooperative THEN day_text(birth_date, date_defect, '%d/%m/%Y', row_key) END AS tanggal_lahir,
    status_text AS status_usaha,
    CASE WHEN is_fixed THEN 'Menetap' ELSE 'Tidak Menetap' END AS tempat_usaha,
    legal_form AS bentuk_usaha,
    started_year::VARCHAR AS tahun_mulai,
    kbli_code AS kode_kbli,
    worker_count::VARCHAR AS jumlah_tenaga_kerja,
    rupiah_text(capital, NULL, row_key) AS modal_usaha,
    rupiah_text(omzet, money_defect, row_key) AS omzet,
    omzet_year::VARCHAR AS tahun_omzet,
    yes_no(has_internet) AS pakai_internet,
    yes_no(on_marketplace) AS jual_marketplace,
    yes_no(on_social_media) AS jual_media_sosial,
    yes_no(on_messaging) AS jual_pesan_instan,
    yes_no(on_website) AS punya_website,
    yes_no(on_food_delivery) AS jual_pesan_antar,
    yes_no(on_ekatalog) AS terdaftar_ekatalog,
    yes_no(with_qris) AS terima_qris,
    digital_since_year::VARCHAR AS tahun_go_digital,
    cooperative_number AS nomor_induk_koperasi,
    legal_entity_number AS nomor_badan_hukum,
    member_count::VARCHAR AS jumlah_anggota
FROM registrations
