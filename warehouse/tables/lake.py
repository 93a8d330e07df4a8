"""The lines of each delivery, stage by stage; personal, and published nowhere."""

from __future__ import annotations

from warehouse import columns
from warehouse.contract import Column, Table

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

LAKE_TABLES = (STANDARDISED, VALIDATED, QUARANTINED, UNPARSABLE)
