"""The steps of a run as plain functions: each joins transforms, expectations and warehouse for one seam.

Belongs here: what is called with what, and the balance of every seam. Does not belong here: rules about data, and
Prefect (`nightly.py` binds these functions to tasks).
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.judge import judge, rows_in, split_rows
from expectations.rules import RULES_FINGERPRINT, refusal_after_judging, refusal_before_judging
from flows.plan import delivery_key, due_deliveries, input_fingerprint
from flows.settings import Settings
from transforms.answer import quarantine_history_sql
from transforms.build import build_table
from transforms.correct import correction_status_sql
from transforms.land import LandedFile, land, landed_files, take_census
from transforms.marts import build_marts
from transforms.recognise import RefusedDelivery, recognise
from transforms.resolve import resolve
from transforms.standardise import (
    account_for_lines,
    join_broken_records,
    load_lines,
    load_readers,
    load_regency_lookup,
    records_sql,
    standardised_sql,
)
from warehouse.connection import Resources
from warehouse.contract import Table
from warehouse.corrections import load_corrections
from warehouse.ddl import arrow_schema
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.profiles import load_profiles
from warehouse.publish import next_version, publish, published_fingerprint
from warehouse.reference_data import load_reference
from warehouse.report import write_report
from warehouse.tables import (
    CONTRACT_FINGERPRINT,
    CORRECTIONS,
    DELIVERIES,
    FINDINGS,
    PUBLICATION,
    QUARANTINE_HISTORY,
    QUARANTINED,
    QUARANTINED_ROWS,
    REFERENCE_TABLES,
    ROW_BALANCE,
    RULE_RESULTS,
    UNPARSABLE_LINES,
    VALIDATED,
)

PARALLEL_DELIVERIES = 2
"""Deliveries ingested side by side, within one memory limit."""
_ONE_AT_A_TIME = threading.Lock()

logger = logging.getLogger("capaian")


class BalanceError(RuntimeError):
    """Rows went missing or came from nowhere at a seam; nothing may be published."""


@dataclass(frozen=True)
class Release:
    """A version that is due: its number, what it is made from and the folder where its tables are built."""

    version: int
    as_of: date
    input_fingerprint: str
    folder: Path


def open_data_root(settings: Settings) -> None:
    """Create the folders and sweep what an interrupted run left behind."""
    root = settings.root.create()
    for leftover in (*root.scratch.iterdir(), *root.versions.glob(".unfinished-*")):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def land_inbox(settings: Settings) -> list[LandedFile]:
    """Land every file in the inbox; returns them in the order of their names."""
    root = settings.root
    arrivals = []
    for file in sorted(path for path in root.inbox.iterdir() if path.is_file() and not path.name.startswith(".")):
        arrival = land(file, root.landed)
        if arrival.is_duplicate:
            logger.warning("%s: duplicate delivery of %s, nothing to do", file.name, arrival.path.name)
        else:
            logger.info("%s: landed", file.name)
        arrivals.append(arrival)
    return arrivals


@lru_cache(maxsize=1)
def _workbench(resources: Resources) -> duckdb.DuckDBPyConnection:
    con = resources.connect()
    load_reference(con)
    load_readers(con)
    load_regency_lookup(con)
    return con


def workbench(resources: Resources) -> duckdb.DuckDBPyConnection:
    """The database in memory with readers and facts, loaded once in a process: each delivery takes a cursor of it.

    Deliveries that are ingested side by side so stay within one memory limit.
    """
    with _ONE_AT_A_TIME:
        return _workbench(resources)


def plan_deliveries(settings: Settings) -> list[LandedFile]:
    """Every landed file that is due and not done."""
    return due_deliveries(landed_files(settings.root.landed), Ledger(settings.root))


def ingest(settings: Settings, file: LandedFile) -> LedgerEntry:
    """Standardise and judge one landed file and commit the result with its ledger entry.

    A file that cannot be taken is refused with its reason, which is a result too. Raises `BalanceError` when a line
    is unaccounted for, and what `judge` raises.
    """
    root = settings.root
    work = root.scratch / f"ingest-{file.sha256}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    census = take_census(file.path)
    if census.sha256 != file.sha256:
        raise BalanceError(f"{file.path.name}: the landed bytes are no longer those that arrived; land the file again")
    entry: dict[str, Any] = {
        "sha256": file.sha256,
        "delivery_id": file.delivery_id,
        "file_name": file.path.name,
        "key": delivery_key(file),
        "byte_count": census.byte_count,
        "line_count": census.line_count,
    }
    with workbench(settings.resources).cursor() as con:
        try:
            recognised = recognise(file.path, census, load_profiles())
            entry |= {"profile": recognised.profile.name, "encoding": recognised.encoding}
            entry["line_count"] = load_lines(con, recognised, census, root.scratch)
            join_broken_records(con, recognised)
            records = records_sql(recognised)
            split_rows(con, standardised_sql(recognised, file.delivery_id, records, load_corrections()), work)
            account = account_for_lines(con, recognised, file.delivery_id, rows_in(work), work / "unparsable.parquet")
            refuse(refusal_before_judging(account.parsed, account.unparsable))
            judgement = judge(con, work, file.delivery_id)
            refuse(refusal_after_judging(account.parsed, judgement.quarantined))
            entry |= {
                "status": "validated",
                "findings": judgement.findings,
                "rule_results": judgement.rule_results,
                "row_balance": [
                    balance(file.delivery_id, "lines", entry["line_count"], account.parts),
                    balance(
                        file.delivery_id,
                        "judgement",
                        account.parsed,
                        {"validated": judgement.validated, "quarantined": judgement.quarantined},
                    ),
                ],
            }
        except RefusedDelivery as refused:
            shutil.rmtree(work)
            work.mkdir()
            entry |= {"status": "refused", "reason": refused.reason}
    done = LedgerEntry(**entry)
    check_balance(done.file_name, done.row_balance)
    Ledger(root).commit(done, work)
    if done.reason:
        logger.warning("%s: refused", done.file_name)
    else:
        logger.info(
            "%s: %s validated, %s quarantined",
            done.file_name,
            f"{done.validated_count:,}",
            f"{done.quarantined_count:,}",
        )
    return done


def refuse(reason: str | None) -> None:
    """Refuse the delivery at hand if there is a reason."""
    if reason:
        raise RefusedDelivery(reason)


def balance(delivery_id: int, seam: str, rows_in: int, parts: dict[str, int]) -> dict[str, Any]:
    """One row of `quality.row_balance`."""
    rows_out = sum(parts.values())
    return {
        "delivery_id": delivery_id,
        "seam": seam,
        "rows_in": rows_in,
        "rows_out": rows_out,
        "residual_count": rows_in - rows_out,
        "parts": parts,
    }


def check_balance(name: str, balances: Sequence[dict[str, Any]]) -> None:
    """Raise `BalanceError` unless every residual is 0."""
    for seam in balances:
        if seam["residual_count"]:
            raise BalanceError(
                f"{name}: at the seam '{seam['seam']}' {seam['rows_in']:,} rows went in and {seam['rows_out']:,} came"
                " out; nothing was published"
            )


def plan_release(settings: Settings, as_of: date) -> Release | None:
    """The version that is due, or None when the published one was made from the same inputs."""
    due = input_fingerprint(Ledger(settings.root), as_of)
    if due == published_fingerprint(settings.root):
        return None
    folder = settings.root.scratch / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Release(next_version(settings.root), as_of, due, folder)


def resolve_register(settings: Settings, release: Release) -> None:
    """Link all validated registrations into businesses."""
    with settings.resources.connect() as con:
        load_reference(con)
        view_validated(con, settings)
        resolve(con, release.folder)


def build_attainment(settings: Settings, release: Release) -> None:
    """Build the marts from the register."""
    with settings.resources.connect() as con:
        load_reference(con)
        con.execute("CREATE SCHEMA register")
        con.execute(
            "CREATE VIEW register.businesses AS"
            f" SELECT * FROM read_parquet('{release.folder}/register/businesses.parquet')"
        )
        build_marts(con, release.folder, release.as_of)


def record_quality(settings: Settings, release: Release) -> None:
    """Write deliveries, balance, findings and the publication's own row; checks the register's seams."""
    entries = list(Ledger(settings.root))
    validated = [entry for entry in entries if entry.status == "validated"]
    with settings.resources.connect() as con:
        load_reference(con)
        for table in REFERENCE_TABLES:
            select = f"SELECT * FROM {table.full_name} ORDER BY {', '.join(table.key)}"
            _keep(release, table, con.sql(select).to_arrow_table().to_pylist())
        view_validated(con, settings)
        view_quarantined(con, settings)
        quarantined_rows = f"SELECT {', '.join(QUARANTINED_ROWS.column_names)} FROM quarantined"
        build_table(con, QUARANTINED_ROWS, quarantined_rows, release.folder)
        build_table(con, QUARANTINE_HISTORY, quarantine_history_sql(), release.folder)
        unparsable = [str(Ledger(settings.root).folder(entry.sha256) / "unparsable.parquet") for entry in validated]
        build_table(con, UNPARSABLE_LINES, _select_rows(UNPARSABLE_LINES, unparsable), release.folder)
        register = f"{release.folder}/register"
        profiles = {entry.delivery_id: entry.profile or "" for entry in validated}
        decided = correction_status_sql(load_corrections(), profiles, f"read_parquet('{register}/memberships.parquet')")
        build_table(con, CORRECTIONS, decided, release.folder)
        warn_of_corrections(con)
        memberships = con.execute(
            "SELECT delivery_id, count(*) FILTER (is_current), count(*) FILTER (NOT is_current)"
            f" FROM read_parquet('{register}/memberships.parquet') GROUP BY delivery_id"
        ).fetchall()
        business_count, merged = con.execute(
            "SELECT count(*), coalesce(sum(registration_count) - count(*), 0)::BIGINT"
            f" FROM read_parquet('{register}/businesses.parquet')"
        ).fetchall()[0]
    counts = {delivery_id: (current, superseded) for delivery_id, current, superseded in memberships}
    balances = [row for entry in validated for row in entry.row_balance]
    for entry in validated:
        current, superseded = counts.get(entry.delivery_id, (0, 0))
        parts = {"current": current, "superseded": superseded}
        balances.append(balance(entry.delivery_id, "registrations", entry.validated_count, parts))
    current_count = sum(current for current, _ in counts.values())
    balances.append(
        balance(0, "businesses", current_count, {"businesses": business_count, "merged_duplicates": merged})
    )
    check_balance("register", balances)
    _keep(release, ROW_BALANCE, [{**row, "parts": list(row["parts"].items())} for row in balances])
    _keep(release, DELIVERIES, [{name: getattr(entry, name) for name in DELIVERIES.column_names} for entry in entries])
    _keep(release, FINDINGS, [row for entry in validated for row in entry.findings])
    _keep(release, RULE_RESULTS, [row for entry in validated for row in entry.rule_results])
    _keep(
        release,
        PUBLICATION,
        [
            {
                "version": release.version,
                "as_of_date": release.as_of,
                "input_fingerprint": release.input_fingerprint,
                "contract_fingerprint": CONTRACT_FINGERPRINT,
                "rules_fingerprint": RULES_FINGERPRINT,
                "code_version": package_version("capaian"),
                "delivery_count": len(validated),
                "refused_count": len(entries) - len(validated),
                "validated_count": sum(entry.validated_count for entry in validated),
                "business_count": business_count,
            }
        ],
    )


def warn_of_corrections(con: duckdb.DuckDBPyConnection) -> None:
    """One warning line for each decision of `quality.corrections` that no longer holds."""
    cures = {
        "stale": "something else is delivered now; take the line out if it is right",
        "unmatched": "no delivery holds what it speaks of; check the line",
    }
    rows = con.execute(
        f"SELECT decision_file, decision_line, column_name, status FROM {CORRECTIONS.full_name}"
        " WHERE status <> 'applied' ORDER BY decision_file, decision_line"
    ).fetchall()
    for file, line, column, status in rows:
        logger.warning("%s, line %s: the decision on %s is %s: %s", file, line, column, status, cures[status])


def publish_release(settings: Settings, release: Release) -> Path:
    """Audit and publish; returns the folder of the version."""
    folder = publish(
        settings.root,
        settings.resources,
        release.folder,
        release.version,
        release.input_fingerprint,
        release.as_of,
        write_report,
    )
    with suppress(FileNotFoundError):
        shutil.rmtree(release.folder)
    logger.info("published version %d", release.version)
    return folder


def rows_of(settings: Settings, entry: LedgerEntry, verdict: str) -> list[str]:
    """The Parquet files of a delivery's validated or quarantined rows."""
    return [
        str(path) for path in sorted(Ledger(settings.root).folder(entry.sha256).glob(f"verdict={verdict}/*.parquet"))
    ]


def view_validated(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Name all validated rows of all deliveries as the view `validated`."""
    _view_rows(con, settings, VALIDATED)


def view_quarantined(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Name all quarantined rows of all deliveries as the view `quarantined`."""
    _view_rows(con, settings, QUARANTINED)


def _view_rows(con: duckdb.DuckDBPyConnection, settings: Settings, table: Table) -> None:
    paths = [
        path
        for entry in Ledger(settings.root)
        if entry.status == "validated"
        for path in rows_of(settings, entry, table.name)
    ]
    con.execute(f"CREATE OR REPLACE VIEW {table.name} AS {_select_rows(table, paths)}")


def _select_rows(table: Table, paths: Sequence[str]) -> str:
    if paths:
        return f"SELECT {', '.join(table.column_names)} FROM read_parquet({list(paths)}, hive_partitioning = false)"
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in table)
    return f"SELECT {columns} WHERE false"


def _keep(release: Release, table: Table, rows: list[dict[str, Any]]) -> None:
    path = release.folder / table.schema / f"{table.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table)), path)
