"""Decisions about pairs: what a person found to be one business, or never one, and why.

Belongs here: the file and its form. The decisions name registrations by register and number, so they outlive a new
delivery of the same registration. What they do to clusters is in `transforms/resolve/`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

DECISIONS = ("must_link", "cannot_link")


class DecisionError(ValueError):
    """A line of the decisions file cannot be taken; the message names file, line, field and cure."""


@dataclass(frozen=True)
class LinkDecision:
    """One decision about two registrations; it outranks every weight."""

    decision: str
    left_register: str
    left_number: str
    right_register: str
    right_number: str
    reason: str
    decided_by: str
    decided_date: date


_HEADER = tuple(field.name for field in fields(LinkDecision))


def load_decisions(path: Path) -> list[LinkDecision]:
    """The decisions of `path`, in the order of its lines; none when there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        if tuple(next(reader, ())) != _HEADER:
            raise DecisionError(f"{path.name}, line 1: the header must be {','.join(_HEADER)}")
        return [_decision(path.name, reader.line_num, texts) for texts in reader]


def _decision(file: str, line: int, texts: list[str]) -> LinkDecision:
    if len(texts) != len(_HEADER):
        raise DecisionError(f"{file}, line {line}: {len(texts)} fields, the header has {len(_HEADER)}")
    row: dict[str, Any] = dict(zip(_HEADER, texts, strict=True))
    for name, text in row.items():
        if not text.strip():
            raise DecisionError(f"{file}, line {line}: {name} is empty; it must be given")
    if row["decision"] not in DECISIONS:
        raise DecisionError(f"{file}, line {line}: decision must be {' or '.join(DECISIONS)}")
    try:
        day = date.fromisoformat(row["decided_date"])
    except ValueError:
        raise DecisionError(f"{file}, line {line}: decided_date must be a day in the form YYYY-MM-DD") from None
    return LinkDecision(**{**row, "decided_date": day})


def save_decisions(path: Path, decisions: Iterable[LinkDecision]) -> None:
    """Write all decisions; a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(decision) for decision in decisions)
    unfinished.replace(path)
