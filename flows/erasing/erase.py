"""Erase: a person is taken out of everything under the data root, and is not let in again.

Belongs here: the order. First every landed file is written without the person, beside the old one; what cannot be
written so stops the erasure with nothing changed. Tombstones are the moment of erasure: from then on no delivery
brings the person back, and an erasure that was cut off is finished by the same command. Then landed files are
replaced, their deliveries ingested again, the register linked anew and published, and versions that knew the person
are retired.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from flows import ingesting, releasing
from flows.backfilling.carry_out import let_in_what_was_allowed
from flows.erasing.person import Person, find_person, own_needles
from flows.erasing.proof import Proof, prove
from flows.erasing.redacting import finish, prepare, renew_archives
from flows.integrity import check_lake
from flows.plan import JAKARTA
from flows.running import attempt, running
from flows.settings import Settings
from transforms.land import LandedFile, landed_files
from transforms.redaction.note import read_note, tombstone_lines
from warehouse.contract import quoted
from warehouse.decisions import load_decisions, save_decisions
from warehouse.journal import RunJournal
from warehouse.layout import DataRoot
from warehouse.lock import single_writer
from warehouse.pin import read_pin
from warehouse.publish import read_manifest
from warehouse.retention import retire
from warehouse.vault import Tombstone, add_tombstones

Tell = Callable[[str], None]
LINE_BITS = 27


class ErasureError(ValueError):
    """The person cannot be erased as it was asked; nothing was changed."""


@dataclass(frozen=True)
class Erased:
    """What an erasure did; `version` is None when nothing was published before, or nothing changed."""

    person: Person
    decision_count: int
    version: int | None
    retired: tuple[int, ...]
    proof: Proof


def count(settings: Settings, nik: str) -> Person:
    """What an erasure would take, without taking anything. Raises `ErasureError`."""
    _check(settings, nik, "")
    with single_writer(settings.root.create().lock, "erase"):
        return find_person(settings, nik, "", "")


def erase(settings: Settings, nik: str, reason: str, now: datetime, tell: Tell = lambda what: None) -> Erased:
    """Erase the person with this NIK; `now` is the moment of erasure.

    Raises `ErasureError` or `NotRedactable` before anything is changed, and `LockHeld` when another run is at work.
    """
    _check(settings, nik, reason)
    root = settings.root
    with running(settings, "erase") as journal:
        ingesting.open_data_root(settings)
        let_in_what_was_allowed(settings)
        check_lake(settings)
        for trial in root.backfills.glob("*/trial"):  # what a backfill has done so far is done again without the person
            shutil.rmtree(trial)
        erased_at = now.astimezone(JAKARTA).isoformat(timespec="seconds")
        tell("finding the person's rows")
        person = find_person(settings, nik, erased_at, reason)
        for part in person.parts:
            tell(f"writing {part.file.path.name} without the person's lines")
            if part.found:
                prepare(settings, part.file, part.found)
        add_tombstones(settings.vault, person.tombstones)
        touched = [finish(part.file, part.found, erased_at) if part.found else part.file for part in person.parts]
        renew_archives(settings)
        decision_count = _forget_decisions(settings, person.tombstones)
        shutil.rmtree(root.lake / "linkage", ignore_errors=True)
        for file in touched:
            tell(f"ingesting {file.path.name}")
            attempt(settings, journal, file)
        tell("publishing")
        version = _publish(settings, now, journal)
        retired = _retire_knowing(settings, person.tombstones)
        needles = own_needles(settings, person.needles)
        shutil.rmtree(root.scratch, ignore_errors=True)
        root.create()
        return Erased(person, decision_count, version, retired, prove(settings, needles, tell))


def _check(settings: Settings, nik: str, reason: str) -> None:
    if not re.fullmatch(r"\d{16}", nik):
        raise ErasureError("a NIK has 16 digits; give it without dots and spaces")
    if re.search(r"\d{6}", re.sub(r"[^\w]", "", reason)):
        raise ErasureError("the reason is kept for good; leave numbers of persons out of it")
    pin = read_pin(settings.root.pin)
    if pin:
        raise ErasureError(
            f"version {pin.version} is pinned and may hold the person; lift the pin first: capaian rollback --lift"
        )


def _forget_decisions(settings: Settings, tombstones: tuple[Tombstone, ...]) -> int:
    """Take out decisions about the person's registrations; returns how many."""
    path, key = settings.root.link_decisions, settings.vault.key()
    decisions = load_decisions(path)
    erased = {one.pseudonym for one in tombstones if one.kind == "registration"}
    left = [
        one
        for one in decisions
        if erased.isdisjoint(
            key.pseudonym("registration", f"{register}:{number}")
            for register, number in (
                (one.left_register, one.left_number),
                (one.right_register, one.right_number),
            )
        )
    ]
    if len(left) < len(decisions):
        save_decisions(path, left)
    return len(decisions) - len(left)


def _publish(settings: Settings, now: datetime, journal: RunJournal) -> int | None:
    """Publish anew, as of the day of the published version; with nothing published yet there is nothing to replace."""
    manifest = read_manifest(settings.root)
    if manifest is None:
        return None
    as_of = date.fromisoformat(manifest["as_of_date"])
    release = releasing.plan_release(settings, as_of, now.astimezone(JAKARTA).date(), journal.run_id)
    if release is None:
        return None
    for build in releasing.BUILD_STEPS.values():
        build(settings, release)
    releasing.publish_release(settings, release)
    journal.published(release.version)
    return release.version


def _retire_knowing(settings: Settings, tombstones: tuple[Tombstone, ...]) -> tuple[int, ...]:
    """Retire the versions in which a line of the person is; which lines these were, the notes of landed files say."""
    root, ids = settings.root, {one.tombstone_id for one in tombstones}
    row_ids = [
        file.delivery_id << LINE_BITS | line
        for file in landed_files(root.landed)
        if file.content_sha256
        for line in _lines_of(file, ids)
    ]
    published = int(root.current.resolve().name) if root.current.exists() else None
    knowing = [
        version
        for version in root.kept_versions()
        if version != published and row_ids and _knows(settings, root, version, row_ids)
    ]
    for version in knowing:
        retire(root, version)
    return tuple(knowing)


def _lines_of(file: LandedFile, tombstone_ids: set[str]) -> set[int]:
    note = read_note(file.path.parent)
    return tombstone_lines(note, tombstone_ids) if note else set()


def _knows(settings: Settings, root: DataRoot, version: int, row_ids: list[int]) -> bool:
    folder = root.version(version) / "parquet"
    asked = {
        folder / "register" / "memberships.parquet": "row_id",
        folder / "quality" / "quarantined_rows.parquet": "row_id",
        folder / "quality" / "unparsable_lines.parquet": f"(delivery_id << {LINE_BITS}) | line_number",
    }
    with settings.resources.connect() as con:
        return any(
            con.execute(
                f"SELECT 1 FROM read_parquet({quoted(str(path))})"
                f" WHERE {row_id} IN (SELECT unnest(?::BIGINT[])) LIMIT 1",
                [row_ids],
            ).fetchall()
            for path, row_id in asked.items()
            if path.exists()
        )
