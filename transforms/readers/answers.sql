-- Answers: one of a few, as code ("1"), as label ("Aktif"), or both ("1. Aktif", "1 - Aktif", "[1] Aktif").

-- The meaning of an answer by a map from lower-case codes and labels. Code and label, where both stand, must mean the same.
CREATE OR REPLACE MACRO meaning(t, meanings) AS
    list_transform(
        [regexp_extract(
            lower(trimmed(t)), '^(?:[\[(]?0*([0-9]+)(?:\.0)?[\])]?(?:\s*[-.:=/]\s*|\s+|$))?(.*)$', ['code', 'label'])],
        lambda parts: list_transform(
            [[meanings[parts.code], meanings[parts.label]]],
            lambda found: CASE
                WHEN parts.code = '' THEN found[2]
                WHEN parts.label = '' OR found[1] = found[2] THEN found[1]
            END
        )[1]
    )[1];

CREATE OR REPLACE MACRO read_boolean(t) AS
    CASE
        WHEN t IN ('Ya', '1') THEN true
        WHEN t IN ('Tidak', '2') THEN false
        WHEN t <> '' THEN meaning(t, MAP {
            '1': true, 'ya': true, 'y': true, 'iya': true, 'yes': true, 'true': true, 'benar': true, 'ada': true, 'v': true,
            '2': false, '0': false, 'tidak': false, 'tdk': false, 't': false, 'no': false, 'false': false, 'salah': false})
    END;
CREATE OR REPLACE MACRO read_fixed_location(t) AS
    CASE
        WHEN t IN ('Menetap', '1') THEN true
        WHEN t IN ('Tidak Menetap', '2') THEN false
        WHEN t <> '' THEN meaning(t, MAP {
            '1': true, 'menetap': true, 'tetap': true, 'ya': true, 'true': true,
            '2': false, '0': false, 'tidak menetap': false, 'tidak tetap': false, 'tdk menetap': false, 'tdk tetap': false,
            'keliling': false, 'tidak': false, 'tdk': false, 'false': false})
    END;
CREATE OR REPLACE MACRO read_sex(t) AS
    CASE
        WHEN t IN ('L', '1') THEN 'L'
        WHEN t IN ('P', '2') THEN 'P'
        WHEN t <> '' THEN meaning(t, MAP {
            '1': 'L', 'l': 'L', 'lk': 'L', 'laki-laki': 'L', 'laki laki': 'L', 'lelaki': 'L', 'laki': 'L', 'pria': 'L',
            '2': 'P', 'p': 'P', 'pr': 'P', 'perempuan': 'P', 'wanita': 'P'})
    END;
CREATE OR REPLACE MACRO read_business_kind(t) AS
    CASE
        WHEN t IN ('UMKM', '1') THEN 'umkm'
        WHEN t <> '' THEN meaning(t, MAP {
            '1': 'umkm', 'umkm': 'umkm', 'usaha': 'umkm', '2': 'koperasi', 'koperasi': 'koperasi', 'kop': 'koperasi'})
    END;
CREATE OR REPLACE MACRO read_legal_form(t) AS
    CASE
        WHEN t IN ('Perorangan', 'Usaha Perorangan') THEN 'perorangan'
        WHEN t <> '' THEN meaning(t, MAP {
            'perorangan': 'perorangan', 'usaha perorangan': 'perorangan', 'perseorangan': 'perorangan',
            'usaha perseorangan': 'perorangan', 'usaha orang perseorangan': 'perorangan', 'ud': 'ud', 'u.d.': 'ud', 'ud.': 'ud',
            'cv': 'cv', 'cv.': 'cv', 'c.v.': 'cv', 'pt': 'pt', 'pt.': 'pt', 'p.t.': 'pt', 'perseroan terbatas': 'pt',
            'pt perorangan': 'pt_perorangan', 'pt_perorangan': 'pt_perorangan', 'pt perseorangan': 'pt_perorangan',
            'firma': 'firma', 'fa': 'firma', 'yayasan': 'yayasan', 'koperasi': 'koperasi', 'lainnya': 'lainnya'})
    END;
-- keberadaan_usaha of the business register, see reference.business_statuses.
CREATE OR REPLACE MACRO read_business_status(t) AS
    CASE
        WHEN t IN ('1', 'Aktif', '1. Aktif') THEN 1
        WHEN t <> '' THEN meaning(t, MAP {
            '1': 1, '2': 2, '3': 3, '4': 4, '5': 5, '6': 6, '7': 7, '8': 8, '9': 9, '10': 10,
            'aktif': 1, 'tutup sementara': 2, 'belum beroperasi': 3, 'belum beroperasi/berproduksi': 3, 'tutup': 4,
            'alih usaha': 5, 'tidak ditemukan': 6, 'aktif pindah': 7, 'aktif nonrespon': 8, 'duplikat': 9,
            'salah kode wilayah': 10})
    END;
