"""Scanning: whether a person is in a file, looked for in its bytes and in what it holds, whatever its form.

Belongs here: one file at a time. It is written apart from what takes a person out (`finding.py`), so that the one
proves the other. Parquet and DuckDB files are asked row by row as text, packed files are unpacked; all else is bytes.
"""

from __future__ import annotations

import gzip
import mmap
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from warehouse.connection import Resources
from warehouse.contract import quoted
from warehouse.vault import Vault, encryption_of

_BETWEEN = "[ .()+'\u2019\u00a0-]*"
_PACKED_BYTES_AT_ONCE = 1 << 24
_OVERLAP_BYTES = 1 << 12


@dataclass(frozen=True)
class Needles:
    """What is looked for: the NIK however it is written, and what only this person's rows said."""

    nik: str = field(repr=False)
    phones: frozenset[str] = field(default=frozenset(), repr=False)
    texts: frozenset[str] = field(default=frozenset(), repr=False)

    def patterns(self) -> dict[str, str]:
        """A regular expression for each kind of needle there is, in the words of Python and DuckDB alike."""
        found = {"NIK": _BETWEEN.join(self.nik)}
        if self.phones:
            # Behind the country's number or the 0, which each has in front.
            found["telephone"] = "|".join(_BETWEEN.join(phone.removeprefix("+62")) for phone in sorted(self.phones))
        if self.texts:
            found["name or address"] = "(?i)(?:" + "|".join(_escaped(text) for text in sorted(self.texts)) + ")"
        return found


class Scan:
    """The needles, ready for bytes in the usual encodings and for SQL."""

    def __init__(self, needles: Needles, resources: Resources, vault: Vault) -> None:
        self._patterns, self._resources, self._vault = needles.patterns(), resources, vault
        self._bytes = {
            kind: [re.compile(one, re.DOTALL) for one in _in_encodings(pattern)]
            for kind, pattern in self._patterns.items()
        }

    def kinds_in(self, path: Path) -> set[str]:
        """Which kinds of needles `path` holds."""
        with path.open("rb") as stream:
            head = stream.read(16)
            size = stream.seek(0, 2)
            if not size:
                return set()
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found = self._kinds(content)
        if head[:4] in (b"PAR1", b"PARE"):
            found |= self._kinds_in_parquet(path, is_encrypted=head.startswith(b"PARE"))
        elif head[8:12] == b"DUCK":
            found |= self._kinds_in_database(path)
        elif head.startswith(b"\x1f\x8b"):
            found |= self._kinds_in_pieces(_gzip_pieces(path))
        elif head.startswith(b"PK"):
            found |= self._kinds_in_zip(path)
        return found

    def _kinds(self, content: bytes | mmap.mmap) -> set[str]:
        return {kind for kind, patterns in self._bytes.items() if any(one.search(content) for one in patterns)}

    def _kinds_in_pieces(self, pieces: Iterable[bytes]) -> set[str]:
        found, tail = set(), b""
        for piece in pieces:
            found |= self._kinds(tail + piece)
            tail = (tail + piece)[-_OVERLAP_BYTES:]
        return found

    def _kinds_in_zip(self, path: Path) -> set[str]:
        try:
            with zipfile.ZipFile(path) as archive:
                found: set[str] = set()
                for member in archive.infolist():
                    with archive.open(member) as stream:
                        found |= self._kinds_in_pieces(iter(lambda: stream.read(_PACKED_BYTES_AT_ONCE), b""))
                return found
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, OSError):
            return set()  # damaged or encrypted: nobody reads it, and its bytes were searched

    def _kinds_in_parquet(self, path: Path, *, is_encrypted: bool) -> set[str]:
        with self._resources.connect() as con:
            try:
                if is_encrypted:
                    con.register("rows", pq.read_table(path, decryption_properties=encryption_of(self._vault)[1]))
                else:
                    con.execute(f"CREATE VIEW rows AS FROM read_parquet({quoted(str(path))})")
                return self._kinds_in_table(con, "rows")
            except (duckdb.Error, OSError):
                return set()  # damaged: a delivery that was refused

    def _kinds_in_database(self, path: Path) -> set[str]:
        with self._resources.connect() as con:
            con.execute(f"ATTACH {quoted(str(path))} AS asked (READ_ONLY)")
            tables = con.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'asked'"
            ).fetchall()
            names = (f'asked."{schema}"."{table}"' for schema, table in tables)
            return {kind for name in names for kind in self._kinds_in_table(con, name)}

    def _kinds_in_table(self, con: duckdb.DuckDBPyConnection, name: str) -> set[str]:
        return {
            kind
            for kind, pattern in self._patterns.items()
            if con.execute(
                f"SELECT 1 FROM {name} AS row WHERE regexp_matches(row::VARCHAR, ?) LIMIT 1", [pattern]
            ).fetchall()
        }


def _escaped(text: str) -> str:
    return re.sub(r"([^\w ])", r"\\\1", text)


def _in_encodings(pattern: str) -> Iterator[bytes]:
    """The pattern over bytes of UTF-8, cp1252 and both kinds of UTF-16."""
    for encoding in ("utf-8", "cp1252"):
        yield pattern.encode(encoding, "replace") if encoding == "utf-8" else _single_bytes(pattern)
    yield _wide(pattern, "little")
    yield _wide(pattern, "big")


def _single_bytes(pattern: str) -> bytes:
    return pattern.encode("cp1252", "replace")


def _wide(pattern: str, order: str) -> bytes:
    """Every character and class of the pattern followed, or preceded, by a NUL; operators stay as they are."""
    parts = []
    flags, body = ("(?i)", pattern[4:]) if pattern.startswith("(?i)") else ("", pattern)
    for token in re.findall(r"\\.|\[[^\]]*\]|\(\?:|.", body, re.DOTALL):
        if token in ("*", "|", ")", "(?:"):
            parts.append(token.encode())
            continue
        narrow = _single_bytes(token)
        parts.append(b"(?:" + (narrow + b"\\x00" if order == "little" else b"\\x00" + narrow) + b")")
    return flags.encode() + b"".join(parts)


def _gzip_pieces(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as stream:
            while piece := stream.read(_PACKED_BYTES_AT_ONCE):
                yield piece
    except (OSError, EOFError, zlib.error):
        return
