"""What may be shown below the national level: `released.*`, where disclosure control has hidden what must not leave.

Belongs here: that nothing is shown of a version without these tables, and how a hidden count looks. Does not belong
here: which counts are hidden (`transforms/disclosure/`).
"""

from __future__ import annotations

import duckdb

from warehouse.tables.released import RELEASED_TABLES

HIDDEN = "c"
"""What stands in place of a hidden count, as official statistics write what is confidential; never 0."""


class NotReleasable(ValueError):
    """The version has no released tables, so no report may be made of it."""


def check_released(con: duckdb.DuckDBPyConnection) -> None:
    """Raise `NotReleasable` unless the version behind `con` went through disclosure control."""
    held = {name for (name,) in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()}
    missing = [table.full_name for table in RELEASED_TABLES if table.full_name not in held]
    if missing:
        raise NotReleasable(
            f"this version has no {' and no '.join(missing)}: it was published before disclosure control, and no report"
            " may be made of it; report on a later version"
        )
