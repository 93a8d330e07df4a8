"""Prepared databases: what is the same for every connection is made once in a process, and copied from then on.

Belongs here: where such a database is kept, and the copy. Does not belong here: what is in it. Hundreds of small
statements cost more than all work on a small register; a copy costs a tenth of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Hashable
from functools import cache
from itertools import count
from pathlib import Path

import duckdb

from warehouse.connection import Resources
from warehouse.contract import quoted

_ONE_AT_A_TIME = threading.Lock()
_NUMBERS = count(1)
_PREFIX = "capaian-prepared-"
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
"""The one folder of this process, once there is one."""
_MEMORY = "200MB"
"""Definitions, and facts of a few thousand rows."""


def copy_rows(con: duckdb.DuckDBPyConnection, catalog: str, fill: Callable[..., None], *given: Hashable) -> None:
    """Copy into the database `catalog` of `con` all that `fill`, given an empty database and `given`, makes in it.

    `fill` is called once in a process for the same `given`.
    """
    _copy(con, catalog, "", fill, given)


def copy_definitions(con: duckdb.DuckDBPyConnection, catalog: str, fill: Callable[..., None], *given: Hashable) -> None:
    """The same without rows: tables with their comments, and macros."""
    _copy(con, catalog, " (SCHEMA)", fill, given)


def _copy(
    con: duckdb.DuckDBPyConnection, catalog: str, what: str, fill: Callable[..., None], given: tuple[Hashable, ...]
) -> None:
    with _ONE_AT_A_TIME:
        if not (_FOLDERS and Path(_FOLDERS[0].name).exists()):  # a process may live longer than what lies in there
            _FOLDERS[:] = [_new_folder()]
            _prepared.cache_clear()
        path = _prepared(fill, given)
    con.execute(f"ATTACH {quoted(str(path))} AS prepared (READ_ONLY)")
    con.execute(f"COPY FROM DATABASE prepared TO {catalog}{what}")
    con.execute("DETACH prepared")


@cache
def _prepared(fill: Callable[..., None], given: tuple[Hashable, ...]) -> Path:
    folder = Path(_FOLDERS[0].name)
    path = folder / f"{next(_NUMBERS)}.duckdb"
    with Resources(_MEMORY, 1, folder).connect(path) as con:
        con.execute("BEGIN")
        fill(con, *given)
        con.execute("COMMIT")
    return path


def _new_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of the system's temporary one that goes with the process; what killed ones left there goes before."""
    for path in abandoned():
        shutil.rmtree(path, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")


def abandoned() -> list[Path]:
    """Folders of processes that are no more."""
    place = Path(tempfile.gettempdir())
    return [
        path
        for path in sorted(place.glob(f"{_PREFIX}*-*"))
        if not Path("/proc", path.name.removeprefix(_PREFIX).partition("-")[0]).exists()
    ]
