"""The one place where a DuckDB connection is opened, with its memory limit, threads and temporary folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Resources:
    """What one connection may use. `memory` in DuckDB's notation (`2GB`); `threads` 0 means all cores."""

    memory: str
    threads: int
    scratch: Path

    @property
    def memory_bytes(self) -> int:
        """`memory` as a number."""
        found = re.fullmatch(r"([\d.]+) ?([KMGT]?)(i?)B", self.memory)
        if found is None:
            raise ValueError(f"{self.memory} is no size in the notation of DuckDB, such as 2GB")
        number, unit, binary = found.groups()
        return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(unit or " "))

    def connect(self, database: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """Open `database`, or a database in memory, within these limits; nothing is fetched from the network."""
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self.memory,
            "temp_directory": str(self.scratch),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if self.threads:
            config["threads"] = self.threads
        return duckdb.connect(str(database) if database else ":memory:", read_only=read_only, config=config)

    def connect_for_grouping(self) -> duckdb.DuckDBPyConnection:
        """Open a database in memory with three threads where there would be two.

        With two, DuckDB does not part what it groups by radix, and grouping mostly distinct keys takes twice the time.
        """
        con = self.connect()
        if con.execute("SELECT current_setting('threads')").fetchall() == [(2,)]:
            con.execute("SET threads = 3")
        return con

    def connect_locked(self, database: Path, spill: str) -> duckdb.DuckDBPyConnection:
        """Open `database` for someone's own questions: read-only, without any other file, and neither can be changed.

        At most `spill` (in DuckDB's notation) is written to the temporary folder, beside runs that need the disk.
        """
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self.memory,
            "threads": self.threads,
            "temp_directory": str(self.scratch),
            "max_temp_directory_size": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        con = duckdb.connect(str(database), read_only=True, config=config)
        con.execute("SET enable_external_access = false")  # after the temporary folder, which could not be set any more
        con.execute("SET lock_configuration = true")
        return con
