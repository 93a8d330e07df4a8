"""What the contract's tables look like to DuckDB."""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.contract import Table, quoted


def create_table(table: Table, *, catalog: str = "") -> list[str]:
    """Statements that create `table`, without its comments."""
    prefix = f"{catalog}." if catalog else ""
    columns = ", ".join(f"{column.name} {column.type}" for column in table)
    return [
        f"CREATE SCHEMA IF NOT EXISTS {prefix}{table.schema}",
        f"CREATE TABLE {prefix}{table.full_name} ({columns})",
    ]


def comment_on(table: Table, *, catalog: str = "") -> list[str]:
    """Statements that tell the meaning of `table` and of each column."""
    name = f"{catalog}.{table.full_name}" if catalog else table.full_name
    return [
        f"COMMENT ON TABLE {name} IS {quoted(f'One row: {table.grain}. {table.description}')}",
        *(f"COMMENT ON COLUMN {name}.{column.name} IS {quoted(column.description)}" for column in table),
    ]


def create_tables(tables: Iterable[Table], *, catalog: str = "") -> list[str]:
    """Statements for all `tables` with their comments, in order."""
    return [
        statement
        for table in tables
        for statement in (*create_table(table, catalog=catalog), *comment_on(table, catalog=catalog))
    ]
