"""Land: keep the bytes of a delivery under their SHA-256, and count its lines without parsing them.

Belongs here: bytes, hashes, physical lines. Does not belong here: encodings' meaning, headers, fields (`recognise.py`).
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 22
FIELD_MARK = b"\x01"
"""Stands for a delimiter where lines are to be cut and nothing else; a file that holds it is rewritten first."""
LINE_BITS = 27
"""A row_id holds the delivery number above 27 bits of line number: files of up to 134 million lines."""


@dataclass(frozen=True)
class Census:
    """What the bytes of a file are, counted in one read."""

    sha256: str
    byte_count: int
    line_count: int
    is_utf8: bool
    has_nul: bool
    is_uniform: bool
    """All lines end alike, in LF or in CRLF, and no byte is one that a line-cutting reader takes for its own."""


@dataclass(frozen=True)
class LandedFile:
    """A delivery in its place: `path` is `<landed>/<sha256>/<file name>`, read-only."""

    path: Path
    sha256: str
    is_duplicate: bool = False

    @property
    def delivery_id(self) -> int:
        """The first 36 bits of the SHA-256."""
        return int(self.sha256[:9], 16)


def take_census(path: Path) -> Census:
    """Hash `path` and count its physical lines (ended by LF, CRLF or CR, the last one with or without an end)."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    size = feeds = returns = pairs = 0
    is_utf8, has_nul, has_mark, last = True, False, False, b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            feeds += chunk.count(b"\n")
            carriage_returns = chunk.count(b"\r")
            if carriage_returns:
                returns += carriage_returns
                pairs += chunk.count(b"\r\n")
            if last == b"\r" and chunk.startswith(b"\n"):
                pairs += 1
            last = chunk[-1:]
            has_nul = has_nul or b"\x00" in chunk
            has_mark = has_mark or FIELD_MARK in chunk
            if is_utf8 and not (chunk.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    is_utf8 = is_utf8 and not decoder.getstate()[0]
    unfinished = 1 if size and last not in (b"\n", b"\r") else 0
    is_uniform = (returns == pairs and feeds in (0, pairs)) or returns == 0
    return Census(
        digest.hexdigest(), size, feeds + returns - pairs + unfinished, is_utf8, has_nul, is_uniform and not has_mark
    )


def count_sheet_rows(path: Path) -> int:
    """The number of the last row in the first sheet of an XLSX file, read from its XML without the sheet parser."""
    last, tail = 0, b""
    with zipfile.ZipFile(path) as archive, archive.open("xl/worksheets/sheet1.xml") as stream:
        while chunk := stream.read(CHUNK):
            for match in re.finditer(rb'<row [^>]*?\br="(\d+)"', tail + chunk):
                last = max(last, int(match[1]))
            tail = chunk[-200:]
    return last


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def land(file: Path, landed: Path) -> LandedFile:
    """Move `file` into `landed` under its SHA-256; the disk is not doubled when both are on one file system.

    The same bytes under another name are a duplicate delivery: the copy is dropped, since its bytes are already kept.
    """
    sha256 = sha256_of(file)
    folder = landed / sha256
    known = [path for path in folder.glob("*") if not path.name.startswith(".")] if folder.exists() else []
    if known:
        file.unlink()
        return LandedFile(known[0], sha256, is_duplicate=True)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.name
    try:
        os.replace(file, target)
    except (
        OSError
    ):  # another file system: copy under a hidden name first, so that a half copy is never taken for the file
        unfinished = folder / f".{file.name}"
        shutil.copyfile(file, unfinished)
        os.replace(unfinished, target)
        file.unlink()
    target.chmod(0o400)
    return LandedFile(target, sha256)


def landed_files(landed: Path) -> list[LandedFile]:
    """All files ever landed, by SHA-256."""
    return [
        LandedFile(path, folder.name)
        for folder in sorted(landed.iterdir())
        for path in sorted(folder.glob("*"))
        if not path.name.startswith(".")
    ]
