"""`examine`: the checks in order. What can be mended is mended under the lock of the data root, beside no run.

Belongs here: the order, and what is left alone while a run is at work.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flows.doctoring.look import look_at_clock, look_at_deliveries, look_at_disk, look_at_published, look_at_versions
from flows.doctoring.mend import mend_leftovers, mend_permissions
from flows.doctoring.orphans import mend_orphans
from flows.doctoring.told import Diagnosis, Finding
from flows.settings import Settings
from warehouse.lock import LockHeld, lock_state, single_writer


def examine(settings: Settings, *, is_dry_run: bool = False, now: datetime | None = None) -> Diagnosis:
    """Look at the data root and the machine; mend what a killed run left behind unless `is_dry_run`."""
    return Diagnosis(tuple(_findings(settings, is_dry_run, now or datetime.now(UTC))))


def _findings(settings: Settings, is_dry_run: bool, now: datetime) -> Iterator[Finding]:
    root = settings.root
    if not root.home.is_dir():
        yield Finding("data root", "note", f"{root.home} is not there yet", "capaian run makes it")
        yield from look_at_versions()
        return
    is_held, holder = lock_state(root.lock)
    if is_held and holder is not None and holder.is_alive:
        yield Finding("lock", "note", f"held by {holder}", "leftovers and permissions are looked at when it is over")
    else:
        yield from mend_orphans(root, is_dry_run)  # one of them may hold the lock that its run took
        yield from _mend_under_lock(settings, is_dry_run)
    yield from look_at_published(root)
    yield from look_at_deliveries(root)
    yield from look_at_disk(settings)
    yield from look_at_clock(root, now)
    yield from look_at_versions()


def _mend_under_lock(settings: Settings, is_dry_run: bool) -> Iterator[Finding]:
    root = settings.root
    _, died = lock_state(root.lock)
    if is_dry_run:
        yield _told_of_lock(died is not None)
        yield from mend_leftovers(root, is_dry_run)
        yield from mend_permissions(root, is_dry_run)
        return
    try:
        with single_writer(root.lock, "doctor"):
            yield _told_of_lock(died is not None)
            yield from mend_leftovers(root, is_dry_run)
            yield from mend_permissions(root, is_dry_run)
    except LockHeld as held:  # since a moment ago, or by a process without the mark of a run
        yield Finding("lock", "note", str(held), "run capaian doctor again when it is over")


def _told_of_lock(was_left: bool) -> Finding:
    if was_left:
        return Finding("lock", "note", "free; the last run was killed", "capaian run does what it left undone")
    return Finding("lock", "fine", "free")
