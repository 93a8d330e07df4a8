"""Builds every mart: one `.sql` file, one SELECT, one table of the contract."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from transforms.build import build_table, select_in
from warehouse.tables import MART_TABLES

_HERE = Path(__file__).parent
_COUNTED_ONCE = ("stock", "band_changes", "related", "figures", "allocations", "placed")


def build_marts(con: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> None:
    """Build the marts in `folder` from `register.*` and `reference.*`, with facts up to `as_of`.

    Breakdowns speak of the observed date: `as_of`, or the end of the last target year when that is over.
    """
    con.execute((_HERE / "figure_macros.sql").read_text(encoding="utf-8"))
    con.execute(f"SET VARIABLE as_of = DATE '{as_of.isoformat()}'")
    con.execute(
        "SET VARIABLE observed_date = (SELECT least(make_date(max(target_year), 12, 31), getvariable('as_of'))"
        " FROM reference.targets WHERE indicator_code = 'umkm_digital')"
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW known AS {select_in(_HERE / 'known.sql')}")
    for name in _COUNTED_ONCE:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select_in(_HERE / f'{name}.sql')}")
    for mart in MART_TABLES:
        build_table(con, mart, select_in(_HERE / f"{mart.name}.sql"), folder)
