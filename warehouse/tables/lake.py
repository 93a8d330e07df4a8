"""The lines of each delivery, stage by stage; personal, and published nowhere."""

from __future__ import annotations

from warehouse import registration
from warehouse.contract import Column, Table

STANDARDISED = Table(
    "lake",
    "standardised",
    "source line",
    "Each parsed line of a delivery in our names, types and codes.",
    (
        *registration.PROVENANCE,
        *registration.REGISTRATION,
        registration.UNREAD,
        registration.CORRECTED_COLUMNS,
        registration.FIXED_TEXTS,
    ),
    ("row_id",),
)
VALIDATED = Table(
    "lake",
    "validated",
    "source line",
    "Parsed lines that break no quarantining rule; rule_codes holds warnings.",
    (*STANDARDISED.columns, registration.RULE_CODES),
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
        registration.DELIVERY_ID,
        registration.LINE_NUMBER,
        Column(
            "reason_code",
            "VARCHAR",
            "FIELD_COUNT, STRAY_QUOTE, REPEATED_HEADER, TOTAL_LINE, OTHER_SHEET or HIDDEN_SHEET.",
        ),
        Column("raw_text", "VARCHAR", "The line as delivered.", personal=True),
    ),
    ("delivery_id", "line_number"),
)

LAKE_TABLES = (STANDARDISED, VALIDATED, QUARANTINED, UNPARSABLE)
