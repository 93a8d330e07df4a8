"""Proof: every file under the data root is searched for the person, after the erasure.

Belongs here: which files, and what is told of them. Does not belong here: how one file is searched (`scanning.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.erasing.scanning import Needles, Scan
from flows.settings import Settings


@dataclass(frozen=True)
class Proof:
    """Files that were searched by folder of the data root, and those that hold the person, with what they hold.

    What waits in the inbox is no hit: its lines are taken out when it is taken in. Of `unopened` files, damaged or
    encrypted deliveries that were refused, only the bytes could be searched.
    """

    file_counts: dict[str, int]
    byte_count: int
    hits: tuple[tuple[str, str], ...]
    waiting: tuple[str, ...]
    searched_for: tuple[str, ...]
    unopened: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.hits


def prove(settings: Settings, needles: Needles, tell: Callable[[str], None] = lambda what: None) -> Proof:
    """Search every file under the data root; links are not followed, what they lead to is there itself."""
    home, scan = settings.root.home, Scan(needles, settings.resources, settings.vault)
    counts: dict[str, int] = {}
    hits, waiting, byte_count = [], [], 0
    for path in _files(home):
        name = path.relative_to(home)
        place = name.parts[0] if len(name.parts) > 1 else "."
        tell(str(name))
        try:
            kinds, size = scan.kinds_in(path), path.stat().st_size
        except FileNotFoundError:  # a database's own log, gone since it was listed
            continue
        counts[place] = counts.get(place, 0) + 1
        byte_count += size
        if kinds and place == settings.root.inbox.name:
            waiting.append(str(name))
        elif kinds:
            hits.append((str(name), ", ".join(sorted(kinds))))
    unopened = tuple(str(path.relative_to(home)) for path in scan.unopened)
    return Proof(counts, byte_count, tuple(hits), tuple(waiting), tuple(needles.patterns()), unopened)


def _files(home: Path) -> list[Path]:
    found = []
    for folder, _, names in os.walk(home):
        paths = (Path(folder) / name for name in names)
        found += [path for path in paths if path.is_file() and not path.is_symlink()]
    return sorted(found)
