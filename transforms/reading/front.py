"""Front: any file that is read, text or sheet or Parquet, packed or not, as one table of text.

Belongs here: which reader a form of file gets, which sheet of a workbook is the table, and what a profile says of its
place. Does not belong here: reading itself; what is told of rows is told by the same code whatever they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from transforms.land import take_census
from transforms.reading.containers import unpack
from transforms.reading.encoding import Encoding
from transforms.reading.fields import CELLS, Dialect
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.parquet import read_parquet_rows
from transforms.reading.records import natural_records
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheets import Sheet, read_sheets
from transforms.reading.table import Layout, find_layout
from transforms.reading.text import SAMPLE_LINES, Notice, Source, TextTable, open_text, text_source
from transforms.recognise import RecognisedFile, RecognisedTable, recognise
from warehouse.profiles import SourceProfile

NAMES_SHOWN = 10


def open_table(path: Path, profile: SourceProfile | None, scratch: Path) -> TextTable:
    """The table in `path`, its rows still to be read while `scratch`, an empty folder, is there.

    With a `profile` its headers prove place and dialect of the table, without one they are proposed from evidence.
    Lines of a workbook are numbered through all its sheets. Raises `RefusedDelivery` for a file that cannot be taken
    or does not have the profile's headers, `UnreadableText` for one that is no delimited text.
    """
    kind = kind_of(path)
    if kind.is_archive:
        table = open_table(_only_file(path, scratch / "unpacked"), profile, scratch)
        return replace(table, source=replace(table.source, file_name=path.name))
    if profile:
        return _open_recognised(recognise(path, take_census(path), [profile], scratch))
    if kind is Kind.TEXT:
        return open_text(path)
    rows = scratch / "rows.parquet"
    if kind is Kind.PARQUET:
        read = read_parquet_rows(path, rows)
        sheets: tuple[Sheet, ...] = (Sheet(1, "", "visible", read.row_count, read.column_count),)
    else:
        sheets = read_sheets(path, rows)
    sheet, layout = _table_sheet(rows, sheets)
    if kind is Kind.PARQUET:
        names = next(natural_records(_lines(rows, sheet), CELLS)).fields
        layout = Layout(CELLS, len(names), layout.kinds, 1, (tuple(names),), 0.0)
    return TextTable(_source(path.name, kind.value, rows, sheets, sheet), layout, None, kind is Kind.PARQUET)


def _only_file(path: Path, out: Path) -> Path:
    files = unpack(path, out).files
    if len(files) > 1:
        names = ", ".join(file.name for file in files[:NAMES_SHOWN])
        more = f" and {len(files) - NAMES_SHOWN:,} more" if len(files) > NAMES_SHOWN else ""
        raise RefusedDelivery(f"the archive holds {len(files):,} files ({names}{more}); unpack it and read each")
    return files[0]


def _table_sheet(rows: Path, sheets: Sequence[Sheet]) -> tuple[Sheet, Layout]:
    """The visible sheet with the most rows that holds a table, else the one with the most rows; and its layout."""
    visible = sorted((s for s in sheets if s.row_count and not s.is_hidden), key=lambda sheet: -sheet.row_count)
    if not visible:
        raise RefusedDelivery("the workbook holds no visible sheet with rows; send the export again")
    layouts = []
    for sheet in visible:
        first = _first_line(sheets, sheet)
        sample = list(natural_records(islice(_lines(rows, sheet), SAMPLE_LINES), CELLS, first))
        layouts.append((sheet, find_layout(sample, CELLS)))
        if sum(record.given_count > 1 for record in sample) > 1:
            return layouts[-1]
    return layouts[0]


def _source(file_name: str, form: str, rows: Path, sheets: Sequence[Sheet], own: Sheet) -> Source:
    def other_lines() -> Iterator[Notice]:
        for sheet in sheets:
            if sheet == own:
                continue
            reason = "hidden_sheet" if sheet.is_hidden else "other_sheet"
            for record in natural_records(_lines(rows, sheet), CELLS, _first_line(sheets, sheet)):
                yield Notice(record.line_number, reason, len(record.fields), "\t".join(record.fields))

    encoding = Encoding(form, "the file holds values, not bytes of text")
    return Source(file_name, encoding, lambda: _lines(rows, own), _first_line(sheets, own), other_lines)


def _first_line(sheets: Sequence[Sheet], sheet: Sheet) -> int:
    return 1 + sum(other.row_count for other in sheets if other.number < sheet.number)


def _lines(rows: Path, sheet: Sheet) -> Iterator[str]:
    """The rows of a sheet as lines of the dialect `CELLS`; they end in CR, which takes no line break from a cell."""
    with pq.ParquetFile(rows) as file:
        for group in range(file.num_row_groups):
            numbers = file.read_row_group(group, columns=["sheet_number"])["sheet_number"]
            if not len(numbers) or numbers[0].as_py() != sheet.number:
                continue  # a group holds rows of one sheet
            for fields in file.read_row_group(group, columns=["fields"])["fields"].to_pylist():
                yield (CELLS.delimiter.join(fields) if any(fields) else "") + "\r"


def _open_recognised(found: RecognisedFile) -> TextTable:
    """The table whose headers a profile has; of several sheets the one with the most rows."""
    table = max(found.tables, key=lambda table: table.sheet.row_count if table.sheet else 0)
    if found.rows is None or table.sheet is None:
        dialect, first = Dialect(table.delimiter), table.header_line_count
        first -= sum(text.count("\n") + 1 for text in table.header_texts) - 1
        source = text_source(found.path, Encoding(found.encoding, "its headers are those of the profile"))
    else:
        dialect, first = CELLS, table.line_offset + table.header_line_count - len(table.header_texts) + 1
        own = [other.sheet for other in found.tables if other.sheet]
        sheets = sorted(own + [other.sheet for other in found.other_sheets], key=lambda sheet: sheet.number)
        source = _source(found.path.name, found.encoding, found.rows, sheets, table.sheet)
    return TextTable(source, _known_layout(source, dialect, table, first), None, is_header_sure=True)


def _known_layout(source: Source, dialect: Dialect, table: RecognisedTable, first: int) -> Layout:
    lines = natural_records(source.lines(), dialect, source.first_line)
    header = (record for record in lines if record.line_number >= first and record.given_count)
    rows = tuple(tuple(record.fields) for record in islice(header, len(table.header_texts)))
    return Layout(dialect, table.field_count, (), first, rows, 0.0)
