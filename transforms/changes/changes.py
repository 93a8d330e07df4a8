"""Compares two versions: which businesses differ, why, and what that does to each headline figure.

Belongs here: the order of the comparison. Does not belong here: where versions are kept, and which two are compared.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from transforms.build import build_table, select_in
from warehouse.contract import Table
from warehouse.tables import REFERENCE_TABLES
from warehouse.tables.changes import CAUSES, STOCK_CHANGES, VERSIONS, WHATCHANGED
from warehouse.tables.marts import ATTAINMENT_NATIONAL, ATTAINMENT_PROVINCE
from warehouse.tables.quality import CORRECTIONS, DELIVERIES, PUBLICATION, QUARANTINE_HISTORY, QUARANTINED_ROWS
from warehouse.tables.register import BUSINESSES, MEMBERSHIPS

_HERE = Path(__file__).parent
_SIDES = ("earlier", "later")
_STEPS = (
    "changed_businesses",
    "moved_lines",
    "renamed_businesses",
    "line_causes",
    "business_causes",
    "recounts",
)
COMPARED = (
    ATTAINMENT_NATIONAL,
    ATTAINMENT_PROVINCE,
    STOCK_CHANGES,
    VERSIONS,
    BUSINESSES,
    MEMBERSHIPS,
    DELIVERIES,
    QUARANTINED_ROWS,
    QUARANTINE_HISTORY,
    CORRECTIONS,
    PUBLICATION,
    *REFERENCE_TABLES,
)
_NOT_OF_ROWS = frozenset(
    {
        "targets",
        "official_reports",
        "definitions",
        "population_bases",
        "census_waves",
        "increment_plans",
        "regency_reports",
        "anchors",
    }
)
"""Reference tables of which no line and no business depends; what they change is told by themselves."""


def view_version(con: duckdb.DuckDBPyConnection, side: str, parquet: Path) -> None:
    """Name each table that is compared, of the version in `parquet`, as `<side>.<table>`; `side` is earlier or later.

    What the version does not hold is empty, and a column that it did not have yet is NULL.
    """
    con.execute(f"CREATE SCHEMA {side}")
    for table in COMPARED:
        path = parquet / table.schema / f"{table.name}.parquet"
        con.execute(f"CREATE VIEW {side}.{table.name} AS {_select(table, path)}")


def _select(table: Table, path: Path) -> str:
    there = frozenset(pq.read_schema(path).names) if path.exists() else frozenset()
    columns = ", ".join(
        column.name if column.name in there else f"CAST(NULL AS {column.type}) AS {column.name}" for column in table
    )
    return f"SELECT {columns} " + (f"FROM read_parquet('{path}')" if there else "WHERE false")


def build_changes(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Build `meta.versions`, `marts.stock_changes` and `marts.whatchanged` of the later version in `folder`.

    Both versions are named by `view_version`.
    """
    _compare(con)
    carry_on(con, folder)
    build_table(con, WHATCHANGED, select_in(_HERE / "whatchanged.sql"), folder)


def carry_on(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Build what the later version carries of those before it: `meta.versions` and `marts.stock_changes`."""
    con.execute("SET VARIABLE as_of = (SELECT as_of_date FROM later.publication)")
    con.execute("CREATE SCHEMA IF NOT EXISTS register")
    con.execute("CREATE OR REPLACE VIEW register.businesses AS FROM later.businesses")
    con.execute(f"CREATE OR REPLACE TEMP TABLE stock AS {select_in(_HERE.parent / 'marts' / 'stock.sql')}")
    for table in (VERSIONS, STOCK_CHANGES):
        build_table(con, table, select_in(_HERE / f"{table.name}.sql"), folder)


def tell_changes(con: duckdb.DuckDBPyConnection) -> str:
    """Compare the two versions that `view_version` named; returns the SELECT of their `marts.whatchanged`."""
    _compare(con)
    return select_in(_HERE / "whatchanged.sql")


def unexplained_count(con: duckdb.DuckDBPyConnection) -> int:
    """Of two compared versions that the code of today made: figures it counts otherwise than they were published.

    Anything but 0 is a fault of the comparison or of the marts.
    """
    return int(
        con.execute(
            """
            SELECT count(*) FROM (
                SELECT businesses_of AS side, target_year, definition_code, observed_count FROM recounts
                WHERE businesses_of = asked_by AND businesses_of = asked_on
                EXCEPT
                (SELECT 'earlier', target_year, definition_code, figure_count FROM earlier_figures
                UNION ALL SELECT 'later', target_year, definition_code, figure_count FROM later_figures)
            )"""
        ).fetchall()[0][0]
    )


def _compare(con: duckdb.DuckDBPyConnection) -> None:
    for side in _SIDES:
        for part in ("contributions", "figures"):
            select = select_in(_HERE / f"{part}.sql").replace("side.", f"{side}.")
            con.execute(f"CREATE OR REPLACE TEMP VIEW {side}_{part} AS {select}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE causes AS SELECT unnest({list(CAUSES)}) AS cause")
    con.execute(f"SET VARIABLE are_references_changed = {_are_references_changed(con)}")
    for step in _STEPS:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {step} AS {select_in(_HERE / f'{step}.sql')}")


def _are_references_changed(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a reference table differs on which lines or businesses depend."""
    same = con.execute("FROM earlier.publication JOIN later.publication USING (reference_fingerprint)").fetchall()
    if same:
        return False
    for table in REFERENCE_TABLES:
        if table.name not in _NOT_OF_ROWS:
            columns = ", ".join(name for name in table.column_names if name != "source")
            sides = [f"SELECT {columns} FROM {side}.{table.name}" for side in _SIDES]
            for one, other in (sides, sides[::-1]):
                if con.execute(f"SELECT 1 FROM ({one} EXCEPT {other}) LIMIT 1").fetchall():
                    return True
    return False
