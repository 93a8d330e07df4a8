"""Encoding: which characters the bytes of a text file stand for, and where its physical lines end.

Decided by byte-order mark, strict UTF-8, the pattern of NUL bytes, and only then by what the profile says. Does not
belong here: fields and records.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

FALLBACK = "cp1252"
"""What a file without profile is read as when its bytes are not UTF-8: every spreadsheet here writes it."""
HEAD_BYTES = 1 << 18
CHUNK = 1 << 22
LINE_LIMIT = 1 << 24
"""Characters of the longest line that is read; a longer one is no line of a table."""
DAMAGED = "\ufffd"
"""Stands for bytes that mean nothing in the encoding."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive or XLSX sheet"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"(\xb5/\xfd", "a Zstandard file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an XLS sheet or another OLE file"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
)
_UNUSED_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19\x1c-\x1f]")


class NotTextError(Exception):
    """The file is no delimited text; the message says what it is instead."""


@dataclass(frozen=True)
class Encoding:
    """The name Python knows it by, and the evidence for it."""

    name: str
    evidence: str

    @property
    def errors(self) -> str:
        """Name of the error handler: what cp1252 leaves undefined is kept as in Latin-1, anything else is damage."""
        return "latin1_kept" if self.name == "cp1252" else "replace"


def _keep_latin1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin1_kept", _keep_latin1)


def decide_encoding(path: Path, fallback: str = FALLBACK) -> Encoding:
    """The encoding of the text file `path`; raises `NotTextError` for anything else."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise NotTextError(f"this is {what}, not delimited text")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, "byte-order mark")
    if b"\x00" in head:
        wide = _by_nul_pattern(head)
        if wide:
            return Encoding(wide, "pattern of NUL bytes")
        if head.count(0) > max(2, len(head) // 20):
            raise NotTextError("NUL bytes all over: this is a binary file, not delimited text")
    if len(_UNUSED_CONTROLS.findall(head)) > max(8, len(head) // 20):
        raise NotTextError("control bytes all over: this is a binary file, not delimited text")
    if _is_utf8(path):
        return Encoding("utf-8", "ASCII, which is UTF-8 too" if head.isascii() else "strict UTF-8")
    if _is_damaged_utf8(head):
        return Encoding("utf-8", "UTF-8 with damaged bytes")
    return Encoding(fallback, "bytes are not UTF-8, so the fallback")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _by_nul_pattern(head: bytes) -> str | None:
    quarter = max(len(head) // 4, 1)
    zeros = [head[place::4].count(0) / quarter for place in range(4)]
    if zeros[0] < 0.05 and min(zeros[1:]) > 0.4 and zeros[3] > 0.9:
        return "utf-32-le"
    if zeros[3] < 0.05 and min(zeros[:3]) > 0.4 and zeros[0] > 0.9:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return None


def _is_damaged_utf8(head: bytes) -> bool:
    """Whether most of the bytes beyond ASCII do form UTF-8: no other encoding looks like it by chance."""
    text = head.decode("utf-8", errors="replace")
    damaged = text.count(DAMAGED)
    beyond = sum(character > "\x7f" for character in text) - damaged
    return beyond > 3 * damaged


def physical_lines(path: Path, encoding: Encoding) -> Iterator[str]:
    """The lines of `path` in order, each with its end (LF, CRLF or CR); raises `NotTextError` for an endless line."""
    with path.open("rb") as stream, TextIOWrapper(stream, encoding.name, encoding.errors, newline="") as text:
        number = 1
        line = text.readline(LINE_LIMIT).removeprefix("\ufeff")
        while line:
            if len(line) >= LINE_LIMIT:
                raise NotTextError(f"line {number} is longer than {LINE_LIMIT:,} characters: this is no table")
            yield line
            number += 1
            line = text.readline(LINE_LIMIT)


def places_further_down(path: Path, encoding: Encoding, count: int = 3, size: int = 1 << 14) -> list[list[str]]:
    """Whole lines from `count` places of `path` beyond its head, so that a change of habit there is seen."""
    total = path.stat().st_size
    name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(encoding.name, encoding.name)
    if total < 2 * HEAD_BYTES or name != encoding.name.removesuffix("-sig"):
        return []  # beyond its head, a text with a mark does not say its byte order again
    places = []
    with path.open("rb") as stream:
        for step in range(1, count + 1):
            stream.seek((HEAD_BYTES + (total - HEAD_BYTES) * step // (count + 1)) // 4 * 4)
            text = stream.read(size).decode(name, encoding.errors)
            places.append(re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)[1:-1])
    return places
