"""The tables of the report as one XLSX workbook for people: notes first, then one table a sheet.

Belongs here: sheets, formats, and that no text becomes a formula or a link. Does not belong here: which tables there
are (`tables.py`). pandas is imported where it is used: it takes longer to load than the whole page to write.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.contract import Column
from warehouse.report.facts import rows
from warehouse.report.numbers import Language, Numbers
from warehouse.report.released import HIDDEN
from warehouse.report.tables import Export, exports_of
from warehouse.report.words import Words

if TYPE_CHECKING:
    import pandas as pd

PLAIN_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A text that begins with = + - or @ stays the text it is."""
_DAYS = {"id": "[$-421]d mmmm yyyy", "en": "[$-809]d mmmm yyyy"}
_WIDEST, _MOST_ROWS_LOOKED_AT = 60, 200


def write_workbook(con: duckdb.DuckDBPyConnection, path: Path, language: Language = "id") -> None:
    """Write the workbook about the version behind `con` to `path`; confidential counts are written as `c`."""
    import pandas as pd

    words, exports = Words(language), exports_of(con)
    unfinished = path.with_name(f".{path.name}.part.xlsx")
    with pd.ExcelWriter(
        unfinished,
        engine="xlsxwriter",
        date_format=_DAYS[language],
        datetime_format=_DAYS[language],
        engine_kwargs={"options": PLAIN_TEXT},
    ) as writer:
        _write_sheet(writer, words.plain("sheet_notes"), _notes(con, words), ())
        _write_sheet(writer, words.plain("sheet_columns"), _columns(exports, words), ())
        for export in exports:
            frame = con.execute(export.select).df()
            _write_sheet(writer, sheet_name(export, words), _with_hidden(frame), export.table.columns)
    os.replace(unfinished, path)


def sheet_name(export: Export, words: Words) -> str:
    """What the sheet of a table is called."""
    return words.plain(f"sheet_{export.name}")


def _with_hidden(frame: pd.DataFrame) -> pd.DataFrame:
    if "is_suppressed" in frame and frame["is_suppressed"].any():
        for name in frame.columns:
            hidden = frame["is_suppressed"] & frame[name].isna()
            if name.endswith("_count") and hidden.any():
                frame[name] = frame[name].astype(object).where(~hidden, HIDDEN)
    return frame


def _write_sheet(writer: pd.ExcelWriter, name: str, frame: pd.DataFrame, columns: tuple[Column, ...]) -> None:
    """Straight into the sheet, column by column: pandas' own `to_excel` takes twice as long over the same cells."""
    book = writer.book
    sheet = book.add_worksheet(name)
    writer.sheets[name] = sheet
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    types = {column.name: column.type for column in columns}
    for place, column in enumerate(frame.columns):
        type_ = types.get(column, "VARCHAR")
        values = frame[column].astype(object).where(frame[column].notna(), None).tolist()
        longest = max((len(str(value)) for value in values[:_MOST_ROWS_LOOKED_AT] if value is not None), default=0)
        width = 17 if type_ == "DATE" else min(max(len(column), longest) + 2, _WIDEST)
        look = (
            {"num_format": _number_format(column, type_, writer)} if columns else {"text_wrap": True, "valign": "top"}
        )
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, column, head)
        sheet.write_column(1, place, values, book.add_format(look))
    sheet.freeze_panes(1, 0)
    if columns and len(frame):
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)


def _number_format(name: str, type_: str, writer: pd.ExcelWriter) -> str:
    if type_ == "DATE":
        return str(writer.date_format)
    if name.endswith("_ratio"):
        return "0.0%"
    return "#,##0" if type_ in ("BIGINT", "DOUBLE") else "General"


def _notes(con: duckdb.DuckDBPyConnection, words: Words) -> pd.DataFrame:
    """What the reader has to know before the numbers: version, definitions, hidden cells, sources."""
    import pandas as pd

    publication = rows(con, "FROM meta.publication")[0]
    name = "definition_name" if words.language == "id" else "definition_name_en"
    notes: list[tuple[str, str]] = [
        (words.plain("title"), words.plain("version_of", version=publication["version"])),
        (words.plain("publication_as_of_date"), Numbers(words.language).day(publication["as_of_date"])),
        (words.plain("two_series_title"), words.plain("two_series")),
        (words.plain("col_definition"), words.plain("notes_intro")),
        *(
            (row["definition_code"], row[name])
            for row in rows(con, "FROM reference.definitions ORDER BY definition_rank")
        ),
        (words.plain("col_verdict"), words.plain("note_verdict")),
        (words.plain("col_coverage"), words.plain("note_coverage")),
        (words.plain("col_band"), words.plain("note_band")),
        (HIDDEN, f"{words.plain('hidden_explained_short')} {words.plain('note_hidden')}"),
        (words.plain("channels_title"), words.plain("note_channels")),
        (words.plain("sizes_title"), words.plain("note_sizes")),
        (words.plain("provinces_title"), words.plain("note_frame_short")),
        (words.plain("col_target"), words.plain("note_targets")),
        (words.plain("publication_input_fingerprint"), publication["input_fingerprint"]),
    ]
    return pd.DataFrame(notes, columns=[words.plain("sheet_notes"), words.plain("sheet_meaning")])


def _columns(exports: tuple[Export, ...], words: Words) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [(sheet_name(export, words), column.name, column.description) for export in exports for column in export.table],
        columns=[words.plain("sheet_sheet"), words.plain("sheet_column"), words.plain("sheet_meaning")],
    )
