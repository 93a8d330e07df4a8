"""Orphans: processes that a killed run left behind, such as Prefect's short-lived API.

Belongs here: how they are told from all others, and how they are ended. A run names itself in the environment of its
children (`CAPAIAN_RUN`, and the data root); a child whose run is dead is an orphan. A real Prefect server, a worker
and a run of another data root bear no such mark, or that of a run that lives.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.doctoring.told import Finding, few
from flows.settings import RUN_MARK
from warehouse.layout import DataRoot
from warehouse.lock import started_ticks

PATIENCE_SECONDS = 5.0
"""From the request to end to the end without a request."""


@dataclass(frozen=True)
class Process:
    """A process by number and start, and the name of its program; its arguments are not shown."""

    pid: int
    started: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


def mend_orphans(root: DataRoot, is_dry_run: bool) -> Iterator[Finding]:
    """End the orphans of the data root; to be called only when no living run holds its lock."""
    if not Path("/proc/self/environ").exists():
        yield Finding("processes", "note", "cannot be looked at on this system")
        return
    found = list(orphans(root))
    if not found:
        yield Finding("processes", "fine", "no orphans")
    elif is_dry_run:
        yield Finding("processes", "to_mend", f"left by a killed run: {few(found)}", "capaian doctor ends them")
    else:
        alive = [process for process in found if not end(process)]
        if alive:
            yield Finding("processes", "person", f"do not end: {few(alive)}", "end them as their owner")
        else:
            yield Finding("processes", "mended", f"left by a killed run and ended: {few(found)}")


def orphans(root: DataRoot) -> Iterator[Process]:
    """Processes of dead runs of the data root at `root`."""
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
        pid, started = int(folder.name), started_ticks(int(folder.name))
        if started is None or pid == os.getpid():
            continue
        try:
            words = (folder / "environ").read_bytes().split(b"\0")
            environment = dict(os.fsdecode(word).split("=", 1) for word in words if b"=" in word)
            run = int(environment[RUN_MARK])
            home = (folder / "cwd").resolve() / environment.get("CAPAIAN_HOME", "data")
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except (OSError, LookupError, ValueError):  # it ended meanwhile, is someone else's, or has no mark
            continue
        is_ours = home.resolve() == root.home.resolve() or environment.get("PREFECT_HOME") == str(root.prefect)
        begun = started_ticks(run)
        if is_ours and (begun is None or begun > started):  # a number that was given again began after the child
            yield Process(pid, started, name)


def end(process: Process) -> bool:
    """End a process and wait for it, at first by asking; whether it is gone. It is the very process, by its start."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if started_ticks(process.pid) != process.started:
                return True
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            if select.select([handle], [], [], PATIENCE_SECONDS)[0]:
                return True
    except PermissionError:
        pass
    finally:
        os.close(handle)
    return False
