"""Checks by doing it again: which code is running, and attainment from the version's own register.

Belongs here: what the running code makes of the version's tables. The scratch folder lies outside the data root, so
that verifying writes nothing into it and a nightly run sweeps nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.certify import running_code
from flows.releasing import Release, build_attainment
from flows.settings import Settings
from flows.verifying.contents import content_sql
from flows.verifying.files import Files, Tell
from flows.verifying.told import Check, fails, few, holds, unchecked
from transforms.build import ContractError
from warehouse.certificate import Statement
from warehouse.contract import quoted

_MAKES_MARTS = {("code", "transforms"), ("contract", "tables"), ("reference", "facts")}
_BUILT_ANEW = ("marts", "meta")


def check_code(stated: Iterable[Statement]) -> Iterator[Check]:
    """Whether the code that runs is the code that made the version; another one is no fault of the version."""
    other = other_code(stated)
    if other:
        cure = "to have everything recomputed, verify with what made it"
        yield unchecked("code", f"this is not what made the version: {few(sorted(map(', '.join, other)))}", cure)
    else:
        yield holds("code", "code, environment, contract and reference are those that made the version")


def is_same_source(stated: Iterable[Statement]) -> bool:
    """Whether the running source is, byte for byte, the one that made the version."""
    return ("code", "capaian") not in other_code(stated)


def other_code(stated: Iterable[Statement]) -> set[tuple[str, str]]:
    """Section and item of what runs now and is not what the certificate states."""
    running = {one.place: (one.value, one.sha256) for one in running_code()}
    said = {one.place: (one.value, one.sha256) for one in stated if one.section in ("code", "contract", "reference")}
    return {place for place in running.keys() | said.keys() if running.get(place) != said.get(place)}


def check_attainment(
    settings: Settings, folder: Path, files: Files, stated: Iterable[Statement], tell: Tell
) -> Iterator[Check]:
    """The published marts are what the version's register, contract and reference facts give, exactly."""
    name = "attainment"
    if other_code(stated) & _MAKES_MARTS:
        yield unchecked(name, "not recomputed: transforms, contract or reference are others than those that made it")
        return
    sources = [path for path in files.hashes if path.startswith("parquet/") and Path(path).parts[1] not in _BUILT_ANEW]
    if files.manifest is None or not sources or not files.sound.issuperset(sources):
        yield unchecked(name, "not recomputed: tables it rests on are not those that were published")
        return
    tell("recomputing attainment")
    with TemporaryDirectory(prefix="capaian-verify-") as scratch:
        build = Path(scratch)
        for schema in {Path(path).parts[1] for path in sources}:
            (build / schema).symlink_to(folder / "parquet" / schema)
        manifest = files.manifest
        as_of = date.fromisoformat(manifest["as_of_date"])
        known = date.fromisoformat(manifest["known_date"])
        release = Release(manifest["version"], as_of, known, manifest["input_fingerprint"], build)
        try:
            build_attainment(settings, release)
            built = {path.name: path for path in sorted((build / "marts").glob("*.parquet"))}
            other = [name for name, path in built.items() if not _is_same(settings, folder, path)]
        except (duckdb.Error, ContractError) as error:
            yield fails(name, f"it cannot be recomputed from the version's register ({type(error).__name__})")
            return
    for file in other:
        yield fails(name, f"marts.{Path(file).stem} is not what the register of this version gives")
    if not other:
        rest = sorted(path.stem for path in (folder / "parquet" / "marts").glob("*.parquet") if path.name not in built)
        apart = f"; {few(rest)} not, resting on other versions too" if rest else ""
        yield holds(name, f"{len(built)} marts recomputed from the register, equal to the last digit{apart}")


def _is_same(settings: Settings, folder: Path, built: Path) -> bool:
    resources = replace(settings.resources, scratch=built.parent)
    published = folder / "parquet" / "marts" / built.name
    if not published.exists():
        return False
    with resources.connect() as con:
        ours, theirs = (f"read_parquet({quoted(str(path))})" for path in (built, published))
        columns = [row[:2] for row in con.execute(f"DESCRIBE FROM {ours}").fetchall()]
        if columns != [row[:2] for row in con.execute(f"DESCRIBE FROM {theirs}").fetchall()]:
            return False
        return (
            con.execute(content_sql(ours, columns)).fetchall() == con.execute(content_sql(theirs, columns)).fetchall()
        )
