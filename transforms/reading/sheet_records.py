"""Sheet records: what an XLS file says about itself, read from its BIFF records without the sheet parser.

Belongs here: the compound file (OLE2) as far as its workbook, counting rows independently of the parser, and the error
cells, which the parser drops. Does not belong here: values and their text (`sheets.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from transforms.reading.limits import FIELDS_LIMIT
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheet_xml import SheetAccount

FILE_BYTES_LIMIT = 1 << 28
"""A workbook is held in memory; the sheets of XLS have at most 65,536 rows of 256 columns."""

_DAMAGED = "the sheet is damaged ({}); save it again as XLSX"
_END_OF_CHAIN = 0xFFFFFFFA
_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _FORMULA, _BOOLERR = 0x0809, 0x000A, 0x002F, 0x0085, 0x0006, 0x0205
_VALUES = {0x0203, 0x0204, 0x00FD, 0x027E, 0x00BD, 0x00D6, _FORMULA, _BOOLERR}
"""Records that put a value into a row: NUMBER, LABEL, LABELSST, RK, MULRK, RSTRING, FORMULA, BOOLERR."""
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def account_for_records(path: Path) -> list[SheetAccount]:
    """Every sheet of an XLS file in the order of the workbook; the names are left to the parser.

    Raises `RefusedDelivery` when the file is encrypted or its records cannot be followed.
    """
    if path.stat().st_size > FILE_BYTES_LIMIT:
        raise RefusedDelivery(f"the sheet has more than {FILE_BYTES_LIMIT:,} bytes; send it as CSV")
    try:
        workbook = _workbook(path.read_bytes())
        places = []
        for kind, body in _records(workbook, 0):
            if kind == _FILEPASS:
                raise RefusedDelivery("the sheet is encrypted; remove the password and send it again")
            if kind == _BOUNDSHEET:
                places.append(struct.unpack_from("<L", body)[0])
        if len(places) > FIELDS_LIMIT:
            raise RefusedDelivery(_DAMAGED.format("it lists too many sheets"))
        return [_account(workbook, place) for place in places]
    except (struct.error, IndexError):
        raise RefusedDelivery(_DAMAGED.format("its records cannot be followed")) from None


def _account(workbook: bytes, place: int) -> SheetAccount:
    account = SheetAccount("")
    for kind, body in _records(workbook, place):
        if kind not in _VALUES:
            continue
        row, column = struct.unpack_from("<2H", body)
        error = None
        if kind == _BOOLERR and body[7]:
            error = body[6]
        elif kind == _FORMULA and body[12:14] == b"\xff\xff":
            if body[6] == 3:  # an empty text
                continue
            error = body[8] if body[6] == 2 else None
        if error is not None:
            account.errors.setdefault(row + 1, []).append((column, _ERRORS.get(error, "#ERROR!")))
        account.row_count = max(account.row_count, row + 1)
    return account


def _records(workbook: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each record of the part that begins at `place`; parts within it (charts) are left out."""
    depth = 0
    while place + 4 <= len(workbook):
        kind, length = struct.unpack_from("<2H", workbook, place)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, workbook[place + 4 : place + 4 + length]
        place += 4 + length
    raise RefusedDelivery(_DAMAGED.format("it ends too early"))


def _workbook(content: bytes) -> bytes:
    """The stream `Workbook` (or `Book`) of a compound file."""
    sector_bits, mini_bits = struct.unpack_from("<2H", content, 30)
    if not 7 <= sector_bits <= 12 or not 4 <= mini_bits <= sector_bits:
        raise RefusedDelivery(_DAMAGED.format("its header is no header"))
    first_directory, _, cutoff, first_mini_table = struct.unpack_from("<LLLL", content, 48)
    next_list = struct.unpack_from("<L", content, 68)[0]

    def sector(number: int) -> bytes:
        return content[(number + 1) << sector_bits : (number + 2) << sector_bits]

    sectors = [number for number in struct.unpack_from("<109L", content, 76) if number < _END_OF_CHAIN]
    for _ in range(len(content) >> sector_bits):
        if next_list >= _END_OF_CHAIN:
            break
        *more, next_list = _numbers(sector(next_list))
        sectors += [number for number in more if number < _END_OF_CHAIN]
    if len(sectors) > len(content) >> sector_bits:
        raise RefusedDelivery(_DAMAGED.format("its table of sectors is larger than the file"))
    table = _numbers(b"".join(map(sector, sectors)))

    directory = b"".join(map(sector, _chain(table, first_directory)))
    entries = [directory[place : place + 128] for place in range(0, len(directory), 128)]
    for wanted in ("Workbook", "Book"):
        for entry in entries:
            name_length = struct.unpack_from("<H", entry, 64)[0]
            if entry[: max(name_length - 2, 0)].decode("utf-16-le", "replace").lower() != wanted.lower():
                continue
            start, size = struct.unpack_from("<2L", entry, 116)
            if size >= cutoff:
                return b"".join(map(sector, _chain(table, start)))[:size]
            minis = b"".join(map(sector, _chain(table, struct.unpack_from("<L", entries[0], 116)[0])))
            mini_table = _numbers(b"".join(map(sector, _chain(table, first_mini_table))))
            pieces = (minis[n << mini_bits : (n + 1) << mini_bits] for n in _chain(mini_table, start))
            return b"".join(pieces)[:size]
    raise RefusedDelivery(_DAMAGED.format("it holds no workbook"))


def _numbers(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}L", data[: len(data) // 4 * 4]))


def _chain(table: list[int], number: int) -> list[int]:
    """The sectors of a stream; a chain that bites its tail is damage."""
    chain: list[int] = []
    while number < _END_OF_CHAIN:
        if len(chain) >= len(table):
            raise RefusedDelivery(_DAMAGED.format("its sectors form a circle"))
        chain.append(number)
        number = table[number]
    return chain
