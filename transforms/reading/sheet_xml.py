"""Sheet XML: what an XLSX file says about itself, read from its parts without the sheet parser.

Belongs here: refusing what would harm the parser, counting rows independently of it, and the error cells, which it
drops. Does not belong here: values and their text (`sheets.py`). Parts are streamed; only one row is held at a time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from transforms.reading.archive import check_amount, member_chunks, members
from transforms.reading.limits import FIELDS_LIMIT, LINE_BYTES_LIMIT
from transforms.reading.refusal import RefusedDelivery

UNPACKED_BYTES_LIMIT = 1 << 30
"""Bytes of all parts together; a full sheet of 40 columns has about three times as many."""
STRINGS_BYTES_LIMIT = 1 << 27
"""Bytes of the shared texts: the sheet parser holds all of them in memory."""
RATIO_FREE_BYTES = 1 << 23
"""Stricter than for other archives, since a byte of XML becomes several in memory."""
CELL_BYTES, PLACE_BYTES, TEXT_BYTES = 48, 24, 64
"""Memory of the sheet parser for each cell that is written, each place of the rectangle they span, each shared text."""
PART_BYTES_LIMIT = 1 << 24
"""Bytes of a part that is parsed as a tree: the list of sheets, the list of relations."""
SHEET_ROWS_LIMIT = 1 << 20
"""Rows of a sheet, by the specification."""

_DAMAGED = "the sheet is damaged ({}); save and send it again"
_STRINGS = "xl/sharedstrings.xml"
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]{0,1000})>")
_PLAIN_ROW = re.compile(rb"<row((?:[\s/][^>]{0,1000})?)>")
_END_OF_ROWS = re.compile(rb"</(?:\w+:)?sheetData")
_NUMBER = re.compile(rb"""\sr\s*=\s*["'](\d+)["']""")
_CONTENT = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^>]{0,200})?>[^<]")
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]{0,1000})>")
_END_OF_CELL = re.compile(rb"</(?:\w+:)?c>")
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,4})\d+["']""")
_ERROR_TYPE = re.compile(rb"""\bt\s*=\s*["']e["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]{1,40})<")
_DECLARATION = re.compile(rb"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E|E\x00?N\x00?T\x00?I\x00?T\x00?Y)")


@dataclass
class SheetAccount:
    """One sheet by its XML: `row_count` is the number of the last row that holds a value.

    `errors` are the error cells: row (from 1) to (column from 0, text such as `#N/A`).
    """

    name: str
    row_count: int = 0
    errors: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    cell_count: int = 0
    column_count: int = 0

    @property
    def memory_bytes(self) -> int:
        """What the sheet parser will need for this sheet, about."""
        return self.cell_count * CELL_BYTES + self.row_count * self.column_count * PLACE_BYTES


def account_for_sheets(path: Path, memory_mb: int) -> list[SheetAccount]:
    """Every sheet of an XLSX file in the order of the workbook.

    Raises `RefusedDelivery` when a part is damaged, declares entities or reaches too far to the right, and when the
    sheet parser would need more than `memory_mb`.
    """
    parts = {member.filename.lower(): member for member in members(path)}
    unpacked = sum(member.file_size for member in parts.values())
    if unpacked > UNPACKED_BYTES_LIMIT:
        raise RefusedDelivery(f"the sheet unpacks to {unpacked:,} bytes; send so many rows as CSV")
    for member in parts.values():
        check_amount(member.file_size, member.compress_size, RATIO_FREE_BYTES)
    if _STRINGS in parts and parts[_STRINGS].file_size > STRINGS_BYTES_LIMIT:
        raise RefusedDelivery(f"the sheet holds {parts[_STRINGS].file_size:,} bytes of text; send it as CSV")
    text_bytes = 0
    with path.open("rb") as stream:
        places = sheet_places(stream, parts)
        accounts = {place: SheetAccount(name) for name, place in places}
        for name, member in parts.items():
            if not name.endswith((".xml", ".rels", ".vml")):
                continue
            chunks = _without_declarations(member_chunks(stream, member))
            if name in accounts:
                _account(accounts[name], chunks, memory_mb)
            else:
                for chunk in chunks:
                    if name == _STRINGS:
                        text_bytes += (
                            len(chunk) + chunk.count(b"si>") // 2 * TEXT_BYTES + chunk.count(b"/>") * TEXT_BYTES
                        )
    _refuse_large(text_bytes + max((account.memory_bytes for account in accounts.values()), default=0), memory_mb)
    return [accounts[place] for _, place in places]


def _without_declarations(chunks: Iterator[bytes]) -> Iterator[bytes]:
    tail = b""
    for number, chunk in enumerate(chunks):
        text = tail + chunk
        if (b"<!" in text or b"<\0" in text) and _DECLARATION.search(text):
            raise RefusedDelivery("the sheet declares XML entities, as no spreadsheet does; save it again as XLSX")
        if number == 0 and chunk[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00"):
            raise RefusedDelivery(_DAMAGED.format("a part is not in UTF-8"))
        tail = chunk[-24:]
        yield chunk


def _tree(stream: BinaryIO, parts: dict[str, zipfile.ZipInfo], name: str) -> ElementTree.Element:
    member = parts.get(name)
    if member is None or member.file_size > PART_BYTES_LIMIT:
        raise RefusedDelivery(_DAMAGED.format(f"its part {name} is missing or too large"))
    try:
        return ElementTree.fromstring(b"".join(_without_declarations(member_chunks(stream, member))))
    except ElementTree.ParseError:
        raise RefusedDelivery(_DAMAGED.format(f"its part {name} is no XML")) from None


def sheet_places(stream: BinaryIO, parts: dict[str, zipfile.ZipInfo]) -> list[tuple[str, str]]:
    """Name and part of each sheet, in order; `parts` maps names of parts in small letters to the parts."""
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in _tree(stream, parts, "xl/_rels/workbook.xml.rels")
    }
    places: list[tuple[str, str]] = []
    for element in _tree(stream, parts, "xl/workbook.xml").iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        relation = next((value for key, value in element.items() if key.endswith("}id")), "")
        target = targets.get(relation, "").lower()
        place = target.lstrip("/") if target.startswith(("/xl/", "xl/")) else f"xl/{target}"
        if place not in parts or place in (known for _, known in places):
            raise RefusedDelivery(_DAMAGED.format("a sheet has no part of its own"))
        places.append((element.get("name", ""), place))
    return places


def _refuse_large(needed_bytes: int, memory_mb: int) -> None:
    if needed_bytes >> 20 > memory_mb:
        raise RefusedDelivery(
            f"the sheet needs {needed_bytes >> 20:,} MB or more to open, at most {memory_mb:,} are given;"
            " send it as CSV"
        )


def _account(account: SheetAccount, chunks: Iterator[bytes], memory_mb: int) -> None:
    for number, body in row_bodies(chunks):
        account.cell_count += body.count(b"<c ") or body.count(b":c ")
        if not _CONTENT.search(body):
            continue
        if number > SHEET_ROWS_LIMIT:
            raise RefusedDelivery(_DAMAGED.format("it has a row beyond the last one that a sheet can have"))
        account.row_count = max(account.row_count, number)
        last_value = max(body.rfind(b"v>"), body.rfind(b"t>"))
        place = body.rfind(b"<c ", 0, last_value)
        if place < 0:
            place = body.rfind(b":c ", 0, last_value)
        reference = _REFERENCE.search(body, place, last_value) if place >= 0 else None
        column_count = _column(reference[1]) + 1 if reference else 0
        account.column_count = max(account.column_count, column_count)
        _refuse_large(account.memory_bytes, memory_mb)
        if reference and column_count > FIELDS_LIMIT:
            raise RefusedDelivery(
                f"row {number:,} of a sheet reaches to column {reference[1].decode()}, at most {FIELDS_LIMIT:,} columns"
                " are read; delete what lies beyond the registrations, or send them as CSV"
            )
        if (b'"e"' in body or b"'e'" in body) and _ERROR_TYPE.search(body):
            account.errors[number] = list(_errors(body))


def row_bodies(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and content of each row of a sheet's part."""
    number = 0
    for attributes, body in _rows(chunks):
        found = _NUMBER.search(attributes)
        number = int(found[1][:9]) if found else number + 1
        yield number, body


def _rows(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and content of each `row` element; a row ends where the next one begins."""
    text = b""
    for chunk in chunks:
        text += chunk
        end = _END_OF_ROWS.search(text) if b"sheetData>" in text else None
        row = _PLAIN_ROW if b"<row" in text else _ROW
        starts = list(row.finditer(text, 0, end.start() if end else len(text)))
        for start, following in pairwise(starts):
            yield start[1], text[start.end() : following.start()]
        if end:
            if starts:
                yield starts[-1][1], text[starts[-1].end() : end.start()]
            break
        text = text[starts[-1].start() :] if starts else text[-1024:]
        if len(text) > LINE_BYTES_LIMIT:
            raise RefusedDelivery(f"a sheet has a row of more than {LINE_BYTES_LIMIT:,} bytes; send it as CSV")
    for _ in chunks:
        pass


def _errors(body: bytes) -> Iterator[tuple[int, str]]:
    for cell in _CELL.finditer(body):
        if _ERROR_TYPE.search(cell[1]) and not cell[1].endswith(b"/"):
            end = _END_OF_CELL.search(body, cell.end())
            reference, value = _REFERENCE.search(cell[1]), end and _VALUE.search(body, cell.end(), end.start() + 1)
            if reference and value:
                yield _column(reference[1]), value[1].decode("utf-8", "replace")


def _column(letters: bytes) -> int:
    """`A` is 0, `AA` is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
