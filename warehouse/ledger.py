"""The ledger: what became of each delivery. One entry per delivery, committed with its data by one rename.

A delivery's folder `lake/<sha256>/` holds `entry.json` beside its Parquet files, so that entry and data cannot drift,
and `SHA256SUMS` over them all, so that neither changes unseen.
An entry whose `key` (file, contract, rules, profile) still holds means: nothing to do. What was found in the delivery
is in `judgement.json`: a plan of ten thousand deliveries does not read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from warehouse.checksums import DamageError, changed_files, read_sums, write_sums
from warehouse.layout import DataRoot

ENTRY = "entry.json"
JUDGEMENT = "judgement.json"


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery: identity, what it was recognised as, whether it was taken. No source text."""

    sha256: str
    delivery_id: int
    file_name: str
    key: str
    status: str
    profile: str | None = None
    sender: str | None = None
    """Profile and province, of a delivery whose rows were read."""
    reason: str | None = None
    byte_count: int = 0
    line_count: int = 0
    encoding: str | None = None
    row_balance: list[dict[str, Any]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    """Of an archive: the SHA-256 of each file in it."""

    @property
    def is_judged(self) -> bool:
        """Whether its rows are kept: a refused delivery and an archive have none."""
        return self.status in ("validated", "held")

    @property
    def validated_count(self) -> int:
        return self._part("validated")

    @property
    def quarantined_count(self) -> int:
        return self._part("quarantined")

    def _part(self, name: str) -> int:
        return sum(balance["parts"].get(name, 0) for balance in self.row_balance if balance["seam"] == "judgement")


@dataclass(frozen=True)
class LedgerEntry(Outcome):
    """The outcome of one delivery with what was found in it. No source text, no identifiers."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    rule_results: list[dict[str, Any]] = field(default_factory=list)
    measures: dict[str, Any] = field(default_factory=dict)
    """Counts, codes and the middle day of its rows, to compare later deliveries of the same sender with."""


_OUTCOME = tuple(field.name for field in fields(Outcome))


class Ledger:
    """Reads and writes the entries under `lake/`."""

    def __init__(self, root: DataRoot) -> None:
        self._root = root
        self._lake = root.lake

    def folder(self, sha256: str) -> Path:
        return self._lake / sha256

    def outcome(self, sha256: str) -> Outcome | None:
        """What became of one delivery, without what was found in it; None when it was never ingested."""
        try:
            return _read_outcome(Path(self._lake, sha256, ENTRY))
        except FileNotFoundError:
            return None

    def entry(self, sha256: str) -> LedgerEntry | None:
        """One delivery with what was found in it; None when it was never ingested.

        Raises `DamageError` when it is not what was committed.
        """
        folder = self.folder(sha256)
        return _read_entry(folder) if (folder / JUDGEMENT).exists() else None

    def outcomes(self) -> Iterator[Outcome]:
        """All outcomes, in the order of entries."""
        for path in self._judgements():
            yield _read_outcome(path.with_name(ENTRY))

    def __iter__(self) -> Iterator[LedgerEntry]:
        """All entries, by SHA-256: an order that does not depend on when they arrived."""
        for path in self._judgements():
            yield _read_entry(path.parent)

    def damaged(self) -> Iterator[tuple[str, str]]:
        """SHA-256 of each delivery whose entry or data are not what was committed, and the files; reads every byte."""
        for folder in sorted(self._lake.glob("[0-9a-f]" * 64)):
            try:
                is_whole = bool(_read_entry(folder))
            except (DamageError, FileNotFoundError):
                is_whole = False
            changed = changed_files(folder) if is_whole else [ENTRY]
            if changed:
                yield folder.name, ", ".join(changed)

    def forget(self, sha256: str) -> None:
        """Take a delivery out of the ledger with its data; its landed bytes stay, so that it is due again."""
        retired = self._root.scratch / f"retired-{sha256}"
        shutil.rmtree(retired, ignore_errors=True)
        self.folder(sha256).rename(retired)
        sync(self._lake)
        shutil.rmtree(retired, ignore_errors=True)

    def _judgements(self) -> list[Path]:
        return sorted(self._lake.glob(f"*/{JUDGEMENT}"))

    def commit(self, entry: LedgerEntry, work: Path) -> None:
        """Make the files in `work` and `entry` the delivery's state, replacing what was there."""
        facts = asdict(entry)
        outcome = {name: facts.pop(name) for name in _OUTCOME}
        for name, part in ((ENTRY, outcome), (JUDGEMENT, facts)):
            (work / name).write_text(json.dumps(part, ensure_ascii=False, indent=1), encoding="utf-8")
        write_sums(work)
        for path in sorted(work.rglob("*"), reverse=True):
            path.chmod(0o700 if path.is_dir() else 0o600)
            sync(path)
        sync(work)
        self.take(entry.sha256, work)

    def take(self, sha256: str, folder: Path) -> None:
        """Make the finished `folder` the delivery's state, replacing what was there."""
        target = self.folder(sha256)
        retired = self._root.scratch / f"retired-{sha256}"
        shutil.rmtree(retired, ignore_errors=True)
        if target.is_symlink():
            target.unlink()
        elif target.exists():
            target.rename(retired)
        folder.rename(target)
        sync(target.parent)
        shutil.rmtree(retired, ignore_errors=True)


def _read_entry(folder: Path) -> LedgerEntry:
    parts, sums = [(folder / name).read_bytes() for name in (ENTRY, JUDGEMENT)], read_sums(folder)
    if [hashlib.sha256(part).hexdigest() for part in parts] == [sums.get(name) for name in (ENTRY, JUDGEMENT)]:
        entry = LedgerEntry(**json.loads(parts[0]), **json.loads(parts[1]))
        if entry.sha256 == folder.name:
            return entry
    raise DamageError(_not_as_committed(folder))


def _read_outcome(path: Path) -> Outcome:
    """The outcome alone, unchecked but for its form: a run checks all of it before it relies on it.

    A plan reads ten thousand of them: here a quick parser is felt.
    """
    try:
        return Outcome(**from_json(path.read_bytes()))
    except (ValueError, TypeError):
        raise DamageError(_not_as_committed(path.parent)) from None


def _not_as_committed(folder: Path) -> str:
    return f"{folder}: the ledger entry is not the one that was written; a run reads the delivery again: capaian run"


def sync(path: Path) -> None:
    """Force `path` (a file or a folder's entries) to disk before something relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
