"""Answer: what a sender is told of its quarantined rows, one finding per row, and the workbook that carries it.

Belongs here: the history of quarantined rows, findings in the sender's own words (its file, lines, headers and texts)
and the XLSX file. Does not belong here: which delivery is answered, and to whom (`flows/quarantine.py`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import duckdb
import xlsxwriter

from transforms.build import select_in
from transforms.recognise import RecognisedFile, RecognisedTable, header_names
from transforms.standardise import records_sql
from warehouse.contract import quoted

SHEET_ROWS_LIMIT = 1_048_576
"""Rows of one sheet of an XLSX file, its header included."""
CELL_LIMIT = 32_767
"""Characters of one cell."""
FINDING_HEADERS = (
    "berkas",
    "baris",
    "nomor registrasi",
    "kolom",
    "terbaca",
    "seharusnya",
    "kode aturan",
    "kekuatan",
)
_SOURCES = {"regency_code": "source_region_code", "is_nik_precision_lost": "nik"}
"""Where a derived column comes from: a sender knows only what it sent."""
_COMPARED = {
    "REGENCY_CODE_DISAGREES_WITH_NAME": "source_regency_name",
    "OWNER_SEX_CODE_DISAGREES_WITH_NIK": "nik",
    "OWNER_BIRTH_DATE_DISAGREES_WITH_NIK": "nik",
    "COORDINATES_SWAPPED": "longitude",
}
"""What a rule holds its column against, to be shown beside it."""
_STRENGTHS = {"quarantine_row": "wajib diperbaiki", "warn": "peringatan"}
_WHOLE_LINE = "(seluruh baris)"
_LINE_SENTENCES = {
    "FIELD_COUNT": "baris harus mempunyai jumlah kolom yang sama dengan judulnya",
    "STRAY_QUOTE": "tanda kutip harus berpasangan",
    "REPEATED_HEADER": "judul kolom hanya ditulis sekali, di atas data",
    "TOTAL_LINE": "baris jumlah tidak ikut dikirim",
    "OTHER_SHEET": "lembar tanpa judul kolom ekspor tidak dibaca",
    "HIDDEN_SHEET": "lembar tersembunyi tidak dibaca; tampilkan bila berisi data",
}


def quarantine_history_sql() -> str:
    """SELECT with the columns of `quality.quarantine_history`, over `validated` and `quarantined`."""
    return select_in(Path(__file__).parent / "quarantine_history.sql")


def waiting_counts_sql(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT with the columns of `quality.waiting_counts`, over `validated`, `quarantined` and the history.

    Makes the macros on `con` that say what a registration counts as.
    """
    folder = Path(__file__).parent
    con.execute((folder / "resolve" / "counting.sql").read_text(encoding="utf-8"))
    return select_in(folder / "waiting_counts.sql")


def make_answers(con: duckdb.DuckDBPyConnection) -> None:
    """Make the empty temporary table `answers`, one row per finding; it holds personal data."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE answers (file_name VARCHAR, line_number INTEGER, registration_number VARCHAR,"
        " field VARCHAR, read_text VARCHAR, expected VARCHAR, rule_code VARCHAR, severity VARCHAR, place INTEGER)"
    )


def add_row_findings(
    con: duckdb.DuckDBPyConnection, file: RecognisedFile, rows: str, findings: Sequence[Mapping[str, Any]]
) -> None:
    """Add the findings of the relation `rows(line_number, registration_number, rule_codes)` to `answers`.

    The lines of `file` must be loaded (`load_lines`, `join_broken_records`), since what was read is told in the
    source's own text; `findings` are those of the delivery's ledger entry and hold the sentences.
    """
    for table in file.tables:
        book = [
            _told(table, finding, place) for place, finding in enumerate(findings) if finding["severity"] in _STRENGTHS
        ]
        if not book:
            continue
        con.execute(
            f"""
            INSERT INTO answers
            SELECT {quoted(file.path.name)}, line_number, registration_number, field,
                array_to_string(list_filter(list_transform(positions, lambda position: trim(fields[position])),
                    lambda text: text <> ''), ' | '),
                expected, rule_code, severity, place
            FROM (SELECT line_number, registration_number, unnest(rule_codes) AS rule_code FROM {rows})
            JOIN (VALUES {", ".join(book)}) AS book (rule_code, place, field, positions, expected, severity)
                USING (rule_code)
            JOIN (
                SELECT {table.line_offset} + line_number AS line_number, fields FROM ({records_sql(table)})
            ) AS records USING (line_number)"""
        )


def add_unparsable_lines(con: duckdb.DuckDBPyConnection, file_name: str, unparsable: Path) -> None:
    """Add the lines of `unparsable` (a Parquet file of `lake.unparsable`) with their raw text to `answers`."""
    sentences = " ".join(f"WHEN {quoted(code)} THEN {quoted(text)}" for code, text in _LINE_SENTENCES.items())
    con.execute(
        f"""
        INSERT INTO answers
        SELECT {quoted(file_name)}, line_number, NULL, {quoted(_WHOLE_LINE)}, raw_text,
            CASE reason_code {sentences} ELSE 'baris harus berbentuk sama dengan judul kolom' END, reason_code,
            'tidak terbaca', 0
        FROM read_parquet({quoted(str(unparsable))})"""
    )


def _told(table: RecognisedTable, finding: Mapping[str, Any], place: int) -> str:
    """One finding in the sender's words as a tuple of SQL literals."""
    column, code = finding["column_name"], finding["rule_code"]
    headers = _headers(table)
    own = table.positions.get(_SOURCES.get(column, column), ())
    positions = (*own, *table.positions.get(_COMPARED.get(code, ""), ()))
    name = " + ".join(headers[position] for position in own) or column
    field = " + ".join(headers[position] for position in positions) or column
    sentence = finding["sentence_id"]
    expected = f"{name}{sentence.removeprefix(column)}" if sentence.startswith(f"{column} ") else sentence
    return (
        f"({quoted(code)}, {place}, {quoted(field)}, {[position + 1 for position in positions]}::INT[],"
        f" {quoted(expected)}, {quoted(_STRENGTHS[finding['severity']])})"
    )


def _headers(table: RecognisedTable) -> list[str]:
    rows = [
        next(csv.reader(text.splitlines(keepends=True), delimiter=table.delimiter or "\t"))
        for text in table.header_texts
    ]
    return header_names(rows)


def counts_by_rule(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """(file, rule code, strength, findings, sentence) of `answers`, by file and in the order of the rule book."""
    return con.execute(
        "SELECT file_name, rule_code, severity, count(*), min(expected) FROM answers"
        " GROUP BY file_name, rule_code, severity, place ORDER BY file_name, place, rule_code"
    ).fetchall()


def answers_in_order(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of `answers` by file, line and rule, in the columns of `FINDING_HEADERS`."""
    cursor = con.execute(
        "SELECT file_name, line_number, registration_number, field, read_text, expected, rule_code, severity"
        " FROM answers ORDER BY file_name, line_number, place, rule_code"
    )
    while rows := cursor.fetchmany(10_000):
        yield from rows


def write_workbook(
    stream: IO[bytes],
    scratch: Path,
    summary: Iterable[Sequence[Any]],
    findings: Iterable[Sequence[Any]],
    sheet_rows: int = SHEET_ROWS_LIMIT,
) -> None:
    """Write the workbook of an answer to `stream`: sheet Ringkasan, then Temuan, Temuan 2, ... of `sheet_rows` rows.

    Rows are spilled to `scratch`, never held in memory.
    """
    options = {
        "constant_memory": True,
        "tmpdir": str(scratch),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(stream, options) as workbook:
        bold, wrapped = workbook.add_format({"bold": True}), workbook.add_format({"text_wrap": True, "valign": "top"})
        sheet = workbook.add_worksheet("Ringkasan")
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 4, 24)
        for place, row in enumerate(summary):
            _write_row(sheet, place, row, bold if place == 0 else None)
        room, sheet_count = 0, 0
        for row in findings:
            if room == 0:
                sheet_count += 1
                sheet = workbook.add_worksheet("Temuan" if sheet_count == 1 else f"Temuan {sheet_count}")
                sheet.freeze_panes(1, 0)
                sheet.set_column(0, 3, 22)
                sheet.set_column(4, 5, 48)
                sheet.set_column(6, 7, 26)
                _write_row(sheet, 0, FINDING_HEADERS, bold)
                room = sheet_rows - 1
            _write_row(sheet, sheet_rows - room, row, wrapped)
            room -= 1


def _write_row(sheet: Any, place: int, row: Sequence[Any], style: Any) -> None:
    for column, value in enumerate(row):
        if isinstance(value, int):
            sheet.write_number(place, column, value, style)
        elif value is not None:
            sheet.write_string(place, column, safe_cell(value), style)


def safe_cell(text: str) -> str:
    """`text` such that no spreadsheet takes it for a formula, not even after the sheet was saved as CSV.

    A cell that is stored as text is harmless in the XLSX file itself. Saved as CSV it loses its type, and whoever
    opens that CSV would run what begins like a formula. A format that only hides an apostrophe is lost in the same way,
    so the apostrophe is written. The sender may leave it there: our own readers take it off again.
    """
    if len(text) >= CELL_LIMIT:
        text = text[: CELL_LIMIT - 20] + " ... (dipotong)"
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else text
