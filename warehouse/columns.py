"""The columns of what is made of registrations, defined once and reused in every table; a change of meaning needs a new
name.

Belongs here: what a column of a register, a reference, a mart or an account means. Does not belong here: the columns
that are delivered (`registration.py`), which tables carry a column (`tables/`) or how a value is computed.
"""

from __future__ import annotations

from warehouse.contract import Column

# --- register: which registrations are one business -------------------------------------------------------------------

BUSINESS_ID = Column(
    "business_id",
    "BIGINT",
    "One business, under an id that is minted once and kept from version to version; it says nothing of its members.",
)
OWNER_ID = Column("owner_id", "BIGINT", "One business actor, under an id of its own that lasts likewise.")
PSEUDONYM = Column(
    "pseudonym", "VARCHAR", "HMAC-SHA256 of the owner's NIK with the key of the vault, 64 hex digits; no key, no NIK."
)
KEY_ID = Column("key_id", "VARCHAR", "First 8 hex digits of the SHA-256 of the key that made the pseudonym.")
THRESHOLD = Column(
    "threshold",
    "VARCHAR",
    "The strictest linking threshold that is reached: strict, chosen or loose.",
)
DIGITAL_PROVEN_DATE = Column(
    "digital_proven_date",
    "DATE",
    "Day of the first interview that shows any digital channel; NULL when none does.",
)
IS_CURRENT = Column(
    "is_current",
    "BOOLEAN",
    "false when a later line of the same registration number supersedes this one.",
)
SIZE_CLASS_CODE = Column(
    "size_class_code",
    "VARCHAR",
    "micro, small, medium, large (PP 7/2021 art. 35) or unknown.",
)
SIZE_RULE = Column("size_rule", "VARCHAR", "What the size class rests on: sales, capital or none.")
IS_COUNTED = Column(
    "is_counted",
    "BOOLEAN",
    "Whether the unit enters attainment: an UMKM, not large, of a status that counts (reference.business_statuses).",
)
DIGITAL_RANK = Column(
    "digital_rank",
    "TINYINT",
    "Rank of the narrowest definition the business meets: 1 for D1 to 4 for D4, NULL for none. It meets Dk when <= k.",
)
COUNTED_FROM_DATE = Column(
    "counted_from_date",
    "DATE",
    "First day the business counts as digital: 31 December of digital_since_year, or the interview that shows it where"
    " that lies in the same year or no year is given. NULL when it is not digital.",
)
COUNTED_FROM_YEAR = Column(
    "counted_from_year", "SMALLINT", "Year of counted_from_date: the business counts from the end of this year on."
)
OWNER_AGE_BAND = Column(
    "owner_age_band",
    "VARCHAR",
    "Age of the owner in the year of the wave: 16-30 (youth, UU 40/2009), 31-45, 46-60, 61+ or unknown.",
)
HAS_NIB = Column("has_nib", "BOOLEAN", "Whether any registration of the business gives a NIB.")
HAS_NPWP = Column("has_npwp", "BOOLEAN", "Whether any registration of the business gives an NPWP.")
HAS_COOPERATIVE_NUMBER = Column(
    "has_cooperative_number", "BOOLEAN", "Whether any registration gives a Nomor Induk Koperasi."
)
REGISTRATION_COUNT = Column("registration_count", "INTEGER", "Current registrations merged into the business.")
PROVINCE_CODE_34 = Column(
    "province_code_34", "VARCHAR", "Province in the frame of 34 provinces; unknown when unresolved."
)
PROVINCE_CODE_38 = Column(
    "province_code_38", "VARCHAR", "Province in the frame of 38 provinces; unknown when unresolved."
)

# --- reference --------------------------------------------------------------------------------------------------------

SOURCE = Column("source", "VARCHAR", "Where the fact was published.")
INDICATOR_CODE = Column("indicator_code", "VARCHAR", "What is targeted; umkm_digital is UMKM in the digital ecosystem.")
TARGET_YEAR = Column("target_year", "SMALLINT", "Year at whose end the target applies.")
TARGET_COUNT = Column("target_count", "BIGINT", "Target, cumulative, at least so many.")
DEFINITION_CODE = Column(
    "definition_code",
    "VARCHAR",
    "What was counted: D1 (marketplace) to D4 (any internet), ekatalog, micro_with_nib, undefined, or as_reported.",
)
INSTITUTION = Column("institution", "VARCHAR", "Who counted: the reporting institution, or capaian for the register.")
PROVINCE_CODE = Column("province_code", "VARCHAR", "Province, Kemendagri code of the frame; unknown when unresolved.")
PROVINCE_NAME = Column("province_name", "VARCHAR", "Name of the province.")
FRAME_CODE = Column("frame_code", "VARCHAR", "Frame of provinces: 34 (before the Papua split) or 38.")
CODE_SYSTEM = Column("code_system", "VARCHAR", "kemendagri or bps.")

STATEMENT = Column("statement", "VARCHAR", "What was said.")
INCREMENT_YEAR = Column("increment_year", "SMALLINT", "Year in which so many were to be added.")
INCREMENT_CHANNEL = Column("increment_channel", "VARCHAR", "regions (daerah) or ministries (kementerian/lembaga).")
PLANNED_COUNT = Column("planned_count", "BIGINT", "UMKM the channel was to bring into the digital ecosystem.")
ANNOUNCED_TOTAL_COUNT = Column("announced_total_count", "BIGINT", "Total of the year as announced beside the parts.")
CHANNEL_CODE = Column("channel_code", "VARCHAR", "Name of the channel's column.")
ANCHOR_ID = Column("anchor_id", "VARCHAR", "The published figure.")
MEASURE = Column("measure", "VARCHAR", "What the figure measures.")
MEASURE_KEY = Column("measure_key", "VARCHAR", "Of which year, wave, report or kab/kota.")
PUBLISHED_VALUE = Column("published_value", "DOUBLE", "The figure as published: units, or a share between 0 and 1.")
TOLERANCE_RATIO = Column(
    "tolerance_ratio", "DOUBLE", "Share of published_value by which the two may differ and still agree (rounding)."
)

# --- marts ------------------------------------------------------------------------------------------------------------

SERIES = Column(
    "series",
    "VARCHAR",
    "official_reported (published figures) or register_observed (counted here); never mixed.",
)
OBSERVED_COUNT = Column("observed_count", "BIGINT", "Businesses reported or counted; NULL when no figure exists.")
ATTAINMENT_RATIO = Column("attainment_ratio", "DOUBLE", "observed_count / target_count.")
GAP_COUNT = Column("gap_count", "BIGINT", "target_count - observed_count; negative when the target is exceeded.")
VERDICT = Column(
    "verdict",
    "VARCHAR",
    "met; not_met (only where the year is over and coverage is complete enough); otherwise not_assessable.",
)
COVERAGE_RATIO = Column(
    "coverage_ratio",
    "DOUBLE",
    "How much of the country the count can speak for; nationally the smaller of regency_coverage_ratio and"
    " population_coverage_ratio, in a province the share of its kab/kota; NULL for published figures.",
)
REGENCY_COVERAGE_RATIO = Column("regency_coverage_ratio", "DOUBLE", "Share of the kab/kota that have a registration.")
POPULATION_COVERAGE_RATIO = Column(
    "population_coverage_ratio",
    "DOUBLE",
    "Counted businesses over the latest reference.population_bases.",
)
VERSION = Column("version", "INTEGER", "Version number, rising.")
AS_OF_DATE = Column("as_of_date", "DATE", "Day up to which facts were taken into account.")
OBSERVED_DATE = Column(
    "observed_date", "DATE", "Day that the count speaks of: the end of the target year, or the as-of date before it."
)
TARGET_BASIS = Column(
    "target_basis",
    "VARCHAR",
    "cumulative_minimum (announced), indicative_allocation (a share of the national target: no official target exists"
    " below the nation) or operator_target (supplied by the operator).",
)
ALLOCATION_KEY = Column(
    "allocation_key", "VARCHAR", "What the national target was shared out by; the source of an operator's target."
)
REQUIRED_PACE_COUNT = Column(
    "required_pace_count",
    "DOUBLE",
    "Businesses per month still needed from observed_date to the end of the target year; NULL when met or over.",
)
ACTUAL_PACE_COUNT = Column(
    "actual_pace_count",
    "DOUBLE",
    "Businesses per month: the last 12 months before observed_date, or between the institution's last two reports.",
)
PROJECTED_DATE = Column(
    "projected_date", "DATE", "Day on which the target is reached at the actual pace; NULL when met, or never so."
)
PROJECTION_METHOD = Column("projection_method", "VARCHAR", "How projected_date is found; NULL when there is none.")
BAND_LOW_COUNT = Column(
    "band_low_count",
    "BIGINT",
    "The count if registrations were linked at the loose threshold, which merges most; NULL where no band is known.",
)
BAND_HIGH_COUNT = Column(
    "band_high_count",
    "BIGINT",
    "The count at the strict threshold, which merges least, and what waits in quarantine beside it.",
)
BUSINESS_COUNT = Column("business_count", "BIGINT", "Counted businesses, digital or not.")
DIGITAL_RATIO = Column("digital_ratio", "DOUBLE", "observed_count / business_count.")
SECTION_CODE = Column("section_code", "VARCHAR", "KBLI section A to U of the main activity; unknown without a code.")
DEFINITION_COUNTS = tuple(
    Column(f"d{rank}_count", "BIGINT", f"Of them digital under D{rank} at observed_date.") for rank in (1, 2, 3, 4)
)

# --- quality and meta -------------------------------------------------------------------------------------------------

RULE_CODE = Column("rule_code", "VARCHAR", "Stable code of the rule, see the rule book.")
SEVERITY = Column(
    "severity", "VARCHAR", "refuse_file (the delivery is refused), quarantine_row (the row is set aside) or warn."
)
COLUMN_NAME = Column("column_name", "VARCHAR", "The column the rule speaks of.")
