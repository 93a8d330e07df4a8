"""Readers open and query what is published while it is published anew, again and again.

Each version is the tables of one run, published by the product with another number, and one more row in two tables, so
that every version has a checksum of its own. Every read opens the file by its fixed name and asks three tables.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from privileges import obey_modes
from rehearsal import AS_OF, Stage

from warehouse.leftovers import remove_tree
from warehouse.publish import publish

KEPT_VERSIONS = 4
_READ = """
    SELECT (SELECT version FROM meta.publication), (SELECT max(version) FROM meta.versions),
        (SELECT bit_xor(hash(one)) FROM meta.versions AS one)"""


@dataclass
class Reading:
    """Reads, errors and torn answers of all readers; what became of those who write or never close."""

    publications: int = 0
    versions_seen: int = 0
    reads: int = 0
    errors: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    refused_writers: int = 0
    stayed: bool = False


def read_along(stage: Stage, readers: int, publications: int, reads: int) -> Reading:
    """`readers` processes make `reads` reads in all while `publications` versions are published, old ones removed."""
    stage.restore(stage.final)
    root, base = stage.settings.root, stage.base
    with_files = base / "reading"
    with_files.mkdir()
    done = with_files / "done"
    children = []
    for number in range(readers):
        answers = with_files / f"{number}.json"
        children.append(_fork(lambda answers=answers: _read(root.database, done, reads // readers, answers)))
    children.append(_fork(lambda: _write(root.database, done, with_files / "writer.json")))
    children.append(_fork(lambda: _stay(root.database, done, with_files / "stays.json")))
    expected = stage.child(lambda: _publish(stage, publications))
    done.touch()
    for child in children:
        os.waitpid(child, 0)
    found = Reading(publications=publications)
    seen = set()
    for number in range(readers):
        for version, other, checksum in _answer(with_files / f"{number}.json"):
            found.reads += 1
            seen.add(version)
            if isinstance(version, str):
                found.errors.append(version)
            elif version != other or expected.get(version) != checksum:
                found.torn.append(f"{version}, {other}, {checksum}")
    found.versions_seen = len(seen)
    found.refused_writers = sum(_answer(with_files / "writer.json"))
    found.stayed = _answer(with_files / "stays.json") == [2, expected[2]]
    shutil.rmtree(with_files)
    return found


def _publish(stage: Stage, publications: int) -> dict[int, int]:
    """Publish versions from 3 on, removing old ones; returns the checksum of each."""
    root, source = stage.settings.root, stage.settings.root.versions / "000002" / "parquet"
    expected = {}
    with duckdb.connect() as con:
        expected[2] = _checksum(con, source)
        for version in range(3, publications + 3):
            folder = root.scratch / f"tables-{version}"
            shutil.copytree(source, folder)
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o700 if path.is_dir() else 0o600)
            numbers = (
                f"SELECT * REPLACE (unnest(range(3, {version + 1}))::INTEGER AS version) FROM old WHERE version = 2"
            )
            _change(con, folder, "publication", f"SELECT * REPLACE ({version} AS version) FROM old")
            _change(con, folder, "versions", f"FROM old UNION ALL {numbers}")
            expected[version] = _checksum(con, folder)
            named = f"version {version}"
            publish(
                root,
                stage.settings.resources,
                folder,
                version,
                named,
                AS_OF,
                AS_OF,
                lambda _, page, named=named: page.write_text(named) and None,
            )
            shutil.rmtree(folder)
            old = root.versions / f"{version - KEPT_VERSIONS:06d}"
            if old.exists() and old != source.parent:
                remove_tree(old)
    return expected


def _change(con: duckdb.DuckDBPyConnection, folder: Path, table: str, select: str) -> None:
    path = folder / "meta" / f"{table}.parquet"
    con.execute(f"CREATE OR REPLACE TEMP TABLE old AS FROM read_parquet('{path}')")
    con.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


def _checksum(con: duckdb.DuckDBPyConnection, parquet: Path) -> int:
    return con.execute(
        f"SELECT bit_xor(hash(one)) FROM read_parquet('{parquet}/meta/versions.parquet') AS one"
    ).fetchall()[0][0]


def _read(database: Path, done: Path, reads: int, answers: Path) -> None:
    """Read until all has been published and `reads` reads were made."""
    found: list[Any] = []
    while len(found) < reads or not done.exists():
        try:
            with duckdb.connect(str(database), read_only=True, config={"threads": 1}) as con:
                found += con.execute(_READ).fetchall()
        except duckdb.Error as error:
            found.append((str(error), 0, 0))
    answers.write_text(json.dumps(found), encoding="utf-8")


def _write(database: Path, done: Path, answers: Path) -> None:
    """An analyst who opens the file for writing, time and again; tells how often that was refused."""
    found = []
    while not done.exists():
        try:
            with duckdb.connect(str(database)) as con:
                con.execute("CREATE TABLE mine (x INTEGER)")
            found.append(0)
        except duckdb.Error:
            found.append(1)
        time.sleep(0.05)
    answers.write_text(json.dumps(found), encoding="utf-8")


def _stay(database: Path, done: Path, answers: Path) -> None:
    """An analyst who opened the first version and asks again when it is long gone."""
    con = duckdb.connect(str(database), read_only=True, config={"threads": 1})
    con.execute(_READ).fetchall()
    while not done.exists():
        time.sleep(0.05)
    answers.write_text(json.dumps(con.execute(_READ).fetchall()[0][1:]), encoding="utf-8")


def _answer(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _fork(work: Any) -> int:
    child = os.fork()
    if child == 0:
        try:
            obey_modes()
            work()
        finally:
            os._exit(0)
    return child
