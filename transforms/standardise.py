"""Standardise: the lines of a delivery become rows in our names, types and codes.

Belongs here: the SQL that is built from the contract and a source profile, and the account of every line that is no
record. Does not belong here: whether a value is acceptable (`expectations/`).
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa

from transforms.correct import corrected_values_sql, fixed_texts_sql
from transforms.land import CHUNK, LINE_BITS, Census, count_sheet_rows
from transforms.recognise import RecognisedFile
from warehouse.columns import REGISTRATION
from warehouse.contract import Column, quoted
from warehouse.corrections import Corrections
from warehouse.profiles import SourceProfile
from warehouse.tables import STANDARDISED, UNPARSABLE

_HERE = Path(__file__).parent
RECORD_LINES_LIMIT = 100
"""A quoted line break may spread a record over so many lines; beyond, a quote was forgotten."""
_DERIVED = {"regency_code", "is_regency_name_agreed", "is_nik_precision_lost"}


@dataclass(frozen=True)
class LineAccount:
    """Where the physical lines of one delivery went; the sum is to equal the count of `land.take_census`."""

    header: int
    blank: int
    unparsable: int
    continuation: int
    parsed: int

    @property
    def parts(self) -> dict[str, int]:
        return {
            "header": self.header,
            "blank": self.blank,
            "unparsable": self.unparsable,
            "continuation": self.continuation,
            "parsed": self.parsed,
        }


def load_readers(con: duckdb.DuckDBPyConnection) -> None:
    """Define the reader macros on `con`."""
    # Looking for common parts of so many expressions costs more than it saves: a third of planning, 5 % of running.
    con.execute("SET disabled_optimizers = 'common_subexpressions'")
    for name in ("readers.sql", "records.sql"):
        con.execute((_HERE / name).read_text(encoding="utf-8"))


def load_lines(con: duckdb.DuckDBPyConnection, file: RecognisedFile, census: Census, scratch: Path) -> int:
    """Fill the temporary table `lines(raw_text, fields)` with every physical line of `file`, the first at rowid 0.

    Returns how many lines there must be, counted without the reader that cuts them.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE lines (raw_text VARCHAR, fields VARCHAR[])")
    if file.is_sheet:
        sheet = pa.table({"fields": pa.array(list(map(list, file.sheet_rows)), pa.list_(pa.string()))})
        con.register("sheet", sheet)
        con.execute(
            "INSERT INTO lines SELECT CASE WHEN NOT is_blank THEN array_to_string(fields, chr(9)) END,"
            " CASE WHEN NOT is_blank THEN fields END"
            " FROM (SELECT fields, trim(array_to_string(fields, '')) = '' AS is_blank FROM sheet)"
        )
        con.unregister("sheet")
        return count_sheet_rows(file.path)
    path, line_count = file.path, census.line_count
    if file.encoding != "utf-8" or not census.is_uniform or census.has_nul:
        path, line_count = rewritten(file.path, file.encoding, scratch)
    # No delimiter and no quote: the reader cuts lines only, keeps blank ones, and never drops a line for its fields.
    con.execute(
        "INSERT INTO lines (raw_text) SELECT raw_text FROM read_csv(?, columns = {'raw_text': 'VARCHAR'},"
        " header = false, auto_detect = false, delim = '\x01', quote = '', escape = '', strict_mode = false,"
        " max_line_size = 16000000)",
        [str(path)],
    )
    if path != file.path:
        path.unlink()
    return line_count


_NEVER_WRITTEN = str.maketrans({"\x00": "\ufffd", "\x01": "\ufffd"})


def rewritten(path: Path, encoding: str, scratch: Path) -> tuple[Path, int]:
    """A copy of `path` under `scratch` in UTF-8 with one kind of line end, and how many lines it has.

    What `encoding` does not know, and characters that no text holds, become U+FFFD.
    """
    target = scratch / f"{path.parent.name}.utf8"
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    line_ends = io.IncrementalNewlineDecoder(decoder, translate=True)
    end_count, last = 0, "\n"
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as sink:
        for chunk in chain(iter(lambda: source.read(CHUNK), b""), (b"",)):
            text = line_ends.decode(chunk, final=not chunk).translate(_NEVER_WRITTEN)
            sink.write(text)
            end_count += text.count("\n")
            last = text[-1:] or last
    return target, end_count + (last != "\n")


def join_broken_records(con: duckdb.DuckDBPyConnection, file: RecognisedFile) -> None:
    """Make `joined_records(line_number, line_count, fields)`: records that a quoted line break has cut in pieces.

    A line with an odd number of quotes opens such a record when, joined with all lines up to the next such line, it has
    the header's fields. A stray quote therefore spoils its own line only.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE joined_records AS
        WITH open_lines AS (
            SELECT rowid AS opening, lead(rowid) OVER (ORDER BY rowid) AS closing FROM lines
            WHERE rowid >= {file.header_line_count} AND has_open_quote(raw_text)
        ), joined AS (
            SELECT opening, closing,
                string_agg(coalesce(raw_text, ''), chr(10) ORDER BY lines.rowid) AS text,
                split_record(text, {quoted(file.delimiter)}) AS fields
            FROM (
                SELECT opening, closing, unnest(range(opening, closing + 1)) AS place FROM open_lines
                WHERE closing - opening < {RECORD_LINES_LIMIT}
            ) JOIN lines ON lines.rowid = place
            GROUP BY opening, closing HAVING {has_header_fields(file)}
        ), placed AS (
            SELECT *, opening IS DISTINCT FROM lag(closing) OVER (ORDER BY opening) AS is_first FROM joined
        ), runs AS (
            SELECT *, sum(is_first::INTEGER) OVER (ORDER BY opening) AS run FROM placed
        )
        SELECT opening + 1 AS line_number, closing - opening + 1 AS line_count, fields FROM runs
        QUALIFY row_number() OVER (PARTITION BY run ORDER BY opening) % 2 = 1"""
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE joined_lines AS"
        " SELECT unnest(range(line_number, line_number + line_count)) AS line_number FROM joined_records"
    )


def fields_sql(file: RecognisedFile) -> str:
    """SQL: the fields of a row of `lines`."""
    return "fields" if file.is_sheet else f"split_record(raw_text, {quoted(file.delimiter)})"


def has_header_fields(file: RecognisedFile) -> str:
    """SQL: `fields` are as many as the header has, but for empty ones at the end."""
    exact = f"len(fields) = {file.field_count}"
    more = f"len(fields) > {file.field_count} AND trim(array_to_string(fields[{file.field_count + 1}:], '')) = ''"
    fewer = f"len(fields) BETWEEN {file.least_field_count} AND {file.field_count}"
    return f"({exact} OR {fewer} OR {more})" if file.least_field_count < file.field_count else f"({exact} OR {more})"


def no_record_sql(file: RecognisedFile) -> str:
    """SQL: the reason code of a line that has a record's form and yet is none, NULL for a record.

    A header that is repeated further down (pages, files put together), and a line of totals: mostly empty, without a
    registration number, its first text being "total" or "jumlah".
    """
    number = (
        f"fields[{file.positions['registration_number'][0] + 1}]" if "registration_number" in file.positions else "''"
    )
    headers = ", ".join(quoted(text) for text in file.header_texts)
    return f"""CASE
        WHEN raw_text IN ({headers}) THEN 'REPEATED_HEADER'
        WHEN regexp_matches({number}, '[0-9]') THEN NULL
        WHEN is_total_line(fields) THEN 'TOTAL_LINE' END"""


def records_sql(file: RecognisedFile) -> str:
    """`records(line_number, fields)`: the lines that have the header's fields, and the joined ones."""
    return f"""
        SELECT line_number, fields
        FROM (
            SELECT rowid + 1 AS line_number, raw_text, {fields_sql(file)} AS fields FROM lines
            WHERE rowid >= {file.header_line_count}
        )
        WHERE {has_header_fields(file)} AND {no_record_sql(file)} IS NULL
            AND line_number NOT IN (SELECT line_number FROM joined_lines)
        UNION ALL
        SELECT line_number, fields FROM joined_records"""


def standardised_sql(file: RecognisedFile, delivery_id: int, records: str, corrections: Corrections) -> str:
    """One SELECT over `records` with the columns of `lake.standardised`."""
    profile = file.profile
    texts, values, unread = [], [], []
    for column in REGISTRATION:
        if column.name in _DERIVED:
            continue
        position = file.positions.get(column.name)
        if position is None:
            values.append(f"CAST(NULL AS {column.type}) AS {column.name}")
            continue
        texts.append(f"{_source_text(column, position, profile)} AS {column.name}_text")
        values.append(f"CAST({_read(column, profile)} AS {column.type}) AS {column.name}")
        if column.reader not in ("read_text", "read_upper_text", "read_identifier"):
            unread.append(column.name)
    is_unread = {name: f"is_unread({name}, {name}_text)" for name in unread}
    entries = ", ".join(
        f"CASE WHEN {test} THEN {{'key': '{name}', 'value': {name}_text}} END" for name, test in is_unread.items()
    )
    nik_text = "nik_text" if "nik" in file.positions else "NULL"
    texts_kept = ", ".join(f"{name}_text" for name in unread)
    derived = {
        "row_id": f"{delivery_id}::BIGINT * {1 << LINE_BITS} + line_number",
        "delivery_id": f"{delivery_id}::BIGINT",
        "line_number": "line_number::INTEGER",
        "source_register": f"'{profile.register}'",
        "wave": f"{profile.wave}::SMALLINT",
        "regency_code": "regency_code",
        "is_regency_name_agreed": """CASE
            WHEN source_regency_name IS NULL OR regency_code IS NULL THEN NULL
            WHEN listed.name IS NOT NULL THEN true
            WHEN bare.name IS NULL THEN false
            ELSE coalesce(stated_regency_kind(source_regency_name) = regency_kind, true) END""",
        "is_nik_precision_lost": f"coalesce(nik IS NULL AND is_precision_lost({nik_text}), false)",
        "unread": f"CASE WHEN {' OR '.join(is_unread.values())} THEN map_from_entries(list_filter([{entries}],"
        " lambda entry: entry IS NOT NULL)) END",
    }
    selected = ",\n            ".join(
        f"{derived[column.name]} AS {column.name}" if column.name in derived else column.name for column in STANDARDISED
    )
    regencies = f"(SELECT * FROM {{}} WHERE code_system = {quoted(profile.region_code_system)})"
    return f"""
        WITH records AS ({records}),
        texts AS (SELECT line_number, {", ".join(texts)} FROM records),
        fixed AS ({fixed_texts_sql("texts", corrections, profile, file.positions)}),
        values AS (SELECT line_number, fixed_texts, {texts_kept}, {", ".join(values)} FROM fixed),
        corrected AS ({corrected_values_sql("values", corrections, profile, unread)}),
        readings AS (SELECT *, substr(source_region_code, 1, 4) AS regency_digits FROM corrected)
        SELECT
            {selected}
        FROM readings
        LEFT JOIN {regencies.format("regency_lookup")} AS regencies USING (regency_digits)
        LEFT JOIN {regencies.format("regency_names")} AS listed
            ON listed.regency_digits = readings.regency_digits AND listed.name = upper(source_regency_name)
        LEFT JOIN {regencies.format("regency_names")} AS bare
            ON bare.regency_digits = readings.regency_digits
            AND bare.name = CASE WHEN listed.name IS NULL THEN bare_regency_name(source_regency_name) END"""


def _source_text(column: Column, position: tuple[int, ...], profile: SourceProfile) -> str:
    if len(position) == 1:
        return f"fields[{position[0] + 1}]"
    widths = [width for _, width in profile.region_code_parts]
    parts = [f"trim(fields[{place + 1}])" for place in position]
    padded = [f"lpad({part}, {width}, '0')" for part, width in zip(parts, widths, strict=True)]
    return f"CASE WHEN {parts[0]} <> '' THEN {' || '.join(padded)} END"


def _read(column: Column, profile: SourceProfile) -> str:
    reader = dict(profile.readers).get(column.name, column.reader)
    if reader == "read_rupiah":
        return f"read_rupiah({column.name}_text, '{profile.decimal_mark}', {profile.money_unit_idr})"
    return f"{reader}({column.name}_text)"


def load_regency_lookup(con: duckdb.DuckDBPyConnection) -> None:
    """Make `regency_lookup`, all vintages of both code systems, and `regency_names`, what each may be called."""
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE regency_vintages AS
        SELECT
            code_system, replace(source_code, '.', '') AS regency_digits, regency_code, regency_kind,
            unnest([source_name, regency_name]) AS name
        FROM reference.regency_codes JOIN reference.regencies USING (regency_code)"""
    )
    con.execute(
        """
        CREATE OR REPLACE TABLE regency_lookup AS
        SELECT code_system, regency_digits, min(regency_code) AS regency_code, min(regency_kind) AS regency_kind
        FROM regency_vintages GROUP BY code_system, regency_digits"""
    )
    con.execute(
        "CREATE OR REPLACE TABLE regency_names AS SELECT DISTINCT code_system, regency_digits,"
        " unnest([upper(name), bare_regency_name(name)]) AS name FROM regency_vintages"
    )


def account_for_lines(
    con: duckdb.DuckDBPyConnection, file: RecognisedFile, delivery_id: int, parsed: str, unparsable: Path
) -> LineAccount:
    """Account for every line that is not among `parsed` (a relation with `line_number`), whatever the reason.

    Such a line continues a joined record, or is blank, or is unparsable and goes with its text to `unparsable`.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE leftover AS
        SELECT rowid + 1 AS line_number, raw_text, fields FROM lines
        WHERE rowid >= {file.header_line_count} AND rowid + 1 NOT IN (SELECT line_number FROM {parsed})
            AND rowid + 1 NOT IN (SELECT line_number FROM joined_lines)"""
    )
    columns = {
        "delivery_id": f"{delivery_id}::BIGINT",
        "line_number": "line_number::INTEGER",
        "reason_code": f"""CASE
            WHEN has_open_quote(raw_text) THEN 'STRAY_QUOTE'
            WHEN {has_header_fields(file)} THEN {no_record_sql(file)}
            ELSE 'FIELD_COUNT' END""",
        "raw_text": "raw_text",
    }
    selected = ", ".join(f"{columns[column.name]} AS {column.name}" for column in UNPARSABLE)
    con.execute(
        f"""
        COPY (
            SELECT {selected} FROM (SELECT line_number, raw_text, {fields_sql(file)} AS fields FROM leftover)
            WHERE trim(raw_text) <> '' ORDER BY line_number
        ) TO '{unparsable}' (FORMAT parquet)"""
    )
    blank, bad, continuation, parsed_count = con.execute(
        f"""
        SELECT (SELECT count(*) FROM leftover WHERE trim(coalesce(raw_text, '')) = ''),
            (SELECT count(*) FROM leftover WHERE trim(raw_text) <> ''),
            (SELECT count(*) FROM joined_lines) - (SELECT count(*) FROM joined_records),
            (SELECT count(*) FROM {parsed})"""
    ).fetchall()[0]
    return LineAccount(file.header_line_count, blank, bad, continuation, parsed_count)
