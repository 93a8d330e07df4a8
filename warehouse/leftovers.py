"""Leftovers: what a run that was killed may leave behind, by place, and how it is taken away.

Belongs here: the one list of such places, for the run that sweeps them at its start and for `capaian doctor`. Only who
holds the lock of the data root may sweep: to all others it may be the work of a run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from warehouse.layout import DataRoot


def leftovers(root: DataRoot) -> Iterator[Path]:
    """Everything under `root` that is unfinished work; nothing else in the data root relies on it."""
    if root.scratch.exists():
        yield from sorted(root.scratch.iterdir())
    for folder in (root.versions, root.retired):
        yield from sorted(folder.glob(".unfinished-*"))
    for version in root.kept_versions():
        if root.retired_version(version).exists():  # it was to be retired, and is there as a whole
            yield root.retired_version(version)
    yield from sorted(root.published.glob(".*.next"))
    if announced(root).is_symlink():
        folder = announced(root).resolve()
        if folder.exists() and folder != root.current.resolve():  # finished, and never switched to
            yield folder
        yield announced(root)
    yield from sorted(root.lake.glob("linkage/*.unfinished"))
    if root.landed.exists():
        for folder in sorted(root.landed.iterdir()):
            if not folder.is_symlink() and folder.is_dir():
                names = sorted(folder.iterdir())
                half = [path for path in names if path.name.startswith(".") and not _belongs_to_an_erasure(path)]
                yield from half if len(half) < len(names) else [folder]


def _belongs_to_an_erasure(path: Path) -> bool:
    """The note of what was taken out of a landed file, and the new file, which `flows/erasing/` finishes."""
    return path.name == ".erasure.json" or path.name.endswith(".redacted")


def announced(root: DataRoot) -> Path:
    """A link to the version that is about to be published, there until it is."""
    return root.versions / ".announced"


def sweep(root: DataRoot) -> list[Path]:
    """Take all leftovers away; returns what they were."""
    swept = list(leftovers(root))
    for path in swept:
        remove_tree(path)
    return swept


def remove_tree(path: Path) -> None:
    """Remove a file, a link or a folder with what is in it, read-only or not; nothing there is nothing to do."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        for folder, _, _ in os.walk(path):
            Path(folder).chmod(0o700)  # in a folder of a finished version nothing can be removed
        shutil.rmtree(path)
