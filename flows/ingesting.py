"""From the inbox to the ledger, as plain functions: what is landed, unpacked, and ingested delivery by delivery.

Belongs here: what is called with what up to the judged rows of each delivery. Does not belong here: rules about data,
what is made of all deliveries together (`releasing.py`), and Prefect (`nightly.py` binds these functions to tasks).
"""

from __future__ import annotations

import logging
import shutil
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from expectations.gates import FileFacts, sender_of
from expectations.judge import Judgement, judge, rows_in, split_rows
from flows.apart import Apart
from flows.balance import BalanceError, balance, check_balance
from flows.erasing.finding import NotRedactable, find_in_file, find_in_lines
from flows.erasing.redacting import Redacted, finish_redactions, redact, renew_archives
from flows.erasing.sought import Found, Sought, everybody_erased
from flows.fingerprints import delivery_key
from flows.known import known_deliveries
from flows.plan import JAKARTA, plan
from flows.settings import Settings
from transforms.land import (
    Census,
    LandedFile,
    RefusedArrival,
    close_landed,
    land,
    landed_files,
    survey_inbox,
    take_census,
)
from transforms.reading.containers import unpack
from transforms.reading.kinds import kind_of
from transforms.reading.names import safe_name
from transforms.reading.refusal import RefusedDelivery
from transforms.recognise import RecognisedFile, recognise
from transforms.standardise import (
    account_for_lines,
    join_broken_records,
    load_lines,
    load_readers,
    load_regency_lookup,
    standardised_sql,
)
from warehouse.connection import Resources
from warehouse.corrections import load_corrections
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.leftovers import sweep
from warehouse.profiles import load_profiles
from warehouse.reference_data import load_reference
from warehouse.vault import encryption_of

PARALLEL_DELIVERIES = 2
"""Deliveries ingested side by side, within one memory limit."""
JUDGING = Apart()
JUDGING_MEMORY = "500MB"
"""Judging holds a few row groups and counters, beside a run that may use all of its own memory."""
_ONE_AT_A_TIME = threading.Lock()

UNFORESEEN = (ValueError, LookupError, ArithmeticError, duckdb.DataError, duckdb.ProgrammingError)
"""Faults in reading one delivery do not stop the others; a failed audit, a full disk and a lost process do."""

logger = logging.getLogger("capaian")


@dataclass(frozen=True)
class Arrivals:
    """What was in the inbox: files that were landed, and what was left there with the reason."""

    landed: tuple[LandedFile, ...]
    left: tuple[RefusedArrival, ...]


@dataclass(frozen=True)
class Read:
    """A delivery whose lines are loaded; `line_count` are its lines, counted without the reader that cuts them."""

    file: RecognisedFile
    line_count: int


def open_data_root(settings: Settings) -> None:
    """Create the folders, sweep what an interrupted run left behind, and finish what an erasure was interrupted at.

    Raises `VaultError` before anything is taken when the vault cannot be written as it must be.
    """
    encryption_of(settings.vault)
    sweep(settings.root.create())
    close_landed(settings.root.landed)
    settings.vault.key()
    settings.vault.sweep()
    finish_redactions(settings.root.landed)
    renew_archives(settings)


def land_inbox(settings: Settings) -> Arrivals:
    """Land every file in the inbox, in the order of names; what is no file, or changes meanwhile, is left there."""
    root = settings.root
    files, left = survey_inbox(root.inbox)
    landed = []
    for file in files:
        try:
            arrival = land(file, root.landed)
        except RefusedDelivery as refused:
            left.append(RefusedArrival(safe_name(file.name), refused.reason))
            continue
        if arrival.is_duplicate:
            logger.warning("%s: duplicate delivery of %s, nothing to do", safe_name(file.name), arrival.path.name)
        else:
            logger.info("%s: landed", arrival.path.name)
        landed.append(arrival)
    for stray in left:
        logger.warning("%s: left in the inbox: %s", stray.name, stray.reason)
    return Arrivals(tuple(landed), tuple(left))


def unpack_archives(settings: Settings) -> list[LedgerEntry]:
    """Unpack each landed archive that is due; every file in it is landed and is a delivery of its own."""
    root, entries = settings.root, []
    redacted = {file.kept_sha256: file for file in landed_files(root.landed) if file.content_sha256}
    for file in plan_deliveries(settings):
        if not _is_archive(file.path):
            continue
        out = root.scratch / f"unpacked-{file.sha256}"
        shutil.rmtree(out, ignore_errors=True)
        entry = _new_entry(file) | {"byte_count": file.path.stat().st_size}
        try:
            unpacked = unpack(file.path, out)
            members = [land(member, root.landed, redacted) for member in unpacked.files]
            entry |= {"status": "unpacked", "members": [member.sha256 for member in members]}
            logger.info("%s: unpacked, %d files", file.path.name, len(members))
        except RefusedDelivery as refused:
            entry |= {"status": "refused", "reason": refused.reason}
            logger.warning("%s: refused", file.path.name)
        shutil.rmtree(out, ignore_errors=True)
        work = root.scratch / f"ingest-{file.sha256}"
        work.mkdir(parents=True, exist_ok=True)
        entries.append(LedgerEntry(**entry))
        Ledger(root).commit(entries[-1], work)
    return entries


def _is_archive(path: Path) -> bool:
    try:
        return kind_of(path).is_archive
    except RefusedDelivery:
        return False


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
    due = [one.delivery.file for one in plan(known_deliveries(settings), "changed") if one.action == "ingest"]
    if due:
        JUDGING.prepare(_load_judging)
    return due


def ingest(settings: Settings, file: LandedFile) -> LedgerEntry:
    """Standardise and judge one landed file and commit the result with its ledger entry.

    A file that cannot be taken is refused with its reason, which is a result too. Lines of persons who were erased are
    taken out of the file first. Raises `BalanceError` when a line is unaccounted for, and what `judge` raises.
    """
    try:
        return _ingest(settings, file, everybody_erased(settings.vault))
    except Redacted as redacted:
        logger.info("%s: lines of erased persons were taken out", file.path.name)
        return _ingest(settings, redacted.file, None)


def read_rows(con: duckdb.DuckDBPyConnection, settings: Settings, file: LandedFile, census: Census, work: Path) -> Read:
    """Load the lines of a delivery on `con`, and write its rows, not yet judged, into `work`."""
    root = settings.root
    recognised = recognise(file.path, census, load_profiles(), root.scratch)
    line_count = load_lines(con, recognised, census, root.scratch)
    for table in recognised.tables:
        join_broken_records(con, table)
    split_rows(con, standardised_sql(recognised, file.delivery_id, load_corrections()), work)
    return Read(recognised, line_count)


def _keep_out(settings: Settings, file: LandedFile, found: Found) -> None:
    if found:
        raise Redacted(redact(settings, file, found, datetime.now(JAKARTA).isoformat(timespec="seconds")))


def _keep_out_of_refused(settings: Settings, file: LandedFile, sought: Sought | None) -> str:
    """What is to be added to the reason of a refusal: that an erased person is in the file and stays there."""
    if sought:
        try:
            _keep_out(settings, file, find_in_file(file.path, sought, settings.resources))
        except NotRedactable as error:
            logger.warning("%s: %s", file.path.name, error)
            return f"; {error}"
    return ""


def _ingest(settings: Settings, file: LandedFile, sought: Sought | None) -> LedgerEntry:
    root = settings.root
    work = root.scratch / f"ingest-{file.sha256}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    census = take_census(file.path)
    if census.sha256 != file.kept_sha256:
        raise BalanceError(f"{file.path.name}: the landed bytes are no longer those that arrived; land the file again")
    entry = _new_entry(file) | {"byte_count": census.byte_count, "line_count": census.line_count}
    with workbench(settings.resources).cursor() as con:
        try:
            read = read_rows(con, settings, file, census, work)
            recognised = read.file
            entry |= {"profile": recognised.profile.name, "encoding": recognised.encoding}
            entry["line_count"] = read.line_count
            if sought:
                _keep_out(settings, file, find_in_lines(con, recognised, rows_in(work), sought))
            account = account_for_lines(con, recognised, file.delivery_id, rows_in(work), work / "unparsable.parquet")
            facts = FileFacts(
                account.unparsable - account.elsewhere,
                recognised.tables[0].field_count,
                tuple(dict.fromkeys(name for table in recognised.tables for name in table.unknown_headers)),
            )
            judgement = JUDGING.call(_judge, settings.resources, work, file.delivery_id, facts)
            entry |= {
                "findings": judgement.findings,
                "rule_results": judgement.rule_results,
                "measures": judgement.measures,
                "sender": sender_of(recognised.profile.name, judgement.measures["code_counts"]["regency_code"] or {}),
            }
            refuse(judgement.refusal)
            entry |= {
                "status": "validated",
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
            left = _keep_out_of_refused(settings, file, sought)
            entry |= {"status": "refused", "reason": refused.reason + left}
        except NotRedactable as error:
            shutil.rmtree(work)
            work.mkdir()
            entry |= {"status": "refused", "reason": str(error)}
        except UNFORESEEN as error:  # what the error says may quote the file, its name does not
            shutil.rmtree(work)
            work.mkdir()
            entry |= {
                "status": "refused",
                "reason": f"reading it failed with {type(error).__name__}, which is a fault of ours; report the file's"
                f" name and SHA-256 ({file.sha256[:12]}), and send the export in another form meanwhile"
                + _keep_out_of_refused(settings, file, sought),
            }
        finally:
            (root.scratch / f"{file.sha256}.rows.parquet").unlink(missing_ok=True)
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


def _load_judging() -> None:
    import expectations.suite  # noqa: F401  # seconds, which pass while the first deliveries are being read


def _judge(resources: Resources, folder: Path, delivery_id: int, facts: FileFacts) -> Judgement:
    with workbench(replace(resources, memory=JUDGING_MEMORY, threads=1)).cursor() as con:
        return judge(con, folder, delivery_id, facts)


def _new_entry(file: LandedFile) -> dict[str, Any]:
    return {
        "sha256": file.sha256,
        "delivery_id": file.delivery_id,
        "file_name": file.path.name,
        "key": delivery_key(file),
    }


def refuse(reason: str | None) -> None:
    """Refuse the delivery at hand if there is a reason."""
    if reason:
        raise RefusedDelivery(reason)
