"""Corrections: what was decided about a value that a provider delivers wrongly, and why.

`reference/corrections.csv` addresses one record's value, `reference/code_fixes.csv` a wrong text of a whole profile.
Belongs here: the decisions and what makes one admissible. Does not belong here: how they are applied
(`transforms/correct.py`). Both files are committed, so they hold nothing about an identifiable person.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from warehouse.contract import fingerprint
from warehouse.registration import REGISTRATION

FOLDER = Path(__file__).parent / "reference"
CORRECTIONS_FILE = "corrections.csv"
CODE_FIXES_FILE = "code_fixes.csv"
_COLUMNS = {column.name: column for column in REGISTRATION}
_ADDRESS = "registration_number"


class CorrectionError(ValueError):
    """A line of a file of corrections cannot be taken; names file, line, column and cure, never a value."""


@dataclass(frozen=True)
class Correction:
    """One record's value, addressed by register, registration number and column.

    `expect` is the wrong value as delivered now: the standardised value as text, or the text that no reader understood,
    or empty where nothing was delivered. `replacement` is the standardised value; empty takes the value away.
    """

    line: int
    source_register: str
    registration_number: str
    column_name: str
    expect: str
    replacement: str
    reason: str
    source: str
    decided_date: date


@dataclass(frozen=True)
class CodeFix:
    """One wrong source text of a column in all deliveries of a profile, and the text to be read in its place."""

    line: int
    profile: str
    column_name: str
    wrong_text: str
    right_text: str
    reason: str
    source: str
    decided_date: date


@dataclass(frozen=True)
class Corrections:
    """All decisions in force."""

    records: tuple[Correction, ...] = ()
    code_fixes: tuple[CodeFix, ...] = ()

    @property
    def fingerprint(self) -> str:
        return fingerprint(self)


def load_corrections(folder: Path | None = None) -> Corrections:
    """Both files of `folder` (the committed ones); raises `CorrectionError` at the first line that cannot be taken."""
    folder = folder or FOLDER
    records = tuple(
        Correction(**row)
        for row in _rows(
            folder / CORRECTIONS_FILE,
            tuple(field.name for field in fields(Correction)),
            key=("source_register", _ADDRESS, "column_name"),
            may_be_empty=("expect", "replacement"),
        )
    )
    code_fixes = tuple(
        CodeFix(**row)
        for row in _rows(
            folder / CODE_FIXES_FILE,
            tuple(field.name for field in fields(CodeFix)),
            key=("profile", "column_name", "wrong_text"),
            may_be_empty=("right_text",),
        )
    )
    _check_replacements(records)
    return Corrections(records, code_fixes)


def _rows(
    path: Path, names: tuple[str, ...], *, key: tuple[str, ...], may_be_empty: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """The values of each line under `names`, whose first is the number of the line itself."""
    header = names[1:]
    seen: dict[tuple[str, ...], int] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        if next(reader, None) != list(header):
            raise CorrectionError(f"{path.name}, line 1: the header must be {','.join(header)}")
        for texts in reader:
            line = reader.line_num
            if len(texts) != len(header):
                raise CorrectionError(f"{path.name}, line {line}: {len(texts)} fields, the header has {len(header)}")
            row = {name: text.strip() for name, text in zip(header, texts, strict=True)}
            for name in header:
                if not row[name] and name not in may_be_empty:
                    raise CorrectionError(f"{path.name}, line {line}: {name} is empty; it must be given")
            _check_column(path.name, line, row["column_name"])
            address = tuple(row[name] for name in key)
            if address in seen:
                raise CorrectionError(
                    f"{path.name}, line {line}: line {seen[address]} decides on the same {', '.join(key)}; keep one"
                )
            seen[address] = line
            yield {**row, "line": line, "decided_date": _decided(path.name, line, row["decided_date"])}


def _check_column(file: str, line: int, name: str) -> None:
    column = _COLUMNS.get(name)
    if column is None or not column.reader:
        raise CorrectionError(
            f"{file}, line {line}: column {name} is not read from a source; correct a column that is,"
            " see the README's dictionary"
        )
    if column.personal:
        raise CorrectionError(
            f"{file}, line {line}: column {name} holds personal data, which a committed file must not;"
            " have it corrected by its provider"
        )
    if file == CORRECTIONS_FILE and name == _ADDRESS:
        raise CorrectionError(f"{file}, line {line}: column {name} is the address of a correction; use a code fix")


def _decided(file: str, line: int, text: str) -> date:
    if not _is_day(text):
        raise CorrectionError(f"{file}, line {line}: decided_date must be a day in the form YYYY-MM-DD")
    return date.fromisoformat(text)


def _check_replacements(records: tuple[Correction, ...]) -> None:
    for record in records:
        column_type = _COLUMNS[record.column_name].type
        if record.replacement and not _is_of(column_type, record.replacement):
            raise CorrectionError(
                f"{CORRECTIONS_FILE}, line {record.line}: the replacement is no {column_type}, as column"
                f" {record.column_name} must be (dates as YYYY-MM-DD, true or false, whole rupiah)"
            )


_WHOLE_NUMBER_BITS = {"SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}


def _is_of(column_type: str, text: str) -> bool:
    """Whether DuckDB will take `text` for the type of a column that may be corrected."""
    if column_type == "BOOLEAN":
        return text in ("true", "false")
    if column_type == "DATE":
        return _is_day(text)
    if column_type in _WHOLE_NUMBER_BITS:
        limit = 1 << (_WHOLE_NUMBER_BITS[column_type] - 1)
        return re.fullmatch(r"-?[0-9]{1,19}", text) is not None and -limit <= int(text) < limit
    return column_type == "VARCHAR"


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False  # Python takes other forms of a day, DuckDB does not
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
