"""The register: which registrations are one business, and why."""

from __future__ import annotations

from warehouse import columns, registration
from warehouse.contract import Column, Table

BUSINESSES = Table(
    "register",
    "businesses",
    "business",
    "Each business once, without identifying data.",
    (
        columns.BUSINESS_ID,
        columns.OWNER_ID,
        registration.BUSINESS_KIND,
        registration.REGENCY_CODE,
        columns.PROVINCE_CODE_34,
        columns.PROVINCE_CODE_38,
        registration.WAVE,
        registration.ENUMERATED_DATE.described("Day of the first interview of any registration of the business."),
        registration.BUSINESS_STATUS_CODE,
        registration.IS_FIXED_LOCATION,
        registration.LEGAL_FORM_CODE,
        registration.STARTED_YEAR,
        registration.KBLI_CODE,
        registration.OWNER_SEX_CODE,
        columns.OWNER_AGE_BAND,
        registration.WORKER_COUNT,
        columns.SIZE_CLASS_CODE,
        columns.SIZE_RULE,
        columns.IS_COUNTED,
        columns.HAS_NIB,
        columns.HAS_NPWP,
        columns.HAS_COOPERATIVE_NUMBER,
        registration.MEMBER_COUNT,
        *registration.CHANNELS,
        registration.DIGITAL_SINCE_YEAR,
        columns.DIGITAL_PROVEN_DATE,
        columns.DIGITAL_RANK,
        columns.COUNTED_FROM_DATE,
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
    (
        registration.ROW_ID,
        registration.DELIVERY_ID,
        registration.REGISTRATION_NUMBER,
        columns.BUSINESS_ID,
        columns.IS_CURRENT,
        registration.ENUMERATED_DATE,
    ),
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
                registration.REGENCY_CODE,
                registration.BUSINESS_STATUS_CODE,
                registration.IS_FIXED_LOCATION,
                registration.LEGAL_FORM_CODE,
                registration.STARTED_YEAR,
                registration.KBLI_CODE,
                registration.OWNER_SEX_CODE,
                registration.WORKER_COUNT,
                registration.OMZET_IDR,
                registration.CAPITAL_IDR,
                registration.DIGITAL_SINCE_YEAR,
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
        registration.ROW_ID,
        Column("cluster_row_id", "BIGINT", "Smallest row_id of what is one business at that threshold."),
        columns.BUSINESS_ID.described("Its business at the chosen threshold."),
    ),
    ("threshold", "row_id"),
    published=True,
)
THRESHOLD_BUSINESSES = Table(
    "register",
    "threshold_businesses",
    "threshold and business of that threshold",
    "What the registrations of threshold_clusters count as at that threshold; every other business is the same at all.",
    (
        THRESHOLD_CLUSTERS["threshold"],
        THRESHOLD_CLUSTERS["cluster_row_id"],
        registration.BUSINESS_KIND,
        registration.REGENCY_CODE,
        columns.PROVINCE_CODE_34,
        columns.PROVINCE_CODE_38,
        registration.WAVE,
        registration.ENUMERATED_DATE,
        columns.SIZE_CLASS_CODE,
        columns.IS_COUNTED,
        columns.DIGITAL_RANK,
        columns.COUNTED_FROM_DATE,
        columns.COUNTED_FROM_YEAR,
    ),
    ("threshold", "cluster_row_id"),
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

REGISTRATION_COUNTS = Table(
    "register",
    "registration_counts",
    "wave and kab/kota",
    "Validated registrations by wave and kab/kota, and when they were enumerated.",
    (
        registration.WAVE,
        registration.REGENCY_CODE.described("Kabupaten/kota; unknown when it cannot be resolved."),
        Column("current_count", "BIGINT", "Current registrations."),
        Column("superseded_count", "BIGINT", "Registrations that a later line of the same number supersedes."),
        Column("first_enumerated_date", "DATE", "Day of the first interview."),
        Column("last_enumerated_date", "DATE", "Day of the last interview."),
    ),
    ("wave", "regency_code"),
    published=True,
)

OWNER_PSEUDONYMS = Table(
    "register",
    "owner_pseudonyms",
    "owner with a valid NIK",
    "The keyed pseudonym by which an owner can be joined with the identifiers in the vault, and by nothing else.",
    (
        columns.OWNER_ID,
        columns.PSEUDONYM,
        columns.KEY_ID,
    ),
    ("owner_id",),
    published=True,
)

REGISTER_TABLES = (
    BUSINESSES,
    MEMBERSHIPS,
    REGISTRATION_COUNTS,
    EDGES,
    FIELD_SOURCES,
    THRESHOLD_CLUSTERS,
    THRESHOLD_BUSINESSES,
    LINKAGE_COUNTS,
    ENTITY_HISTORY,
    STOP_LIST,
    MATCH_WEIGHTS,
    LINK_DECISIONS,
    OWNER_PSEUDONYMS,
)
