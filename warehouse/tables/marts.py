"""Marts: attainment and what explains it. No personal column."""

from __future__ import annotations

from warehouse import columns, registration
from warehouse.contract import Column, Table

_PLACE = (columns.FRAME_CODE, columns.PROVINCE_CODE)
_PACE = (
    columns.REQUIRED_PACE_COUNT,
    columns.ACTUAL_PACE_COUNT,
    columns.PROJECTED_DATE,
)
_BAND = (columns.BAND_LOW_COUNT, columns.BAND_HIGH_COUNT)


def _mart(name: str, grain: str, description: str, key: tuple[str, ...], *own: Column) -> Table:
    return Table("marts", name, grain, description, (*own, columns.AS_OF_DATE), key, published=True)


ATTAINMENT_NATIONAL = _mart(
    "attainment_national",
    "indicator, target year, definition, series and institution",
    "Targets beside what institutions reported and what the register holds.",
    ("indicator_code", "target_year", "definition_code", "series", "institution"),
    columns.INDICATOR_CODE,
    columns.TARGET_YEAR,
    columns.DEFINITION_CODE,
    columns.SERIES,
    columns.INSTITUTION,
    columns.TARGET_COUNT,
    columns.TARGET_BASIS,
    columns.OBSERVED_DATE,
    columns.OBSERVED_COUNT,
    columns.ATTAINMENT_RATIO,
    columns.GAP_COUNT,
    *_PACE,
    columns.PROJECTION_METHOD,
    columns.VERDICT,
    *_BAND,
    columns.COVERAGE_RATIO,
    columns.REGENCY_COVERAGE_RATIO,
    columns.POPULATION_COVERAGE_RATIO,
)
_REGIONAL = (
    columns.TARGET_YEAR,
    columns.DEFINITION_CODE,
    columns.SERIES,
    columns.TARGET_COUNT.described("Indicative share of the national target, or the operator's: see target_basis."),
    columns.TARGET_BASIS,
    columns.ALLOCATION_KEY,
    columns.OBSERVED_DATE,
    columns.OBSERVED_COUNT,
    columns.ATTAINMENT_RATIO,
    columns.GAP_COUNT,
    *_PACE,
    columns.VERDICT.described("not_assessable, unless the operator supplied a target: then met, not_met as elsewhere."),
    *_BAND,
    columns.COVERAGE_RATIO,
    columns.BUSINESS_COUNT,
    columns.DIGITAL_RATIO,
)
ATTAINMENT_PROVINCE = _mart(
    "attainment_province",
    "frame, province, target year and definition",
    "The register's count by province; official targets exist only nationally, so targets are indicative allocations.",
    ("frame_code", "province_code", "target_year", "definition_code"),
    *_PLACE,
    columns.PROVINCE_NAME,
    *_REGIONAL,
    Column("observed_rank", "INTEGER", "Place among the provinces of the frame by observed_count; 1 has most."),
)
ATTAINMENT_KABKOTA = _mart(
    "attainment_kabkota",
    "kab/kota, target year and definition",
    "The register's count by kab/kota beside the latest official recap of the same kab/kota.",
    ("regency_code", "target_year", "definition_code"),
    registration.REGENCY_CODE.described("Kabupaten/kota; unknown when it cannot be resolved."),
    Column("regency_name", "VARCHAR", "Name of the kabupaten/kota."),
    columns.PROVINCE_CODE_34,
    columns.PROVINCE_CODE_38,
    Column("enumerated_waves", "VARCHAR", "Waves with registrations: 2022, 2023, 2022+2023 or none."),
    *_REGIONAL,
    Column("reported_business_count", "BIGINT", "UMKM in the latest official recap (reference.regency_reports)."),
    Column("report_id", "VARCHAR", "That recap; NULL where there is none."),
)
ATTAINMENT_MONTHLY = _mart(
    "attainment_monthly",
    "month, definition, series and institution",
    "The way to the targets, month by month from January 2020 on.",
    ("month_date", "definition_code", "series", "institution"),
    Column("month_date", "DATE", "First day of the month."),
    columns.OBSERVED_DATE.described("Last day of the month, the as-of date in the last, or the day of the report."),
    columns.DEFINITION_CODE,
    columns.SERIES,
    columns.INSTITUTION,
    columns.TARGET_YEAR.described("The next target year; NULL after the last."),
    columns.TARGET_COUNT,
    columns.OBSERVED_COUNT,
    columns.ATTAINMENT_RATIO,
    columns.GAP_COUNT,
    columns.REQUIRED_PACE_COUNT,
    columns.ACTUAL_PACE_COUNT,
)
INCREMENT_BY_CHANNEL = _mart(
    "increment_by_channel",
    "year and increment channel",
    "What regions and ministries were to add each year, as announced, with the sums that do not agree.",
    ("increment_year", "increment_channel"),
    columns.INCREMENT_YEAR,
    columns.INCREMENT_CHANNEL,
    columns.PLANNED_COUNT,
    Column("planned_ratio", "DOUBLE", "Share of the channel in the sum of the channels."),
    columns.ANNOUNCED_TOTAL_COUNT,
    Column("planned_sum_count", "BIGINT", "Sum of the channels."),
    Column("announced_gap_count", "BIGINT", "announced_total_count - planned_sum_count; not 0 where they disagree."),
    Column("target_step_count", "BIGINT", "Step from the target of the year before to that of this year."),
    Column("step_gap_count", "BIGINT", "target_step_count - planned_sum_count."),
    columns.OBSERVED_COUNT.described("NULL: nobody reports by this channel."),
    columns.VERDICT,
    Column("register_step_count", "BIGINT", "What the register's D1 grew by in that year, all channels together."),
)
DIGITAL_BY_CHANNEL = _mart(
    "digital_by_channel",
    "frame, province and channel",
    "By which channel businesses are digital; one may use several, so channels must not be added up.",
    ("frame_code", "province_code", "channel_code"),
    *_PLACE,
    columns.CHANNEL_CODE,
    columns.DEFINITION_CODE.described("Narrowest definition in which the channel counts."),
    columns.BUSINESS_COUNT.described("Counted businesses that use the channel."),
    Column("business_ratio", "DOUBLE", "Share of all counted businesses of the province."),
)
BY_SIZE_SECTOR = _mart(
    "by_size_sector",
    "frame, province, size class, size rule and KBLI section",
    "Counted and digital businesses by size and sector.",
    ("frame_code", "province_code", "size_class_code", "size_rule", "section_code"),
    *_PLACE,
    columns.SIZE_CLASS_CODE,
    columns.SIZE_RULE,
    columns.SECTION_CODE,
    columns.BUSINESS_COUNT,
    registration.WORKER_COUNT.described("Persons working in them, where given."),
    *columns.DEFINITION_COUNTS,
    columns.OBSERVED_DATE,
)
BY_OWNER = _mart(
    "by_owner",
    "frame, province, sex and age band of the owner",
    "Owners and their counted businesses; no known export gives the owner's education.",
    ("frame_code", "province_code", "owner_sex_code", "owner_age_band"),
    *_PLACE,
    registration.OWNER_SEX_CODE.described("Sex of the owner: L (male), P (female) or unknown."),
    columns.OWNER_AGE_BAND,
    Column("owner_count", "BIGINT", "Owners, each counted once, with the oldest of the counted businesses."),
    columns.BUSINESS_COUNT,
    *columns.DEFINITION_COUNTS,
    columns.OBSERVED_DATE,
)
FORMALISATION = _mart(
    "formalisation",
    "frame, province and size class",
    "Counted businesses with a NIB and with an NPWP.",
    ("frame_code", "province_code", "size_class_code"),
    *_PLACE,
    columns.SIZE_CLASS_CODE,
    columns.BUSINESS_COUNT,
    Column("nib_count", "BIGINT", "Of them with a NIB."),
    Column("npwp_count", "BIGINT", "Of them with an NPWP; no known export gives it so far."),
    Column("nib_ratio", "DOUBLE", "nib_count / business_count."),
)
KOPERASI = _mart(
    "koperasi",
    "frame and province",
    "Cooperatives; they are no UMKM and enter no attainment.",
    ("frame_code", "province_code"),
    *_PLACE,
    Column("cooperative_count", "BIGINT", "Cooperatives."),
    Column("active_count", "BIGINT", "Of them of a status that counts."),
    Column("cooperative_number_count", "BIGINT", "Of them with a Nomor Induk Koperasi."),
    registration.MEMBER_COUNT.described("Members, where given."),
    *columns.DEFINITION_COUNTS,
    columns.OBSERVED_DATE,
)
ENUMERATION_COVERAGE = _mart(
    "enumeration_coverage",
    "wave and kab/kota",
    "Which kab/kota each wave of the census reached.",
    ("wave", "regency_code"),
    registration.WAVE,
    registration.REGENCY_CODE.described("Kabupaten/kota; unknown when it cannot be resolved."),
    Column("regency_name", "VARCHAR", "Name of the kabupaten/kota."),
    columns.PROVINCE_CODE_34,
    columns.PROVINCE_CODE_38,
    Column("is_enumerated", "BOOLEAN", "Whether the wave has registrations there."),
    Column("is_in_both_waves", "BOOLEAN", "Whether both waves have; by plan none should."),
    Column("current_count", "BIGINT", "Current registrations."),
    Column("superseded_count", "BIGINT", "Registrations that a later line of the same number supersedes."),
    Column("first_enumerated_date", "DATE", "Day of the first interview."),
    Column("last_enumerated_date", "DATE", "Day of the last interview."),
)
RECONCILIATION = _mart(
    "reconciliation",
    "anchor",
    "Published figures beside what the same is here.",
    ("anchor_id",),
    columns.ANCHOR_ID,
    columns.MEASURE,
    columns.MEASURE_KEY,
    columns.PUBLISHED_VALUE,
    Column("computed_value", "DOUBLE", "The same measure here; NULL when nothing is known of it."),
    Column("difference_value", "DOUBLE", "computed_value - published_value."),
    columns.TOLERANCE_RATIO,
    Column("verdict", "VARCHAR", "agrees (within tolerance), differs or not_assessable."),
    columns.STATEMENT,
    columns.SOURCE,
)

MART_TABLES = (
    ATTAINMENT_NATIONAL,
    ATTAINMENT_PROVINCE,
    ATTAINMENT_KABKOTA,
    ATTAINMENT_MONTHLY,
    INCREMENT_BY_CHANNEL,
    DIGITAL_BY_CHANNEL,
    BY_SIZE_SECTOR,
    BY_OWNER,
    FORMALISATION,
    KOPERASI,
    ENUMERATION_COVERAGE,
    RECONCILIATION,
)
