"""Workbook: a sheet file written anew from the texts that were read of it, without some of its rows.

Belongs here: XLSX and XLS. Nothing else of the old workbook is taken over: a person may also stand in its comments,
caches, names and properties. A blanked row keeps one cell that holds a blank, so that a last row stays a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import xlsxwriter

from transforms.reading.archive import member_chunks, members
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheet_xml import row_bodies, sheet_places
from transforms.reading.sheets import Sheet
from transforms.redaction.numbers import candidates_in, runs_pattern


def xml_rows_with(path: Path, is_sought: Callable[[str], bool]) -> set[tuple[int, int]]:
    """Sheet and row, from 1, in whose XML a sought number stands, such as one that was kept as a number."""
    pattern, found = runs_pattern(), set()
    parts = {member.filename.lower(): member for member in members(path)}
    with path.open("rb") as stream:
        for sheet_number, (_, place) in enumerate(sheet_places(stream, parts), start=1):
            for number, body in row_bodies(member_chunks(stream, parts[place])):
                if any(is_sought(text) for run in pattern.finditer(body) for text in candidates_in(run)):
                    found.add((sheet_number, number))
    return found


def blank_sheet_rows(
    rows: Path, sheets: Sequence[Sheet], target: Path, blanked: set[tuple[int, int]], scratch: Path
) -> None:
    """Write the texts in `rows` (columns of `rows.ROWS_SCHEMA`) as XLSX, without the `blanked` (sheet, row) pairs.

    Raises `RefusedDelivery` when a text cannot be kept in a cell.
    """
    options = {"constant_memory": True, "tmpdir": str(scratch), "strings_to_numbers": False}
    options |= {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book, pq.ParquetFile(rows) as file:
        written = {sheet.number: book.add_worksheet(str(sheet.number)) for sheet in sheets}
        shown = [sheet.number for sheet in sheets if not sheet.is_hidden]
        for sheet in sheets:
            if sheet.is_hidden and shown:
                written[sheet.number].hide()
        if shown:
            written[shown[0]].activate()
            written[shown[0]].set_first_sheet()
        for batch in file.iter_batches(4_096):
            columns = [batch[name].to_pylist() for name in ("sheet_number", "line_number", "fields")]
            for sheet_number, line_number, fields in zip(*columns, strict=True):
                texts = [" "] if (sheet_number, line_number) in blanked else fields
                for column, text in enumerate(texts):
                    if text and written[sheet_number].write_string(line_number - 1, column, _plain(text)):
                        raise RefusedDelivery("a cell of the sheet holds too much text to be written again")


def _plain(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd", text)
