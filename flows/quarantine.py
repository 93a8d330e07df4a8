"""Quarantine as a workflow: what waits and for whom, the answer to a sender, and what a replay would change.

Belongs here: the plain functions behind `capaian quarantine`. Does not belong here: screens (`cli/quarantine.py`), how
rows are matched or told (`transforms/`), and the run that applies a replay (`nightly.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from flows import ingesting, releasing
from flows.closed_files import PlaceError, check_place, write_closed
from flows.plan import JAKARTA
from flows.settings import Settings
from flows.trial import open_trial
from transforms.answer import (
    add_row_findings,
    add_unparsable_lines,
    answers_in_order,
    counts_by_rule,
    make_answers,
    quarantine_history_sql,
    write_workbook,
)
from transforms.land import arrived_at, landed_files, take_census
from transforms.recognise import recognise
from transforms.standardise import join_broken_records, load_lines
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.profiles import load_profiles
from warehouse.publish import national_rows, read_manifest
from warehouse.reference_data import load_reference
from warehouse.tables.lake import QUARANTINED

UNPARSABLE = "unparsable"


class QuarantineError(ValueError):
    """What was asked for cannot be done as it was given; names the cure."""


@dataclass(frozen=True)
class Sender:
    """Who delivered: the kind of export and the province most of its rows lie in."""

    profile: str
    province_code: str
    province_name: str

    @property
    def code(self) -> str:
        return f"{self.profile}/{self.province_code}"


@dataclass(frozen=True)
class Waiting:
    """Rows of one delivery that wait for one reason; a row that breaks two rules is in two of these."""

    sender: Sender
    delivery_id: int
    file_name: str
    rule_code: str
    severity: str
    sentence: str
    row_count: int
    share_ratio: float
    """Of the delivery's lines that are records or should be."""
    landed_date: date
    age_days: int


@dataclass(frozen=True)
class DeliveryEffect:
    """What a replay does to one delivery; `origin` is landed or inbox."""

    delivery_id: int
    file_name: str
    origin: str
    is_due: bool
    leaving_count: int
    entering_count: int
    reason: str | None
    """Why it would be refused as a whole."""


@dataclass(frozen=True)
class AttainmentEffect:
    """The register's count for one target before (as published; None when nothing is) and after."""

    target_year: int
    definition_code: str
    published_count: int | None
    replayed_count: int | None


@dataclass(frozen=True)
class Preview:
    """What applying would change; with no delivery due, nothing was computed and `attainment` is empty."""

    as_of: date
    deliveries: tuple[DeliveryEffect, ...]
    attainment: tuple[AttainmentEffect, ...]

    @property
    def due_count(self) -> int:
        return sum(delivery.is_due for delivery in self.deliveries)


def sender_of(con: duckdb.DuckDBPyConnection, entry: LedgerEntry) -> Sender:
    """The sender of a judged delivery, as drift is told of it; `con` needs the reference tables."""
    code = entry.sender or ""
    profile, _, province = code.rpartition("/")
    found = con.execute(
        "SELECT province_name FROM reference.provinces WHERE frame_code = '38' AND province_code = ?", [province]
    ).fetchall()
    return Sender(profile, province, found[0][0] if found else "unknown")


def list_waiting(settings: Settings, now: datetime) -> list[Waiting]:
    """Everything that waits for repair, by sender, delivery and rule; `now` is what ages are counted to."""
    with settings.resources.connect() as con:
        load_reference(con)
        _hold_history(con, settings, "history")
        counts = con.execute(
            "SELECT delivery_id, rule_code, count(*) FROM history, unnest(rule_codes) AS rules (rule_code)"
            " WHERE status = 'waiting' GROUP BY ALL"
        ).fetchall()
        entries = _validated(settings)
        by_delivery: dict[int, dict[str, int]] = {entry.delivery_id: {} for entry in entries}
        for delivery_id, rule_code, count in counts:
            by_delivery[delivery_id][rule_code] = count
        waiting = []
        for entry in entries:
            rules = by_delivery[entry.delivery_id]
            lines = con.execute(
                f"SELECT reason_code, count(*) FROM read_parquet('{_unparsable(settings, entry)}') GROUP BY ALL"
            ).fetchall()
            if not rules and not lines:
                continue
            sender, landed = sender_of(con, entry), _arrived_at(settings, entry)
            told = {finding["rule_code"]: finding for finding in entry.findings}
            reasons = [
                (code, told[code]["severity"], told[code]["sentence_en"], count)
                for code, count in rules.items()
                if told[code]["severity"] == "quarantine_row"
            ] + [(code, UNPARSABLE, "the line is no record of the file's form", count) for code, count in lines]
            waiting += [
                Waiting(
                    sender,
                    entry.delivery_id,
                    entry.file_name,
                    code,
                    severity,
                    sentence,
                    count,
                    count / _record_count(entry),
                    landed.date(),
                    (now.astimezone(JAKARTA).date() - landed.date()).days,
                )
                for code, severity, sentence, count in reasons
            ]
    return sorted(waiting, key=lambda row: (row.sender.code, row.landed_date, row.delivery_id, row.rule_code))


def export(
    settings: Settings,
    out: Path,
    *,
    sender: str | None = None,
    delivery_id: int | None = None,
    with_warnings: bool = False,
) -> int:
    """Write the answer to a sender, or about one delivery, as XLSX to `out` (mode 0600); returns its findings.

    It tells every rule that a waiting row breaks, and every line that is no record; `with_warnings` adds the rows that
    were taken with a warning. The file holds personal data. Raises `QuarantineError` before anything is written.
    """
    try:
        check_place(settings, out)
    except PlaceError as error:
        raise QuarantineError(str(error)) from None
    with ingesting.workbench(settings.resources).cursor() as con:
        chosen = [
            (entry, name)
            for entry in _validated(settings)
            for name in [sender_of(con, entry)]
            if (sender is None or name.code == sender) and (delivery_id is None or entry.delivery_id == delivery_id)
        ]
        if not chosen:
            raise QuarantineError("no validated delivery is of that sender or number; see: capaian quarantine list")
        _hold_history(con, settings, "history")
        make_answers(con)
        summary: list[Sequence[Any]] = [
            ("Jawaban atas kiriman data",),
            ("Perbaiki di sumbernya, ekspor ulang, lalu kirim kembali. Nomor baris menurut berkas yang dikirim.",),
            (),
            ("berkas", "nomor kiriman", "pengirim", "diterima", "baris data", "baris menunggu"),
        ]
        for entry, name in chosen:
            _answer(con, settings, entry, with_warnings)
            held = con.execute(
                "SELECT count(*) FROM history WHERE status = 'waiting' AND delivery_id = ?", [entry.delivery_id]
            ).fetchall()[0][0]
            landed = _arrived_at(settings, entry).date().isoformat()
            who = f"{name.code} {name.province_name}"
            summary.append((entry.file_name, entry.delivery_id, who, landed, _record_count(entry), held))
        counts = counts_by_rule(con)
        summary += [(), ("berkas", "kode aturan", "kekuatan", "temuan", "seharusnya"), *counts]
        write_closed(out, partial(write_workbook, summary=summary, findings=answers_in_order(con)), settings)
    return sum(count for _, _, _, count, _ in counts)


def preview(settings: Settings, as_of: date | None = None) -> Preview:
    """What a replay would change: every due delivery is taken and counted in a data root of its own, then thrown away.

    Due is what is landed and was made from other rules, corrections, profiles or code, and what waits in the inbox.
    `as_of` is by default that of the published version, so that only the replay makes a difference.
    """
    published = read_manifest(settings.root)
    today = datetime.now(JAKARTA).date()
    as_of = as_of or (date.fromisoformat(published["as_of_date"]) if published else today)
    with _trial_of(settings) as trial:
        known = {file.sha256 for file in landed_files(settings.root.landed)}
        ingesting.land_inbox(trial)
        ingesting.unpack_archives(trial)
        due = ingesting.plan_deliveries(trial)
        if not due:
            return Preview(as_of, (), ())
        with ThreadPoolExecutor(ingesting.PARALLEL_DELIVERIES) as pool:
            list(pool.map(partial(ingesting.ingest, trial), due))
        release = releasing.plan_release(trial, as_of, today)
        if release is None:
            raise QuarantineError("the trial holds a published version; remove its folder under tmp/ and try again")
        releasing.resolve_register(trial, release)
        releasing.build_attainment(trial, release)
        releasing.record_quality(trial, release)
        with settings.resources.connect() as con:
            replayed = con.execute(
                "SELECT target_year, definition_code, observed_count FROM"
                f" read_parquet('{release.folder}/marts/attainment_national.parquet')"
                " WHERE indicator_code = 'umkm_digital' AND series = 'register_observed' ORDER BY ALL"
            ).fetchall()
            moves = _moves(con, settings, trial)
        due_ids = {file.delivery_id for file in due}
        effects = tuple(
            DeliveryEffect(
                entry.delivery_id,
                entry.file_name,
                "landed" if entry.sha256 in known else "inbox",
                entry.delivery_id in due_ids,
                *moves.get(entry.delivery_id, (0, 0)),
                entry.reason,
            )
            for entry in sorted(Ledger(trial.root), key=lambda entry: (entry.file_name, entry.delivery_id))
            if entry.delivery_id in due_ids or entry.delivery_id in moves
        )
    counts = _published_counts(settings)
    return Preview(
        as_of,
        effects,
        tuple(
            AttainmentEffect(year, definition, counts.get((year, definition)), count)
            for year, definition, count in replayed
        ),
    )


@contextmanager
def _trial_of(settings: Settings) -> Iterator[Settings]:
    """A data root with the same deliveries and the same inbox; what is done in it leaves no trace."""
    home = settings.root.scratch / "replay"
    shutil.rmtree(home, ignore_errors=True)
    trial = open_trial(settings, home, beside_the_published=False)
    try:
        for path in settings.root.inbox.iterdir():
            if path.is_file():
                shutil.copy2(path, trial.root.inbox / path.name)  # landing moves a file and takes its write permission
        yield trial
    finally:
        shutil.rmtree(home)


def _moves(con: duckdb.DuckDBPyConnection, settings: Settings, trial: Settings) -> dict[int, tuple[int, int]]:
    """Delivery to (rows that leave quarantine, rows that enter it), for each delivery with any."""
    _hold_history(con, settings, "held_before")
    _hold_history(con, trial, "held_after")
    rows = con.execute(
        """
        SELECT coalesce(before.delivery_id, after.delivery_id) AS delivery_id,
            count(*) FILTER (after.row_id IS NULL), count(*) FILTER (before.row_id IS NULL)
        FROM (SELECT * FROM held_before WHERE status = 'waiting') AS before
        FULL JOIN (SELECT * FROM held_after WHERE status = 'waiting') AS after USING (row_id)
        WHERE before.row_id IS NULL OR after.row_id IS NULL
        GROUP BY ALL"""
    ).fetchall()
    return {delivery_id: (leaving, entering) for delivery_id, leaving, entering in rows}


def _published_counts(settings: Settings) -> dict[tuple[int, str], int | None]:
    if read_manifest(settings.root) is None:
        return {}
    return {
        (row["target_year"], row["definition_code"]): row["observed_count"]
        for row in national_rows(settings.root, settings.resources)
        if (row["indicator_code"], row["series"]) == ("umkm_digital", "register_observed")
    }


def _hold_history(con: duckdb.DuckDBPyConnection, settings: Settings, name: str) -> None:
    """Make the temporary table `name` with the columns of `quality.quarantine_history`, from the lake as it is now."""
    entries = _validated(settings)
    for verdict in ("validated", "quarantined"):
        paths = releasing.rows_of(settings, entries)
        # By name: the lake may have been written by an earlier version, whose rows lack a column that is new.
        rows = f"SELECT * FROM read_parquet({paths}, union_by_name = true) WHERE verdict = '{verdict}'"
        none = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in QUARANTINED)
        con.execute(f"CREATE OR REPLACE TEMP VIEW {verdict} AS {rows if paths else f'SELECT {none} WHERE false'}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {quarantine_history_sql()}")


def _answer(con: duckdb.DuckDBPyConnection, settings: Settings, entry: LedgerEntry, with_warnings: bool) -> None:
    """Add what is to be told about one delivery to `answers`."""
    path = settings.root.landed / entry.sha256 / entry.file_name
    if not path.exists():
        raise QuarantineError(f"{entry.file_name}: the landed file is gone from {path.parent}; restore it")
    census = take_census(path)
    file = recognise(path, census, load_profiles(), settings.root.scratch)
    load_lines(con, file, census, settings.root.scratch)
    for table in file.tables:
        join_broken_records(con, table)
    columns, here = "line_number, registration_number, rule_codes", f"delivery_id = {entry.delivery_id}"
    rows = (
        f"SELECT {columns} FROM quarantined WHERE {here}"
        f" AND row_id IN (SELECT row_id FROM history WHERE status = 'waiting' AND {here})"
    )
    if with_warnings:
        rows += f" UNION ALL SELECT {columns} FROM validated WHERE {here} AND rule_codes IS NOT NULL"
    add_row_findings(con, file, f"({rows})", entry.findings)
    add_unparsable_lines(con, entry.file_name, _unparsable(settings, entry))


def _validated(settings: Settings) -> list[LedgerEntry]:
    return [entry for entry in Ledger(settings.root) if entry.status == "validated"]


def _unparsable(settings: Settings, entry: LedgerEntry) -> Path:
    return Ledger(settings.root).folder(entry.sha256) / "unparsable.parquet"


def _arrived_at(settings: Settings, entry: LedgerEntry) -> datetime:
    return arrived_at(settings.root.landed / entry.sha256).astimezone(JAKARTA)


def _record_count(entry: LedgerEntry) -> int:
    lines: Iterable[dict[str, int]] = (row["parts"] for row in entry.row_balance if row["seam"] == "lines")
    return sum(parts["parsed"] + parts["unparsable"] for parts in lines)
