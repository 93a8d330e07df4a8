"""The ledger: what became of each delivery. One entry per delivery, committed with its data by one rename.

A delivery's folder `lake/<sha256>/` holds `entry.json` beside its Parquet files, so that entry and data cannot drift,
and `SHA256SUMS` over them all, so that neither changes unseen.
An entry whose `key` (file, contract, rules, profile) still holds means: nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from warehouse.checksums import DamageError, changed_files, read_sums, write_sums
from warehouse.layout import DataRoot

ENTRY = "entry.json"


@dataclass(frozen=True)
class LedgerEntry:
    """One delivery: identity, what it was recognised as, its balance and findings. No source text, no identifiers."""

    sha256: str
    delivery_id: int
    file_name: str
    key: str
    status: str
    profile: str | None = None
    reason: str | None = None
    byte_count: int = 0
    line_count: int = 0
    encoding: str | None = None
    row_balance: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    rule_results: list[dict[str, Any]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    """Of an archive: the SHA-256 of each file in it."""
    measures: dict[str, Any] = field(default_factory=dict)
    """Counts, codes and the middle day of its rows, to compare later deliveries of the same sender with."""

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


class Ledger:
    """Reads and writes the entries under `lake/`."""

    def __init__(self, root: DataRoot) -> None:
        self._root = root

    def folder(self, sha256: str) -> Path:
        return self._root.lake / sha256

    def entry(self, sha256: str) -> LedgerEntry | None:
        """The entry of the delivery; raises `DamageError` when it is not what was committed."""
        folder = self.folder(sha256)
        return _read(folder) if (folder / ENTRY).exists() else None

    def __iter__(self) -> Iterator[LedgerEntry]:
        """All entries, by SHA-256: an order that does not depend on when they arrived."""
        if self._root.lake.exists():
            for path in sorted(self._root.lake.glob(f"*/{ENTRY}")):
                yield _read(path.parent)

    def damaged(self) -> Iterator[tuple[str, str]]:
        """SHA-256 of each delivery whose entry or data are not what was committed, and the files; reads every byte."""
        for folder in sorted(self._root.lake.glob("[0-9a-f]" * 64)):
            try:
                is_whole = (folder / ENTRY).exists() and bool(_read(folder))
            except DamageError:
                is_whole = False
            changed = changed_files(folder) if is_whole else [ENTRY]
            if changed:
                yield folder.name, ", ".join(changed)

    def forget(self, sha256: str) -> None:
        """Take a delivery out of the ledger with its data; its landed bytes stay, so that it is due again."""
        retired = self._root.scratch / f"retired-{sha256}"
        shutil.rmtree(retired, ignore_errors=True)
        self.folder(sha256).rename(retired)
        sync(self._root.lake)
        shutil.rmtree(retired, ignore_errors=True)

    def commit(self, entry: LedgerEntry, work: Path) -> None:
        """Make the files in `work` and `entry` the delivery's state, replacing what was there."""
        (work / ENTRY).write_text(json.dumps(asdict(entry), ensure_ascii=False, indent=1), encoding="utf-8")
        write_sums(work)
        for path in sorted(work.rglob("*"), reverse=True):
            path.chmod(0o700 if path.is_dir() else 0o600)
            sync(path)
        sync(work)
        target = self.folder(entry.sha256)
        retired = self._root.scratch / f"retired-{entry.sha256}"
        shutil.rmtree(retired, ignore_errors=True)
        if target.exists():
            target.rename(retired)
        work.rename(target)
        sync(target.parent)
        shutil.rmtree(retired, ignore_errors=True)


def _read(folder: Path) -> LedgerEntry:
    text = (folder / ENTRY).read_bytes()
    if hashlib.sha256(text).hexdigest() == read_sums(folder).get(ENTRY):
        entry = LedgerEntry(**json.loads(text))
        if entry.sha256 == folder.name:
            return entry
    raise DamageError(
        f"{folder}: the ledger entry is not the one that was written; a run reads the delivery again: capaian run"
    )


def sync(path: Path) -> None:
    """Force `path` (a file or a folder's entries) to disk before something relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
