"""The audits: what every version must hold, by name, each with the sentence that says so.

Belongs here: what is asked of a finished database. Publishing runs them before a version is switched, the certificate
names them, and `capaian verify` runs them again: one definition for all three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from warehouse.certificate import TABLE_SECTIONS, certificate_in, differing, stated_by_tables
from warehouse.tables import ALL_TABLES, PUBLISHED_TABLES
from warehouse.tables.quality import PUBLICATION


class AuditError(RuntimeError):
    """The built version does not hold what it must; nothing was published."""


@dataclass(frozen=True)
class Audit:
    """One audit; `fault` says what is wrong in the database behind a connection, or None when the sentence holds."""

    name: str
    sentence: str
    fault: Callable[[duckdb.DuckDBPyConnection], str | None]


def audit(con: duckdb.DuckDBPyConnection) -> None:
    """Check what every version must hold on a finished database; raises `AuditError`."""
    for one in AUDITS:
        fault = one.fault(con)
        if fault:
            raise AuditError(f"{fault}; nothing was published")


def _rows_lost(con: duckdb.DuckDBPyConnection) -> str | None:
    residuals = con.execute(
        "SELECT delivery_id, seam, residual_count FROM quality.row_balance"
        " WHERE residual_count <> 0 OR rows_in - rows_out <> residual_count"
    ).fetchall()
    seams = "; ".join(f"delivery {delivery}, seam {seam}: {count} rows" for delivery, seam, count in residuals[:5])
    return f"rows do not balance ({seams})" if residuals else None


def _personal_columns(con: duckdb.DuckDBPyConnection) -> str | None:
    for table in PUBLISHED_TABLES:
        if table.personal_columns:
            return f"{table.full_name} holds personal columns {table.personal_columns}"
    personal = {name for table in ALL_TABLES for name in table.personal_columns}
    held = sorted(name for name in _columns(con) if name.rsplit(".", 1)[1] in personal)
    return f"the file holds personal columns {held[:5]}" if held else None


def _other_columns(con: duckdb.DuckDBPyConnection) -> str | None:
    contract = {f"{table.full_name}.{column.name}" for table in PUBLISHED_TABLES for column in table}
    other = sorted(_columns(con) ^ contract)
    return f"columns differ from the contract: {other[:5]}" if other else None


def _columns(con: duckdb.DuckDBPyConnection) -> set[str]:
    rows = con.execute("SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal")
    return {".".join(row) for row in rows.fetchall()}


def _repeated_keys(con: duckdb.DuckDBPyConnection) -> str | None:
    for table in PUBLISHED_TABLES:
        key = ", ".join(table.key)
        repeated = con.execute(
            f"SELECT count(*) FROM (SELECT {key} FROM {table.full_name} GROUP BY ALL HAVING count(*) > 1)"
        ).fetchall()[0][0]
        if repeated:
            return f"{table.full_name}: {repeated} keys ({key}) occur more than once"
    return None


def _unequal_parts(con: duckdb.DuckDBPyConnection) -> str | None:
    unequal = con.execute(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM marts.whatchanged GROUP BY figure, target_year, definition_code, institution
            HAVING sum(change_count) <> coalesce(any_value(later_count), 0) - coalesce(any_value(earlier_count), 0)
        )"""
    ).fetchall()[0][0]
    return f"marts.whatchanged: the parts of {unequal} figures do not sum to their change" if unequal else None


def _other_publications(con: duckdb.DuckDBPyConnection) -> str | None:
    count = con.execute(f"SELECT count(*) FROM {PUBLICATION.full_name}").fetchall()[0][0]
    return None if count == 1 else f"{PUBLICATION.full_name} must hold one row and holds {count}"


def _other_statements(con: duckdb.DuckDBPyConnection) -> str | None:
    certificate = certificate_in(con)
    stated = [one for one in certificate if one.section in TABLE_SECTIONS]
    other = differing(stated, stated_by_tables(con))
    named = {one.item for one in certificate if one.section == "audits"}
    other += [f"audits, {name}" for name in sorted(named ^ {one.name for one in AUDITS})]
    return f"the certificate states otherwise than the tables: {'; '.join(other[:5])}" if other else None


AUDITS = (
    Audit("rows_balance", "What goes into each seam of each delivery comes out of it.", _rows_lost),
    Audit("no_personal_columns", "No column holds data about an identifiable person.", _personal_columns),
    Audit("columns_of_contract", "Tables and columns are those of the contract, no more and no less.", _other_columns),
    Audit("keys_are_unique", "No key of any table occurs twice.", _repeated_keys),
    Audit("parts_sum", "The causes of each figure's change sum exactly to it.", _unequal_parts),
    Audit("one_publication", "meta.publication holds one row.", _other_publications),
    Audit("certificate_agrees", "The certificate states what the tables hold.", _other_statements),
)
