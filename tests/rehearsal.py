"""A rehearsed run: what a run that was killed or failed, and the next one, are held against.

A process that has imported everything and opened no database forks a child for each run. A child begins with the data
root as it was before one step of an undisturbed run, so that a kill costs one step; it judges in its own process
instead of another, which costs seconds and writes nothing. A second run that comes to the same bytes
as one before it between two steps goes no further.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process that forks has no threads

from conftest import AS_OF, stranger, write_sidt
from privileges import obey_modes
from watch import Watch

import expectations.suite  # noqa: F401
from flows import ingesting, integrity, releasing
from flows.releasing import Release
from flows.settings import Settings
from transforms.land import landed_files
from warehouse.checksums import sha256_of
from warehouse.ledger import Ledger
from warehouse.leftovers import remove_tree
from warehouse.lock import single_writer
from warehouse.tables import PUBLISHED_TABLES

OF_THE_RUN = frozenset({"meta.certificate"})
"""Tables that hold what differs between two runs: hashes of Parquet files, which depend on when rows were written."""


class Here:
    """Judges in the process of the run."""

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def prepare(self, function: Callable[[], None]) -> None:
        pass


ingesting.JUDGING = Here()  # type: ignore[assignment]


Step = Callable[[Settings, Release], "Release | None"]


def _ingest_next(settings: Settings, release: Release) -> None:
    ingesting.ingest(settings, ingesting.plan_deliveries(settings)[0])


STEPS: dict[str, Step] = {
    "open": lambda settings, _: ingesting.open_data_root(settings),
    "land": lambda settings, _: ingesting.land_inbox(settings) and None,
    "check lake": lambda settings, _: integrity.check_lake(settings) and None,
    "unpack": lambda settings, _: ingesting.unpack_archives(settings) and None,
    "ingest": _ingest_next,
    "plan release": lambda settings, _: releasing.plan_release(settings, AS_OF, AS_OF),
    "resolve": releasing.resolve_register,
    "attainment": releasing.build_attainment,
    "releasable": releasing.build_releasable,
    "quality": releasing.record_quality,
    "changes": releasing.record_changes,
    "publish": lambda settings, release: releasing.publish_release(settings, release) and None,
}


def run(settings: Settings, before: Callable[[str, Release | None], None] = lambda name, release: None) -> None:
    """A whole run; `before` is told of each step."""
    release: Any = None
    settings.root.create()
    with single_writer(settings.root.lock, "nightly"):
        for name, step in STEPS.items():
            if name == "resolve" and release is None:
                break
            while True:
                if name == "ingest" and not ingesting.plan_deliveries(settings):
                    break
                before(name, release)
                release = step(settings, release) or release
                if name != "ingest":
                    break


@dataclass(frozen=True)
class Scene:
    """The data root as it was before a step, the release that step is given, and the boundaries it passes."""

    name: str
    place: Path
    release: Release | None
    boundaries: tuple[str, ...] = ()


@dataclass
class Tally:
    """What was done and what was found; nothing wrong means `faults` is empty."""

    kills: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    recovered: int = 0
    published: dict[int, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.kills[what] = self.kills.get(what, 0) + 1


class Stage:
    """A folder with the scenes of an undisturbed run, and the data root in which runs are killed."""

    def __init__(self, base: Path, threads: int = 1) -> None:
        self.base = base
        self.settings = Settings(home=base / "home", memory="1GB", threads=threads)
        self.scenes: list[Scene] = []
        self.tables: dict[str, Any] = {}
        self.trees: dict[str, dict[str, str]] = {}
        self.old: dict[str, str] = {}
        self.seen: set[str] = set()
        self.tally = Tally()

    def rehearse(self) -> None:
        """Publish version 1, deliver, and run undisturbed to version 2, keeping the scenes."""
        self.child(lambda: deliver_first(self.settings))
        self.child(lambda: run(self.settings))
        self.child(lambda: deliver_second(self.settings))
        self.old = tree(self.settings.root.versions / "000001")
        started = time.monotonic()
        self.scenes, self.tables, synced = self.child(self._rehearse)
        self.seconds = time.monotonic() - started
        self.tally.faults += synced
        self.seen = {state(scene.place) for scene in self.scenes if scene.name != "open"}
        self.final = Scene("finished", self.base / "finished", None)
        shutil.copytree(self.settings.home, self.final.place, symlinks=True)
        self.trees = self._trees()
        if faults := leftovers(self.settings):
            raise AssertionError(f"the undisturbed run leaves: {faults}")

    def _rehearse(self) -> Any:
        scenes: list[Scene] = []
        watch = Watch(self.settings.home)

        def before(name: str, release: Release | None) -> None:
            watch.pause()
            if scenes:
                scenes[-1] = replace(scenes[-1], boundaries=tuple(watch.passed))
            place = self.base / f"scene-{len(scenes):02d}"
            shutil.copytree(self.settings.home, place, symlinks=True)
            scenes.append(Scene(name, place, release))
            watch.passed = []
            watch.resume()

        with watch:
            run(self.settings, before)
        scenes[-1] = replace(scenes[-1], boundaries=tuple(watch.passed))
        return scenes, checksums(self.settings), watch.unsynced()

    def check(self, name: str) -> None:
        """The published version is whole; a second run ends as the undisturbed one did."""
        version = int(self.settings.root.current.resolve().name)
        folder = self.settings.root.versions / f"{version:06d}"
        self.tally.published[version] = self.tally.published.get(version, 0) + 1
        found = tree(folder)
        if version == 1 and found != self.old:
            self.tally.faults.append(f"{name}: version 1 is no longer what it was")
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = {file: told.split()[1] for file, told in found.items() if told.startswith("0o100")}
        if manifest["files"] | {"manifest.json": files["manifest.json"]} != files:
            self.tally.faults.append(f"{name}: version {version} is not what its manifest says")
        if version == 2 and self.child(lambda: checksums(self.settings)) != self.tables:
            self.tally.faults.append(f"{name}: version 2 holds other rows than the undisturbed one")
        self._recover(name)

    def _recover(self, name: str) -> None:
        states: list[str] = []

        def recall(step: str, release: Release | None) -> None:
            """Go no further when the run went on from the same bytes before."""
            if step != "open":
                states.append(state(self.settings.home))
                if states[-1] in self.seen:
                    raise Seen

        def second() -> tuple[list[str], Any]:
            try:
                run(self.settings, recall)
            except Seen:
                return states, None
            return states, checksums(self.settings)

        try:
            passed, tables = self.child(second)
        except ChildError as error:
            self.tally.faults.append(f"{name}: the next run fails: {error}")
            return
        self.seen.update(passed)
        if tables is None:
            return
        self.tally.recovered += 1
        found = [table for table in self.tables if tables.get(table) != self.tables[table]]
        if found:
            self.tally.faults.append(f"{name}: other rows than undisturbed in {found[:4]}")
        for part, expected in self.trees.items():
            now = self._trees()[part]
            if now != expected:
                self.tally.faults.append(
                    f"{name}: {part} differs: {sorted(set(now.items()) ^ set(expected.items()))[:4]}"
                )
        self.tally.faults += [f"{name}: {fault}" for fault in leftovers(self.settings)]

    def _trees(self) -> dict[str, dict[str, str]]:
        root = self.settings.root
        return {
            "landed": tree(root.landed),
            "lake": {name: sum_ for name, sum_ in tree(root.lake).items() if not name.startswith("linkage")},
            "versions": {path.name: "" for path in root.versions.iterdir()},
        }

    def restore(self, scene: Scene) -> None:
        """Make the data root what it was before the step of `scene`; the folder itself may be a mount and stays."""
        for path in self.settings.home.iterdir():
            remove_tree(path)
        shutil.copytree(scene.place, self.settings.home, symlinks=True, dirs_exist_ok=True)

    def child(self, work: Callable[[], Any]) -> Any:
        """What `work` returns in a child."""
        reader, writer = os.pipe()
        child = self._fork(work, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            answer = stream.read()
        _, status = os.waitpid(child, 0)
        if status or not answer:
            raise ChildError(answer.decode(errors="replace")[-600:] or f"status {status}")
        return pickle.loads(answer)

    def is_killed(self, work: Callable[[], Any], seconds: float | None = None) -> bool:
        child = self._fork(work, None)
        if seconds is not None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)

    def _fork(self, work: Callable[[], Any], writer: int | None) -> int:
        child = os.fork()
        if child:
            return child
        try:
            obey_modes()
            answer = pickle.dumps(work())
            if writer is not None:
                with os.fdopen(writer, "wb") as stream:
                    stream.write(answer)
            os._exit(0)
        except BaseException as error:
            if writer is not None:
                with suppress(OSError):
                    os.write(writer, f"{type(error).__name__}: {error}".encode())
            os._exit(1)


class Seen(Exception):
    """The run has come to a state that another went on from."""


class ChildError(RuntimeError):
    """What a child died of."""


def deliver_first(settings: Settings) -> None:
    settings.root.create()
    write_sidt(
        settings.root.inbox / "a.csv", [{"nomor_registrasi": f"A{place}", **stranger(place)} for place in range(12)]
    )


def deliver_second(settings: Settings) -> None:
    """A new export, a ZIP with another and one that repeats a business, a file that is refused, and a duplicate."""
    inbox = settings.root.inbox
    shutil.copy(landed_files(settings.root.landed)[0].path, inbox / "a again.csv")
    write_sidt(inbox / "b.csv", [{"nomor_registrasi": f"B{place}", **stranger(place)} for place in range(12, 20)])
    (inbox / "c.csv").write_bytes(b"a,b\n1,2\n")
    again = [{"nomor_registrasi": f"D{place}", **stranger(place)} for place in (3, 20, 21, 22, 23, 24)]
    inner = write_sidt(inbox / "d.csv", [*again, {"nomor_registrasi": "D9", **stranger(30), "nik": "1"}])
    with zipfile.ZipFile(inbox / "e.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("d.csv"), inner.read_bytes())
        archive.writestr(zipfile.ZipInfo("b copy.csv"), (inbox / "b.csv").read_bytes())
    inner.unlink()


def checksums(settings: Settings) -> dict[str, Any]:
    """Rows and an order-free checksum of every published table."""
    with settings.resources.connect(settings.root.database.resolve(), read_only=True) as con:
        return {
            table.full_name: con.execute(
                f"SELECT count(*), coalesce(bit_xor(hash(one)), 0), coalesce(sum(hash(one)), 0) FROM {table.full_name} AS one"
            ).fetchall()[0]
            for table in PUBLISHED_TABLES
            if table.full_name not in OF_THE_RUN
        }


def tree(folder: Path) -> dict[str, str]:
    """Mode and SHA-256, or target, of everything in `folder` by relative path; the lock and Prefect's files apart."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.partition("/")[0] in ("run.lock", "prefect", "runs"):
            continue
        what = path.readlink() if path.is_symlink() else sha256_of(path) if path.is_file() else ""
        found[name] = f"{oct(path.lstat().st_mode)} {what}"
    return found


def state(home: Path) -> str:
    """A data root in one word."""
    return hashlib.sha256(json.dumps(tree(home)).encode()).hexdigest()


def leftovers(settings: Settings) -> Iterator[str] | list[str]:
    """What a finished run must not leave."""
    root, found = settings.root, []
    found += [f"left in tmp/: {path.name}" for path in root.scratch.iterdir()]
    found += [f"left in inbox/: {path.name}" for path in root.inbox.iterdir()]
    found += [f"left in versions/: {path.name}" for path in root.versions.iterdir() if not path.name.isdigit()]
    found += [f"left in published/: {path.name}" for path in root.published.iterdir() if path.name.startswith(".")]
    found += [f"left in landed/: {path}" for path in root.landed.rglob(".*")]
    held = json.loads((root.lake / "linkage" / "manifest.json").read_text(encoding="utf-8"))["files"]
    found += [
        f"left in lake/: {path.name}" for path in (root.lake / "linkage").glob("*.parquet") if path.name not in held
    ]
    entries = {path.name for path in root.lake.iterdir()} - {"linkage"}
    if entries != {file.sha256 for file in landed_files(root.landed)} or entries != {
        one.sha256 for one in Ledger(root)
    }:
        found.append("lake/ and landed/ do not hold the same deliveries")
    return found


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage in a folder of its own."""
    base = Path(mkdtemp(prefix="capaian-kills-"))
    try:
        made = Stage(base)
        made.rehearse()
        yield made
    finally:
        remove_tree(base)
