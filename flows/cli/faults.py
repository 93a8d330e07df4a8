"""What the machine refuses (space, memory, rights), said in one sentence with its cure.

Belongs here: errors of the system and the engine that an operator can mend. Does not belong here: the project's own
stops, which carry their sentence with them, and faults of the program, which are shown as they are.
"""

from __future__ import annotations

import errno
import re
import shutil
from concurrent.futures import BrokenExecutor
from pathlib import Path

from flows.settings import Settings

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_WORDS = {
    errno.ENOSPC: ("no space left on device", "disk is full", "disk full"),
    errno.EDQUOT: ("quota exceeded",),
    errno.EROFS: ("read-only file system", "readonly database"),
    errno.EACCES: ("permission denied", "operation not permitted"),
}
"""How DuckDB, pyarrow and SQLite tell it, without a number."""
_BROKEN = frozenset({errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EMFILE, errno.ENFILE, errno.EBUSY})
_QUOTED_PATH = re.compile(r"[\"'](/[^\"'\\]+)\\?[\"']")
_SPARE_BYTES = 1 << 20
"""A disk with less is full, whatever an error is called."""
_AFTERWARDS = "nothing was published by this run, and the next one goes on from here"


def sentence(error: BaseException, settings: Settings) -> str | None:
    """What `error` means and what to do, None when it is nothing that the machine refused."""
    import duckdb

    home = settings.root.home
    number, path = _number_of(error), _path_of(error, home)
    if isinstance(error, (duckdb.OutOfMemoryException, MemoryError)) and number not in _FULL:
        return (
            f"the memory limit of {settings.memory} is too small for this data; set CAPAIAN_MEMORY higher, or"
            f" CAPAIAN_THREADS lower, and look that {settings.root.scratch} has room to spill; {_AFTERWARDS}"
        )
    if isinstance(error, BrokenExecutor):
        return (
            "the process that judges was ended from outside, most likely because the machine ran out of memory; set"
            f" CAPAIAN_MEMORY lower or end other programs; {_AFTERWARDS}"
        )
    if number in _CLOSED:
        why = "its file system is read-only" if number == errno.EROFS else "the rights do not allow it"
        return f"{path} cannot be written or read ({why}); give the user that runs capaian its folder; {_AFTERWARDS}"
    if number in _FULL or _free_bytes(home) < _SPARE_BYTES:
        free = f"{_free_bytes(home) / 1e6:,.0f} MB are left"
        return f"the disk of {home} is full ({free}, at {path}); free some, or move the data root; {_AFTERWARDS}"
    if number in _BROKEN or isinstance(error, duckdb.IOException):
        return f"{path} cannot be read or written ({_reason(error)}); look at the disk it is on; {_AFTERWARDS}"
    return None


def _number_of(error: BaseException) -> int | None:
    """The error number, from the error itself, from its words, or from what caused it."""
    import duckdb

    if isinstance(error, OSError) and error.errno:
        return error.errno
    words = str(error).lower() if isinstance(error, (OSError, duckdb.Error)) or "sqlite" in str(error).lower() else ""
    for number, phrases in _WORDS.items():
        if any(phrase in words for phrase in phrases):
            return number
    return _number_of(error.__cause__) if error.__cause__ else None


def _path_of(error: BaseException, home: Path) -> str:
    if isinstance(error, OSError) and isinstance(error.filename, (str, bytes)):
        return str(error.filename2 or error.filename)
    found = _QUOTED_PATH.search(str(error))
    return found[1] if found else str(home)


def _reason(error: BaseException) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]


def _free_bytes(home: Path) -> int:
    there = next(path for path in (home, *home.parents) if path.exists())
    return shutil.disk_usage(there).free
