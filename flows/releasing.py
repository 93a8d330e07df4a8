"""From the ledger to a published version, as plain functions: register, attainment, quality, changes, publication.

Belongs here: what is called with what for one version. Does not belong here: rules about data, single deliveries
(`ingesting.py`), and Prefect (`nightly.py` binds these functions to tasks).
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import duckdb

from expectations.drift import Drift, Measured, find_drift
from expectations.judge import ROWS, RULE_BOOK_FINGERPRINT
from flows.balance import BalanceError, balance, check_balance
from flows.certify import certificate
from flows.fingerprints import input_fingerprint, transforms_fingerprint
from flows.integrity import check_versions
from flows.linkage import Linkage
from flows.pseudonyms import IDENTIFIERS, build_pseudonyms
from flows.runs import attempt_rows, run_rows
from flows.settings import Settings
from transforms.answer import quarantine_history_sql, waiting_counts_sql
from transforms.build import build_table, records_json, records_sql
from transforms.changes import build_changes, unexplained_count, view_version
from transforms.correct import correction_status_sql
from transforms.disclosure import build_released, keep_contributions
from transforms.marts import build_marts
from transforms.resolve import resolve
from transforms.resolve.link import KEYS_FILE
from warehouse.contract import Table
from warehouse.corrections import load_corrections
from warehouse.decisions import load_decisions
from warehouse.journal import read_runs
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.pin import read_pin
from warehouse.publish import next_version, publish, published_fingerprint, read_manifest
from warehouse.reference_data import load_reference, reference_fingerprint
from warehouse.report import write_report
from warehouse.retention import retire_old
from warehouse.tables import CONTRACT_FINGERPRINT, MART_TABLES, REFERENCE_TABLES, REGISTER_TABLES
from warehouse.tables.lake import QUARANTINED, VALIDATED
from warehouse.tables.quality import (
    ATTEMPTS,
    CERTIFICATE,
    CORRECTIONS,
    DELIVERIES,
    DRIFT,
    FINDINGS,
    PUBLICATION,
    QUARANTINE_HISTORY,
    QUARANTINED_ROWS,
    ROW_BALANCE,
    RULE_RESULTS,
    RUNS,
    UNPARSABLE_LINES,
    WAITING_COUNTS,
)
from warehouse.tables.reference import OPERATOR_TARGETS
from warehouse.tables.register import ENTITY_HISTORY
from warehouse.targets import load_targets
from warehouse.vault import commit_identifiers

logger = logging.getLogger("capaian")


@dataclass(frozen=True)
class Release:
    """A version that is due: its number, what it is made from and the folder where its tables are built.

    `as_of` is the day up to which it takes facts into account, `known` the business day of the run that publishes it.
    """

    version: int
    as_of: date
    known: date
    input_fingerprint: str
    folder: Path
    run_id: int | None = None
    """The run that makes it, if it keeps a journal."""


def plan_release(settings: Settings, as_of: date, known: date, run_id: int | None = None) -> Release | None:
    """The version that is due, or None when the published one was made from the same inputs, or is pinned.

    It is known from `known`, the business day of the run, but never before the version it is built upon: what was known
    on a day is what the last version until then says. Raises `DamageError` when a version is not what was published.
    """
    if pin := read_pin(settings.root.pin):
        logger.warning("%s: nothing is published until the pin is lifted: capaian rollback --lift", pin)
        return None
    decisions, targets = load_decisions(settings.root.link_decisions), load_targets(settings.root.targets)
    identifiers = (settings.vault.key().key_id, settings.identifier_years)
    due = input_fingerprint(
        Ledger(settings.root), as_of, decisions, targets, settings.suppression_threshold, identifiers
    )
    if due == published_fingerprint(settings.root):
        return None
    check_versions(settings)
    folder = settings.root.scratch / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    before = (read_manifest(settings.root) or {}).get("known_date")
    known = max(known, date.fromisoformat(before)) if before else known
    return Release(next_version(settings.root), as_of, known, due, folder, run_id)


def resolve_register(settings: Settings, release: Release) -> None:
    """Link all validated registrations into businesses, and count what waits in quarantine beside them."""
    with settings.resources.connect_for_grouping() as con:
        load_reference(con)
        view_validated(con, settings)
        view_earlier(con, settings)
        linkage = Linkage(settings.root.lake)
        validated = [entry for entry in released_entries(settings)[0] if entry.status == "validated"]
        deliveries = {entry.delivery_id: entry.key for entry in validated}
        grows = linkage.open(con, deliveries)
        resolve(con, release.folder, release.version, load_decisions(settings.root.link_decisions), grows)
        linkage.save(con, deliveries, grows, release.folder / KEYS_FILE)
        build_pseudonyms(con, release.folder, release.known, settings.vault, settings.identifier_years)
        keep_contributions(con, _contributions(settings), release.as_of)
        view_quarantined(con, settings, [entry for entry in released_entries(settings)[0] if entry.is_judged])
        build_table(con, QUARANTINE_HISTORY, quarantine_history_sql(), release.folder)
        build_table(con, WAITING_COUNTS, waiting_counts_sql(con), release.folder)
    _keep(settings, release, OPERATOR_TARGETS, [asdict(target) for target in load_targets(settings.root.targets)])


def build_attainment(settings: Settings, release: Release) -> None:
    """Build the marts from the register and from what waits in quarantine."""
    with settings.resources.connect() as con:
        load_reference(con)
        con.execute("CREATE SCHEMA register; CREATE SCHEMA quality")
        for table in (*REGISTER_TABLES, WAITING_COUNTS, OPERATOR_TARGETS):
            path = release.folder / table.schema / f"{table.name}.parquet"
            con.execute(f"CREATE VIEW {table.full_name} AS SELECT * FROM read_parquet('{path}')")
        build_marts(con, release.folder, release.as_of)


def build_releasable(settings: Settings, release: Release) -> None:
    """Build the tables that may leave the ministry from the marts; what earlier versions hid stays hidden."""
    earlier = [settings.root.remains_of(version) / "parquet" for version in range(release.version - 1, 0, -1)]
    with settings.resources.connect() as con:
        load_reference(con)
        con.execute("CREATE SCHEMA marts")
        for table in MART_TABLES:
            path = release.folder / table.schema / f"{table.name}.parquet"
            con.execute(f"CREATE VIEW {table.full_name} AS SELECT * FROM read_parquet('{path}')")
        con.execute(f"SET VARIABLE as_of = DATE '{release.as_of.isoformat()}'")
        build_released(con, _contributions(settings), release.folder, earlier, settings.suppression_threshold)
    _contributions(settings).unlink()


def _contributions(settings: Settings) -> Path:
    """The sales of single businesses between two steps; closed to others, and swept with all unfinished work."""
    return settings.root.scratch / "contributions.parquet"


def record_quality(settings: Settings, release: Release) -> None:
    """Write deliveries, runs, balance, findings and the publication's own row; checks the register's seams.

    A held delivery is told what is to be repaired like any other, but it has no part in the balance of the release.
    """
    entries, drift = released_entries(settings)
    validated = [entry for entry in entries if entry.status == "validated"]
    judged = [entry for entry in entries if entry.is_judged]
    for entry in judged:
        if entry.reason:
            logger.warning("%s: held: %s", entry.file_name, entry.reason)
    with settings.resources.connect() as con:
        load_reference(con)
        for table in REFERENCE_TABLES:
            select = f"SELECT {', '.join(table.column_names)} FROM {table.full_name} ORDER BY {', '.join(table.key)}"
            con.execute(f"COPY ({select}) TO '{_path(release, table)}' (FORMAT parquet)")
        view_validated(con, settings)
        view_quarantined(con, settings, judged)
        quarantined = _select_rows(QUARANTINED_ROWS, rows_of(settings, judged), "verdict = 'quarantined'")
        build_table(con, QUARANTINED_ROWS, quarantined, release.folder)
        unparsable = [str(Ledger(settings.root).folder(entry.sha256) / "unparsable.parquet") for entry in judged]
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
    _keep(settings, release, ROW_BALANCE, balances)
    _keep(settings, release, DELIVERIES, delivery_rows(entries))
    runs = read_runs(settings.root.runs, release.run_id)
    _keep(settings, release, RUNS, run_rows(runs))
    _keep(settings, release, ATTEMPTS, attempt_rows(runs))
    _keep(settings, release, FINDINGS, [row for entry in entries for row in entry.findings])
    _keep(settings, release, DRIFT, drift.findings)
    _keep(settings, release, RULE_RESULTS, [row for entry in entries for row in entry.rule_results])
    _keep(
        settings,
        release,
        PUBLICATION,
        [
            {
                "version": release.version,
                "as_of_date": release.as_of,
                "known_date": release.known,
                "input_fingerprint": release.input_fingerprint,
                "contract_fingerprint": CONTRACT_FINGERPRINT,
                "rules_fingerprint": RULE_BOOK_FINGERPRINT,
                "transforms_fingerprint": transforms_fingerprint(),
                "reference_fingerprint": reference_fingerprint(),
                "code_version": package_version("capaian"),
                "delivery_count": len(validated),
                "held_count": len(judged) - len(validated),
                "refused_count": sum(entry.status == "refused" for entry in entries),
                "validated_count": sum(entry.validated_count for entry in validated),
                "business_count": business_count,
            }
        ],
    )


def delivery_rows(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """The rows of `quality.deliveries`; a file that several archives hold belongs to the one with the lowest number."""
    archives: dict[str, int] = {}
    for entry in sorted(entries, key=lambda entry: -entry.delivery_id):
        archives |= dict.fromkeys(entry.members, entry.delivery_id)
    return [_delivery(entry, archives.get(entry.sha256)) for entry in entries]


def _delivery(entry: LedgerEntry, archive_id: int | None) -> dict[str, Any]:
    data_date = entry.measures.get("data_date")
    known = {
        "data_date": date.fromisoformat(data_date) if data_date else None,
        "archive_id": archive_id,
    }
    return {name: known[name] if name in known else getattr(entry, name) for name in DELIVERIES.column_names}


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


def record_changes(settings: Settings, release: Release) -> None:
    """Write what the version changes against the published one, and carry on what was known before.

    Raises `BalanceError` when two versions of the same code are counted otherwise than they were published.
    """
    with settings.resources.connect() as con:
        view_version(con, "earlier", settings.root.current / "parquet")
        view_version(con, "later", release.folder)
        build_changes(con, release.folder)
        same_code = con.execute(
            "SELECT count(*) FROM earlier.publication JOIN later.publication USING (transforms_fingerprint)"
        ).fetchall()[0][0]
        if same_code and (count := unexplained_count(con)):
            raise BalanceError(
                f"marts.whatchanged: {count} figures are counted otherwise than they were published;"
                " nothing was published"
            )


BUILD_STEPS = {
    "resolve the register": resolve_register,
    "build attainment": build_attainment,
    "hide what must not leave": build_releasable,
    "record quality": record_quality,
    "record changes": record_changes,
}
"""What is made for every version before it is published, in order, by what it is called on a page."""


def publish_release(settings: Settings, release: Release) -> Path:
    """Certify, audit and publish; returns the folder of the version."""
    root, validated = settings.root, [entry for entry in released_entries(settings)[0] if entry.status == "validated"]
    stated = certificate(root, settings.resources, release.folder, release.as_of, release.input_fingerprint, validated)
    _keep(settings, release, CERTIFICATE, stated)
    # Before the switch: killed in between, the next run publishes and writes both.
    commit_identifiers(settings.vault, release.folder / IDENTIFIERS)
    folder = publish(
        settings.root,
        settings.resources,
        release.folder,
        release.version,
        release.input_fingerprint,
        release.as_of,
        release.known,
        write_report,
    )
    shutil.rmtree(release.folder)
    logger.info("published version %d", release.version)
    retire_versions(settings)
    return folder


def retire_versions(settings: Settings) -> None:
    """Retire what is older than the versions that are kept; what cannot be done now is done after a later release."""
    try:
        retired = retire_old(settings.root, settings.keep_versions)
    except OSError as error:
        logger.warning("old versions could not be retired (%s); the next release tries again", error.strerror)
        return
    if retired:
        logger.info("retired version %s", ", ".join(map(str, retired)))


def released_entries(settings: Settings) -> tuple[list[LedgerEntry], Drift]:
    """All ledger entries as the release sees them, and the drift among them.

    A validated delivery that drifted too far from its sender's history is `held`, with its reason.
    """
    entries = list(Ledger(settings.root))
    drift = find_drift(
        Measured(entry.delivery_id, entry.sender or "", **entry.measures)
        for entry in entries
        if entry.status == "validated"
    )
    return [
        replace(entry, status="held", reason=drift.held[entry.delivery_id])
        if entry.delivery_id in drift.held
        else entry
        for entry in entries
    ], drift


def rows_of(settings: Settings, entries: Sequence[LedgerEntry]) -> list[str]:
    """The Parquet files of the judged rows of `entries`, each row with its `verdict`."""
    return [str(Ledger(settings.root).folder(entry.sha256) / ROWS) for entry in entries]


def view_validated(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Name all validated rows of the deliveries of the release as the view `validated`."""
    paths = rows_of(settings, [entry for entry in released_entries(settings)[0] if entry.status == "validated"])
    rows = _select_rows(VALIDATED, paths, "verdict = 'validated'")
    con.execute(f"CREATE OR REPLACE VIEW validated AS {rows}")


def view_earlier(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Name the ids of the published version and their history; the views are empty where there are none."""
    register = settings.root.current / "parquet" / "register"
    history = register / f"{ENTITY_HISTORY.name}.parquet"
    con.execute(
        f"CREATE VIEW earlier_history AS {_select_rows(ENTITY_HISTORY, [str(history)] if history.exists() else [])}"
    )
    if history.exists():
        con.execute(
            f"""
            CREATE VIEW earlier_ids AS
            SELECT row_id, business_id, owner_id FROM read_parquet('{register}/memberships.parquet') AS memberships
            JOIN read_parquet('{register}/businesses.parquet') AS businesses USING (business_id)"""
        )
    else:
        con.execute(
            "CREATE VIEW earlier_ids AS"
            " SELECT 0::BIGINT AS row_id, 0::BIGINT AS business_id, 0::BIGINT AS owner_id WHERE false"
        )


def view_quarantined(con: duckdb.DuckDBPyConnection, settings: Settings, judged: Sequence[LedgerEntry]) -> None:
    """Name the quarantined rows of `judged` deliveries as the view `quarantined`."""
    rows = _select_rows(QUARANTINED, rows_of(settings, judged), "verdict = 'quarantined'")
    con.execute(f"CREATE OR REPLACE VIEW quarantined AS {rows}")


def _select_rows(table: Table, paths: Sequence[str], condition: str = "true") -> str:
    if paths:
        columns = ", ".join(table.column_names)
        return f"SELECT {columns} FROM read_parquet({list(paths)}, hive_partitioning = false) WHERE {condition}"
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in table)
    return f"SELECT {columns} WHERE false"


def _keep(settings: Settings, release: Release, table: Table, rows: list[dict[str, Any]]) -> None:
    columns = {column.name: column.type for column in table}
    with settings.resources.connect() as con:
        con.execute(
            f"COPY ({records_sql(columns)}) TO '{_path(release, table)}' (FORMAT parquet)", records_json(rows, columns)
        )


def _path(release: Release, table: Table) -> Path:
    path = release.folder / table.schema / f"{table.name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
