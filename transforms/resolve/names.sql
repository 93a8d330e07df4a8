-- Names as they are compared: what one hand writes and another does not is taken away first. Every macro is a pure
-- function of one value. DuckDB's RE2 has no back-references, so doubled letters are listed.

-- Upper case, letters and digits; anything else parts words, an apostrophe does not. Most names are plain already.
CREATE OR REPLACE MACRO plain_text(t) AS
    CASE WHEN NOT regexp_matches(t, '[^A-Z0-9 ]') THEN t
        ELSE regexp_replace(regexp_replace(upper(strip_accents(t)), '[''`’]', '', 'g'), '[^A-Z0-9]+', ' ', 'g') END;
-- One letter for one sound, of a plain text: spelling before 1972 (oe dj tj sj, and j for y), Arabic and Dutch loans, doubled letters.
-- Order matters. `translate` costs ten times a `replace`, and one look for what is seldom there less than all of them.
CREATE OR REPLACE MACRO one_letter_each(t) AS
    CASE WHEN NOT regexp_matches(t, 'OE|DJ|TJ|SJ|SY|KH|CH|DH|TH|PH') THEN t ELSE
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        t, 'OE', 'U'), 'DJ', 'J'), 'TJ', 'C'), 'SJ', 'S'), 'SY', 'S'), 'KH', 'H'), 'CH', 'H'), 'DH', 'D'), 'TH', 'T'), 'PH', 'F') END;
CREATE OR REPLACE MACRO without_rare_letters(t) AS
    CASE WHEN NOT regexp_matches(t, '[QVZXYJ]') THEN t ELSE
    replace(replace(replace(replace(replace(replace(t, 'Q', 'K'), 'V', 'F'), 'Z', 'S'), 'X', 'S'), 'Y', 'I'), 'J', 'I') END;
CREATE OR REPLACE MACRO without_doubled_letters(t) AS
    CASE WHEN NOT regexp_matches(t, 'AA|BB|DD|EE|FF|GG|II|KK|LL|MM|NN|OO|PP|RR|SS|TT') THEN t ELSE
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        t, 'AA', 'A'), 'BB', 'B'), 'DD', 'D'), 'EE', 'E'), 'FF', 'F'), 'GG', 'G'), 'II', 'I'), 'KK', 'K'), 'LL', 'L'), 'MM', 'M'),
        'NN', 'N'), 'OO', 'O'), 'PP', 'P'), 'RR', 'R'), 'SS', 'S'), 'TT', 'T') END;
CREATE OR REPLACE MACRO one_spelling(t) AS without_doubled_letters(without_rare_letters(one_letter_each(t)));
CREATE OR REPLACE MACRO words_of(t) AS list_filter(string_split(t, ' '), lambda w: w <> '');

-- Words of a person's name that say nothing of who it is, in one spelling: titles, degrees, forms of address, bin and binti,
-- and every way to write Muhammad, which is as often left out. Single letters are initials, Balinese I and remains of degrees.
CREATE OR REPLACE MACRO silent_name_words() AS [
    'HI', 'HAI', 'HAIAH', 'HAIA', 'DRS', 'DRA', 'DR', 'IR', 'PROF', 'USTAD', 'USTADSAH', 'USTAT', 'UST', 'BAPAK',
    'BPK', 'BP', 'PAK', 'IBU', 'BU', 'SDR', 'SDRI', 'TN', 'NI', 'NIONIA', 'NIONA', 'ALM', 'ALMH', 'RADEN', 'RA', 'RR',
    'BIN', 'BINTI', 'BT', 'SE', 'SH', 'SPD', 'PD', 'SPDI', 'PDI', 'SAG', 'AG', 'SIP', 'IP', 'SOS', 'SKOM', 'KOM',
    'SP', 'SI', 'MM', 'MSI', 'MPD', 'MH', 'AMD', 'MD', 'KEP', 'KEB', 'AK', 'SST', 'LC', 'DAN', 'MUHAMAD', 'MOHAMAD',
    'MUHAMED', 'MOHAMED', 'MUHAMET', 'MUHAD', 'MOHAD', 'MUH', 'MOH', 'MOHD', 'MUHD', 'MHD', 'MUHAMD', 'MOHAMD',
    'MUKAMAD', 'MOKAMAD'
];
CREATE OR REPLACE MACRO telling_words(words) AS list_filter(words, lambda w: length(w) > 1 AND NOT list_contains(silent_name_words(), w));
-- Words of a person's name; what follows a comma is degrees. A name of silent words alone keeps them.
CREATE OR REPLACE MACRO person_words(name) AS
    list_transform([words_of(one_spelling(plain_text(split_part(name, ',', 1))))],
        lambda w: CASE WHEN len(telling_words(w)) > 0 THEN telling_words(w) ELSE w END)[1];

-- Words of a business name that say its trade, its legal form or that it is a cooperative, in one spelling.
CREATE OR REPLACE MACRO trade_words() AS [
    'PT', 'CF', 'UD', 'PD', 'FA', 'TBK', 'PERUM', 'PERSERO', 'KSP', 'KSU', 'KUD', 'KOPKAR', 'KPRI', 'KSPS', 'KIKS',
    'BMT', 'KOPERASI', 'KOP', 'PRIMKOP', 'PRIMKOPTI', 'PUSKUD', 'SIMPAN', 'PINIAM', 'SERBA', 'USAHA', 'KARIAWAN',
    'PEGAWAI', 'UNIT', 'DESA', 'SARIAH', 'PRODUSEN', 'KONSUMEN', 'IASA', 'PEMASARAN', 'TOKO', 'TK', 'WARUNG', 'WR',
    'WRG', 'KIOS', 'KEDAI', 'DEPOT', 'DEPO', 'RUMAH', 'RM', 'MAKAN', 'BENGKEL', 'BENGKL', 'SALON', 'LAUNDRI',
    'LONDRI', 'KONTER', 'COUNTER', 'CAFE', 'KAFE', 'RESTORAN', 'RESTO', 'KATERING', 'CATERING', 'APOTEK', 'BIMBEL',
    'FOTO', 'STUDIO', 'PERCETAKAN', 'KONFEKSI', 'PENIAHIT', 'IAHIT', 'TAILOR', 'BUSANA', 'BUTIK', 'MEBEL', 'MEUBEL',
    'ROTI', 'KUE', 'BASAH', 'KERIPIK', 'TEMPE', 'TAHU', 'BATIK', 'SEPATU', 'ANIAMAN', 'BAMBU', 'KAIU', 'LAS', 'MOTOR',
    'MOBIL', 'PANGKAS', 'RAMBUT', 'BARBERSHOP', 'SERFIS', 'SERFICE', 'KOMPUTER', 'HOMESTAI', 'PENGINAPAN', 'AIR',
    'MINUM', 'ISI', 'ULANG', 'ES', 'NASI', 'SATE', 'BAKSO', 'MIE', 'AIAM', 'GORENG', 'SOTO', 'SEMBAKO', 'KELONTONG',
    'BERAS', 'SAIUR', 'BUAH', 'IKAN', 'DAGING', 'TELUR', 'PULSA', 'ELEKTRONIK', 'BANGUNAN', 'ALAT', 'TULIS', 'ATK',
    'PUPUK', 'OBAT', 'TERNAK', 'PETERNAKAN', 'PAKAIAN', 'BAIU', 'KAIN', 'GORDEN', 'DAGANG', 'PEDAGANG', 'PENIUAL',
    'IUAL', 'IUALAN', 'BELI', 'GROSIR', 'ECERAN', 'AGEN', 'PANGKALAN', 'GAS', 'LPG', 'BENSIN', 'POM', 'MINI', 'CUCI',
    'STEAM', 'TAMBAL', 'BAN', 'KOPI', 'IAMU', 'GULA', 'GORENGAN', 'MARTABAK', 'BUBUR', 'PECEL', 'LELE', 'LALAPAN',
    'RUIAK', 'KERAINAN', 'PENGRAIN', 'INDUSTRI', 'PABRIK', 'TIDAK', 'ADA', 'NAMA', 'TANPA'
];
-- A shop of the same name at another place says so behind its name: CABANG 2, CAB. II, 2, III. The mark is the number, or
-- CABANG without one; an empty text is no branch.
CREATE OR REPLACE MACRO branch_numbers() AS
    map {'II': '2', 'III': '3', 'IV': '4', 'V': '5', 'VI': '6', 'VII': '7', 'VIII': '8', '2': '2', '3': '3', '4': '4', '5': '5', '6': '6',
        '7': '7', '8': '8', '9': '9', '10': '10'};
CREATE OR REPLACE MACRO may_have_branch(t) AS regexp_matches(t, ' (CAB|CBG|PUSAT|[IV]+|[0-9]+)');
CREATE OR REPLACE MACRO is_branch_word(w) AS w IN ('CABANG', 'CAB', 'CBG', 'PUSAT') OR branch_numbers()[w] IS NOT NULL;
CREATE OR REPLACE MACRO branch_mark(words) AS
    coalesce(
        list_filter(list_transform(words[2:], lambda w: branch_numbers()[w]), lambda number: number IS NOT NULL)[1],
        CASE WHEN len(list_filter(words[2:], lambda w: is_branch_word(w))) > 0 THEN 'CABANG' ELSE '' END);
CREATE OR REPLACE MACRO without_branch(words) AS words[1:1] || list_filter(words[2:], lambda w: NOT is_branch_word(w));

-- The name of a district or village without the word that says what it is.
CREATE OR REPLACE MACRO place_name(t) AS
    one_spelling(regexp_replace(plain_text(t), '^(DESA|DS|KELURAHAN|KEL|NAGARI|GAMPONG|KECAMATAN|KEC|DISTRIK) +', ''));

-- Where a business is, of an address as delivered: what stands before its first number, how that ends (streets are begun in many
-- ways), and the number.
CREATE OR REPLACE MACRO front_of(t) AS regexp_extract(t, '^([^0-9]*)([0-9]+)', ['street', 'number']);
CREATE OR REPLACE MACRO street_end_of(front) AS right(replace(replace(replace(upper(front.street), '.', ''), ' ', ''), 'NO', ''), 3);
CREATE OR REPLACE MACRO house_number_of(front) AS nullif(front.number, '');
-- The name of the street without the words that every address has; it is only asked for where the numbers agree.
CREATE OR REPLACE MACRO street_of(t) AS
    regexp_replace(
        CASE WHEN regexp_matches(t, '^[0-9]') THEN regexp_extract(upper(t), '[^0-9]+') ELSE regexp_extract(upper(t), '^[^0-9]+') END,
        '\b(JALAN|JLN|JL|NOMOR|NO)\b|[^A-Z]+', '', 'g');
