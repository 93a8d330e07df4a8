"""Standardise: the lines of a delivery become rows in our names, types and codes.

Belongs here: the SQL that is built from the contract and a source profile, and the account of every line that is no
record. Does not belong here: whether a value is acceptable (`expectations/`).
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from transforms.correct import corrected_values_sql, fixed_texts_sql
from transforms.land import CHUNK, LINE_BITS, Census
from transforms.reading.limits import LINE_BYTES_LIMIT
from transforms.recognise import RecognisedFile, RecognisedTable
from warehouse.contract import Column, quoted
from warehouse.corrections import Corrections
from warehouse.profiles import SourceProfile
from warehouse.registration import REGISTRATION
from warehouse.tables.lake import STANDARDISED, UNPARSABLE

_HERE = Path(__file__).parent
RECORD_LINES_LIMIT = 100
"""A quoted line break may spread a record over so many lines; beyond, a quote was forgotten."""
_DERIVED = {
    "regency_code",
    "is_regency_name_agreed",
    "is_other_region_system",
    "is_nik_precision_lost",
    "spreadsheet_marks",
}
_TEXT_READERS = ("read_text", "read_upper_text", "read_identifier")
"""What these leave out is mostly no finding (a placeholder, an owner in brackets); an error cell is."""
NIK_SAMPLE_ROWS = 2_000
"""A spreadsheet rounds a whole column; its first rows show it."""


@dataclass(frozen=True)
class LineAccount:
    """Where the physical lines of one delivery went; the parts sum to the count that was made without the parser.

    Of the unparsable lines, `elsewhere` stand on sheets that are no part of the export.
    """

    header: int
    blank: int
    unparsable: int
    continuation: int
    parsed: int
    elsewhere: int = 0

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
    readers = ("texts", "answers", "numbers", "dates", "identifiers", "places")
    for name in (*(f"readers/{kind}.sql" for kind in readers), "records.sql"):
        con.execute((_HERE / name).read_text(encoding="utf-8"))


def load_lines(con: duckdb.DuckDBPyConnection, file: RecognisedFile, census: Census, scratch: Path) -> int:
    """Fill a temporary table `lines_<number>(raw_text, fields)` for each table of `file`, its first line at rowid 0.

    Returns how many lines the file has, counted without the reader that cuts them.
    """
    for table in file.tables:
        con.execute(f"CREATE OR REPLACE TEMP TABLE lines_{table.number} (raw_text VARCHAR, fields VARCHAR[])")
        if table.sheet:
            con.execute(
                f"INSERT INTO lines_{table.number} {SHEET_LINES}", {"rows": str(file.rows), "sheet": table.sheet.number}
            )
    if file.rows:
        sheets = [table.sheet for table in file.tables if table.sheet] + [other.sheet for other in file.other_sheets]
        return sum(sheet.row_count for sheet in sheets)
    path, line_count = file.path, census.line_count
    if file.encoding != "utf-8" or not census.is_uniform or census.has_nul:
        path, line_count = rewritten(file.path, file.encoding, scratch)
    # No delimiter and no quote: the reader cuts lines only, keeps blank ones, and never drops a line for its fields.
    con.execute(
        "INSERT INTO lines_0 (raw_text) SELECT raw_text FROM read_csv(?, columns = {'raw_text': 'VARCHAR'},"
        " header = false, auto_detect = false, compression = 'none', delim = '\x01', quote = '', escape = '',"
        " strict_mode = false,"
        f" max_line_size = {LINE_BYTES_LIMIT})",
        [str(path)],
    )
    if path != file.path:
        path.unlink()
    return line_count


SHEET_LINES = """
    SELECT CASE WHEN NOT is_blank THEN array_to_string(fields, chr(9)) END, CASE WHEN NOT is_blank THEN fields END
    FROM (
        SELECT fields, line_number, trim(array_to_string(fields, '')) = '' AS is_blank
        FROM read_parquet($rows) WHERE sheet_number = $sheet
    ) ORDER BY line_number"""
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


def join_broken_records(con: duckdb.DuckDBPyConnection, table: RecognisedTable) -> None:
    """Make `joined_records_<number>(line_number, line_count, fields)`: records that a quoted line break has cut.

    A line with an odd number of quotes opens such a record when, joined with all lines up to the next such line, it has
    the header's fields. A stray quote therefore spoils its own line only.
    """
    lines = f"lines_{table.number}"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE joined_records_{table.number} AS
        WITH open_lines AS (
            SELECT rowid AS opening, lead(rowid) OVER (ORDER BY rowid) AS closing FROM {lines}
            WHERE fields IS NULL AND rowid >= {table.header_line_count} AND has_open_quote(raw_text)
        ), joined AS (
            SELECT opening, closing,
                string_agg(coalesce(raw_text, ''), chr(10) ORDER BY {lines}.rowid) AS text,
                split_record(text, {quoted(table.delimiter)}) AS fields
            FROM (
                SELECT opening, closing, unnest(range(opening, closing + 1)) AS place FROM open_lines
                WHERE closing - opening < {RECORD_LINES_LIMIT}
            ) JOIN {lines} ON {lines}.rowid = place
            GROUP BY opening, closing HAVING {has_header_fields(table)}
        ), placed AS (
            SELECT *, opening IS DISTINCT FROM lag(closing) OVER (ORDER BY opening) AS is_first FROM joined
        ), runs AS (
            SELECT *, sum(is_first::INTEGER) OVER (ORDER BY opening) AS run FROM placed
        )
        SELECT opening + 1 AS line_number, closing - opening + 1 AS line_count, fields FROM runs
        QUALIFY row_number() OVER (PARTITION BY run ORDER BY opening) % 2 = 1"""
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE joined_lines_{table.number} AS"
        " SELECT unnest(range(line_number, line_number + line_count)) AS line_number"
        f" FROM joined_records_{table.number}"
    )


def fields_sql(table: RecognisedTable) -> str:
    """SQL: the fields of a row of `lines`."""
    return "fields" if table.sheet else f"split_record(raw_text, {quoted(table.delimiter)})"


def has_header_fields(table: RecognisedTable) -> str:
    """SQL: `fields` are as many as the header has, but for empty ones at the end."""
    exact = f"len(fields) = {table.field_count}"
    more = f"len(fields) > {table.field_count} AND trim(array_to_string(fields[{table.field_count + 1}:], '')) = ''"
    fewer = f"len(fields) BETWEEN {table.least_field_count} AND {table.field_count}"
    return f"({exact} OR {fewer} OR {more})" if table.least_field_count < table.field_count else f"({exact} OR {more})"


def no_record_sql(table: RecognisedTable) -> str:
    """SQL: the reason code of a line that has a record's form and yet is none, NULL for a record.

    A header that is repeated further down (pages, files put together), and a line of totals: mostly empty, without a
    registration number, its first text being "total" or "jumlah".
    """
    position = table.positions.get("registration_number")
    number = f"fields[{position[0] + 1}]" if position else "''"
    headers = ", ".join(quoted(text) for text in table.header_texts)
    return f"""CASE
        WHEN raw_text IN ({headers}) THEN 'REPEATED_HEADER'
        WHEN regexp_matches({number}, '[0-9]') THEN NULL
        WHEN is_total_line(fields) THEN 'TOTAL_LINE' END"""


def records_sql(table: RecognisedTable) -> str:
    """`records(line_number, fields)`: the lines that have the header's fields, and the joined ones."""
    return f"""
        SELECT line_number, fields
        FROM (
            SELECT rowid + 1 AS line_number, raw_text, {fields_sql(table)} AS fields FROM lines_{table.number}
            WHERE rowid >= {table.header_line_count}
        )
        WHERE {has_header_fields(table)} AND {no_record_sql(table)} IS NULL
            AND line_number NOT IN (SELECT line_number FROM joined_lines_{table.number})
        UNION ALL
        SELECT line_number, fields FROM joined_records_{table.number}"""


def standardised_sql(file: RecognisedFile, delivery_id: int, corrections: Corrections) -> str:
    """One SELECT over all tables of `file` with the columns of `lake.standardised`, the `corrections` applied."""
    return " UNION ALL ".join(f"({_standardised_table_sql(table, delivery_id, corrections)})" for table in file.tables)


def _standardised_table_sql(table: RecognisedTable, delivery_id: int, corrections: Corrections) -> str:
    profile = table.profile
    texts, values, read_columns = [], [], []
    for column in REGISTRATION:
        if column.name in _DERIVED:
            continue
        position = table.positions.get(column.name)
        if position is None:
            values.append(f"CAST(NULL AS {column.type}) AS {column.name}")
            continue
        texts.append(f"{_source_text(column, position, profile)} AS {column.name}_text")
        values.append(f"CAST({_read(column, profile)} AS {column.type}) AS {column.name}")
        read_columns.append(column)
    texts_kept = ", ".join(f"{column.name}_text" for column in read_columns)
    derived = {
        "row_id": f"{delivery_id}::BIGINT * {1 << LINE_BITS} + {table.line_offset} + line_number",
        "delivery_id": f"{delivery_id}::BIGINT",
        "line_number": f"({table.line_offset} + line_number)::INTEGER",
        "source_register": f"'{profile.register}'",
        "wave": f"{profile.wave}::SMALLINT",
        "regency_code": "regency_code",
        "is_regency_name_agreed": """CASE
            WHEN source_regency_name IS NULL OR regency_code IS NULL THEN NULL
            WHEN listed.name IS NOT NULL THEN true
            WHEN bare.name IS NULL THEN false
            ELSE coalesce(stated_regency_kind(source_regency_name) = regency_kind, true) END""",
        "is_other_region_system": f"""CASE WHEN listed.name IS NULL AND bare.name IS NULL
            THEN regency_digits || bare_regency_name(source_regency_name) END IN (
            SELECT regency_digits || name FROM regency_names GROUP BY regency_digits, name
            HAVING bool_and(code_system <> {quoted(profile.region_code_system)}))""",
        "is_nik_precision_lost": _nik_precision_lost_sql(table),
        "spreadsheet_marks": _spreadsheet_marks_sql(read_columns),
        "unread": _unread_sql(read_columns),
    }
    selected = ",\n            ".join(
        f"{derived[column.name]} AS {column.name}" if column.name in derived else column.name for column in STANDARDISED
    )
    regencies = f"(SELECT * FROM {{}} WHERE code_system = {quoted(profile.region_code_system)})"
    return f"""
        WITH records AS ({records_sql(table)}),
        texts AS (SELECT line_number, {", ".join(texts)} FROM records),
        fixed AS ({fixed_texts_sql("texts", corrections, profile, table.positions)}),
        values AS (SELECT line_number, fixed_texts, {texts_kept}, {", ".join(values)} FROM fixed),
        corrected AS ({corrected_values_sql("values", corrections, profile, {column.name for column in read_columns})}),
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


def _nik_precision_lost_sql(table: RecognisedTable) -> str:
    """SQL: whether the NIK is an exponent, or ends in 0 in a delivery where most do."""
    if "nik" not in table.positions:
        return "false"
    return f"""CASE
            WHEN suffix(nik_text, '0') AND strlen(nik_text) = 16 THEN (
                SELECT are_niks_rounded(count(*) FILTER (suffix(nik, '0')), count(*))
                FROM (
                    SELECT fields[{table.positions["nik"][0] + 1}] AS nik FROM ({records_sql(table)})
                    LIMIT {NIK_SAMPLE_ROWS}
                )
                WHERE regexp_matches(nik, '^[0-9]{{16}}$'))
            WHEN nik IS NULL AND nik_text <> '' THEN is_exponent(trimmed(nik_text))
            ELSE false END"""


def _spreadsheet_marks_sql(read_columns: Sequence[Column]) -> str:
    """SQL: the columns whose text a spreadsheet changed though it could be read, NULL when none.

    What has the usual form is told by its length or its first digit alone.
    """
    unusual, marks = [], []
    for column in read_columns:
        text = f"{column.name}_text"
        if column.reader == "read_date":
            unusual.append(f"strlen({text}) NOT IN (0, 10)")
            damage = f"is_date_serial(trimmed({text}))"
        elif column.reader == "read_phone":
            unusual.append(f"({text} <> '' AND NOT starts_with({text}, '0'))")
            damage = f"starts_with(bare_digits({text}), '8')"
        else:
            continue
        marks.append(f"CASE WHEN {column.name} IS NOT NULL AND {damage} THEN '{column.name}' END")
    if not marks:
        return "NULL"
    found = f"list_filter([{', '.join(marks)}], lambda name: name IS NOT NULL)"
    return f"CASE WHEN {' OR '.join(unusual)} THEN nullif({found}, []) END"


def _unread_sql(read_columns: Sequence[Column]) -> str:
    """SQL: column to text for each text that gave no value and is no placeholder, NULL when none."""
    without_value, values, cells = [], [], []
    for column in read_columns:
        text = f"{column.name}_text"
        entry = f"CASE WHEN {column.name} IS NULL THEN {{'key': '{column.name}', 'value': {text}}} END"
        if column.reader in _TEXT_READERS:
            without_value.append(f"starts_with({text}, '#')")
            cells.append(entry)
        else:
            without_value.append(f"({column.name} IS NULL AND {text} <> '')")
            values.append(entry)
        if column.reader == "read_identifier":
            without_value.append(f"({column.name} IS NULL AND {text} <> '')")
    return f"""CASE WHEN {" OR ".join(without_value)} THEN list_transform([
            list_filter([{", ".join(values)}], lambda entry: is_something(entry.value))
            || list_filter([{", ".join(cells)}], lambda entry: is_damaged_cell(entry.value))],
            lambda entries: CASE WHEN len(entries) > 0 THEN map_from_entries(entries) END)[1] END"""


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
    con.execute("CREATE OR REPLACE TEMP TABLE leftover (line_number BIGINT, reason_code VARCHAR, raw_text VARCHAR)")
    for table in file.tables:
        number = table.number
        con.execute(
            f"""
            INSERT INTO leftover
            WITH lines AS (
                SELECT rowid + 1 AS line_number, raw_text, fields FROM lines_{number}
                WHERE rowid >= {table.header_line_count}
                    AND rowid + 1 + {table.line_offset} NOT IN (SELECT line_number FROM {parsed})
                    AND rowid + 1 NOT IN (SELECT line_number FROM joined_lines_{number})
            ), cut AS MATERIALIZED (
                SELECT line_number, raw_text, {fields_sql(table)} AS fields FROM lines
            )
            SELECT {table.line_offset} + line_number, CASE
                WHEN fields IS NULL THEN 'STRAY_QUOTE'
                WHEN {has_header_fields(table)} THEN {no_record_sql(table)}
                ELSE 'FIELD_COUNT' END, raw_text FROM cut"""
        )
    for other in file.other_sheets:
        con.execute(
            f"INSERT INTO leftover SELECT {other.line_offset} + row_number() OVER (), '{other.reason_code}', raw_text"
            f" FROM ({SHEET_LINES}) AS other(raw_text, fields)",
            {"rows": str(file.rows), "sheet": other.sheet.number},
        )
    columns = {"delivery_id": f"{delivery_id}::BIGINT", "line_number": "line_number::INTEGER"}
    selected = ", ".join(f"{columns.get(column.name, column.name)} AS {column.name}" for column in UNPARSABLE)
    con.execute(
        f"COPY (SELECT {selected} FROM leftover WHERE trim(raw_text) <> '' ORDER BY line_number)"
        f" TO {quoted(str(unparsable))} (FORMAT parquet)"
    )
    joined = " UNION ALL ".join(
        f"SELECT (SELECT count(*) FROM joined_lines_{table.number})"
        f" - (SELECT count(*) FROM joined_records_{table.number}) AS line_count"
        for table in file.tables
    )
    blank, bad, elsewhere, continuation, parsed_count = con.execute(
        f"""
        SELECT (SELECT count(*) FROM leftover WHERE trim(coalesce(raw_text, '')) = ''),
            (SELECT count(*) FROM leftover WHERE trim(raw_text) <> ''),
            (SELECT count(*) FROM leftover WHERE trim(raw_text) <> '' AND suffix(reason_code, '_SHEET')),
            (SELECT sum(line_count)::BIGINT FROM ({joined})),
            (SELECT count(*) FROM {parsed})"""
    ).fetchall()[0]
    header = sum(table.header_line_count for table in file.tables)
    return LineAccount(header, blank, bad, continuation, parsed_count, elsewhere)
