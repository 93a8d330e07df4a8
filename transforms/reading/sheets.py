"""Sheets: every row of every sheet of an XLSX or XLS file as text, with all of them accounted for.

Belongs here: opening a workbook and what a cell says as text, locale-free. Does not belong here: which sheet and which
rows are wanted, and what the texts mean. The parser drops error cells and may skip rows; what the file says about
itself (`sheet_xml.py`, `sheet_records.py`) brings back the former and refuses the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from transforms.reading.confined import Limits, confined
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.limits import refuse_wide
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.rows import RowWriter, writing_rows
from transforms.reading.sheet_records import account_for_records
from transforms.reading.sheet_xml import SheetAccount, account_for_sheets

SHEET_LIMITS = Limits(memory_mb=768)
"""A sheet of 200,000 registrations with 35 columns needs 600 MB; a full one of a million belongs into CSV."""
ROWS_AT_ONCE = 4_096
MERGED_RANGES_LIMIT = 1_000
"""Merged cells matter in headers; a sheet with more of them is laid out for the eye."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its number from 1, name, whether people see it, and the number of its last row that holds a value.

    `row_count` is counted independently of the parser, from XML or records, and the parser agrees with it. `merged`
    are ranges as (first row, first column, last row, last column), counted from 1.
    """

    number: int
    name: str
    visibility: str
    row_count: int
    column_count: int
    merged: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def is_hidden(self) -> bool:
        return self.visibility != "visible"


def read_sheets(path: Path, rows: Path, limits: Limits = SHEET_LIMITS) -> tuple[Sheet, ...]:
    """Write all rows of all sheets of `path` to `rows` (columns of `rows.ROWS_SCHEMA`) and describe the sheets.

    Blank rows between others are kept as rows of empty texts; trailing blank rows and columns are no part of a sheet.
    Raises `RefusedDelivery` when the workbook is damaged, encrypted, hostile or needs more than the `limits`.
    """
    facts = confined(
        write_sheets, "the sheet", "send it as CSV", limits, path=str(path), rows=str(rows), memory_mb=limits.memory_mb
    )
    return tuple(Sheet(**{**fact, "merged": tuple(map(tuple, fact["merged"]))}) for fact in facts)


def write_sheets(path: str, rows: str, memory_mb: int) -> list[dict[str, Any]]:
    """The work of `read_sheets`, which runs it in a child process; the facts of each sheet."""
    is_xlsx = kind_of(Path(path)) is Kind.XLSX
    accounts = account_for_sheets(Path(path), memory_mb) if is_xlsx else account_for_records(Path(path))
    try:
        with CalamineWorkbook.from_path(path) as workbook, writing_rows(Path(rows)) as writer:
            names = [account.name for account in accounts] if is_xlsx else workbook.sheet_names
            if names != workbook.sheet_names or len(accounts) != len(names):
                raise RefusedDelivery("the list of its sheets is ambiguous; save the workbook again as XLSX")
            return [_write_sheet(workbook, index, account, writer) for index, account in enumerate(accounts)]
    except PasswordError:
        raise RefusedDelivery("the sheet is encrypted; remove the password and send it again") from None
    except CalamineError as error:
        raise RefusedDelivery(f"the sheet cannot be opened ({type(error).__name__}); save and send it again") from None


def _write_sheet(workbook: CalamineWorkbook, index: int, account: SheetAccount, writer: RowWriter) -> dict[str, Any]:
    sheet, metadata = workbook.get_sheet_by_index(index), workbook.sheets_metadata[index]
    width, height = _extent(sheet, account)
    refuse_wide(width)
    lines = islice(_padded(sheet), height)
    for first in range(1, height + 1, ROWS_AT_ONCE):
        texts = [
            _row_texts(row, width, account.errors.get(number, []))
            for number, row in enumerate(islice(lines, ROWS_AT_ONCE), start=first)
        ]
        writer.write(index + 1, first, pa.array(texts, pa.list_(pa.string())))
    merged = sheet.merged_cell_ranges or []
    return {
        "number": index + 1,
        "name": metadata.name,
        "visibility": {"Visible": "visible", "Hidden": "hidden"}.get(
            str(metadata.visible).split(".")[-1], "very hidden"
        ),
        "row_count": height,
        "column_count": width,
        "merged": [
            (top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in merged[:MERGED_RANGES_LIMIT]
        ],
    }


def _extent(sheet: CalamineSheet, account: SheetAccount) -> tuple[int, int]:
    """Columns and rows up to the last that hold a value; the two counts of the rows are to agree."""
    width = max((column + 1 for cells in account.errors.values() for column, _ in cells), default=0)
    height = last_text = 0
    for height, row in enumerate(_padded(sheet), start=1):
        while len(row) > width and any(cell != "" for cell in row[width:]):
            width += 1
        if any(cell != "" for cell in row):
            last_text = height
    last_text = max(last_text, *account.errors) if account.errors else last_text
    if not last_text <= account.row_count <= max(height, last_text):
        raise RefusedDelivery(
            f"a sheet holds {account.row_count:,} rows by its own account and {last_text:,} by the sheet parser;"
            " save it again as XLSX, or send it as CSV"
        )
    return width, account.row_count


def _padded(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """The rows of a sheet from its row 1 and column A on; the parser skips the columns before the first value."""
    skipped = [""] * (sheet.start[1] if sheet.start else 0)
    return (skipped + row for row in sheet.iter_rows())


def _row_texts(row: list[Any], width: int, errors: list[tuple[int, str]]) -> list[str]:
    texts = [cell_text(cell) for cell in row[:width]]
    texts += [""] * (width - len(texts))
    for column, text in errors:
        texts[column] = text
    return texts


def cell_text(cell: object) -> str:
    """What a cell says, as a person sees it and without a locale.

    A number of 16 or more digits comes out in exponent form: a spreadsheet has kept only 15 of them.
    """
    if isinstance(cell, str):
        # Some XLS writers mark UTF-16 so that the parser takes its bytes for characters.
        return cell[::2] if cell and not cell[1::2].strip("\0") and len(cell) > 1 else cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        if abs(cell) >= 1e15:
            return f"{float(cell):.14E}"
        return str(int(cell)) if cell == int(cell) else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return _clock(cell.isoformat(sep=" ")).removesuffix(" 00:00:00")
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    if isinstance(cell, (date, time)):
        return _clock(cell.isoformat())
    return ""


def _clock(text: str) -> str:
    """A fraction of a second without its trailing zeros."""
    return text.rstrip("0").rstrip(".") if "." in text else text
