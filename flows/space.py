"""Space: what a run needs on the disk, estimated before it starts, since a full disk in the middle costs a night.

Belongs here: the estimate, its measured factors, and the refusal. The factors are those that
`tests/benchmarks/space.py` prints, with a margin; inbox, lake, scratch and versions lie on one file system, since what
is finished is moved from one to the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from flows.settings import Settings
from transforms.land import LandedFile
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.refusal import RefusedDelivery

PER_DUE_BYTE = 1.2
"""Of text: judged rows, links, and a version of them. Measured: 0.8 to 1.2."""
PER_PUBLISHED_BYTE = 1.4
"""The next version beside the published one, and links. Measured: 1.0 to 1.3."""
RESOLVED_PER_DUE_BYTE = 2.4
RESOLVED_PER_PUBLISHED_BYTE = 6.0
"""What resolving works on at once; beyond the memory limit it is spilled. Measured: 1.9 to 2.3, and 5.0 to 7.1."""
PACKED = 6
"""Bytes of text in a byte of gzip, XLSX or Parquet. Measured: 1.6 to 5.3."""
ALWAYS_BYTES = 32_000_000
"""A version without a registration, and the logs of a run."""


class SpaceError(RuntimeError):
    """The disk would be full before the run is done; nothing was changed."""


def needed_bytes(due_bytes: int, published_bytes: int, memory_bytes: int) -> int:
    """What a run is expected to occupy beside what is there, for deliveries and a published version of that size."""
    kept = PER_DUE_BYTE * due_bytes + PER_PUBLISHED_BYTE * published_bytes
    resolved = RESOLVED_PER_DUE_BYTE * due_bytes + RESOLVED_PER_PUBLISHED_BYTE * published_bytes
    return round(kept + max(0.0, resolved - memory_bytes)) + ALWAYS_BYTES


def needed_for(settings: Settings, due: Iterable[Path]) -> int:
    """The same for the files `due` and what is published now."""
    current = settings.root.current.resolve()
    published = sum(path.stat().st_size for path in current.rglob("*") if path.is_file()) if current.is_dir() else 0
    return needed_bytes(sum(map(_text_bytes, due)), published, settings.resources.memory_bytes)


def free_bytes(settings: Settings) -> int:
    """What the file system of the data root has left for this user."""
    return shutil.disk_usage(settings.root.home).free


def check_space(settings: Settings, due: Iterable[LandedFile]) -> None:
    """Raise `SpaceError` when the run that takes `due` would not fit on the disk."""
    needed, free = needed_for(settings, [file.path for file in due]), free_bytes(settings)
    if free < needed:
        raise SpaceError(
            f"the run needs about {megabytes(needed)} on the disk of {settings.root.home}, and {megabytes(free)} are"
            " free; free some, keep fewer versions (CAPAIAN_KEEP_VERSIONS), or let it spill less (CAPAIAN_MEMORY)."
            " Nothing was ingested or published"
        )


def megabytes(count: int) -> str:
    """A size for people."""
    return f"{count / 1e6:,.0f} MB" if count < 10e9 else f"{count / 1e9:,.1f} GB"


def _text_bytes(path: Path) -> int:
    try:
        packed = kind_of(path) is not Kind.TEXT
    except (RefusedDelivery, OSError):
        packed = False  # it will be refused, and takes no more than it has
    return path.stat().st_size * (PACKED if packed else 1)
