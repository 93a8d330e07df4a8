"""Loads the facts of `warehouse/reference/*.csv` as the tables `reference.*`, exactly as the contract has them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from warehouse.contract import quoted
from warehouse.ddl import create_table
from warehouse.prepared import copy_rows
from warehouse.tables import REFERENCE_TABLES

FOLDER = Path(__file__).parent / "reference"


def load_reference(con: duckdb.DuckDBPyConnection) -> None:
    """Create and fill every table of schema `reference` on `con`; a header that differs from the contract raises."""
    database = con.execute("SELECT current_database()").fetchall()[0][0]
    copy_rows(con, database, _read_facts, FOLDER)


def _read_facts(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for table in REFERENCE_TABLES:
        for statement in create_table(table):
            con.execute(statement)
        columns = ", ".join(f"{quoted(column.name)}: {quoted(column.type)}" for column in table)
        con.execute(
            f"INSERT INTO {table.full_name} BY NAME SELECT * FROM read_csv("
            f"{quoted(str(folder / (table.name + '.csv')))}, header = true, columns = {{{columns}}}, delim = ',',"
            " quote = '\"', auto_detect = false, nullstr = '')"
        )


def reference_fingerprint() -> str:
    """SHA-256 over the bytes of all reference files."""
    digest = hashlib.sha256()
    for table in REFERENCE_TABLES:
        digest.update((FOLDER / f"{table.name}.csv").read_bytes())
    return digest.hexdigest()
