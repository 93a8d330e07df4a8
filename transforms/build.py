"""Build: run one SELECT of a `.sql` file and keep its rows as the Parquet file of a contract table.

Belongs here: the way every derived table is made. A `.sql` file is one SELECT; its columns must be the contract's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from warehouse.contract import Table


class ContractError(RuntimeError):
    """A SELECT yields other columns than its table has."""


def build_table(con: duckdb.DuckDBPyConnection, table: Table, select: str, folder: Path) -> Path:
    """Write `select` to `folder/<schema>/<name>.parquet` in the contract's order and types, and name it as a view.

    Rows are ordered by the table's key where it is small; a large table keeps the order of its making.
    """
    path = folder / table.schema / f"{table.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in table)
    unknown = f"* EXCLUDE ({', '.join(table.column_names)})"  # none; asked here, so that a long SELECT is planned once
    order = f" ORDER BY {', '.join(table.key)}" if table.schema in ("marts", "released") else ""
    try:
        con.execute(f"COPY (SELECT {columns}, {unknown} FROM ({select}){order}) TO '{path}' (FORMAT parquet)")
    except duckdb.BinderException:
        _check_columns(con, table, select)
        raise
    _check_columns(con, table, f"SELECT * FROM read_parquet('{path}')")
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    con.execute(f"CREATE OR REPLACE VIEW {table.full_name} AS SELECT * FROM read_parquet('{path}')")
    return path


def _check_columns(con: duckdb.DuckDBPyConnection, table: Table, select: str) -> None:
    delivered = {row[0] for row in con.execute(f"DESCRIBE {select}").fetchall()}
    if set(table.column_names) != delivered:
        raise ContractError(
            f"{table.full_name}: missing {sorted(set(table.column_names) - delivered)},"
            f" unknown {sorted(delivered - set(table.column_names))}"
        )


def records_sql(columns: Mapping[str, str]) -> str:
    """A SELECT of the records in the JSON parameter `$records`, under `columns` with their types; each gives them all.

    Arrow would import pandas to take in records of Python, 30 MB that nothing else in a run needs.
    """
    structure = json.dumps([dict(columns)])
    return f"SELECT unnest(record) FROM (SELECT unnest(from_json_strict($records, '{structure}')) AS record)"


def records_json(records: Iterable[Mapping[str, object]], columns: Iterable[str]) -> dict[str, str]:
    """The parameter of `records_sql`; what a record lacks is NULL, what is no column is left out."""
    names = list(columns)
    return {"records": json.dumps([{name: record.get(name) for name in names} for record in records], default=str)}


def drop_tables(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Drop temporary `tables` that nothing reads any more: what stays in memory makes later joins spill to disk."""
    con.execute(";".join(f"DROP TABLE IF EXISTS {table}" for table in tables))


def select_in(path: Path) -> str:
    """The SELECT of a `.sql` file."""
    return path.read_text(encoding="utf-8").rstrip().removesuffix(";")
