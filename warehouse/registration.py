"""The columns of a registration, defined once and reused in every stage; a change of meaning needs a new name.

Belongs here: what a delivered column means, how it is read and what must hold for it. Does not belong here: what is
made of registrations (`columns.py`), how a value is computed (`transforms/`) or whether a row passes (`expectations/`).
"""

from __future__ import annotations

from warehouse.contract import Column, Constraint, Severity, between, one_of, readable, required

_NO_ERROR_CELL = (
    "text, not an error cell or exponent of a spreadsheet",
    "teks, bukan galat atau eksponen lembar kerja",
)


def _lost_zero(pattern: str, expected: str, expected_id: str, severity: Severity = "warn") -> Constraint:
    """The unread text must not be one that a spreadsheet makes of `expected` by dropping a zero."""
    return Constraint(
        "LOST_ZERO",
        f"was_unread('{{column}}') AND regexp_matches(unread['{{column}}'], '{pattern}')",
        f"must be {expected}, delivered as text (a spreadsheet dropped a zero)",
        f"harus {expected_id}, dikirim sebagai teks (lembar kerja menghilangkan angka nol)",
        severity,
    )


def _precision_kept(expected: str, expected_id: str) -> Constraint:
    """The unread text must not be the exponent form of a number."""
    return Constraint(
        "PRECISION_LOST",
        r"was_unread('{column}') AND regexp_matches(unread['{column}'], '^\W*[0-9]([.,][0-9]*)?[eE]\+?[0-9]+\s*$')",
        f"must be {expected}, delivered as text (a spreadsheet showed it as an exponent)",
        f"harus {expected_id}, dikirim sebagai teks (lembar kerja menampilkannya sebagai eksponen)",
    )


def _no_serial() -> Constraint:
    """A date must not be delivered as the serial number of a spreadsheet."""
    return Constraint(
        "AS_SERIAL",
        "list_contains(spreadsheet_marks, '{column}')",
        "must be written as dd/mm/yyyy (it came as a serial number and was read in the 1900 calendar)",
        "harus ditulis hh/bb/tttt (terkirim sebagai nomor seri lembar kerja, dibaca menurut kalender 1900)",
    )


# --- provenance -------------------------------------------------------------------------------------------------------

DELIVERY_ID = Column(
    "delivery_id",
    "BIGINT",
    "Delivery number: the first 36 bits of the file's SHA-256, so that it does not depend on the order of arrival.",
)
LINE_NUMBER = Column("line_number", "INTEGER", "Physical line of the delivered file (1-based); in a sheet, its row.")
ROW_ID = Column(
    "row_id",
    "BIGINT",
    "Identifies one source line for ever: delivery_id * 2^27 + line_number.",
)
SOURCE_REGISTER = Column(
    "source_register",
    "VARCHAR",
    "Register that issued the registration number (from the source profile).",
)
WAVE = Column("wave", "SMALLINT", "Census wave the delivery belongs to: 2022 or 2023 (from the source profile).")
UNREAD = Column(
    "unread",
    "MAP(VARCHAR, VARCHAR)",
    "Column name to source text, for each text that no reader understood.",
    personal=True,
)
CORRECTED_COLUMNS = Column(
    "corrected_columns",
    "VARCHAR[]",
    "Columns whose delivered value a correction replaced; NULL when none.",
)
FIXED_TEXTS = Column(
    "fixed_texts",
    "MAP(VARCHAR, VARCHAR)",
    "Column name to source text, for each text that a code fix replaced; never of a personal column.",
)
RULE_CODES = Column(
    "rule_codes",
    "VARCHAR[]",
    "Codes of all rules this row breaks, in the order of the rule book; NULL when none.",
)

# --- what a registration says -----------------------------------------------------------------------------------------

REGISTRATION_NUMBER = Column(
    "registration_number",
    "VARCHAR",
    "Number of the registration in its register (SIDT number or idsbr).",
    reader="read_identifier",
    constraints=(required("quarantine_row"), readable(*_NO_ERROR_CELL, "quarantine_row")),
)
BUSINESS_KIND = Column(
    "business_kind",
    "VARCHAR",
    "umkm or koperasi.",
    reader="read_business_kind",
    constraints=(readable("UMKM or koperasi", "UMKM atau koperasi"),),
)
ENUMERATED_DATE = Column(
    "enumerated_date",
    "DATE",
    "Day of the interview.",
    reader="read_date",
    constraints=(
        required(),
        readable("a date", "tanggal"),
        between("DATE '2022-01-01'", "DATE '2025-12-31'", "quarantine_row"),
        _no_serial(),
    ),
)
UPDATED_DATE = Column(
    "updated_date",
    "DATE",
    "Day of the last change in the source register.",
    reader="read_date",
    constraints=(readable("a date", "tanggal"), _no_serial()),
)
SOURCE_REGION_CODE = Column(
    "source_region_code",
    "VARCHAR",
    "Region code as delivered, digits only, in the code system of the profile.",
    reader="read_region_digits",
    constraints=(
        required(),
        readable("a region code", "kode wilayah", "quarantine_row"),
        _lost_zero(r"^\s*[0-9]{2}[.,][0-9]\s*$", "a code like 11.10", "kode seperti 11.10", "quarantine_row"),
    ),
)
REGENCY_CODE = Column(
    "regency_code",
    "VARCHAR",
    "Kabupaten/kota: Kemendagri code of 2025, dotted; NULL when it cannot be resolved.",
    constraints=(
        Constraint(
            "UNKNOWN",
            "{column} IS NULL AND source_region_code IS NOT NULL",
            "must be a kabupaten/kota of the profile's code system (Kemendagri or BPS, any vintage)",
            "harus kode kabupaten/kota dalam sistem kode profil (Kemendagri atau BPS, semua edisi)",
            "quarantine_row",
        ),
        Constraint(
            "DISAGREES_WITH_NAME",
            "is_regency_name_agreed = false",
            "must name the same kabupaten/kota as the delivered name (was the other code system used?)",
            "harus menunjuk kabupaten/kota yang sama dengan namanya (apakah sistem kode lain terpakai?)",
            "quarantine_row",
        ),
        Constraint(
            "OF_OTHER_SYSTEM",
            "is_other_region_system",
            "must be in the code system of the export: code and name agree in the other one (Kemendagri or BPS);"
            " send the codes of one system, or the export that belongs to them",
            "harus dalam sistem kode ekspor ini: kode dan namanya cocok dalam sistem lain (Kemendagri atau BPS);"
            " kirim kode dari satu sistem, atau ekspor yang sesuai",
            "quarantine_row",
        ),
    ),
)
SOURCE_REGENCY_NAME = Column(
    "source_regency_name",
    "VARCHAR",
    "Name of the kabupaten/kota as delivered.",
    reader="read_text",
    constraints=(readable(*_NO_ERROR_CELL),),
)
IS_REGENCY_NAME_AGREED = Column(
    "is_regency_name_agreed",
    "BOOLEAN",
    "Whether the delivered name and the resolved code mean the same kabupaten/kota; NULL when either is absent.",
)
IS_OTHER_REGION_SYSTEM = Column(
    "is_other_region_system",
    "BOOLEAN",
    "Whether the delivered name disagrees with the code in the profile's code system and agrees in the other one.",
)
DISTRICT_NAME = Column(
    "district_name",
    "VARCHAR",
    "Kecamatan as delivered, upper case.",
    reader="read_upper_text",
    constraints=(readable(*_NO_ERROR_CELL),),
)
VILLAGE_NAME = Column(
    "village_name",
    "VARCHAR",
    "Desa or kelurahan as delivered, upper case.",
    reader="read_upper_text",
    constraints=(readable(*_NO_ERROR_CELL),),
)
ADDRESS = Column(
    "address",
    "VARCHAR",
    "Address as delivered.",
    personal=True,
    reader="read_text",
    constraints=(readable(*_NO_ERROR_CELL),),
)
LATITUDE = Column(
    "latitude",
    "DOUBLE",
    "Degrees north.",
    personal=True,
    reader="read_decimal",
    constraints=(readable("a number", "bilangan"), between("-11.1", "6.1")),
)
LONGITUDE = Column(
    "longitude",
    "DOUBLE",
    "Degrees east.",
    personal=True,
    reader="read_decimal",
    constraints=(readable("a number", "bilangan"), between("94.9", "141.1")),
)
BUSINESS_NAME = Column(
    "business_name",
    "VARCHAR",
    "Name of the business, without the owner in brackets.",
    personal=True,
    reader="read_text",
    constraints=(required("quarantine_row"), readable(*_NO_ERROR_CELL, "quarantine_row")),
)
OWNER_NAME = Column(
    "owner_name",
    "VARCHAR",
    "Name of the owner, from its own field or from the brackets behind the business name.",
    personal=True,
    reader="read_text",
    constraints=(readable(*_NO_ERROR_CELL),),
)
NIK = Column(
    "nik",
    "VARCHAR",
    "Nomor Induk Kependudukan of the owner, 16 digits.",
    personal=True,
    reader="read_nik",
    constraints=(
        Constraint(
            "MISSING",
            "{column} IS NULL AND NOT was_unread('{column}') AND coalesce(business_kind, 'umkm') <> 'koperasi'",
            "must be given, except for a cooperative",
            "wajib diisi, kecuali untuk koperasi",
        ),
        readable("a NIK of 16 digits", "NIK 16 angka"),
    ),
)
IS_NIK_PRECISION_LOST = Column(
    "is_nik_precision_lost",
    "BOOLEAN",
    "Whether the NIK lost digits in a spreadsheet, which keeps 15 (an exponent, or a last 0 where most of the"
    " delivery's NIKs end in 0); such a NIK is a weak key.",
    constraints=(
        Constraint(
            "",
            "{column}",
            "the NIK must be delivered as text (a spreadsheet keeps only 15 digits)",
            "NIK harus dikirim sebagai teks (lembar kerja hanya menyimpan 15 angka)",
        ),
    ),
)
NIB = Column(
    "nib",
    "VARCHAR",
    "Nomor Induk Berusaha, 13 digits; one per business actor.",
    personal=True,
    reader="read_nib",
    constraints=(
        readable("a NIB of 13 digits", "NIB 13 angka"),
        _precision_kept("13 digits", "13 angka"),
        _lost_zero(r"^\s*[0-9]{12}(\.0)?\s*$", "13 digits", "13 angka"),
    ),
)
NPWP = Column(
    "npwp",
    "VARCHAR",
    "Taxpayer number: 15 digits, or 16 since 2022 (a leading 0 is an entity, anything else the NIK of a person).",
    personal=True,
    reader="read_npwp",
    constraints=(
        readable("an NPWP of 15 or 16 digits", "NPWP 15 atau 16 angka"),
        _precision_kept("15 or 16 digits", "15 atau 16 angka"),
        _lost_zero(r"^\s*[0-9]{14}(\.0)?\s*$", "15 or 16 digits", "15 atau 16 angka"),
    ),
)
PHONE = Column(
    "phone",
    "VARCHAR",
    "Telephone number in the form +62...",
    personal=True,
    reader="read_phone",
    constraints=(
        readable("one Indonesian telephone number", "satu nomor telepon Indonesia"),
        Constraint(
            "LOST_ZERO",
            "list_contains(spreadsheet_marks, '{column}')",
            "must begin with 0 or +62, delivered as text (a spreadsheet dropped the zero, which was put back)",
            "harus diawali 0 atau +62, dikirim sebagai teks (nol di depan hilang di lembar kerja dan dipulihkan)",
        ),
    ),
)
OWNER_SEX_CODE = Column(
    "owner_sex_code",
    "VARCHAR",
    "Sex of the owner: L (male) or P (female).",
    reader="read_sex",
    constraints=(
        readable("L or P", "L atau P"),
        Constraint(
            "DISAGREES_WITH_NIK",
            "{column} <> CASE WHEN substr(nik, 7, 2) > '40' THEN 'P' WHEN nik IS NOT NULL THEN 'L' END",
            "must agree with the NIK (day of birth above 40 means female)",
            "harus sesuai dengan NIK (tanggal lahir di atas 40 berarti perempuan)",
        ),
    ),
)
OWNER_BIRTH_DATE = Column(
    "owner_birth_date",
    "DATE",
    "Birth date of the owner.",
    personal=True,
    reader="read_date",
    constraints=(
        readable("a date", "tanggal"),
        between("DATE '1920-01-01'", "DATE '2010-12-31'"),
        _no_serial(),
        Constraint(
            "DISAGREES_WITH_NIK",
            "strftime({column}, '%d%m%y') <> lpad(CAST(CAST(substr(nik, 7, 2) AS INTEGER) % 40 AS VARCHAR), 2, '0')"
            " || substr(nik, 9, 4)",
            "must agree with the birth date inside the NIK",
            "harus sesuai dengan tanggal lahir di dalam NIK",
        ),
    ),
)
BUSINESS_STATUS_CODE = Column(
    "business_status_code",
    "SMALLINT",
    "keberadaan_usaha, 1 to 10, see reference.business_statuses.",
    reader="read_business_status",
    constraints=(required(), readable("a status 1 to 10", "status 1 sampai 10")),
)
IS_FIXED_LOCATION = Column(
    "is_fixed_location",
    "BOOLEAN",
    "Whether the business has a fixed place (menetap).",
    reader="read_fixed_location",
    constraints=(readable("menetap or tidak menetap", "menetap atau tidak menetap"),),
)
LEGAL_FORM_CODE = Column(
    "legal_form_code",
    "VARCHAR",
    "Legal form, see reference.legal_forms.",
    reader="read_legal_form",
    constraints=(readable("a legal form", "bentuk badan usaha"),),
)
STARTED_YEAR = Column(
    "started_year",
    "SMALLINT",
    "Year in which the business started.",
    reader="read_year",
    constraints=(readable("a year", "tahun"), between("1900", "2025")),
)
KBLI_CODE = Column(
    "kbli_code",
    "VARCHAR",
    "Main activity, KBLI 2020, five digits.",
    reader="read_kbli",
    constraints=(
        required(),
        readable("a KBLI code of five digits", "kode KBLI lima angka"),
        one_of("kbli", "kbli_code"),
        Constraint(
            "LOST_ZERO",
            "was_unread('{column}') AND '0' || regexp_extract(unread['{column}'], '^\\s*([0-9]{4})(\\.0)?\\s*$', 1)"
            " IN (SELECT kbli_code FROM reference.kbli)",
            "must keep its leading zero, delivered as text (a spreadsheet dropped it)",
            "harus memuat nol di depan, dikirim sebagai teks (lembar kerja menghilangkannya)",
        ),
        Constraint(
            "OUT_OF_SCOPE",
            "substr({column}, 1, 2) IN ('01', '02', '03', '84', '97', '98')",
            "must not belong to section A, O or T: the census leaves them out",
            "tidak boleh termasuk kategori A, O atau T: di luar cakupan pendataan",
            "quarantine_row",
        ),
    ),
)
WORKER_COUNT = Column(
    "worker_count",
    "INTEGER",
    "Persons working in the business.",
    reader="read_count",
    constraints=(readable("a whole number", "bilangan bulat"), between("0", "10000")),
)
CAPITAL_IDR = Column(
    "capital_idr",
    "BIGINT",
    "Capital without land and buildings, rupiah.",
    reader="read_rupiah",
    constraints=(
        readable("an amount in rupiah", "jumlah rupiah"),
        between("0", "100000000000000", "quarantine_row"),
    ),
)
OMZET_IDR = Column(
    "omzet_idr",
    "BIGINT",
    "Sales in omzet_year, rupiah.",
    reader="read_rupiah",
    constraints=(
        readable("an amount in rupiah", "jumlah rupiah"),
        between("0", "100000000000000", "quarantine_row"),
        Constraint(
            "PER_MONTH",
            "was_unread('{column}') AND regexp_matches(unread['{column}'], '(?i)bulan|bln|month')",
            "must be the amount of the whole year: this one names a month as its period",
            "harus jumlah setahun penuh: jumlah ini menyebut bulan sebagai periodenya",
        ),
        Constraint(
            "IN_THOUSANDS",
            "{column} BETWEEN 1 AND 999",
            "must be in rupiah: an amount below 1,000 looks entered in thousands or millions",
            "harus dalam rupiah: jumlah di bawah 1.000 tampaknya diisi dalam ribuan atau jutaan",
        ),
    ),
)
OMZET_YEAR = Column(
    "omzet_year",
    "SMALLINT",
    "Reference year of omzet_idr.",
    reader="read_year",
    constraints=(readable("a year", "tahun"), between("2018", "2025")),
)


def _channel(name: str, description: str) -> Column:
    return Column(
        name, "BOOLEAN", description, reader="read_boolean", constraints=(readable("ya or tidak", "ya atau tidak"),)
    )


USES_INTERNET = _channel("uses_internet", "Uses the internet for the business.")
SELLS_ON_MARKETPLACE = _channel("sells_on_marketplace", "Sells on a marketplace or e-commerce platform.")
SELLS_ON_SOCIAL_MEDIA = _channel("sells_on_social_media", "Sells through social media.")
SELLS_ON_INSTANT_MESSAGING = _channel("sells_on_instant_messaging", "Sells through instant messaging.")
SELLS_ON_OWN_WEBSITE = _channel("sells_on_own_website", "Sells through a website of its own.")
SELLS_ON_FOOD_DELIVERY = _channel("sells_on_food_delivery", "Sells on a ride-hailing or food delivery platform.")
SELLS_ON_EKATALOG = _channel("sells_on_ekatalog", "Listed in the procurement e-katalog.")
ACCEPTS_EPAYMENT = _channel("accepts_epayment", "Accepts electronic payment (QRIS).")
DIGITAL_SINCE_YEAR = Column(
    "digital_since_year",
    "SMALLINT",
    "First year in which the business used a digital channel.",
    reader="read_year",
    constraints=(readable("a year", "tahun"), between("1995", "2025")),
)
COOPERATIVE_NUMBER = Column(
    "cooperative_number",
    "VARCHAR",
    "Nomor Induk Koperasi (not the person's NIK); length not confirmed.",
    reader="read_identifier",
    constraints=(readable(*_NO_ERROR_CELL),),
)
LEGAL_ENTITY_NUMBER = Column(
    "legal_entity_number",
    "VARCHAR",
    "Number of the cooperative's legal entity (badan hukum), free text.",
    reader="read_text",
    constraints=(readable(*_NO_ERROR_CELL),),
)
MEMBER_COUNT = Column(
    "member_count",
    "INTEGER",
    "Members of the cooperative.",
    reader="read_count",
    constraints=(readable("a whole number", "bilangan bulat"),),
)
SPREADSHEET_MARKS = Column(
    "spreadsheet_marks",
    "VARCHAR[]",
    "Columns whose text a spreadsheet changed and that could be read all the same (a date as serial number, a telephone"
    " number without its 0); NULL when none.",
)
PROVENANCE = (ROW_ID, DELIVERY_ID, LINE_NUMBER, SOURCE_REGISTER, WAVE)
CHANNELS = (
    USES_INTERNET,
    SELLS_ON_MARKETPLACE,
    SELLS_ON_SOCIAL_MEDIA,
    SELLS_ON_INSTANT_MESSAGING,
    SELLS_ON_OWN_WEBSITE,
    SELLS_ON_FOOD_DELIVERY,
    SELLS_ON_EKATALOG,
    ACCEPTS_EPAYMENT,
)
REGISTRATION = (
    REGISTRATION_NUMBER,
    BUSINESS_KIND,
    ENUMERATED_DATE,
    UPDATED_DATE,
    SOURCE_REGION_CODE,
    REGENCY_CODE,
    SOURCE_REGENCY_NAME,
    IS_REGENCY_NAME_AGREED,
    IS_OTHER_REGION_SYSTEM,
    DISTRICT_NAME,
    VILLAGE_NAME,
    ADDRESS,
    LATITUDE,
    LONGITUDE,
    BUSINESS_NAME,
    OWNER_NAME,
    NIK,
    IS_NIK_PRECISION_LOST,
    NIB,
    NPWP,
    PHONE,
    OWNER_SEX_CODE,
    OWNER_BIRTH_DATE,
    BUSINESS_STATUS_CODE,
    IS_FIXED_LOCATION,
    LEGAL_FORM_CODE,
    STARTED_YEAR,
    KBLI_CODE,
    WORKER_COUNT,
    CAPITAL_IDR,
    OMZET_IDR,
    OMZET_YEAR,
    *CHANNELS,
    DIGITAL_SINCE_YEAR,
    COOPERATIVE_NUMBER,
    LEGAL_ENTITY_NUMBER,
    MEMBER_COUNT,
    SPREADSHEET_MARKS,
)
