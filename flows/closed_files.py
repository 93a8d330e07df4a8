"""Files for one reader outside the data root: answers and questions that hold personal data.

Belongs here: where such a file may lie, and that nobody else can read it. What it holds is its writer's business.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from flows.settings import Settings


class PlaceError(ValueError):
    """A file with personal data may not be written there; names another place."""


def check_place(settings: Settings, out: Path) -> None:
    """Raise `PlaceError` unless the folder of `out` is there and is none of the data root's own."""
    root, place = settings.root, out.absolute().parent.resolve()
    if not place.is_dir():
        raise PlaceError(f"{out.parent} is no folder; make it first")
    own = (root.published, root.landed, root.lake, root.vault, root.inbox, root.scratch, root.prefect)
    for folder in (*own, root.link_decisions.parent):
        if place.is_relative_to(folder.resolve()):
            raise PlaceError(f"{folder.name}/ of the data root is no place for personal answers; name another")


def write_closed(out: Path, write: Callable[[IO[bytes], Path], None], settings: Settings) -> None:
    """Let `write` fill the file `out`, which nobody else may read and which appears whole or not at all."""
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            write(stream, settings.root.scratch)
        Path(unfinished).replace(out)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
