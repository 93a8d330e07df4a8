"""Kinds: what a file is, by its first bytes. Its name is not asked, and nothing is unpacked or parsed here."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from transforms.reading.archive import members
from transforms.reading.refusal import RefusedDelivery

HEAD_BYTES = 1 << 16
CONTROL_SHARE = 0.02
"""Text has no control characters but tabs and line ends; a stray one is a defect of its line, many are no text."""
NUL_SHARE = 0.05
"""NUL bytes in a text of one byte for each character are stray ones; UTF-16 has them at every second place."""

_UNREADABLE = {
    b"%PDF-": "a PDF document",
    b"\x7fELF": "a program",
    b"MZ\x90\x00": "a program",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an XZ archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"SQLite format 3\x00": "an SQLite database",
    b"{\\rtf": "an RTF document",
    b"ARROW1\x00\x00": "an Arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
}
_MARKUP = (
    (re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|table|head|body|meta)\b", re.I | re.S), "a web page"),
    (re.compile(rb"\s*<\?xml\b"), "an XML document"),
)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_CONTROLS = bytes(set(range(32)) - set(b"\x00\t\n\v\f\r\x1a\x1b")) + b"\x7f"


class Kind(StrEnum):
    """The forms in which a delivery is read."""

    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    PARQUET = "parquet"
    GZIP = "gzip"
    ZIP = "zip"

    @property
    def is_archive(self) -> bool:
        return self in (Kind.GZIP, Kind.ZIP)


def kind_of(path: Path) -> Kind:
    """The kind of a regular file; raises `RefusedDelivery` that says what it is when it is none of them."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise RefusedDelivery("the file is empty; send the export again")
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _kind_of_ole2(path, head)
    if head.startswith((b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")):
        return _refuse("a sheet of Excel 4 or older")
    if head.startswith(b"PARE"):
        return _refuse("an encrypted Parquet file")
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    for magic, name in _UNREADABLE.items():
        # A text may begin with the letters of a magic ("ORC", "BZh"): then the rest decides.
        if head.startswith(magic) and (not magic.isalnum() or _is_binary(head)):
            return _refuse(name)
    if head[257:262] == b"ustar":
        return _refuse("a tar archive")
    if head[8:12] == b"DUCK":
        return _refuse("a DuckDB database")
    for pattern, name in _MARKUP:
        if pattern.match(head.removeprefix(b"\xef\xbb\xbf")):
            return _refuse(name)
    if not head.strip(b"\x00"):
        return _refuse("nothing but NUL bytes")
    return _refuse("a binary file") if _is_binary(head) else Kind.TEXT


def _refuse(what: str) -> Kind:
    raise RefusedDelivery(f"the file is {what}, not an export; export it as CSV in UTF-8 or as XLSX")


def _is_binary(head: bytes) -> bool:
    if head.startswith(_BYTE_ORDER_MARKS):
        return False
    nul_count = head.count(0)
    if nul_count > NUL_SHARE * len(head):
        even = head[::2].count(0)
        if max(even, nul_count - even) < 0.9 * nul_count:
            return True
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > CONTROL_SHARE * (len(head) - nul_count)


def _kind_of_zip(path: Path) -> Kind:
    names = {member.filename.lower() for member in members(path)}
    if "xl/workbook.bin" in names:
        return _refuse("an XLSB sheet")
    if "xl/workbook.xml" in names:
        return Kind.XLSX
    if "word/document.xml" in names:
        return _refuse("a Word document")
    if "ppt/presentation.xml" in names:
        return _refuse("a presentation")
    if "content.xml" in names and "mimetype" in names:
        return _refuse("an OpenDocument file (ODS)")
    return Kind.ZIP


def _kind_of_ole2(path: Path, head: bytes) -> Kind:
    """XLS, unless the directory names another document; the directory is where the header says it begins."""
    sector_bits = min(int.from_bytes(head[30:32], "little"), 12)
    first = int.from_bytes(head[48:52], "little")
    with path.open("rb") as stream:
        stream.seek((first + 1) << sector_bits)
        directory = stream.read(1 << 14)
    for stream_name, name in (
        ("EncryptedPackage", ""),
        ("Workbook", "XLS"),
        ("Book", "XLS"),
        ("WordDocument", "a Word document"),
        ("PowerPoint Document", "a presentation"),
    ):
        if f"{stream_name}\0".encode("utf-16-le") in directory:
            if not name:
                raise RefusedDelivery("the sheet is encrypted; remove the password and send it again")
            return Kind.XLS if name == "XLS" else _refuse(name)
    return Kind.XLS
