"""Source profiles: how one kind of export looks. One TOML file in `warehouse/sources/` is one kind."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.contract import fingerprint
from warehouse.registration import REGISTRATION

FOLDER = Path(__file__).parent / "sources"
_READ_COLUMNS = {column.name for column in REGISTRATION if column.reader}


@dataclass(frozen=True)
class SourceProfile:
    """One kind of export.

    `columns` maps our column to its header aliases (normalised, see `transforms/recognise.py`); `region_code_parts`
    are headers with their digits that are joined to the region code where a profile has no single code column;
    `readers` name the macro for a column that this export writes otherwise than usual.
    """

    name: str
    title: str
    register: str
    wave: int
    delimiter: str
    fallback_encoding: str
    header_rows: int
    ignored_headers: tuple[str, ...]
    decimal_mark: str
    money_unit_idr: int
    region_code_system: str
    region_code_parts: tuple[tuple[str, int], ...]
    readers: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self)


class ProfileError(ValueError):
    """A profile file says something that no reader understands; names file, key and cure."""


def parse_profile(document: dict[str, Any], origin: str) -> SourceProfile:
    """The profile in a parsed TOML `document`; `origin` names the file in errors."""
    try:
        unknown = set(document["columns"]) - _READ_COLUMNS
        if unknown:
            raise ProfileError(
                f"{origin}: [columns] names {', '.join(sorted(unknown))}, which no table reads;"
                " the columns that can be read are listed in the README's dictionary"
            )
        file, values = document["file"], document["values"]
        return SourceProfile(
            name=document["name"],
            title=document["title"],
            register=document["register"],
            wave=document["wave"],
            delimiter=file["delimiter"],
            fallback_encoding=file["fallback_encoding"],
            header_rows=file["header_rows"],
            ignored_headers=tuple(file.get("ignored_headers", ())),
            decimal_mark=values["decimal_mark"],
            money_unit_idr=values["money_unit_idr"],
            region_code_system=values["region_code_system"],
            region_code_parts=tuple(values.get("region_code_parts", {}).items()),
            readers=tuple(document.get("readers", {}).items()),
            columns=tuple((name, tuple(aliases)) for name, aliases in document["columns"].items()),
        )
    except KeyError as missing:
        raise ProfileError(f"{origin}: the key {missing} is missing; see an existing profile for its place") from None


def load_profiles(folder: Path = FOLDER) -> tuple[SourceProfile, ...]:
    """All profiles of `folder`, by name."""
    return tuple(
        parse_profile(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
        for path in sorted(folder.glob("*.toml"))
    )
