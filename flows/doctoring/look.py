"""What the doctor looks at and does not touch: what is published, deliveries, disk, clock, and what is installed.

Belongs here: what needs a person, with the cure.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, metadata, requires
from importlib.metadata import version as package_version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flows.doctoring.told import Finding, few
from flows.freshness import CLOCK_TOLERANCE
from flows.rollback import published_version
from flows.settings import Settings
from flows.space import free_bytes, megabytes, needed_for
from transforms.land import landed_files, survey_inbox
from warehouse.checksums import DamageError
from warehouse.journal import read_runs
from warehouse.layout import DataRoot
from warehouse.ledger import Ledger
from warehouse.pin import PinError, read_pin
from warehouse.publish import DATABASE, MANIFEST, REPORT, manifest_of, read_manifest

_ALWAYS_NAMED = ("duckdb", "prefect", "fastapi")


def look_at_published(root: DataRoot) -> Iterator[Finding]:
    """Links, the files of the published version by name, the pin, and whether something is left of every version."""
    name, kept, published = "published", root.kept_versions(), published_version(root)
    if published is None and kept:
        yield Finding(name, "person", "no version is the published one", f"capaian rollback {kept[-1]}")
    elif published is None:
        yield Finding(name, "note", "nothing yet", "capaian run")
    else:
        folder = root.version(published)
        astray = [
            link.name
            for link, file in ((root.database, DATABASE), (root.report, REPORT))
            if not link.is_symlink() or link.resolve() != (folder / file).resolve()
        ]
        if astray:
            cure = f"move it away, then: capaian rollback {published}; capaian rollback --lift"
            yield Finding(name, "person", f"{few(astray)} does not lead to version {published}", cure)
        fault = _fault_of_listing(folder)
        if fault:
            cure = f"capaian verify; publish another: capaian rollback ({few(kept[::-1])} are kept)"
            yield Finding(name, "person", f"version {published}: {fault}", cure)
        if not astray and not fault:
            yield Finding(name, "fine", f"version {published}, with every file of its manifest")
    try:
        pin = read_pin(root.pin)
        if pin and pin.version != published:
            yield Finding("pin", "person", f"{pin}, but is not published", f"capaian rollback {pin.version}")
        elif pin:
            yield Finding("pin", "note", f"{pin}", "capaian rollback --lift lets runs publish again")
    except PinError as error:
        yield Finding("pin", "person", str(error), "capaian rollback --lift")
    numbers = root.published_numbers()
    lost = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
    if lost:
        found = f"nothing is left of version {few(lost)}, so that later releases do not know what they hid"
        yield Finding("history", "person", found, f"restore them from a copy into {root.retired}")
    elif numbers:
        yield Finding("history", "fine", f"{len(kept):,} versions kept, {len(numbers) - len(kept):,} retired")


def _fault_of_listing(folder: Path) -> str | None:
    try:
        listed = {MANIFEST, *manifest_of(folder)["files"]}
    except (DamageError, LookupError):
        return f"{MANIFEST} is missing or not as it was published"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or path.is_file()}
    if listed - there:
        return f"{few(sorted(listed - there))} is missing"
    return f"{few(sorted(there - listed))} is not in the manifest" if there - listed else None


def look_at_deliveries(root: DataRoot) -> Iterator[Finding]:
    """Landed files and ledger entries against each other."""
    landed = {file.sha256 for file in landed_files(root.landed)} if root.landed.is_dir() else set()
    entered, unreadable = set(), []
    for folder in sorted(root.lake.iterdir()) if root.lake.is_dir() else []:
        try:
            if Ledger(root).outcome(folder.name):
                entered.add(folder.name)
        except DamageError:
            unreadable.append(folder.name)
    name, due, lost = "deliveries", sorted(landed - entered - set(unreadable)), sorted(entered - landed)
    if unreadable:
        cure = "capaian run reads their landed files again"
        yield Finding(name, "note", f"ledger entries that cannot be read: {_short(unreadable)}", cure)
    if lost:
        cure = f"restore them into {root.landed} from a copy, or ask their senders to deliver again"
        yield Finding(name, "person", f"ledger entries without their landed file: {_short(lost)}", cure)
    if due:
        yield Finding(name, "note", f"landed and not yet in the ledger: {_short(due)}", "capaian run takes them")
    if not unreadable and not lost and not due:
        yield Finding(name, "fine", f"{len(landed):,} landed, each with its ledger entry")


def _short(hashes: list[str]) -> str:
    return few([sha256[:12] for sha256 in hashes])


def look_at_disk(settings: Settings) -> Iterator[Finding]:
    """What is free against what the next run needs."""
    root = settings.root
    entered = {path.name for path in root.lake.iterdir()} if root.lake.is_dir() else set()
    landed = landed_files(root.landed) if root.landed.is_dir() else []
    waiting = survey_inbox(root.inbox)[0] if root.inbox.is_dir() else []
    due = [file.path for file in landed if file.sha256 not in entered] + waiting
    needed, free = needed_for(settings, due), free_bytes(settings)
    found = f"{megabytes(free)} free; the next run needs about {megabytes(needed)}"
    if free < needed:
        yield Finding("disk", "person", found, "free some, or keep fewer versions (CAPAIAN_KEEP_VERSIONS)")
    else:
        yield Finding("disk", "fine", found)


def look_at_clock(root: DataRoot, now: datetime) -> Iterator[Finding]:
    """Whether something was written later than `now`."""
    try:
        published_at = (read_manifest(root) or {}).get("published_at")
    except DamageError:  # told with what is published
        published_at = None
    times = [datetime.fromisoformat(published_at)] if published_at else []
    times += [at for run in read_runs(root.runs)[-1:] for at in (run.begun_at, run.ended_at) if at]
    last = max(times, default=None)
    if last is not None and last - now > CLOCK_TOLERANCE:
        found = f"it is {now:%Y-%m-%d %H:%M} UTC, and the last run or publication was at {last:%Y-%m-%d %H:%M} UTC"
        yield Finding("clock", "person", found, "the clock was moved back: set it; the business day follows from it")
    else:
        yield Finding("clock", "fine", f"{now:%Y-%m-%d %H:%M} UTC, after all that was published")


def look_at_versions() -> Iterator[Finding]:
    """Python and what is installed against the bounds of the project."""
    amiss, within = [], {"Python": platform.python_version()}
    if not SpecifierSet(metadata("capaian")["Requires-Python"]).contains(platform.python_version()):
        amiss.append(f"Python {platform.python_version()}")
    for requirement in map(Requirement, requires("capaian") or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            number = package_version(requirement.name)
        except PackageNotFoundError:
            amiss.append(f"{requirement.name} is missing")
            continue
        if requirement.specifier.contains(number, prereleases=True):
            within[requirement.name] = number
        else:
            amiss.append(f"{requirement.name} {number} is not {requirement.specifier}")
    if amiss:
        yield Finding("versions", "person", few(amiss), "install what is locked: see the README, requirements.lock")
    else:
        named = ", ".join(f"{name} {within[name]}" for name in ("Python", *_ALWAYS_NAMED))
        yield Finding("versions", "fine", f"{named}, and {len(within) - len(_ALWAYS_NAMED) - 1} more within bounds")
