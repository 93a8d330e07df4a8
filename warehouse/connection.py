"""The one place where a DuckDB connection is opened, with its memory limit, threads and temporary folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb


@dataclass(frozen=True)
class Resources:
    """What one connection may use. `memory` in DuckDB's notation (`2GB`); `threads` 0 means all cores."""

    memory: str
    threads: int
    scratch: Path

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
