"""Every table of every stage: where it is kept, what one row is, and which columns of `columns.py` it has.

Belongs here: tables, and the few columns that only one table has. Does not belong here: how rows come about.
"""

from __future__ import annotations

from warehouse import columns
from warehouse.contract import Column, Table, fingerprint

# --- lake: the lines of each delivery ---------------------------------------------------------------------------------

STANDARDISED = Table(
    "lake",
    "standardised",
    "source line",
    "Each parsed line of a delivery in our names, types and codes.",
    (
        *columns.PROVENANCE,
        *columns.REGISTRATION,
        columns.UNREAD,
        columns.CORRECTED_COLUMNS,
        columns.FIXED_TEXTS,
    ),
    ("row_id",),
)
VALIDATED = Table(
    "lake",
    "validated",
    "source line",
    "Parsed lines that break no quarantining rule; rule_codes holds warnings.",
    (*STANDARDISED.columns, columns.RULE_CODES),
    ("row_id",),
)
QUARANTINED = Table(
    "lake",
    "quarantined",
    "source line",
    "Parsed lines that break at least one quarantining rule.",
    VALIDATED.columns,
    ("row_id",),
)
UNPARSABLE = Table(
    "lake",
    "unparsable",
    "source line",
    "Lines that are not a record of their file's form, with their raw text.",
    (
        columns.DELIVERY_ID,
        columns.LINE_NUMBER,
        Column(
            "reason_code",
            "VARCHAR",
            "FIELD_COUNT, STRAY_QUOTE, REPEATED_HEADER, TOTAL_LINE, OTHER_SHEET or HIDDEN_SHEET.",
        ),
        Column("raw_text", "VARCHAR", "The line as delivered.", personal=True),
    ),
    ("delivery_id", "line_number"),
)

# --- register: which registrations are one business -------------------------------------------------------------------


BUSINESSES = Table(
    "register",
    "businesses",
    "business",
    "Each business once, without identifying data.",
    (
        columns.BUSINESS_ID,
        columns.OWNER_ID,
        columns.BUSINESS_KIND,
        columns.REGENCY_CODE,
        columns.PROVINCE_CODE_34,
        columns.PROVINCE_CODE_38,
        columns.WAVE,
        columns.ENUMERATED_DATE.described("Day of the first interview of any registration of the business."),
        columns.BUSINESS_STATUS_CODE,
        columns.IS_FIXED_LOCATION,
        columns.LEGAL_FORM_CODE,
        columns.STARTED_YEAR,
        columns.KBLI_CODE,
        columns.OWNER_SEX_CODE,
        columns.WORKER_COUNT,
        columns.SIZE_CLASS_CODE,
        columns.SIZE_RULE,
        columns.IS_COUNTED,
        *columns.CHANNELS,
        columns.DIGITAL_SINCE_YEAR,
        columns.DIGITAL_PROVEN_DATE,
        columns.DIGITAL_RANK,
        columns.COUNTED_FROM_YEAR,
        columns.REGISTRATION_COUNT,
    ),
    ("business_id",),
    published=True,
)
MEMBERSHIPS = Table(
    "register",
    "memberships",
    "validated source line",
    "Which business each validated registration belongs to.",
    (columns.ROW_ID, columns.DELIVERY_ID, columns.REGISTRATION_NUMBER, columns.BUSINESS_ID, columns.IS_CURRENT),
    ("row_id",),
    published=True,
)
_LEFT_ROW_ID = Column("left_row_id", "BIGINT", "The line of the pair with the smaller row_id.")
_RIGHT_ROW_ID = Column("right_row_id", "BIGINT", "The other line.")
EDGES = Table(
    "register",
    "edges",
    "pair of source lines",
    "Which registrations were found to be one business or one owner's, and on what evidence.",
    (
        _LEFT_ROW_ID,
        _RIGHT_ROW_ID,
        Column("level", "VARCHAR", "What the pair shares: registration, business or owner."),
        columns.THRESHOLD.described(
            "The strictest threshold at which the pair is one business; NULL for one owner only."
        ),
        Column("decided_by", "VARCHAR", "weight, registration_number, must_link or cannot_link (a person's decision)."),
        Column(
            "pattern",
            "BIGINT",
            "Level of each comparison, one digit each in the order of place in register.match_weights; 0: missing.",
        ),
        Column("owner_weight", "DOUBLE", "Sum of the owner's match weights, bits."),
        Column("business_weight", "DOUBLE", "Sum of the business's match weights, bits."),
        Column("stranger_weight", "DOUBLE", "log2 odds of one business against strangers, prior included."),
        Column("sibling_weight", "DOUBLE", "log2 odds of one business against two of one owner, prior included."),
        Column(
            "cut_by",
            "VARCHAR",
            "Guard that keeps the pair apart all the same: cannot_link, one_phone, size or far_niks.",
        ),
    ),
    ("left_row_id", "right_row_id", "level"),
    published=True,
)
FIELD_SOURCES = Table(
    "register",
    "field_sources",
    "business with several current registrations",
    "Which registration each field of such a business was taken from; of any other business it is its only one.",
    (
        columns.BUSINESS_ID,
        *(
            Column(
                f"{column.name}_row_id", "BIGINT", f"Line that {column.name} was taken from; NULL when none gives it."
            )
            for column in (
                columns.REGENCY_CODE,
                columns.BUSINESS_STATUS_CODE,
                columns.IS_FIXED_LOCATION,
                columns.LEGAL_FORM_CODE,
                columns.STARTED_YEAR,
                columns.KBLI_CODE,
                columns.OWNER_SEX_CODE,
                columns.WORKER_COUNT,
                columns.OMZET_IDR,
                columns.CAPITAL_IDR,
                columns.DIGITAL_SINCE_YEAR,
                columns.DIGITAL_PROVEN_DATE,
            )
        ),
    ),
    ("business_id",),
    published=True,
)
THRESHOLD_CLUSTERS = Table(
    "register",
    "threshold_clusters",
    "threshold and source line",
    "Registrations whose business is parted at the strict threshold or united with another at the loose one.",
    (
        columns.THRESHOLD.described("strict or loose."),
        columns.ROW_ID,
        Column("cluster_row_id", "BIGINT", "Smallest row_id of what is one business at that threshold."),
        columns.BUSINESS_ID.described("Its business at the chosen threshold."),
    ),
    ("threshold", "row_id"),
    published=True,
)
LINKAGE_COUNTS = Table(
    "register",
    "linkage_counts",
    "threshold",
    "How many businesses the register holds at each threshold: the band beside every count.",
    (
        columns.THRESHOLD.described("strict (merges least), chosen or loose (merges most)."),
        Column("current_count", "BIGINT", "Current registrations."),
        Column("business_count", "BIGINT", "Businesses they are."),
        Column("edge_count", "BIGINT", "Pairs that reach the threshold by their weight."),
    ),
    ("threshold",),
    published=True,
)
ENTITY_HISTORY = Table(
    "register",
    "entity_history",
    "entity, version and event",
    "What became of ids that were published; an id that is not named here stands since the version that minted it.",
    (
        Column("entity_kind", "VARCHAR", "business or owner."),
        Column("entity_id", "BIGINT", "The id; id // 10^9 is the version that minted it."),
        Column("version", "INTEGER", "Version in which it happened."),
        Column(
            "event",
            "VARCHAR",
            "merged (into the other), split (minted for a part of the other) or retired (no registration is left).",
        ),
        Column("other_entity_id", "BIGINT", "The other id; NULL when retired."),
        Column("current_entity_id", "BIGINT", "What the id means in this version; NULL when nothing is left of it."),
    ),
    ("entity_kind", "entity_id", "version", "event"),
    published=True,
)
STOP_LIST = Table(
    "register",
    "stop_list",
    "over-full block",
    "Blocks with more registrations than a blocking rule compares; the keys are personal and stay out.",
    (
        Column("blocking_rule", "VARCHAR", "The rule, see the README."),
        Column("block_rank", "INTEGER", "1 is the largest of its rule."),
        Column("treatment", "VARCHAR", "parted (compared in smaller blocks) or stopped (not compared by this rule)."),
        Column("block_size", "BIGINT", "Registrations in the block."),
    ),
    ("blocking_rule", "block_rank"),
    published=True,
)
MATCH_WEIGHTS = Table(
    "register",
    "match_weights",
    "level of a comparison",
    "What each level of each comparison weighs (Fellegi-Sunter), in bits; prior: the odds before comparing.",
    (
        Column("comparison", "VARCHAR", "What is compared; prior for the odds before."),
        Column("side", "VARCHAR", "owner or business evidence; prior."),
        Column("level", "VARCHAR", "Level of agreement."),
        Column("digit", "TINYINT", "The level in a pattern."),
        Column("place", "TINYINT", "Place of the comparison in a pattern, from the left, 0-based; NULL for the prior."),
        Column("m", "DOUBLE", "Probability of the level among pairs of one business."),
        Column("u", "DOUBLE", "Probability among pairs of strangers."),
        Column("sibling", "DOUBLE", "Probability among pairs of different businesses of one owner."),
        Column("match_weight", "DOUBLE", "log2(m / u); log2 odds for the prior."),
        Column("sibling_weight", "DOUBLE", "log2(m / sibling); log2 odds for the prior."),
    ),
    ("comparison", "digit"),
    published=True,
)
LINK_DECISIONS = Table(
    "register",
    "link_decisions",
    "decision",
    "What people decided about pairs of registrations; it outranks every weight.",
    (
        Column("decision_line", "INTEGER", "Line of the decisions file."),
        Column("decision", "VARCHAR", "must_link or cannot_link."),
        Column("left_register", "VARCHAR", "Register of the one registration."),
        Column("left_number", "VARCHAR", "Its registration number."),
        Column("right_register", "VARCHAR", "Register of the other registration."),
        Column("right_number", "VARCHAR", "Its registration number."),
        Column("reason", "VARCHAR", "Why."),
        Column("decided_by", "VARCHAR", "Who decided."),
        Column("decided_date", "DATE", "Day of the decision."),
        _LEFT_ROW_ID.described("The line it speaks of today; NULL when there is none."),
        _RIGHT_ROW_ID.described("The other line; NULL when there is none."),
        Column("status", "VARCHAR", "applied, or unmatched when a registration is no longer there."),
    ),
    ("decision_line",),
    published=True,
)

# --- reference --------------------------------------------------------------------------------------------------------


def _reference(name: str, grain: str, description: str, key: tuple[str, ...], *own: Column) -> Table:
    return Table("reference", name, grain, description, (*own, columns.SOURCE), key, published=True)


REFERENCE_TABLES = (
    _reference(
        "targets",
        "indicator and year",
        "Targets announced on 28 March 2022.",
        ("indicator_code", "target_year"),
        columns.INDICATOR_CODE,
        columns.TARGET_YEAR,
        columns.TARGET_COUNT,
        Column("target_basis", "VARCHAR", "cumulative_minimum: a year-end stock of at least so many."),
        Column("announced_date", "DATE", "Day of the announcement."),
    ),
    _reference(
        "official_reports",
        "published figure",
        "Figures published for the targets; they disagree, so each names its institution.",
        ("report_id",),
        Column("report_id", "VARCHAR", "Institution and date of the figure."),
        columns.INDICATOR_CODE,
        columns.INSTITUTION,
        Column("as_of_date", "DATE", "Day the figure speaks of; the last day where only a month or year is known."),
        Column("date_precision", "VARCHAR", "day, month or year."),
        Column("reported_count", "BIGINT", "Units reported."),
        Column("statement", "VARCHAR", "What was said."),
    ),
    _reference(
        "provinces",
        "frame and province",
        "Provinces of both frames.",
        ("frame_code", "province_code"),
        columns.FRAME_CODE,
        columns.PROVINCE_CODE,
        columns.PROVINCE_NAME,
        Column("bps_province_code", "VARCHAR", "The same province in the BPS system."),
        Column("valid_from", "DATE", "First day of validity, where known."),
        Column("valid_to", "DATE", "Last day of validity."),
    ),
    _reference(
        "regencies",
        "kabupaten/kota",
        "The 514 kabupaten and kota.",
        ("regency_code",),
        columns.REGENCY_CODE,
        Column("regency_name", "VARCHAR", "Name of 2025."),
        Column("regency_kind", "VARCHAR", "kabupaten or kota."),
        columns.PROVINCE_CODE_38,
        columns.PROVINCE_CODE_34,
    ),
    _reference(
        "regency_codes",
        "code system, vintage and code",
        "Which kabupaten/kota a delivered code means.",
        ("code_system", "code_vintage", "source_code"),
        columns.CODE_SYSTEM,
        Column("code_vintage", "VARCHAR", "Year of the code list."),
        Column("source_code", "VARCHAR", "The code."),
        Column("source_name", "VARCHAR", "Its name in that list."),
        columns.REGENCY_CODE,
    ),
    _reference(
        "kbli",
        "KBLI code",
        "KBLI 2020, sections to five digits.",
        ("kbli_code",),
        columns.KBLI_CODE.described("Section letter or two to five digits."),
        Column("title", "VARCHAR", "Title."),
        Column("level", "VARCHAR", "section, division, group, class or subclass."),
        Column("section_code", "VARCHAR", "Section A to U."),
    ),
    _reference(
        "size_classes",
        "rule and class",
        "Size classes of PP 7/2021 article 35.",
        ("size_rule", "size_class_code"),
        columns.SIZE_CLASS_CODE,
        columns.SIZE_RULE,
        Column("lower_exclusive_idr", "BIGINT", "More than so many rupiah."),
        Column("upper_inclusive_idr", "BIGINT", "At most so many rupiah."),
        Column("size_class_name", "VARCHAR", "Indonesian name."),
    ),
    _reference(
        "definitions",
        "definition",
        "The nested definitions of digital.",
        ("definition_code",),
        columns.DEFINITION_CODE,
        Column("definition_rank", "TINYINT", "1 is the narrowest."),
        Column("definition_name", "VARCHAR", "Indonesian name."),
        Column("definition_name_en", "VARCHAR", "English name."),
        Column("definition_text", "VARCHAR", "What counts."),
    ),
    _reference(
        "channels",
        "channel",
        "Digital channels and the narrowest definition in which each counts.",
        ("channel_code",),
        Column("channel_code", "VARCHAR", "Name of the channel's column."),
        Column("channel_name", "VARCHAR", "Indonesian name."),
        Column("channel_name_en", "VARCHAR", "English name."),
        columns.DEFINITION_CODE,
    ),
    _reference(
        "business_statuses",
        "status",
        "keberadaan_usaha and whether such a business counts.",
        ("business_status_code",),
        columns.BUSINESS_STATUS_CODE,
        Column("business_status_name", "VARCHAR", "Indonesian name."),
        columns.IS_COUNTED.described("Whether a business of this status enters attainment."),
    ),
    _reference(
        "population_bases",
        "year",
        "Published numbers of UMKM; model estimates, agriculture included.",
        ("population_year",),
        Column("population_year", "SMALLINT", "Year."),
        Column("unit_count", "BIGINT", "UMKM in that year."),
        Column("population_name", "VARCHAR", "What is counted."),
    ),
    _reference(
        "census_waves",
        "wave",
        "Plan and result of the census waves.",
        ("wave",),
        columns.WAVE,
        Column("planned_record_count", "BIGINT", "Records planned."),
        Column("planned_regency_count", "INTEGER", "Kabupaten/kota planned."),
        Column("record_count", "BIGINT", "Records published."),
        Column("regency_count", "INTEGER", "Kabupaten/kota done."),
        Column("province_count", "INTEGER", "Provinces covered."),
        Column("field_start_date", "DATE", "First day in the field."),
        Column("field_end_date", "DATE", "Last day in the field."),
    ),
    _reference(
        "legal_forms",
        "legal form",
        "Legal forms.",
        ("legal_form_code",),
        columns.LEGAL_FORM_CODE,
        Column("legal_form_name", "VARCHAR", "Indonesian name."),
        columns.BUSINESS_KIND,
    ),
)

# --- marts ------------------------------------------------------------------------------------------------------------


ATTAINMENT_NATIONAL = Table(
    "marts",
    "attainment_national",
    "target year, definition, series and institution",
    "Targets beside what institutions reported and what the register holds.",
    (
        columns.TARGET_YEAR,
        columns.DEFINITION_CODE,
        columns.SERIES,
        columns.INSTITUTION,
        columns.TARGET_COUNT,
        columns.OBSERVED_COUNT,
        columns.ATTAINMENT_RATIO,
        columns.GAP_COUNT,
        columns.VERDICT,
        columns.COVERAGE_RATIO,
        columns.AS_OF_DATE,
        columns.REGENCY_COVERAGE_RATIO,
        columns.POPULATION_COVERAGE_RATIO,
    ),
    ("target_year", "definition_code", "series", "institution"),
    published=True,
)
ATTAINMENT_PROVINCE = Table(
    "marts",
    "attainment_province",
    "frame, province, target year and definition",
    "The register's count by province; official targets exist only nationally, so targets are indicative allocations.",
    (
        columns.FRAME_CODE,
        columns.PROVINCE_CODE,
        columns.PROVINCE_NAME,
        columns.TARGET_YEAR,
        columns.DEFINITION_CODE,
        columns.SERIES,
        columns.TARGET_COUNT.described("Indicative share of the national target, see target_basis."),
        Column("target_basis", "VARCHAR", "indicative_allocation: no official target exists below the nation."),
        Column("allocation_key", "VARCHAR", "What the national target was shared out by."),
        columns.OBSERVED_COUNT,
        columns.ATTAINMENT_RATIO,
        columns.GAP_COUNT,
        columns.VERDICT,
        columns.COVERAGE_RATIO,
        columns.AS_OF_DATE,
        Column("business_count", "BIGINT", "Counted businesses of the province, digital or not."),
    ),
    ("frame_code", "province_code", "target_year", "definition_code"),
    published=True,
)

# --- quality and meta -------------------------------------------------------------------------------------------------


DELIVERIES = Table(
    "quality",
    "deliveries",
    "delivery",
    "Every file that arrived, once, whatever became of it.",
    (
        columns.DELIVERY_ID,
        Column("file_name", "VARCHAR", "Name under which the file first arrived."),
        Column("sha256", "VARCHAR", "SHA-256 of its bytes."),
        Column("profile", "VARCHAR", "Source profile it was recognised as; NULL when none fitted."),
        Column("sender", "VARCHAR", "Profile and the province of most of its region codes; NULL when it was not read."),
        Column("data_date", "DATE", "Day of interview or last change of its middle record."),
        Column(
            "status",
            "VARCHAR",
            "validated, held (kept out of this release, see quality.drift), refused, or unpacked (an archive).",
        ),
        Column("reason", "VARCHAR", "Why it was refused or held and what to do."),
        Column("byte_count", "BIGINT", "Size, bytes."),
        Column("line_count", "BIGINT", "Physical lines, counted without the parser."),
        Column("encoding", "VARCHAR", "Encoding it was read in; of a workbook or Parquet file its kind."),
        Column("archive_id", "BIGINT", "delivery_id of the archive it came in; NULL when it came by itself."),
    ),
    ("delivery_id",),
    published=True,
)
ROW_BALANCE = Table(
    "quality",
    "row_balance",
    "delivery and seam",
    "The conservation law: what goes into each seam comes out of it. delivery_id 0 stands for the register as a whole.",
    (
        columns.DELIVERY_ID,
        Column("seam", "VARCHAR", "lines, judgement, registrations or businesses."),
        Column("rows_in", "BIGINT", "Rows that went in."),
        Column("rows_out", "BIGINT", "Rows accounted for on the other side."),
        Column("residual_count", "BIGINT", "rows_in - rows_out: 0, or nothing is published."),
        Column("parts", "MAP(VARCHAR, BIGINT)", "What rows_out consists of."),
    ),
    ("delivery_id", "seam"),
    published=True,
)
_SEVERITY = columns.SEVERITY.described(
    "refuse_file (the delivery stays out), quarantine_row (the row is set aside) or warn."
)
_EVIDENCE = Column("evidence", "VARCHAR", "Names of headers or codes that were found; never a personal value.")
FINDINGS = Table(
    "quality",
    "findings",
    "delivery and rule",
    "What each delivery broke, refused ones included, to be answered to its sender.",
    (
        columns.DELIVERY_ID,
        columns.RULE_CODE,
        _SEVERITY,
        columns.COLUMN_NAME,
        Column(
            "finding_count", "BIGINT", "Rows that break the rule; for a gate the lines, texts or headers it counts."
        ),
        Column("evaluated_count", "BIGINT", "Of how many."),
        Column("first_line_number", "INTEGER", "First line that breaks it; NULL for a gate."),
        _EVIDENCE,
        Column("sentence_id", "VARCHAR", "What must hold, in Indonesian."),
        Column("sentence_en", "VARCHAR", "What must hold, in English."),
    ),
    ("delivery_id", "rule_code"),
    published=True,
)
DRIFT = Table(
    "quality",
    "drift",
    "delivery, rule and column",
    "How each delivery differs from what the same sender delivered before.",
    (
        columns.DELIVERY_ID,
        Column(
            "previous_delivery_id",
            "BIGINT",
            "Delivery it is compared with; NULL when it is compared with all earlier ones together.",
        ),
        columns.RULE_CODE,
        _SEVERITY,
        columns.COLUMN_NAME,
        Column("previous_value", "DOUBLE", "Before: rows, share between 0 and 1, or rows that carry the codes."),
        Column("current_value", "DOUBLE", "The same of this delivery."),
        _EVIDENCE,
        FINDINGS["sentence_id"].described("What was found and what to check, in Indonesian."),
        FINDINGS["sentence_en"].described("What was found and what to check, in English."),
    ),
    ("delivery_id", "rule_code", "column_name"),
    published=True,
)
RULE_RESULTS = Table(
    "quality",
    "rule_results",
    "delivery and rule",
    "Great Expectations' count beside the count of the rows set aside.",
    (
        columns.DELIVERY_ID,
        columns.RULE_CODE,
        columns.SEVERITY,
        Column("evaluated_count", "BIGINT", "Rows judged."),
        Column("expectation_count", "BIGINT", "Failing rows as counted by Great Expectations."),
        Column("row_count", "BIGINT", "Failing rows as marked in validated and quarantined."),
    ),
    ("delivery_id", "rule_code"),
    published=True,
)
QUARANTINED_ROWS = Table(
    "quality",
    "quarantined_rows",
    "quarantined source line",
    "Which lines wait for repair, without their content.",
    (columns.ROW_ID, columns.DELIVERY_ID, columns.LINE_NUMBER, columns.RULE_CODES),
    ("row_id",),
    published=True,
)
UNPARSABLE_LINES = Table(
    "quality",
    "unparsable_lines",
    "unparsable source line",
    "Which lines are no record at all, without their content.",
    (columns.DELIVERY_ID, columns.LINE_NUMBER, UNPARSABLE["reason_code"]),
    ("delivery_id", "line_number"),
    published=True,
)
QUARANTINE_HISTORY = Table(
    "quality",
    "quarantine_history",
    "quarantined source line",
    "Whether each quarantined line still waits, or which validated line of another delivery repaired it.",
    (
        columns.ROW_ID,
        columns.DELIVERY_ID,
        columns.LINE_NUMBER,
        columns.RULE_CODES,
        Column("status", "VARCHAR", "waiting or repaired."),
        Column("repaired_by_row_id", "BIGINT", "Validated line of the same registration number; NULL while waiting."),
        Column("repaired_by_delivery_id", "BIGINT", "Delivery of that line."),
    ),
    ("row_id",),
    published=True,
)
CORRECTIONS = Table(
    "quality",
    "corrections",
    "correction or code fix",
    "Every decision about a wrongly delivered value, and whether it still holds.",
    (
        Column("decision_file", "VARCHAR", "corrections.csv (one record) or code_fixes.csv (a whole profile)."),
        Column("decision_line", "INTEGER", "Line of that file."),
        columns.SOURCE_REGISTER.described("Register of the corrected record; NULL for a code fix."),
        Column("profile", "VARCHAR", "Source profile of a code fix; NULL for a correction."),
        columns.REGISTRATION_NUMBER.described("The corrected record; NULL for a code fix."),
        columns.COLUMN_NAME.described("The corrected column, never a personal one."),
        Column("expect", "VARCHAR", "The wrong value, or the wrong text of a code fix."),
        Column("replacement", "VARCHAR", "The value or text in its place."),
        Column("reason", "VARCHAR", "Why."),
        columns.SOURCE.described("Who or what says so."),
        Column("decided_date", "DATE", "Day of the decision."),
        Column(
            "status",
            "VARCHAR",
            "applied; stale when something else is delivered now; unmatched when no delivery holds it.",
        ),
        Column("row_count", "BIGINT", "Rows it was applied to."),
    ),
    ("decision_file", "decision_line"),
    published=True,
)
PUBLICATION = Table(
    "meta",
    "publication",
    "the published version (one row)",
    "What this file is and what it was made from.",
    (
        Column("version", "INTEGER", "Version number, rising."),
        columns.AS_OF_DATE,
        Column(
            "input_fingerprint",
            "VARCHAR",
            "SHA-256 over deliveries, contract, rules, transforms, reference and as-of date.",
        ),
        Column("contract_fingerprint", "VARCHAR", "SHA-256 of the table definitions."),
        Column("rules_fingerprint", "VARCHAR", "SHA-256 of the rule book."),
        Column("code_version", "VARCHAR", "Version of capaian."),
        Column("delivery_count", "INTEGER", "Validated deliveries."),
        Column("held_count", "INTEGER", "Deliveries held out of this release."),
        Column("refused_count", "INTEGER", "Refused deliveries."),
        Column("validated_count", "BIGINT", "Validated registrations."),
        Column("business_count", "BIGINT", "Businesses."),
    ),
    ("version",),
    published=True,
)

LAKE_TABLES = (STANDARDISED, VALIDATED, QUARANTINED, UNPARSABLE)
PUBLISHED_TABLES = (
    ATTAINMENT_NATIONAL,
    ATTAINMENT_PROVINCE,
    BUSINESSES,
    MEMBERSHIPS,
    EDGES,
    FIELD_SOURCES,
    THRESHOLD_CLUSTERS,
    LINKAGE_COUNTS,
    ENTITY_HISTORY,
    STOP_LIST,
    MATCH_WEIGHTS,
    LINK_DECISIONS,
    DELIVERIES,
    ROW_BALANCE,
    FINDINGS,
    DRIFT,
    RULE_RESULTS,
    QUARANTINED_ROWS,
    QUARANTINE_HISTORY,
    UNPARSABLE_LINES,
    CORRECTIONS,
    *REFERENCE_TABLES,
    PUBLICATION,
)
ALL_TABLES = (*LAKE_TABLES, *PUBLISHED_TABLES)

CONTRACT_FINGERPRINT = fingerprint(ALL_TABLES)
