"""What was known when, and what each version changed: carried from version to version. No personal column."""

from __future__ import annotations

from warehouse import columns, registration
from warehouse.contract import Column, Table

CAUSES = {
    "merges": "registrations that were several businesses are one",
    "splits": "registrations that were one business are several",
    "corrections": "a registration told anew, or a decided correction or code fix",
    "quarantine_released": "lines that waited for repair, or a delivery that was held, were let in",
    "late_deliveries": "lines that came later of interviews the earlier version already spoke of",
    "new_registrations": "lines of interviews behind the earlier as-of date",
    "withdrawals": "lines whose delivery was withdrawn, is held or is refused",
    "as_of_changes": "known before, and only the as-of date of the later version tells it in or out",
    "reference_changes": "reference data: regions, statuses, definitions, official reports and the rest",
    "target_changes": "the targets, or for which years there are any",
    "rule_and_code_changes": "rules, profiles and code: what none of the others explains",
}
"""Every cause of a change in the order in which they are tried, with what it says."""

_KNOWN_DATE = Column("known_date", "DATE", "Business day of the run that published the version.")

STOCK_CHANGES = Table(
    "marts",
    "stock_changes",
    "version, kab/kota, digital rank and day",
    "How each version changed the stock of counted businesses: summed up to a version, it is the stock known then.",
    (
        columns.VERSION,
        _KNOWN_DATE,
        registration.REGENCY_CODE.described("Kabupaten/kota; unknown when unresolved."),
        columns.DIGITAL_RANK,
        columns.COUNTED_FROM_DATE,
        Column("change_count", "BIGINT", "Businesses more (or fewer, when negative) than in the version before."),
    ),
    ("version", "regency_code", "digital_rank", "counted_from_date"),
    published=True,
)
WHATCHANGED = Table(
    "marts",
    "whatchanged",
    "headline figure and cause",
    "Why each headline figure differs from the version before; the parts of a figure sum exactly to its change.",
    (
        Column("figure", "VARCHAR", "counted_businesses, register_observed, official_reported or target."),
        columns.TARGET_YEAR.described("Year of the target; NULL for counted_businesses."),
        columns.DEFINITION_CODE.described("Definition of digital; NULL where the figure has none."),
        columns.INSTITUTION,
        Column("cause", "VARCHAR", f"{', '.join(CAUSES)}: the first that applies."),
        Column("earlier_version", "INTEGER", "The version before."),
        Column("earlier_count", "BIGINT", "The figure in it; NULL when it had none, which counts as 0."),
        Column("later_count", "BIGINT", "The figure in this version; NULL when there is none, which counts as 0."),
        Column("change_count", "BIGINT", "What the cause adds to or takes from the figure."),
    ),
    ("figure", "target_year", "definition_code", "institution", "cause"),
    published=True,
)
VERSIONS = Table(
    "meta",
    "versions",
    "version this one was built upon, and itself",
    "When each was published and up to which day it took facts into account; what was rolled back is not among them.",
    (columns.VERSION, _KNOWN_DATE, columns.AS_OF_DATE),
    ("version",),
    published=True,
)

CHANGE_TABLES = (VERSIONS, STOCK_CHANGES, WHATCHANGED)
