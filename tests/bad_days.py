"""Bad days: a full disk, little memory, folders closed to writing, a clock that moved back.

Each is met by a whole run in a child, on the scenes of `rehearsal.py`: the run must end with a sentence that names the cure,
what is published stays whole, and the next run on a good day ends as an undisturbed one did.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rehearsal import STEPS, Scene, Stage, run, tree
from watch import Watch

from flows.cli.faults import sentence
from flows.cli.main import _exit_code
from flows.settings import Settings
from transforms.reading import containers

WRITES = ("open", "write_table", "mkdir", "rename", "replace", "link", "symlink", "fsync")
FOLDERS = ("inbox", "landed", "lake", "tmp", "published", "published/versions", ".")


@dataclass
class Day:
    """What one kind of bad day did: runs, how many ended well in spite of it, what they said, and what was wrong."""

    runs: int = 0
    endured: int = 0
    said: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def bad_day(stage: Stage, day: Day, name: str, work: Callable[[], Any], *, cured: Callable[[], None]) -> None:
    """Let `work` run in a child, on the root as it is now, then a good day after `cured`; adds to `day`."""
    day.runs += 1

    def attempt() -> tuple[str, str]:
        try:
            work()
        except BaseException as error:
            told = str(error) if isinstance(error, Exception) and _exit_code(error) else sentence(error, stage.settings)
            return ("stopped", told) if told else ("fault", f"{type(error).__name__}: {error}")
        return "done", ""

    outcome, told = stage.child(attempt)
    cured()
    if outcome == "fault" or "\n" in told:
        day.faults.append(f"{name}: no sentence for {told[:300]}")
    if outcome == "done":
        day.endured += 1
    else:
        words = told.replace(str(stage.settings.home), "HOME").split(";")[0]
        kind = "".join(character for character in words if not character.isdigit())[:150]
        day.said[kind] = day.said.get(kind, 0) + 1
    before = len(stage.tally.faults)
    stage.check(name)
    day.faults += stage.tally.faults[before:]


def short_writes(stage: Stage, day: Day, points: int, number: int = errno.ENOSPC) -> None:
    """A write, or what makes a name, fails at `points` boundaries of a run, and ever after in its step."""
    where = [
        (scene, place)
        for scene in stage.scenes
        for place, boundary in enumerate(scene.boundaries)
        if boundary.split(" ")[0] in WRITES
    ]
    for one in range(min(points, len(where))):
        scene, place = where[one * len(where) // min(points, len(where))]
        stage.restore(scene)

        def fails(scene: Scene = scene, place: int = place) -> None:
            with Watch(stage.settings.home, place, error=number, kinds=WRITES):
                STEPS[scene.name](stage.settings, scene.release)  # type: ignore[arg-type]

        bad_day(stage, day, f"{errno.errorcode[number]} at {scene.boundaries[place]}", fails, cured=lambda: None)


def full_disk(stage: Stage, day: Day, points: int) -> None:
    """A tmpfs with room for what is there and a part of what the run needs."""
    first = stage.scenes[0]
    there, last = _bytes_in(first.place), stage.scenes[-1].place
    need = _bytes_in(last) + _bytes_in(last / "published" / "versions" / "000001") - there
    for point in range(points):
        room = there + int(need * (point / points) ** 3)  # the published file is most of it, and the last
        # Without what unpacking leaves free, or every such run would end at its archive.
        with _small_disk(stage.settings.home, room), patch.object(containers, "DISK_RESERVE_BYTES", 0):
            stage.restore(first)
            bad_day(
                stage,
                day,
                f"{room - there:,} bytes of room",
                lambda: run(stage.settings),
                cured=lambda: _mount("-o", "remount,size=2g", str(stage.settings.home)),
            )


@contextmanager
def _small_disk(home: Path, size: int) -> Iterator[None]:
    _mount("-t", "tmpfs", "-o", f"size={size}", "none", str(home))
    try:
        yield
    finally:
        subprocess.run(["umount", str(home)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def may_mount(folder: Path) -> bool:
    """Whether this user may mount a small disk at `folder`."""
    try:
        with _small_disk(folder, 1 << 20):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def closed_folders(stage: Stage, day: Day) -> None:
    """Each folder of the data root closed to writing, of another user where this is root (or it would be mended)."""
    for name in FOLDERS:
        stage.restore(stage.scenes[0])
        folder = stage.settings.home / name
        mode, owner = folder.stat().st_mode, folder.stat()

        def close(folder: Path = folder) -> None:
            folder.chmod(0o555)
            if os.geteuid() == 0:
                os.chown(folder, 65534, 65534)

        def mend(folder: Path = folder, mode: int = mode, owner: os.stat_result = owner) -> None:
            if os.geteuid() == 0:
                os.chown(folder, owner.st_uid, owner.st_gid)
            folder.chmod(mode)

        close()
        bad_day(stage, day, f"{name} closed to writing", lambda: run(stage.settings), cured=mend)


def little_memory(stage: Stage, day: Day, need: int, percents: tuple[int, ...]) -> None:
    """CAPAIAN_MEMORY at parts of `need`, the bytes below which an undisturbed run does not end."""
    for percent in percents:
        stage.restore(stage.scenes[0])
        settings = Settings(home=stage.settings.home, memory=f"{need * percent // 100}B", threads=1)
        bad_day(stage, day, f"{percent} % of the memory", lambda settings=settings: run(settings), cured=lambda: None)


def memory_needed(stage: Stage, low: int = 1 << 20, high: int = 1 << 30) -> int:
    """The least CAPAIAN_MEMORY in bytes, to a tenth, with which the run ends, found by halving."""
    while high > low * 1.1:
        middle = int((low * high) ** 0.5)
        stage.restore(stage.scenes[0])

        def attempt(memory: int = middle) -> bool:
            try:
                run(Settings(home=stage.settings.home, memory=f"{memory}B", threads=1))
            except Exception:
                return False
            return True

        if stage.child(attempt):
            high = middle
        else:
            low = middle
    return high


def clock_back(stage: Stage, day: Day) -> None:
    """The clock of the second run is an hour, and by midnight a day, behind that of the first."""
    import datetime
    import time

    import rehearsal

    stage.restore(stage.scenes[0])

    def hour_back() -> None:
        now, ns = time.time, time.time_ns
        time.time, time.time_ns = (lambda: now() - 3600), (lambda: ns() - 3600 * 10**9)
        run(stage.settings)

    bad_day(stage, day, "an hour back", hour_back, cured=lambda: None)
    stage.restore(stage.scenes[0])

    def day_back() -> tuple[list[tuple[Any, ...]], bool]:
        old = tree(stage.settings.root.versions / "000001")
        rehearsal.AS_OF -= datetime.timedelta(days=1)
        run(stage.settings)
        with stage.settings.resources.connect(stage.settings.root.database.resolve(), read_only=True) as con:
            rows = con.execute(
                "SELECT version, as_of_date, known_date, (SELECT count(*) FROM quality.row_balance WHERE residual_count <> 0)"
                " FROM meta.publication"
            ).fetchall()
        return rows, tree(stage.settings.root.versions / "000001") == old

    day.runs += 1
    as_of = rehearsal.AS_OF
    rows, is_kept = stage.child(day_back)
    if rows != [(2, as_of - datetime.timedelta(days=1), as_of, 0)] or not is_kept:
        day.faults.append(f"a day back: {rows}, version 1 kept: {is_kept}")


def _bytes_in(folder: Path) -> int:
    """Bytes of the pages that a tmpfs needs for the files in `folder`."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum((path.stat().st_size + 4095) // 4096 * 4096 for path in files)
