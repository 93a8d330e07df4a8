"""Retention: an old version is retired. What later versions still read of it stays, and everything else goes.

Belongs here: what stays, in which order things are moved so that no kill leaves half a version, and which versions are
still read. What stays of version 12 lies in `published/retired/000012/` under the names it had: manifest and
certificate, which its neighbours are verified against, and the released tables with the log of what they hide, which
every later release is compared with. A version is there as a whole or as its remains, never in part.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import sys
from pathlib import Path

from warehouse.certificate import CERTIFICATE_FILE
from warehouse.layout import DataRoot
from warehouse.ledger import sync
from warehouse.leftovers import remove_tree
from warehouse.pin import read_pin
from warehouse.publish import DATABASE, MANIFEST
from warehouse.tables.quality import SUPPRESSION_LOG

REMAINS = (MANIFEST, CERTIFICATE_FILE, "parquet/released/*.parquet", f"parquet/quality/{SUPPRESSION_LOG.name}.parquet")
"""What stays of a retired version, as patterns in its folder."""


class RetentionError(RuntimeError):
    """The version cannot be retired."""


def retire(root: DataRoot, version: int) -> None:
    """Retire `version` at once, whoever reads it: files that are open live on until they are closed.

    Twice is once, and what a kill interrupted is done by calling it again. Raises `RetentionError` when the version is
    the published one or was never there.
    """
    folder, remains = root.version(version), root.retired_version(version)
    if root.current.resolve() == folder.resolve():
        raise RetentionError(f"version {version} is the published one; publish another before it is retired")
    if not folder.exists():
        if remains.exists():
            return
        raise RetentionError(f"there is no version {version} under {root.versions}")
    if not remains.exists():
        _keep_remains(folder, remains)
    gone = root.versions / f".unfinished-{version:06d}"
    remove_tree(gone)
    folder.rename(gone)
    sync(root.versions)
    remove_tree(gone)


def _keep_remains(folder: Path, remains: Path) -> None:
    remains.parent.mkdir(exist_ok=True)
    work = remains.parent / f".unfinished-{remains.name}"
    remove_tree(work)
    for path in (path for pattern in REMAINS for path in sorted(folder.glob(pattern))):
        copy = work / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    for path in sorted(work.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
        sync(path)
    sync(work)
    work.rename(remains)
    remains.chmod(0o555)
    sync(remains.parent)


def retire_old(root: DataRoot, keep_count: int) -> list[int]:
    """Retire all but the newest `keep_count` versions, without the published, the pinned and those held open.

    Returns the versions that were retired; one that is held open now is retired after a later publication.
    """
    pin = read_pin(root.pin)
    spared = {pin.version if pin else None, int(root.current.resolve().name) if root.current.exists() else None}
    old = [version for version in root.kept_versions()[:-keep_count] if version not in spared]
    retired = [version for version in old if not is_held_open(root.version(version) / DATABASE)]
    for version in retired:
        retire(root, version)
    return retired


def why_not_kept(root: DataRoot, version: int) -> str:
    """A sentence on a version that is not kept: what became of it, and which are."""
    kept = ", ".join(map(str, root.kept_versions()))
    there = f"kept are: {kept}" if kept else "publish first: capaian run"
    if root.retired_version(version).exists():
        remains = f"its certificate and released tables are in {root.retired_version(version)}"
        return f"version {version} is no longer kept (CAPAIAN_KEEP_VERSIONS); {remains}; {there}"
    return f"no version {version} is kept under {root.versions}; {there}"


def is_held_open(database: Path) -> bool:
    """Whether a process has `database` open with DuckDB, which holds a lock on the file as long as it reads.

    A process that closes one descriptor of a file loses its locks on it by any other, so that a file that is open here
    is not asked for. Elsewhere than on Linux it cannot be told, and every file counts as held.
    """
    if not sys.platform.startswith("linux") or _is_open_here(database):
        return True
    descriptor = os.open(database, os.O_RDONLY | os.O_CLOEXEC)
    try:
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        return bool(struct.unpack("hhqqi4x", fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK)
    finally:
        os.close(descriptor)


def _is_open_here(file: Path) -> bool:
    wanted = file.stat()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found = entry.stat()
        except OSError:  # closed meanwhile, as the descriptor of this very listing is
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False
