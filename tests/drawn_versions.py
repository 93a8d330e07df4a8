"""Versions of a register that are drawn, not ingested: just the tables that are compared, with marts built from them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.changes import carry_on as carry
from transforms.changes import view_version
from warehouse.arrow import arrow_schema
from warehouse.contract import Table
from warehouse.tables.marts import ATTAINMENT_NATIONAL, ATTAINMENT_PROVINCE
from warehouse.tables.quality import DELIVERIES, PUBLICATION, WAITING_COUNTS
from warehouse.tables.reference import OPERATOR_TARGETS, REFERENCE_TABLES
from warehouse.tables.register import BUSINESSES, MEMBERSHIPS, REGISTER_TABLES

marts = importlib.import_module("transforms.marts.marts")
_READ_BY_MARTS = (*REGISTER_TABLES, WAITING_COUNTS, OPERATOR_TARGETS)
Row = Mapping[str, Any]
BUSINESS = {
    "business_kind": "umkm",
    "regency_code": "32.01",
    "province_code_34": "32",
    "province_code_38": "32",
    "wave": 2022,
    "enumerated_date": date(2022, 6, 15),
    "size_class_code": "micro",
    "is_counted": True,
    "digital_rank": 1,
    "counted_from_date": date(2022, 6, 15),
    "counted_from_year": 2022,
}
"""A business that meets D1 from 2022 on; a drawn row tells what differs."""


def keep(folder: Path, table: Table, rows: Sequence[Row]) -> None:
    """Write `rows` as the Parquet file of `table`; what a row does not tell is NULL."""
    path = folder / table.schema / f"{table.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(table)), path)


def draw_register(
    folder: Path,
    version: int,
    as_of: date,
    businesses: Sequence[Row],
    memberships: Sequence[Row] = (),
    deliveries: Sequence[Row] = (),
    *,
    known: date | None = None,
    **publication: Any,
) -> Path:
    """Write the register of a version, its deliveries and its own row; what is not drawn is empty."""
    for table in _READ_BY_MARTS:
        keep(folder, table, [])
    keep(folder, BUSINESSES, [{**BUSINESS, **row} for row in businesses])
    keep(
        folder, MEMBERSHIPS, [{"is_current": True, "enumerated_date": date(2022, 6, 15), **row} for row in memberships]
    )
    keep(folder, DELIVERIES, [{"profile": "sidt-2022", "status": "validated", **row} for row in deliveries])
    keep(folder, PUBLICATION, [{"version": version, "as_of_date": as_of, "known_date": known or as_of, **publication}])
    return folder


def build_attainment(con: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> None:
    """The marts that are compared, of a drawn register and the reference tables of `con`, as a release builds them."""
    con.execute("CREATE SCHEMA IF NOT EXISTS register; CREATE SCHEMA IF NOT EXISTS quality")
    for table in _READ_BY_MARTS:
        con.execute(f"CREATE OR REPLACE VIEW {table.full_name} AS FROM '{folder}/{table.schema}/{table.name}.parquet'")
    with pytest.MonkeyPatch.context() as patch:  # the other marts are not compared
        patch.setattr(marts, "MART_TABLES", (ATTAINMENT_NATIONAL, ATTAINMENT_PROVINCE))
        marts.build_marts(con, folder, as_of)


def keep_reference(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The reference tables of `con`, as a release keeps them."""
    for table in REFERENCE_TABLES:
        path = folder / "reference" / f"{table.name}.parquet"
        path.parent.mkdir(exist_ok=True)
        con.execute(f"COPY {table.full_name} TO '{path}' (FORMAT parquet)")


def carry_on(con: duckdb.DuckDBPyConnection, folder: Path, earlier: Path) -> None:
    """Build what a version carries of those before it; `earlier` need not exist."""
    for side, parquet in (("earlier", earlier), ("later", folder)):
        con.execute(f"DROP SCHEMA IF EXISTS {side} CASCADE")
        view_version(con, side, parquet)
    carry(con, folder)
