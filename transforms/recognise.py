"""Recognise: which source profile a landed file is, by its headers, and where in the file its records begin.

Belongs here: encoding, header lines, matching headers to profiles. Does not belong here: the rows (`standardise.py`)
and what kind of file it is (`reading/`). Nothing is guessed: the headers of a profile, all of them, prove delimiter,
place and form of the header. A file that fits no profile is refused with the nearest one and what is missing.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from transforms.land import Census
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.limits import FIELDS_LIMIT, refuse_long_line
from transforms.reading.parquet import read_parquet_rows
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheets import Sheet, read_sheets
from warehouse.profiles import SourceProfile

HEAD_BYTES = 1 << 18
DELIMITERS = (";", ",", "\t", "|")
HEADER_SEARCH_LINES = 40
"""Titles and blank lines may stand above the header, but not more than so many."""
HEADER_ROWS_LIMIT = 3
"""A header may be spread over so many rows: group titles above, names below."""

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Row:
    """A candidate for a header: its fields, the lines it stands on and their text."""

    fields: tuple[str, ...]
    line_count: int
    text: str


@dataclass(frozen=True)
class RecognisedTable:
    """Records under one header: a text file, or one sheet of a workbook.

    `positions` maps our column to the 0-based source fields it is read from. A record has `field_count` fields; more
    are the trailing delimiters of a spreadsheet when they are empty, and of the last ones those without a header may be
    missing (`least_field_count`). Its first line is line `line_offset` + 1 of the file.
    """

    profile: SourceProfile
    delimiter: str
    positions: dict[str, tuple[int, ...]]
    field_count: int
    least_field_count: int
    header_line_count: int
    header_texts: tuple[str, ...]
    unknown_headers: tuple[str, ...]
    sheet: Sheet | None = None
    line_offset: int = 0

    @property
    def number(self) -> int:
        return self.sheet.number if self.sheet else 0


@dataclass(frozen=True)
class OtherSheet:
    """A sheet that is not read, and the reason code its lines get."""

    sheet: Sheet
    line_offset: int
    reason_code: str


@dataclass(frozen=True)
class RecognisedFile:
    """A file with its profile. The rows of a workbook or Parquet file are in the Parquet file `rows`."""

    path: Path
    encoding: str
    tables: tuple[RecognisedTable, ...]
    rows: Path | None = None
    other_sheets: tuple[OtherSheet, ...] = ()

    @property
    def profile(self) -> SourceProfile:
        return self.tables[0].profile


@lru_cache(maxsize=10_000)
def normalised_header(text: str) -> str:
    """`"Nomor Registrasi "` and `nomor_registrasi` are one header."""
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")


def header_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name per field: the lowest header row that says something (upper rows hold group titles)."""
    width = max((len(row) for row in rows), default=0)
    names = []
    for index in range(width):
        texts = [row[index] for row in rows if index < len(row) and row[index].strip()]
        names.append(normalised_header(texts[-1]) if texts else "")
    return names


def known_headers(profile: SourceProfile) -> set[str]:
    """Every header that means something to `profile`, those it ignores included."""
    aliases = {alias for _, aliases in profile.columns for alias in aliases}
    return aliases | set(profile.ignored_headers) | {header for header, _ in profile.region_code_parts}


def match_headers(names: Sequence[str], profile: SourceProfile) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """Fields of each of the profile's columns in `names`, and the headers that are missing."""
    place = {name: index for index, name in reversed(list(enumerate(names)))}
    positions: dict[str, tuple[int, ...]] = {}
    missing = [header for header, _ in profile.region_code_parts if header not in place]
    if profile.region_code_parts and not missing:
        positions["source_region_code"] = tuple(place[header] for header, _ in profile.region_code_parts)
    for column, aliases in profile.columns:
        found = [place[alias] for alias in aliases if alias in place]
        if found:
            positions[column] = (found[0],)
        else:
            missing.append(aliases[0])
    return positions, missing


@dataclass(frozen=True)
class _Match:
    """How well one place of a file fits one profile."""

    profile: SourceProfile
    delimiter: str
    line_number: int
    row_count: int
    names: tuple[str, ...]
    positions: dict[str, tuple[int, ...]]
    missing: tuple[str, ...]


def recognise(path: Path, census: Census, profiles: Sequence[SourceProfile], scratch: Path) -> RecognisedFile:
    """The profile whose headers `path` has; raises `RefusedDelivery` when there is none.

    The rows of a workbook or a Parquet file are written to `scratch` on the way.
    """
    kind = kind_of(path)
    if kind is Kind.TEXT:
        refuse_long_line(census.longest_line_bytes)
        return _recognise_text(path, census, profiles)
    rows = scratch / f"{census.sha256}.rows.parquet"
    if kind is Kind.PARQUET:
        read = read_parquet_rows(path, rows)
        return _recognise_sheets(
            path, (Sheet(1, "", "visible", read.row_count, read.column_count),), rows, kind, profiles
        )
    if kind.is_archive:
        raise RefusedDelivery("an archive is unpacked when it arrives; put it into the inbox again")
    return _recognise_sheets(path, read_sheets(path, rows), rows, kind, profiles)


def _recognise_text(path: Path, census: Census, profiles: Sequence[SourceProfile]) -> RecognisedFile:
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    encoding = encoding_of(head, census)
    # Profiles differ in the encoding they fall back on, and the same bytes give other text in another one.
    texts: dict[str, dict[str, list[Row]]] = {}
    matches: list[_Match] = []
    for profile in profiles:
        own_encoding = encoding or profile.fallback_encoding
        if own_encoding not in texts:
            texts[own_encoding] = _text_head(head, census, own_encoding)
        for delimiter, rows in texts[own_encoding].items():
            matches += _matches(rows, delimiter, profile)
    if not matches:
        raise RefusedDelivery(f"line 1: no header ends within {HEAD_BYTES:,} bytes; send the export with its header")
    match = _best(matches)
    refuse_strange(match)
    own_encoding = encoding or match.profile.fallback_encoding
    return RecognisedFile(path, own_encoding, (_table(match, texts[own_encoding][match.delimiter]),))


def _recognise_sheets(
    path: Path, sheets: Sequence[Sheet], rows: Path, kind: Kind, profiles: Sequence[SourceProfile]
) -> RecognisedFile:
    """Every visible sheet that fits a profile is read; the lines of the others are accounted for as such."""
    tables, others, misses, offset = [], [], [], 0
    for sheet in sheets:
        head = _sheet_head(rows, sheet)
        matches = [match for profile in profiles for match in _matches(head, "", profile)]
        best = _best(matches) if matches else None
        if best and not best.missing and not sheet.is_hidden:
            tables.append(replace(_table(best, head), sheet=sheet, line_offset=offset))
        else:
            others.append(OtherSheet(sheet, offset, "HIDDEN_SHEET" if sheet.is_hidden else "OTHER_SHEET"))
            misses += [best] if best and not sheet.is_hidden else []
        offset += sheet.row_count
    if not tables:
        if not misses:
            raise RefusedDelivery("the workbook holds no visible sheet with rows; send the export again")
        refuse_strange(_best(misses))
    if len({table.profile.name for table in tables}) > 1:
        raise RefusedDelivery("its sheets belong to different kinds of export; send each as a file of its own")
    return RecognisedFile(path, kind.value, tuple(tables), rows, tuple(others))


def refuse_strange(match: _Match) -> None:
    """Raise `RefusedDelivery` for the nearest profile when headers of it are missing."""
    if match.missing:
        raise RefusedDelivery(
            f"line {match.line_number}: the headers fit no source profile; the nearest is {match.profile.name}, of"
            f" which {len(match.missing)} headers are missing ({', '.join(match.missing[:4])}"
            f"{', ...' if len(match.missing) > 4 else ''});"
            " send the full export, or describe this kind of file in warehouse/sources/"
        )


def encoding_of(head: bytes, census: Census) -> str:
    """By byte-order mark, strict UTF-8, the pattern of NUL bytes; '' leaves it to the profile."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if census.has_nul:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > 0.4 * len(head) / 2 and even < 0.05 * len(head) / 2:
            return "utf-16-le"
        if even > 0.4 * len(head) / 2 and odd < 0.05 * len(head) / 2:
            return "utf-16-be"
    return "utf-8" if census.is_utf8 else ""


def _text_head(head: bytes, census: Census, encoding: str) -> dict[str, list[Row]]:
    """The rows that begin at each of the first lines, by delimiter."""
    lines = re.split("\r\n|\n|\r", head.decode(encoding, errors="replace").removeprefix("\ufeff"))
    if census.byte_count > HEAD_BYTES:
        del lines[-1]  # it goes on beyond the head
    return {delimiter: list(_rows(lines, delimiter)) for delimiter in DELIMITERS}


def _sheet_head(rows: Path, sheet: Sheet) -> list[Row]:
    """The first rows of a sheet, which has no delimiter."""
    wanted = [("sheet_number", "=", sheet.number), ("line_number", "<=", HEADER_SEARCH_LINES)]
    fields = pq.read_table(rows, columns=["fields"], filters=wanted)["fields"].to_pylist()
    return [Row(tuple(row), 1, "\t".join(row)) for row in fields]


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[Row]:
    """At each of the first lines, the record that begins there."""
    for start in range(min(len(lines), HEADER_SEARCH_LINES)):
        reader = csv.reader((line + "\n" for line in lines[start : start + 20]), delimiter=delimiter)
        try:
            fields = next(reader, [])
        except csv.Error:
            fields = []
        text = "\n".join(lines[start : start + reader.line_num])
        yield Row(tuple(fields), max(reader.line_num, 1), text)


def _matches(rows: Sequence[Row], delimiter: str, profile: SourceProfile) -> Iterator[_Match]:
    """How each place of the head fits `profile`, the header standing on one row or on several."""
    aliases = known_headers(profile)
    for index, row in enumerate(rows):
        if len(row.fields) > FIELDS_LIMIT:
            raise RefusedDelivery(
                f"line {index + 1}: {len(row.fields):,} fields; no export has more than {FIELDS_LIMIT:,},"
                " check the delimiter and export again"
            )
        if index and aliases.isdisjoint(header_names([row.fields])):
            continue
        for row_count in range(1, min(HEADER_ROWS_LIMIT, index + 1) + 1):
            names = header_names([row.fields for row in rows[index + 1 - row_count : index + 1]])
            positions, missing = match_headers(names, profile)
            yield _Match(profile, delimiter, index + 2 - row_count, row_count, tuple(names), positions, tuple(missing))


def _best(matches: Sequence[_Match]) -> _Match:
    """The complete match of the most columns, the first and shortest header of its kind; else the nearest one."""
    best = min(
        matches,
        key=lambda match: (
            len(match.missing) > 0,
            -len(match.positions),
            match.line_number + match.row_count,
            match.row_count,
            match.profile.name,
        ),
    )
    rivals = {match.profile.name for match in matches if not match.missing and match.positions == best.positions}
    if len(rivals) > 1:
        raise RefusedDelivery(
            f"line {best.line_number}: the headers fit the source profiles {' and '.join(sorted(rivals))} alike;"
            " make the profiles in warehouse/sources/ differ in their headers"
        )
    return best


def _table(match: _Match, rows: Sequence[Row]) -> RecognisedTable:
    profile, last = match.profile, match.line_number + match.row_count - 2
    known = known_headers(profile)
    named = [place for place, name in enumerate(match.names) if name]
    return RecognisedTable(
        profile,
        match.delimiter,
        match.positions,
        field_count=len(match.names),
        least_field_count=named[-1] + 1,
        header_line_count=last + rows[last].line_count,
        header_texts=tuple(row.text for row in rows[match.line_number - 1 : last + 1]),
        unknown_headers=tuple(name for name in match.names if name and name not in known),
    )
