"""Recognise: which source profile a landed file is, by its headers, and where in the file its records begin.

Belongs here: encoding, header lines, matching headers to profiles. Does not belong here: the rows (`standardise.py`).
Nothing is guessed: the headers of a profile, all of them, prove the delimiter, the header's place and its form. A file
that fits no profile is refused with the nearest one and what is missing.
"""

from __future__ import annotations

import csv
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from transforms.land import Census
from warehouse.profiles import SourceProfile

HEAD_BYTES = 1 << 18
DELIMITERS = (";", ",", "\t", "|")
HEADER_SEARCH_LINES = 40
"""Titles and blank lines may stand above the header, but not more than so many."""
HEADER_ROWS_LIMIT = 3
"""A header may be spread over so many rows: group titles above, names below."""
HEADER_FIELDS_LIMIT = 2_000
SHEET_BYTES_LIMIT = 1 << 30
"""A sheet that unpacks to more than this is refused before it is opened (a small archive can hold a huge one)."""

csv.field_size_limit(sys.maxsize)


class RefusedDelivery(Exception):
    """A file that cannot be taken; `reason` names the cause and the cure, and never quotes the file's rows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Row:
    """A candidate for a header: its fields, the lines it stands on and their text."""

    fields: tuple[str, ...]
    line_count: int
    text: str


@dataclass(frozen=True)
class RecognisedFile:
    """A file with its profile: `positions` maps our column to the 0-based source fields it is read from.

    A record has `field_count` fields; more are the trailing delimiters of a spreadsheet when they are empty, and of the
    last ones those without a header may be missing (`least_field_count`).
    """

    path: Path
    profile: SourceProfile
    encoding: str
    delimiter: str
    positions: dict[str, tuple[int, ...]]
    field_count: int
    least_field_count: int
    header_line_count: int
    header_texts: tuple[str, ...]
    unknown_headers: tuple[str, ...]
    sheet_rows: tuple[tuple[str, ...], ...] = ()

    @property
    def is_sheet(self) -> bool:
        return bool(self.sheet_rows)


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


def recognise(path: Path, census: Census, profiles: Sequence[SourceProfile]) -> RecognisedFile:
    """The profile whose headers `path` has; raises `RefusedDelivery` when there is none."""
    if census.byte_count == 0:
        raise RefusedDelivery("the file is empty; send the export again")
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    sheet_rows: tuple[tuple[str, ...], ...] = ()
    if head.startswith(b"PK\x03\x04"):
        kind, encoding, sheet_rows = "xlsx", "xlsx", read_sheet(path)
    else:
        kind, encoding = "csv", encoding_of(head, census)
    fitting = [profile for profile in profiles if kind in profile.kinds]
    if not fitting:
        raise RefusedDelivery(f"no source profile reads {kind} files; see warehouse/sources/")
    # Profiles differ in the encoding they fall back on, and the same bytes give other text in another one.
    texts: dict[str, dict[str, list[Row]]] = {}
    matches: list[_Match] = []
    for profile in fitting:
        own_encoding = encoding or profile.fallback_encoding
        if own_encoding not in texts:
            texts[own_encoding] = _sheet_head(sheet_rows) if sheet_rows else _text_head(head, census, own_encoding)
        for delimiter, rows in texts[own_encoding].items():
            matches += _matches(rows, delimiter, profile)
    match = _best(matches)
    if match.missing:
        raise RefusedDelivery(
            f"line {match.line_number}: the headers fit no source profile; the nearest is {match.profile.name}, of"
            f" which {len(match.missing)} headers are missing ({', '.join(match.missing[:4])}"
            f"{', ...' if len(match.missing) > 4 else ''});"
            " send the full export, or describe this kind of file in warehouse/sources/"
        )
    own_encoding = encoding or match.profile.fallback_encoding
    return _recognised(path, own_encoding, match, texts[own_encoding][match.delimiter], sheet_rows)


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
        raise RefusedDelivery("the file is neither text nor an XLSX sheet; export it as CSV in UTF-8 or as XLSX")
    return "utf-8" if census.is_utf8 else ""


def _text_head(head: bytes, census: Census, encoding: str) -> dict[str, list[Row]]:
    """The rows that begin at each of the first lines, by delimiter."""
    lines = re.split("\r\n|\n|\r", head.decode(encoding, errors="replace").removeprefix("\ufeff"))
    if census.byte_count > HEAD_BYTES:
        del lines[-1]  # it goes on beyond the head
    return {delimiter: list(_rows(lines, delimiter)) for delimiter in DELIMITERS}


def _sheet_head(sheet_rows: Sequence[tuple[str, ...]]) -> dict[str, list[Row]]:
    """The first rows of a sheet, which has no delimiter."""
    return {"": [Row(row, 1, "\t".join(row)) for row in sheet_rows[:HEADER_SEARCH_LINES]]}


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
        if len(row.fields) > HEADER_FIELDS_LIMIT:
            raise RefusedDelivery(
                f"line {index + 1}: {len(row.fields):,} fields; no export has more than {HEADER_FIELDS_LIMIT:,},"
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


def _recognised(
    path: Path, encoding: str, match: _Match, rows: Sequence[Row], sheet_rows: tuple[tuple[str, ...], ...]
) -> RecognisedFile:
    profile, last = match.profile, match.line_number + match.row_count - 2
    known = known_headers(profile)
    named = [place for place, name in enumerate(match.names) if name]
    texts = tuple(row.text for row in rows[match.line_number - 1 : last + 1])
    return RecognisedFile(
        path,
        profile,
        encoding,
        match.delimiter,
        match.positions,
        field_count=len(match.names),
        least_field_count=named[-1] + 1,
        header_line_count=last + rows[last].line_count,
        header_texts=texts,
        unknown_headers=tuple(name for name in match.names if name and name not in known),
        sheet_rows=sheet_rows,
    )


def read_sheet(path: Path) -> tuple[tuple[str, ...], ...]:
    """The first sheet of an XLSX file as rows of text, from row 1 on, empty rows included.

    A number of 16 or more digits comes out in exponent form: a spreadsheet has kept only 15 of them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        raise RefusedDelivery("the file begins like an XLSX sheet but is damaged; save and send it again") from None
    if unpacked > SHEET_BYTES_LIMIT:
        raise RefusedDelivery(f"the sheet unpacks to {unpacked:,} bytes; send so many rows as CSV")
    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise RefusedDelivery(f"the sheet cannot be opened ({type(error).__name__}); save and send it again") from None
    if not rows:
        raise RefusedDelivery("the first sheet is empty; send the export again")
    return tuple(tuple(_cell_text(cell) for cell in row) for row in rows)


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < 1e15 else f"{cell:.14E}"
    if isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) >= 10**15:
        return f"{float(cell):.14E}"
    return "" if cell is None else str(cell)
