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

from transforms.reading.refusal import is_of_the_machine
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
        self._patterns, self._vault, self._con = needles.patterns(), vault, resources.connect()
        self.unopened: list[Path] = []
        """Files that are damaged or encrypted: of them, only the bytes were searched."""
        self._narrow = {kind: _compiled(_narrow(pattern)) for kind, pattern in self._patterns.items()}
        self._wide = {
            kind: _compiled([_wide(pattern, "little"), _wide(pattern, "big")])
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
            try:
                found |= self._kinds_in_pieces(_gzip_pieces(path))
            except (OSError, EOFError, zlib.error) as error:
                self._not_opened(path, error)
        elif head.startswith(b"PK"):
            found |= self._kinds_in_zip(path)
        return found

    def _kinds(self, content: bytes | mmap.mmap) -> set[str]:
        sets = [self._narrow] if content.find(b"\0") < 0 else [self._narrow, self._wide]  # no UTF-16 is without NUL
        return {
            kind for one in sets for kind, patterns in one.items() if any(each.search(content) for each in patterns)
        }

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
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, OSError) as error:
            return self._not_opened(path, error)

    def _kinds_in_parquet(self, path: Path, *, is_encrypted: bool) -> set[str]:
        try:
            if is_encrypted:
                rows = pq.read_table(path, decryption_properties=encryption_of(self._vault)[1])
                self._con.register("encrypted_rows", rows)
                return self._kinds_in_table("encrypted_rows")
            return self._kinds_in_table(f"read_parquet({quoted(str(path))})")
        except (duckdb.Error, OSError) as error:
            return self._not_opened(path, error)

    def _not_opened(self, path: Path, error: Exception) -> set[str]:
        if is_of_the_machine(error):
            raise error
        self.unopened.append(path)
        return set()

    def _kinds_in_database(self, path: Path) -> set[str]:
        self._con.execute(f"ATTACH {quoted(str(path))} AS asked (READ_ONLY)")
        try:
            tables = self._con.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'asked'"
            ).fetchall()
            names = (f'asked."{schema}"."{table}"' for schema, table in tables)
            return {kind for name in names for kind in self._kinds_in_table(name)}
        finally:
            self._con.execute("DETACH asked")

    def _kinds_in_table(self, name: str) -> set[str]:
        return {
            kind
            for kind, pattern in self._patterns.items()
            if self._con.execute(
                f"SELECT 1 FROM {name} AS row WHERE regexp_matches(row::VARCHAR, ?) LIMIT 1", [pattern]
            ).fetchall()
        }


def _escaped(text: str) -> str:
    return re.sub(r"([^\w ])", r"\\\1", text)


def _compiled(patterns: Iterable[bytes]) -> list[re.Pattern[bytes]]:
    return [re.compile(pattern, re.DOTALL) for pattern in patterns]


def _narrow(pattern: str) -> list[bytes]:
    """The pattern over bytes of UTF-8 and of cp1252, once where these are the same."""
    needle = pattern.replace(_BETWEEN, "\0")
    patterns = {needle.encode("utf-8"), needle.encode("cp1252", "replace")}
    between = _BETWEEN.encode("utf-8").replace(b"-]", b"\x92-]")  # of the class, every byte of either encoding
    return [one.replace(b"\0", between) for one in sorted(patterns)]


def _wide(pattern: str, order: str) -> bytes:
    """Every character and class of the pattern followed, or preceded, by a NUL; operators stay as they are."""
    parts = []
    flags, body = ("(?i)", pattern[4:]) if pattern.startswith("(?i)") else ("", pattern)
    for token in re.findall(r"\\.|\[[^\]]*\]|\(\?:|.", body, re.DOTALL):
        if token in ("*", "|", ")", "(?:"):
            parts.append(token.encode())
            continue
        narrow = token.encode("cp1252", "replace")
        parts.append(b"(?:" + (narrow + b"\\x00" if order == "little" else b"\\x00" + narrow) + b")")
    return flags.encode() + b"".join(parts)


def _gzip_pieces(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as stream:
        while piece := stream.read(_PACKED_BYTES_AT_ONCE):
            yield piece
