"""Publish: write, audit, publish. An immutable numbered version, switched atomically, or nothing at all.

A version is a folder `versions/000123/` with `capaian.duckdb`, the same tables as Parquet, `report.html`,
`certificate.json` and `manifest.json` (SHA-256 of every other file). `current` is a symlink to it; `capaian.duckdb` and
`report.html` are fixed symlinks through `current`, so that one rename switches everything.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.audits import AuditError, audit
from warehouse.certificate import CERTIFICATE_FILE, certificate_in, parquet_hashes, write_certificate
from warehouse.checksums import DamageError, sealed, sha256_of, unsealed
from warehouse.connection import Resources
from warehouse.contract import quoted
from warehouse.ddl import create_tables
from warehouse.layout import DataRoot
from warehouse.ledger import sync
from warehouse.leftovers import announced, remove_tree
from warehouse.prepared import copy_definitions
from warehouse.tables import PUBLISHED_TABLES

DATABASE = "capaian.duckdb"
REPORT = "report.html"
MANIFEST = "manifest.json"
MACROS = Path(__file__).parent / "macros"
"""What analysts call in the published file: one table macro a file, with its comment."""
STORAGE_VERSION = "v1.5.0"
"""Clients still on DuckDB 1.5 are to open what 2.0 writes."""


def macros_fingerprint() -> str:
    """SHA-256 over the macros of the published file."""
    digest = hashlib.sha256()
    for macro in sorted(MACROS.glob("*.sql")):
        digest.update(macro.read_bytes())
    return digest.hexdigest()


def published_fingerprint(root: DataRoot) -> str | None:
    """The input fingerprint of the published version, or None when nothing is published."""
    manifest = read_manifest(root)
    return manifest["input_fingerprint"] if manifest else None


def read_manifest(root: DataRoot) -> dict[str, Any] | None:
    """The manifest of the published version, or None when nothing is published; see `manifest_of`."""
    return manifest_of(root.current.resolve()) if root.current.exists() else None


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of the version in `folder`. Raises `DamageError` when it is not the one that was published."""
    try:
        manifest = unsealed((folder / MANIFEST).read_bytes())
        if manifest["version"] == int(folder.name):
            return manifest
    except (FileNotFoundError, ValueError):
        pass
    raise DamageError(_not_as_published(folder, MANIFEST))


def check_published(folder: Path, names: Iterable[str]) -> None:
    """Raise `DamageError` unless those of the files `names` that the version in `folder` has are as published."""
    listed = manifest_of(folder)["files"]
    for name in names:
        path = folder / name
        found = sha256_of(path) if path.exists() else None
        if found != listed.get(name):
            raise DamageError(_not_as_published(folder, name))


def _not_as_published(folder: Path, name: str) -> str:
    return (
        f"version {folder.name.lstrip('0')}: {name} is not what was published, and nothing is built upon it; restore"
        f" {folder} from a copy, or make a sound version the published one: capaian rollback"
    )


def next_version(root: DataRoot) -> int:
    """The number behind the highest version there ever was."""
    return max(root.published_numbers(), default=0) + 1


def publish(
    root: DataRoot,
    resources: Resources,
    parquet: Path,
    version: int,
    input_fingerprint: str,
    as_of: date,
    known: date,
    write_report: Callable[[duckdb.DuckDBPyConnection, Path], None],
) -> Path:
    """Publish the tables in `parquet/<schema>/<name>.parquet` as `version`; returns the version's folder.

    `write_report` is given a connection to the database and the path of the page to write.
    Raises `AuditError` before anything is switched. An unfinished folder is never taken for a version.
    """
    work = root.versions / f".unfinished-{version:06d}"
    remove_tree(work)
    work.mkdir()
    build_database(resources, parquet, work / DATABASE)
    with resources.connect(work / DATABASE, read_only=True) as con:  # opened anew, as an analyst would
        audit(con)
        statements = certificate_in(con)
        write_report(con, work / REPORT)
    write_certificate(work / CERTIFICATE_FILE, version, statements)
    for path in sorted(parquet.glob("*/*.parquet")):
        target = work / "parquet" / path.relative_to(parquet)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    hashed = parquet_hashes(statements)  # no byte is hashed twice
    files = {path.relative_to(work).as_posix(): path for path in sorted(work.rglob("*")) if path.is_file()}
    manifest = {
        "version": version,
        "as_of_date": as_of.isoformat(),
        "known_date": known.isoformat(),
        "input_fingerprint": input_fingerprint,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {name: hashed.get(name) or sha256_of(path) for name, path in files.items()},
    }
    (work / MANIFEST).write_text(json.dumps(sealed(manifest), indent=1), encoding="utf-8")
    for path in sorted(work.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
        sync(path)
    sync(work)
    folder = root.versions / f"{version:06d}"
    announce(root, version)
    work.rename(folder)
    folder.chmod(0o555)  # a reader who opens the file for writing could otherwise leave a log beside it
    sync(root.versions)
    switch(root, version)
    return folder


def announce(root: DataRoot, version: int) -> None:
    """Say that `version` is about to be published: should the run die before it is, the folder is none of a version."""
    announced(root).unlink(missing_ok=True)
    announced(root).symlink_to(f"{version:06d}")
    sync(root.versions)


def define_published(con: duckdb.DuckDBPyConnection) -> None:
    """Create every published table of the contract and every macro, comments included, in an empty database."""
    con.execute(";".join(create_tables(PUBLISHED_TABLES)))
    for macro in sorted(MACROS.glob("*.sql")):
        con.execute(macro.read_text(encoding="utf-8"))


def build_database(resources: Resources, parquet: Path, database: Path) -> None:
    """Create `database` as `define_published` has it, fill its tables from `parquet`, and close it."""
    with resources.connect() as con:
        con.execute(f"ATTACH {quoted(str(database))} AS built (STORAGE_VERSION '{STORAGE_VERSION}')")
        copy_definitions(con, "built", define_published)
        con.execute("BEGIN")  # each table would be forced to disk by itself
        for table in PUBLISHED_TABLES:
            con.execute(
                f"INSERT INTO built.{table.full_name} BY NAME"
                f" SELECT * FROM read_parquet({quoted(str(parquet / table.schema / table.name))} || '.parquet')"
            )
        con.execute("COMMIT")
        con.execute("CHECKPOINT built")
        con.execute("DETACH built")
    if database.with_name(database.name + ".wal").exists():
        raise AuditError("the new database was not closed cleanly (a write-ahead log is left); nothing was published")


def switch(root: DataRoot, version: int) -> None:
    """Make `version` the published one."""
    if announced(root).is_symlink() and announced(root).resolve() == root.current.resolve():
        announced(root).unlink()  # it is the published one: a run died just after it switched
    for link, target in ((root.database, Path("current") / DATABASE), (root.report, Path("current") / REPORT)):
        if not link.is_symlink():
            _relink(link, target)
    _relink(root.current, Path("versions") / f"{version:06d}")
    sync(root.published)
    announced(root).unlink(missing_ok=True)


def _relink(link: Path, target: Path) -> None:
    unfinished = link.with_name(f".{link.name}.next")
    unfinished.unlink(missing_ok=True)
    unfinished.symlink_to(target)
    os.replace(unfinished, link)


def national_rows(root: DataRoot, resources: Resources) -> list[dict[str, Any]]:
    """The published `marts.attainment_national`, one dict per row, dates as ISO text."""
    with resources.connect(root.database.resolve(), read_only=True) as con:
        relation = con.execute(
            "SELECT * REPLACE (as_of_date::VARCHAR AS as_of_date, observed_date::VARCHAR AS observed_date,"
            " projected_date::VARCHAR AS projected_date) FROM marts.attainment_national ORDER BY ALL"
        )
        names = [column[0] for column in relation.description or ()]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
