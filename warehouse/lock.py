"""The single-writer lock of a data root: it dies with the process that holds it, and names its holder.

Belongs here: who holds it, and whether the process named in the file is still the one that wrote it (a number is given
to another process after a while, and to any process after a restart). Does not belong here: what a run did until it
died (`journal.py`). Needs a local file system and Linux' /proc.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LockHeld(RuntimeError):
    """Another run works on this data root."""


@dataclass(frozen=True)
class Holder:
    """The process that took the lock: its number, when it started (ticks since boot), in which boot, and what for."""

    pid: int
    started_ticks: int | None
    boot_id: str
    purpose: str
    since: str

    @property
    def is_alive(self) -> bool:
        """Whether that very process still runs, and not another one that was given its number."""
        return (
            self.boot_id == _boot_id()
            and (ticks := started_ticks(self.pid)) is not None
            and (self.started_ticks in (None, ticks))
        )

    def __str__(self) -> str:
        return f"{self.purpose}, process {self.pid}, since {self.since}"


@contextmanager
def single_writer(path: Path, purpose: str) -> Iterator[Holder | None]:
    """Hold the lock at `path` for the length of the block; raises `LockHeld` at once when another process has it.

    Yields the holder before, if that one died without giving the lock back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(f"{_held_by(path, _written_in(descriptor))}; wait for it or stop it") from None
        died = _written_in(descriptor)
        _write(descriptor, json.dumps(asdict(_this_process(purpose))))
        try:
            yield died
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)


def lock_state(path: Path) -> tuple[bool, Holder | None]:
    """Whether the lock at `path` is held now, and who is written in it: its holder, or one that died with it.

    The lock is not tried for that: a run that starts at this moment would be turned away.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False, None
    try:
        holder = _written_in(descriptor)
    finally:
        os.close(descriptor)
    return (holder is not None and holder.is_alive) or bool(_processes_with(path)), holder


def ensure_free(path: Path) -> None:
    """Raise `LockHeld` when the lock at `path` is held, without taking it: a courtesy before a long start."""
    is_held, holder = lock_state(path)
    if is_held:
        raise LockHeld(f"{_held_by(path, holder)}; wait for it or stop it")


def _held_by(path: Path, holder: Holder | None) -> str:
    if holder is None:
        return f"another run is at work on {path.parent}"
    if holder.is_alive:
        return f"another run ({holder}) is at work on {path.parent}"
    heirs = ", ".join(map(str, _processes_with(path))) or "unknown"
    return f"the run that took the lock ({holder}) is dead, but process {heirs} of it is still at work on {path.parent}"


def _this_process(purpose: str) -> Holder:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(os.getpid(), started_ticks(os.getpid()), _boot_id(), purpose, now)


def _boot_id() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""


def started_ticks(pid: int) -> int | None:
    """When the process started, ticks since boot; None when there is none, or only what is left of one (a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _processes_with(path: Path) -> list[int]:
    """Processes that have the file open, by number."""
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if any(entry.samefile(path) for entry in folder.iterdir() if entry.exists()):
                found.append(int(folder.parent.name))
    return sorted(set(found) - {os.getpid()})


def _written_in(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):  # empty, or half written when its writer died
        return None


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
