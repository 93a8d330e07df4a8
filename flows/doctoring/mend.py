"""What the doctor mends of the data root: leftovers, and who may read what.

Belongs here: what is mended without a question because it can only be meant in one way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from flows.doctoring.told import Finding, few
from warehouse.layout import DataRoot
from warehouse.leftovers import leftovers, remove_tree, sweep
from warehouse.prepared import abandoned

_CLOSED, _OWN, _KEPT, _OPEN, _FIXED = 0o700, 0o600, 0o400, 0o444, 0o555


def mend_leftovers(root: DataRoot, is_dry_run: bool) -> Iterator[Finding]:
    """Take away what killed runs left; only under the lock."""
    found = list(leftovers(root)) if is_dry_run else sweep(root)
    for path in () if is_dry_run else abandoned():  # public facts in the system's temporary folder
        remove_tree(path)
    names = few([path.relative_to(root.home) for path in found])
    if not found:
        yield Finding("leftovers", "fine", "none")
    elif is_dry_run:
        yield Finding("leftovers", "to_mend", f"{len(found):,}: {names}", "capaian doctor takes them away")
    else:
        yield Finding("leftovers", "mended", f"{len(found):,} taken away: {names}")


def mend_permissions(root: DataRoot, is_dry_run: bool) -> Iterator[Finding]:
    """Set the permissions that the layout wants."""
    other = list(_other_permissions(root))
    refused = []
    for path, mode in [] if is_dry_run else other:
        try:
            path.chmod(mode)
        except OSError:
            refused.append(path)
    names = few([f"{path.relative_to(root.home)} ({mode:04o})" for path, mode in other])
    if not other:
        yield Finding("permissions", "fine", "as they must be")
    elif refused:
        names = few([path.relative_to(root.home) for path in refused])
        yield Finding("permissions", "person", f"may not be set: {names}", "let their owner run capaian doctor")
    elif is_dry_run:
        yield Finding("permissions", "to_mend", f"{len(other):,} to be set: {names}", "capaian doctor sets them")
    else:
        yield Finding("permissions", "mended", f"{len(other):,} set: {names}")


def _other_permissions(root: DataRoot) -> Iterator[tuple[Path, int]]:
    """Paths whose permissions are not those of the layout, with what they must be."""
    closed = (root.inbox, root.landed, root.lake, root.vault, root.scratch, root.prefect, root.runs, root.backfills)
    for folder in closed:
        if folder.is_dir() and _mode(folder) != _CLOSED:
            yield folder, _CLOSED
    for place in (root.lock, *_files_in(root.runs), *_files_in(root.lake)):
        if place.is_file() and _mode(place) & ~_OWN:
            yield place, _OWN
    for file in _files_in(root.landed):
        if _mode(file) != _KEPT:
            yield file, _KEPT
    versions = [root.version(number) for number in root.kept_versions()]
    retired = [root.retired_version(number) for number in root.published_numbers()]
    for version in (*versions, *retired):
        if not version.is_dir():
            continue
        for place in (version, *version.rglob("*")):
            mode = _FIXED if place.is_dir() else _OPEN
            if not place.is_symlink() and _mode(place) != mode:
                yield place, mode


def _files_in(folder: Path) -> Iterator[Path]:
    """Files at any depth; links are not followed, since a trial links to the data of others."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if not path.is_symlink():
                yield path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)
