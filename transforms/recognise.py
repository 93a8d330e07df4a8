"""Recognise: which source profile a landed file is, by its headers, and how its bytes are to be read.

Belongs here: encoding, header rows, matching headers to profiles. Does not belong here: the rows (`standardise.py`).
Nothing is guessed: a file that fits no profile is refused with the nearest one and what is missing.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from transforms.land import Census
from transforms.reading.refusal import RefusedDelivery
from warehouse.profiles import SourceProfile

HEAD_BYTES = 1 << 18
SHEET_BYTES_LIMIT = 1 << 30
"""A sheet that unpacks to more than this is refused before it is opened (a small archive can hold a huge one)."""


@dataclass(frozen=True)
class RecognisedFile:
    """A file with its profile: `positions` maps our column to the 0-based source fields it is read from."""

    path: Path
    profile: SourceProfile
    encoding: str
    positions: dict[str, tuple[int, ...]]
    field_count: int
    header_line_count: int
    unknown_headers: tuple[str, ...]
    sheet_rows: tuple[tuple[str, ...], ...] = ()

    @property
    def is_sheet(self) -> bool:
        return bool(self.sheet_rows)


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


def recognise(path: Path, census: Census, profiles: Sequence[SourceProfile]) -> RecognisedFile:
    """The profile whose headers `path` has; raises `RefusedDelivery` when there is none."""
    if census.byte_count == 0:
        raise RefusedDelivery("the file is empty; send the export again")
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith(b"PK\x03\x04"):
        sheet_rows, encoding, kind = read_sheet(path), "xlsx", "xlsx"
    elif census.has_nul:
        raise RefusedDelivery("the file is neither text nor an XLSX sheet; export it as CSV in UTF-8 or as XLSX")
    else:
        sheet_rows, encoding, kind = (), "utf-8" if census.is_utf8 else "", "csv"

    nearest: tuple[int, SourceProfile, list[str]] | None = None
    for profile in profiles:
        if kind not in profile.kinds:
            continue
        own_encoding = encoding or profile.fallback_encoding
        rows, lines = (
            (sheet_rows[: profile.header_rows], profile.header_rows)
            if sheet_rows
            else _csv_head(head.decode(own_encoding, errors="replace").removeprefix("\ufeff"), profile)
        )
        names = header_names(rows)
        positions, missing = match_headers(names, profile)
        if not missing:
            known = {alias for _, aliases in profile.columns for alias in aliases} | set(profile.ignored_headers)
            known |= {header for header, _ in profile.region_code_parts}
            unknown = tuple(name for name in names if name and name not in known)
            return RecognisedFile(path, profile, own_encoding, positions, len(names), lines, unknown, sheet_rows)
        if nearest is None or len(positions) > nearest[0]:
            nearest = (len(positions), profile, missing)
    if nearest is None:
        raise RefusedDelivery(f"no source profile reads {kind} files; see warehouse/sources/")
    _, profile, missing = nearest
    raise RefusedDelivery(
        f"line 1: the headers fit no source profile; the nearest is {profile.name}, of which"
        f" {len(missing)} headers are missing ({', '.join(missing[:4])}{', ...' if len(missing) > 4 else ''});"
        " send the full export, or describe this kind of file in warehouse/sources/"
    )


def _csv_head(text: str, profile: SourceProfile) -> tuple[list[list[str]], int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=profile.delimiter)
    rows = []
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == profile.header_rows:
                break
    except csv.Error:
        return [], 0
    return rows, reader.line_num


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
