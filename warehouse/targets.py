"""Targets of provinces and kab/kota that the operator supplies, such as a dinas target; they replace the allocations.

Belongs here: the file and its form. What a target does to attainment is in `transforms/marts/`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from warehouse.reference_data import FOLDER


class TargetError(ValueError):
    """A line of the targets file cannot be taken; the message names file, line, field and cure."""


@dataclass(frozen=True)
class OperatorTarget:
    """The target of one region for the end of one year: at least so many UMKM in the digital ecosystem."""

    region_code: str
    target_year: int
    target_count: int
    decided_date: date
    source: str


_HEADER = tuple(field.name for field in fields(OperatorTarget))


def load_targets(path: Path) -> list[OperatorTarget]:
    """The targets of `path`, by region and year; none when there is no file."""
    if not path.exists():
        return []
    targets: dict[tuple[str, int], OperatorTarget] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        if tuple(next(reader, ())) != _HEADER:
            raise TargetError(f"{path.name}, line 1: the header must be {','.join(_HEADER)}")
        for texts in reader:
            target = _target(f"{path.name}, line {reader.line_num}", texts)
            key = target.region_code, target.target_year
            if key in targets:
                raise TargetError(f"{path.name}, line {reader.line_num}: {key[0]} has a target for {key[1]} already")
            targets[key] = target
    return [targets[key] for key in sorted(targets)]


def _target(where: str, texts: list[str]) -> OperatorTarget:
    if len(texts) != len(_HEADER):
        raise TargetError(f"{where}: {len(texts)} fields, the header has {len(_HEADER)}")
    row: dict[str, Any] = {name: text.strip() for name, text in zip(_HEADER, texts, strict=True)}
    if row["region_code"] not in _regions():
        raise TargetError(
            f"{where}: region_code must be the Kemendagri code of a province of the 38 frame (like 32) or of a kab/kota"
            " (like 32.01)"
        )
    if row["target_year"] not in ("2022", "2023", "2024"):
        raise TargetError(f"{where}: target_year must be 2022, 2023 or 2024")
    if not row["target_count"].isascii() or not row["target_count"].isdigit() or not int(row["target_count"]):
        raise TargetError(f"{where}: target_count must be a whole number above 0, in digits only")
    try:
        day = date.fromisoformat(row["decided_date"])
    except ValueError:
        raise TargetError(f"{where}: decided_date must be a day in the form YYYY-MM-DD") from None
    if not row["source"]:
        raise TargetError(f"{where}: source is empty; name the decree or letter")
    return OperatorTarget(row["region_code"], int(row["target_year"]), int(row["target_count"]), day, row["source"])


@cache
def _regions() -> frozenset[str]:
    """Codes of the provinces of the 38 frame and of all kab/kota."""
    with (FOLDER / "provinces.csv").open(encoding="utf-8", newline="") as file:
        provinces = {row["province_code"] for row in csv.DictReader(file) if row["frame_code"] == "38"}
    with (FOLDER / "regencies.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(provinces | {row["regency_code"] for row in csv.DictReader(file)})
