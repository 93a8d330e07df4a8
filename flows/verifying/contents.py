"""Checks on contents: database against Parquet, certificate against both, audits, and the balance against the ledger.

Belongs here: what is asked of the tables of a version, read-only. Does not belong here: building anything anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from flows.certify import JUDGEMENT
from flows.verifying.files import Files, Tell
from flows.verifying.told import Check, fails, few, holds, unchecked
from warehouse.audits import AUDITS
from warehouse.certificate import CERTIFICATE_FILE, Statement, certificate_in, differing, parquet_hashes
from warehouse.checksums import DamageError
from warehouse.contract import quoted
from warehouse.ledger import Ledger
from warehouse.prepared import copy_definitions
from warehouse.publish import define_published
from warehouse.tables import CONTRACT_FINGERPRINT

_STRANGE_DEFINITIONS = """
    WITH defined AS (
        SELECT database_name, function_name AS name, macro_definition || parameters::VARCHAR AS definition
        FROM duckdb_functions() WHERE NOT internal
        UNION ALL
        SELECT database_name, view_name, sql FROM duckdb_views() WHERE NOT internal
        UNION ALL
        SELECT database_name, type_name, type_name FROM duckdb_types() WHERE NOT internal
    )
    SELECT name, name IN (SELECT function_name FROM duckdb_functions() WHERE internal) AS is_built_in FROM (
        SELECT name, definition FROM defined WHERE database_name = 'asked'
        EXCEPT SELECT name, definition FROM defined WHERE database_name = 'made'
    ) ORDER BY name"""
Balance = dict[tuple[str, str], tuple[int, int, dict[str, int]]]
"""Rows in, rows out and parts by delivery and seam."""
_SALT = secrets.randbits(63)
"""Anew in each process, so that no one can prepare rows whose hashes add up to those of others."""


def content_sql(relation: str, columns: Iterable[tuple[str, str]]) -> str:
    """SELECT of rows and sum of row hashes of `relation`, in any order; equal on both sides for equal tables.

    `columns` are names and types. DuckDB's hash is no constant of nature: it is compared within one process and never
    kept.
    """
    row = ", ".join(f"CAST({_named(name)} AS {kind})" for name, kind in columns)
    return f"SELECT count(*), sum(hash({_SALT}::UBIGINT, {row})) FROM {relation}"


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def check_definitions(con: duckdb.DuckDBPyConnection, database: Path, is_same_code: bool) -> Iterator[Check]:
    """Beside tables, `database` defines what the code that made it does, and nothing that is built in.

    A macro named `hash` or `sum` would answer every later question as it likes, so a failure here ends the asking.
    It is asked from `con`, a database in memory, where what `database` defines does not yet count.
    """
    con.execute(f"ATTACH {quoted(str(database))} AS asked (READ_ONLY)")
    con.execute("ATTACH ':memory:' AS made")
    copy_definitions(con, "made", define_published)
    strange = con.execute(_STRANGE_DEFINITIONS).fetchall()
    con.execute("DETACH asked")
    if strange and (is_same_code or any(is_built_in for _, is_built_in in strange)):
        names = few([name for name, _ in strange])
        yield fails(
            "database", f"{database.name} defines macros, views or types of its own ({names}); not asked further"
        )


def check_tables(
    con: duckdb.DuckDBPyConnection, folder: Path, files: Files, stated: Iterable[Statement], tell: Tell
) -> Iterator[Check]:
    """Each table of the database holds the rows of the Parquet beside it, which is the one of the certificate."""
    found = con.execute(
        "SELECT schema_name, table_name, list(struct_pack(name := column_name, kind := data_type))"
        " FROM duckdb_columns() WHERE NOT internal GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    tables = {f"{schema}.{table}": [(one["name"], one["kind"]) for one in columns] for schema, table, columns in found}
    relations = {f"{schema}.{table}": f"{_named(schema)}.{_named(table)}" for schema, table, _ in found}
    beside = {
        f"{Path(name).parent.name}.{Path(name).stem}": name for name in files.hashes if name.startswith("parquet/")
    }
    for table in sorted(tables.keys() ^ beside.keys()):
        yield fails("tables", f"{table} is only {'in the database' if table in tables else 'there as Parquet'}")
    for name, sha256 in parquet_hashes(stated).items():
        if name in files.sound and files.hashes[name] != sha256:
            yield fails("tables", f"{name} is not the file that the certificate names")
    equal = 0
    for table in sorted(tables.keys() & beside.keys()):
        if beside[table] not in files.sound:
            yield unchecked("tables", f"{table}: its Parquet is not the one that was published")
            continue
        tell(f"comparing {table}")
        parquet = f"read_parquet({quoted(str(folder / beside[table]))})"
        try:
            ours = con.execute(content_sql(relations[table], tables[table])).fetchall()
            theirs = con.execute(content_sql(parquet, tables[table])).fetchall()
        except duckdb.Error as error:
            yield fails("tables", f"{table} cannot be compared with its Parquet ({type(error).__name__})")
            continue
        if ours == theirs:
            equal += 1
        else:
            counts = f"{ours[0][0]:,} rows in the database, {theirs[0][0]:,} in the Parquet"
            yield fails("tables", f"{table}: database and Parquet do not hold the same rows ({counts})")
    if equal == len(tables) == len(beside):
        yield holds("tables", f"{equal} tables, database and Parquet hold the same rows")


def check_certificate(
    con: duckdb.DuckDBPyConnection, manifest: dict[str, Any], written: list[Statement] | None
) -> Iterator[Check]:
    """The JSON, `meta.certificate`, `meta.publication` and the manifest say the same."""
    if written is None:
        yield fails("certificate", f"{CERTIFICATE_FILE} is missing or no certificate")
        return
    other = differing(written, certificate_in(con))
    if other:
        yield fails("certificate", f"{CERTIFICATE_FILE} and meta.certificate differ in: {few(other)}")
    names = ("version", "as_of_date", "input_fingerprint")
    rows = con.execute("SELECT version, as_of_date::VARCHAR, input_fingerprint FROM meta.publication").fetchall()
    said = [row for row in rows if row != tuple(manifest[name] for name in names)]
    stated = {one.item: one for one in written if one.section == "inputs"}
    as_of, key = stated.get("as-of date"), stated.get("input fingerprint")
    if said or not as_of or as_of.value != manifest["as_of_date"] or not key or key.sha256 != manifest[names[2]]:
        yield fails("certificate", f"manifest, meta.publication and certificate differ in one of: {', '.join(names)}")
    elif not other:
        yield holds("certificate", f"{len(written)} statements, the same as JSON and in the database")


def check_audits(con: duckdb.DuckDBPyConnection, stated: Iterable[Statement], tell: Tell) -> Iterator[Check]:
    """The audits again, one check each, when this code has the contract of the version."""
    if not any(one.section == "contract" and one.sha256 == CONTRACT_FINGERPRINT for one in stated):
        cure = "verify with the code that made the version (its code_version is in meta.publication)"
        yield unchecked("audits", "the version was made by another contract than this code's", cure)
        return
    for audit in AUDITS:
        tell(f"auditing {audit.name}")
        fault = audit.fault(con)
        yield fails(f"audit {audit.name}", fault) if fault else holds(f"audit {audit.name}", audit.sentence)


def published_balance(con: duckdb.DuckDBPyConnection) -> Balance:
    """What `quality.row_balance` holds."""
    rows = con.execute("SELECT delivery_id, seam, rows_in, rows_out, parts FROM quality.row_balance").fetchall()
    return {
        (str(delivery), seam): (rows_in, rows_out, dict(parts)) for delivery, seam, rows_in, rows_out, parts in rows
    }


def check_ledger(
    ledger: Ledger,
    stated: Iterable[Statement],
    deliveries: dict[str, str],
    balance: Balance,
) -> Iterator[Check]:
    """The published balance of each delivery is that of its ledger entry, where this is still the one certified."""
    agreeing, missing, renewed = 0, [], []
    for one in stated:
        if one.section != "inputs" or not one.item.startswith(JUDGEMENT):
            continue
        number = one.item.removeprefix(JUDGEMENT)
        item = f"delivery {number}"
        try:
            entry = ledger.entry(deliveries.get(item, "unknown"))
        except DamageError:
            cure = "nothing to be done: the next run reads the delivery again"
            yield fails("balance", f"{item}: its ledger entry is not the one that was written", cure)
            continue
        except OSError:
            entry = None
        if entry is None:
            missing.append(item)
        elif entry.key != one.sha256:
            renewed.append(item)
        else:
            kept = {row["seam"]: (row["rows_in"], row["rows_out"], row["parts"]) for row in entry.row_balance}
            other = [seam for seam, row in kept.items() if balance.get((number, seam)) != row]
            agreeing += not other
            if other:
                yield fails("balance", f"{item}: the ledger counts other rows at the seams {few(other)}")
    if agreeing:
        yield holds("balance", f"{agreeing:,} deliveries balance as their ledger entries say")
    if renewed:
        yield unchecked("balance", f"{few(renewed)}: judged anew since, by other rules or code")
    if missing:
        yield unchecked(
            "balance", f"{few(missing)}: no ledger entry here", "verify where lake/ is kept and may be read"
        )
