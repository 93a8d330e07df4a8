"""Every table of every stage: where it is kept, what one row is, and which columns it has.

Belongs here: tables, one file per schema, and the few columns that only one table has. Does not belong here: how rows
come about.
"""

from warehouse.contract import fingerprint
from warehouse.tables.changes import CHANGE_TABLES
from warehouse.tables.lake import LAKE_TABLES
from warehouse.tables.marts import MART_TABLES
from warehouse.tables.quality import ATTEMPTS, CERTIFICATE, PUBLICATION, QUALITY_TABLES, RUNS
from warehouse.tables.reference import OPERATOR_TARGETS, REFERENCE_TABLES
from warehouse.tables.register import REGISTER_TABLES
from warehouse.tables.released import RELEASED_TABLES

PUBLISHED_TABLES = (
    *MART_TABLES,
    *RELEASED_TABLES,
    *CHANGE_TABLES,
    *REGISTER_TABLES,
    *QUALITY_TABLES,
    *REFERENCE_TABLES,
    OPERATOR_TARGETS,
    PUBLICATION,
    RUNS,
    ATTEMPTS,
    CERTIFICATE,
)
ALL_TABLES = (*LAKE_TABLES, *PUBLISHED_TABLES)

LAKE_FINGERPRINT = fingerprint(LAKE_TABLES)
"""What the result of one delivery depends on: its own tables, not those that are built anew for each release."""
CONTRACT_FINGERPRINT = fingerprint(ALL_TABLES)

__all__ = [
    "ALL_TABLES",
    "CHANGE_TABLES",
    "CONTRACT_FINGERPRINT",
    "LAKE_FINGERPRINT",
    "LAKE_TABLES",
    "MART_TABLES",
    "PUBLISHED_TABLES",
    "REFERENCE_TABLES",
    "REGISTER_TABLES",
]
