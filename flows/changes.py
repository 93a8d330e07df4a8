"""What changed between any two published versions that are still on disk, cause by cause.

Belongs here: the plain function behind `capaian diff`. Does not belong here: the screen (`cli/diff.py`) and the
comparison itself (`transforms/changes/`), which every release makes against the version before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.settings import Settings
from transforms.changes import tell_changes, view_version
from warehouse.publish import read_manifest
from warehouse.retention import why_not_kept
from warehouse.tables.changes import CAUSES


class ChangesError(ValueError):
    """The two versions cannot be compared; names what there is."""


@dataclass(frozen=True)
class Figure:
    """One headline figure in both versions; `parts` are the causes that changed it and sum to its change."""

    figure: str
    target_year: int | None
    definition_code: str | None
    institution: str | None
    earlier_count: int | None
    later_count: int | None
    parts: dict[str, int]

    @property
    def change_count(self) -> int:
        return (self.later_count or 0) - (self.earlier_count or 0)


@dataclass(frozen=True)
class Version:
    """A version as it was published; `known_date` is None where it was not kept yet."""

    version: int
    as_of_date: date
    known_date: date | None


@dataclass(frozen=True)
class Changes:
    """All headline figures of two versions."""

    earlier: Version
    later: Version
    figures: tuple[Figure, ...]


def compare(settings: Settings, earlier: int | None = None, later: int | None = None) -> Changes:
    """The change of every headline figure from version `earlier` to version `later`.

    By default the later one is the published version and the earlier one the version it was built upon. Raises
    `ChangesError` when a version is not there.
    """
    there = settings.root.kept_versions()
    if later is None:
        later = (read_manifest(settings.root) or {}).get("version")
        if later is None:
            raise ChangesError("nothing is published yet; run: capaian run")
    if earlier is None:
        earlier = _built_upon(settings, later)
    for version in (earlier, later):
        if version not in there:
            raise ChangesError(why_not_kept(settings.root, version))
    if earlier >= later:
        raise ChangesError(f"version {earlier} is not before version {later}; name the earlier one first")
    with settings.resources.connect() as con:
        for side, version in (("earlier", earlier), ("later", later)):
            view_version(con, side, settings.root.versions / f"{version:06d}" / "parquet")
        before, after = (
            Version(*con.execute(f"SELECT version, as_of_date, known_date FROM {side}.publication").fetchall()[0])
            for side in ("earlier", "later")
        )
        figures: dict[tuple[Any, ...], Figure] = {}
        rows = con.execute(
            "SELECT figure, target_year, definition_code, institution, earlier_count, later_count, cause, change_count"
            f" FROM ({tell_changes(con)}) ORDER BY figure, target_year, institution, definition_code,"
            f" list_position({list(CAUSES)}, cause)"
        ).fetchall()
        for figure, year, definition, institution, before_count, after_count, cause, change in rows:
            key = figure, year, definition, institution
            told = figures.setdefault(key, Figure(*key, before_count, after_count, {}))
            if change:
                told.parts[cause] = change
    return Changes(before, after, tuple(figures.values()))


def _built_upon(settings: Settings, later: int) -> int:
    path = settings.root.versions / f"{later:06d}" / "parquet" / "meta" / "versions.parquet"
    before: list[tuple[Any, ...]] = []
    if path.exists():
        with settings.resources.connect() as con:
            before = con.execute(
                f"SELECT version FROM read_parquet('{path}') WHERE version < {later} ORDER BY version DESC LIMIT 1"
            ).fetchall()
    if not before:
        raise ChangesError(f"version {later} was built upon no other; name two versions: capaian diff EARLIER LATER")
    return int(before[0][0])
