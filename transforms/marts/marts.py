"""Builds every mart: one `.sql` file, one SELECT, one table of the contract."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from transforms.build import build_table, select_in
from warehouse.tables import MART_TABLES

_HERE = Path(__file__).parent


def build_marts(con: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> None:
    """Build the marts in `folder` from `register.businesses` and `reference.*`, with facts up to `as_of`."""
    con.execute(f"SET VARIABLE as_of = DATE '{as_of.isoformat()}'")
    con.execute(f"CREATE OR REPLACE TEMP TABLE stock AS {select_in(_HERE / 'stock.sql')}")
    for mart in MART_TABLES:
        build_table(con, mart, select_in(_HERE / f"{mart.name}.sql"), folder)
