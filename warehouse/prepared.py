"""Prepared databases: what is the same for every connection is made once in a process, and copied from then on.

Belongs here: where such a database is kept, and the copy. Does not belong here: what is in it. Hundreds of small
statements cost more than all work on a small register; a copy costs a tenth of them.
"""

from __future__ import annotations

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
        path = _prepared(fill, given)
        if not path.exists():  # a process may live longer than what lies in the system's temporary folder
            _prepared.cache_clear()
            _folder.cache_clear()
            path = _prepared(fill, given)
    con.execute(f"ATTACH {quoted(str(path))} AS prepared (READ_ONLY)")
    con.execute(f"COPY FROM DATABASE prepared TO {catalog}{what}")
    con.execute("DETACH prepared")


@cache
def _prepared(fill: Callable[..., None], given: tuple[Hashable, ...]) -> Path:
    folder = Path(_folder().name)
    path = folder / f"{next(_NUMBERS)}.duckdb"
    with Resources(_MEMORY, 1, folder).connect(path) as con:
        con.execute("BEGIN")
        fill(con, *given)
        con.execute("COMMIT")
    return path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="capaian-")  # it goes with the process
