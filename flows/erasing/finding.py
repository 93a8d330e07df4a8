"""Finding: the lines of a landed file in which a sought person is, whatever became of the file.

Belongs here: a delivery whose lines are loaded (every line is asked, parsed or not), and a file that was refused. A
registration is found by its number only where its row has no valid NIK of another person.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import duckdb

from flows.erasing.sought import Found, Sought
from transforms.land import take_census
from transforms.reading.containers import unpack
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.parquet import read_parquet_rows
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheets import Sheet, read_sheets
from transforms.recognise import HEAD_BYTES, RecognisedFile, encoding_of
from transforms.redaction.numbers import CANDIDATES_MACRO
from transforms.redaction.text import lines_with, unit_of
from transforms.redaction.workbook import xml_rows_with
from warehouse.connection import Resources
from warehouse.contract import quoted
from warehouse.vault import PseudonymKey


class NotRedactable(RuntimeError):
    """A person is in a file of a form from which no lines can be taken; the message says what to do."""


def find_in_lines(con: duckdb.DuckDBPyConnection, file: RecognisedFile, parsed: str, sought: Sought) -> Found:
    """Lines of a delivery whose lines and joined records are loaded, and whose rows are in the relation `parsed`.

    Of a record that a quoted line break has cut, all its lines. Costs 2 to 4 CPU-seconds for a million lines.
    """
    read = [one.sheet for one in file.tables if one.sheet] + [one.sheet for one in file.other_sheets]
    sheets = sorted(read, key=lambda sheet: sheet.number)
    if file.rows:
        lines = _sheet_lines_sql(file.rows, sheets)
        joined = "SELECT 0::BIGINT AS line_number, 0::BIGINT AS line_count WHERE false"
    else:
        lines = "SELECT rowid + 1 AS line_number, raw_text AS text FROM lines_0"
        joined = "SELECT line_number, line_count FROM joined_records_0"
    found = _find_in_texts(con, lines, sought, parsed)
    if file.rows and kind_of(file.path) is Kind.XLSX:
        found = _and(found, _find_in_xml(file.path, sheets, sought))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE hit AS SELECT unnest(?::BIGINT[]) AS line_number", [[*found.line_numbers]]
    )
    spans = con.execute(
        f"""
        SELECT DISTINCT unnest(range(line_number, line_number + line_count)) FROM ({joined}) AS joined
        WHERE EXISTS (FROM hit WHERE hit.line_number BETWEEN joined.line_number
            AND joined.line_number + joined.line_count - 1)"""
    ).fetchall()
    return Found(found.line_numbers | {line for (line,) in spans}, found.tombstone_ids)


def find_in_file(path: Path, sought: Sought, resources: Resources) -> Found:
    """Lines of a file that is no delivery of ours, or not yet: refused, damaged, of a form that is not read.

    An archive's members are deliveries of their own; of one that was never unpacked nothing is found. Raises
    `NotRedactable` when a person is in it and there are no lines to be taken out.
    """
    try:
        kind = kind_of(path)
    except RefusedDelivery:
        return _find_in_bytes(path, sought)
    if kind is Kind.TEXT:
        return _find_in_text(path, sought)
    if kind.is_archive:
        return _find_in_archive(path, sought, resources)
    rows = resources.scratch / f"{path.parent.name}.sought.parquet"
    try:
        if kind is Kind.PARQUET:
            read = read_parquet_rows(path, rows)
            sheets: tuple[Sheet, ...] = (Sheet(1, "", "visible", read.row_count, read.column_count),)
        else:
            sheets = read_sheets(path, rows)
        with resources.connect() as con:
            found = _find_in_texts(con, _sheet_lines_sql(rows, sheets), sought)
        return _and(found, _find_in_xml(path, sheets, sought)) if kind is Kind.XLSX else found
    except RefusedDelivery:
        return _find_in_bytes(path, sought)
    finally:
        rows.unlink(missing_ok=True)


def sheet_offsets(sheets: tuple[Sheet, ...] | list[Sheet]) -> dict[int, int]:
    """Sheet number to the number of lines on the sheets before it."""
    offsets, offset = {}, 0
    for sheet in sheets:
        offsets[sheet.number] = offset
        offset += sheet.row_count
    return offsets


def _sheet_lines_sql(rows: Path, sheets: tuple[Sheet, ...] | list[Sheet]) -> str:
    offsets = ", ".join(f"({number}, {offset})" for number, offset in sheet_offsets(sheets).items())
    return (
        "SELECT places.line_offset + line_number AS line_number, array_to_string(fields, chr(9)) AS text"
        f" FROM read_parquet({quoted(str(rows))}) JOIN (VALUES {offsets}) AS places(sheet_number, line_offset)"
        " USING (sheet_number)"
    )


def _find_in_texts(con: duckdb.DuckDBPyConnection, lines: str, sought: Sought, parsed: str | None = None) -> Found:
    """Every number is turned into a pseudonym once, though most stand in a line and in its row."""
    con.execute(CANDIDATES_MACRO)
    rows = f"UNION ALL SELECT line_number, nik FROM {parsed} WHERE nik IS NOT NULL" if parsed else ""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE numbers AS SELECT DISTINCT * FROM (SELECT line_number,"
        f" unnest(nik_candidates(text)) AS value FROM ({lines}) {rows})"
    )
    found = [row for key in sought.keys for row in _matches(con, sought, "nik", "numbers", key)]
    if parsed and sought.pseudonyms("registration"):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE hit AS SELECT unnest(?::BIGINT[]) AS line_number", [[n for n, _ in found]]
        )
        con.execute(
            "CREATE OR REPLACE TEMP TABLE registrations_sought AS"
            " SELECT line_number, source_register || ':' || registration_number AS value"
            f" FROM {parsed} WHERE registration_number IS NOT NULL AND (nik IS NULL OR is_nik_precision_lost"
            " OR line_number IN (FROM hit))"
        )
        found += [
            row for key in sought.keys for row in _matches(con, sought, "registration", "registrations_sought", key)
        ]
    return Found(frozenset(line for line, _ in found), frozenset(one for _, one in found))


def _keep_hits(con: duckdb.DuckDBPyConnection, lines: Iterable[int]) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE hit AS SELECT unnest(?::BIGINT[]) AS line_number", [sorted(lines)])


def _matches(
    con: duckdb.DuckDBPyConnection, sought: Sought, kind: str, table: str, key: PseudonymKey
) -> list[tuple[int, str]]:
    """Line and tombstone's id for each value in `table` that is sought."""
    key.bind(con)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE erased AS SELECT unnest(?::VARCHAR[]) AS pseudonym", [sought.pseudonyms(kind)]
    )
    rows = con.execute(
        f"""
        SELECT line_number, pseudonym FROM {table} JOIN (
            SELECT value, pseudonym FROM (
                SELECT value, keyed_pseudonym('{kind}:' || value) AS pseudonym FROM (SELECT DISTINCT value FROM {table})
            ) SEMI JOIN erased USING (pseudonym)
        ) USING (value)"""
    ).fetchall()
    return [(line, sought.ids[kind, pseudonym]) for line, pseudonym in rows]


def _find_in_text(path: Path, sought: Sought) -> Found:
    census = take_census(path)
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    asked = _Asked(sought)
    return Found(frozenset(lines_with(path, unit_of(head, encoding_of(head, census)), asked)), frozenset(asked.ids))


def _find_in_bytes(path: Path, sought: Sought) -> Found:
    """Of what no reader of ours takes: lines where it is text all the same, else only whether a person is in it."""
    asked = _Asked(sought)
    lines = lines_with(path, "u1", asked)
    if not lines:
        return Found()
    with path.open("rb") as stream:
        if b"\0" in stream.read(HEAD_BYTES):
            raise NotRedactable(
                f"{path.name} (landed/{path.parent.name}) holds the person, was refused and has no lines that could be"
                " taken out; remove its folders there and in lake/ and erase again"
            )
    return Found(frozenset(lines), frozenset(asked.ids))


def _find_in_archive(path: Path, sought: Sought, resources: Resources) -> Found:
    """An archive that was refused has members that no delivery stands for."""
    out = resources.scratch / f"sought-{path.parent.name}"
    try:
        unpacked = unpack(path, out).files
    except RefusedDelivery:
        return _find_in_bytes(path, sought)
    try:
        for member in unpacked:
            if find_in_file(member, sought, resources):
                raise NotRedactable(
                    f"{path.name} (landed/{path.parent.name}) holds the person and was not unpacked; take it in"
                    " (capaian run) and erase again"
                )
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return Found()


def _find_in_xml(path: Path, sheets: tuple[Sheet, ...] | list[Sheet], sought: Sought) -> Found:
    asked, offsets = _Asked(sought), sheet_offsets(sheets)
    heights = {sheet.number: sheet.row_count for sheet in sheets}
    rows = xml_rows_with(path, asked)
    return Found(
        frozenset(offsets[sheet] + row for sheet, row in rows if row <= heights.get(sheet, 0)), frozenset(asked.ids)
    )


def _and(one: Found, other: Found) -> Found:
    return Found(one.line_numbers | other.line_numbers, one.tombstone_ids | other.tombstone_ids)


class _Asked:
    """Whether a number is sought; remembers by which tombstones any was."""

    def __init__(self, sought: Sought) -> None:
        self.ids: set[str] = set()
        self._tombstone_of = lru_cache(maxsize=1 << 16)(sought.tombstone_of)

    def __call__(self, number: str) -> bool:
        tombstone_id = self._tombstone_of(number)
        if tombstone_id:
            self.ids.add(tombstone_id)
        return tombstone_id is not None
