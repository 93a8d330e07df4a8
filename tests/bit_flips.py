"""Bits flipped in what is kept, files cut short, exchanged, renamed or lost: named, mended, or without any effect.

A round damages one file of each delivery, or one file of a version, or of what linking keeps, in the data root that an
undisturbed run left. It is then held against what a release is given: the ledger after the next run's repairs, byte for
byte; the register that linking gives; the versions that a release and `capaian verify` accept.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import duckdb
from rehearsal import AS_OF, Stage, tree

from flows import ingesting, integrity, releasing
from flows.balance import BalanceError
from flows.settings import Settings
from flows.verifying.files import Files, check_files, check_landed
from warehouse.checksums import DamageError
from warehouse.ledger import Ledger
from warehouse.tables import REGISTER_TABLES


@dataclass
class Damage:
    """How many files were damaged, in which way, and what became of it; `silent` is to be empty."""

    files: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)

    def note(self, outcome: str) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def flip(path: Path, draw: random.Random) -> str:
    content = bytearray(path.read_bytes())
    bit = draw.randrange(len(content) * 8)
    content[bit // 8] ^= 1 << bit % 8
    overwrite(path, bytes(content))
    return f"bit {bit} of {path.name} flipped"


def cut(path: Path, draw: random.Random) -> str:
    content = path.read_bytes()
    overwrite(path, content[: draw.randrange(len(content))])
    return f"{path.name} cut short"


def exchange(path: Path, draw: random.Random) -> str:
    """The bytes of another file of the same name and another folder, or of any other file beside it."""
    others = [other for other in path.parent.parent.glob(f"*/{path.name}") if other.read_bytes() != path.read_bytes()]
    others = others or [other for other in path.parent.iterdir() if other.is_file() and other != path]
    if not others:
        return flip(path, draw)
    overwrite(path, draw.choice(sorted(others)).read_bytes())
    return f"{path.name} exchanged"


def rename(path: Path, draw: random.Random) -> str:
    path.parent.chmod(0o700)
    path.rename(path.with_name("x" + path.name))
    return f"{path.name} renamed"


def lose(path: Path, draw: random.Random) -> str:
    path.parent.chmod(0o700)
    path.unlink()
    return f"{path.name} lost"


OTHER_WAYS = (cut, exchange, rename, lose)


def overwrite(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)


class Damaged:
    """Rounds of damage on the data root that the run of `stage` left."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage, self.draw, self.damage = stage, random.Random(seed), Damage()
        self.settings = stage.settings
        self.final = stage.final
        stage.restore(self.final)
        self.lake = tree(self.settings.root.lake)
        self.register = stage.child(lambda: _register(self.settings))
        stage.restore(self.final)

    def lake_round(self, way: Callable[[Path, random.Random], str]) -> None:
        """One file of every delivery in the lake is damaged; the next run reads them again from what arrived."""
        folders = [folder for folder in sorted(self.settings.root.lake.iterdir()) if folder.name != "linkage"]
        what = self._spoil(
            [[path for path in sorted(folder.iterdir()) if path.stat().st_size] for folder in folders], way
        )

        def next_run() -> dict[str, str]:
            integrity.check_lake(self.settings)
            ingesting.unpack_archives(self.settings)
            for file in ingesting.plan_deliveries(self.settings):
                ingesting.ingest(self.settings, file)
            return tree(self.settings.root.lake)

        now = self.stage.child(next_run)
        self._judge("lake", "read again", now == self.lake, what)

    def linkage_round(self, way: Callable[[Path, random.Random], str]) -> None:
        """One file of what linking keeps is damaged; the register comes out the same."""
        what = self._spoil([sorted((self.settings.root.lake / "linkage").iterdir())], way)
        self._judge(
            "linkage", "same register", self.stage.child(lambda: _register(self.settings)) == self.register, what
        )

    def published_round(self, way: Callable[[Path, random.Random], str]) -> None:
        """One file of a version is damaged; a release refuses to build upon it, or `capaian verify` names it."""
        folder = self.draw.choice(sorted(self.settings.root.versions.iterdir()))
        what = self._spoil([[path for path in sorted(folder.rglob("*")) if path.is_file()]], way)

        def next_run() -> tuple[bool, bool]:
            failed = [check for check in check_files(folder, Files(), lambda _: None) if check.result == "fails"]
            try:
                integrity.check_versions(self.settings)
            except DamageError:
                return bool(failed), True
            return bool(failed), False

        is_named, is_refused = self.stage.child(next_run)
        self._judge("published", "refused by a release" if is_refused else "named by verify", is_named, what)

    def landed_round(self, way: Callable[[Path, random.Random], str]) -> None:
        """The bytes of a delivery are damaged: `capaian verify` names it, and it is never ingested again as it is."""
        folder = self.draw.choice(sorted(self.settings.root.landed.iterdir()))
        what = self._spoil([sorted(folder.iterdir())], lose if way is rename else way)  # its name is no part of it

        def next_run() -> tuple[bool, bool]:
            told = list(check_landed(self.settings.root, {"delivery": folder.name}, lambda _: None))
            Ledger(self.settings.root).forget(folder.name)
            try:
                for file in ingesting.plan_deliveries(self.settings):
                    ingesting.ingest(self.settings, file)
            except BalanceError:
                return told[0].result != "holds", True
            return told[0].result != "holds", tree(self.settings.root.lake) == self.lake or "lost" in what[0]

        is_named, is_stopped = self.stage.child(next_run)
        self._judge("landed", "named by verify and by ingest", is_stopped and is_named, what)

    def _spoil(self, groups: list[list[Path]], way: Callable[[Path, random.Random], str]) -> list[str]:
        self.damage.files[way.__name__] = self.damage.files.get(way.__name__, 0) + len(groups)
        return [way(self.draw.choice(paths), self.draw) for paths in groups]

    def _judge(self, where: str, outcome: str, is_sound: bool, what: list[str]) -> None:
        self.damage.note(f"{where}: {outcome}" if is_sound else "silent")
        if not is_sound:
            self.damage.silent.append(f"{where}: {what}")
        self.stage.restore(self.final)


def _register(settings: Settings) -> dict[str, object]:
    """A checksum of each table of the register that a release of the next day would resolve."""
    release = releasing.plan_release(settings, AS_OF + timedelta(days=1), AS_OF + timedelta(days=1))
    assert release is not None
    releasing.resolve_register(settings, release)
    with duckdb.connect() as con:
        return {
            table.name: con.execute(
                "SELECT count(*), bit_xor(hash(one)), sum(hash(one))"
                f" FROM read_parquet('{release.folder}/register/{table.name}.parquet') AS one"
            ).fetchall()
            for table in REGISTER_TABLES
        }


def damage_often(stage: Stage, seed: int, cheap: int, dear: int) -> Damage:
    """`cheap` rounds on landed and on published files, `dear` rounds on the lake and on linking, a quarter of them not bits.

    A round on the lake damages every delivery.
    """
    rounds = Damaged(stage, seed)
    for number in range(max(cheap, dear)):
        way = flip if number % 4 else OTHER_WAYS[number // 4 % 4]
        if number < cheap:
            rounds.landed_round(way)
            rounds.published_round(way)
        if number < dear:
            rounds.lake_round(way)
            rounds.linkage_round(way)
    return rounds.damage
