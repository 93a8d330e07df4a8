"""The words in which tables are defined: `Column`, `Table` and the constraints a column carries.

Belongs here: the shape of a definition. Does not belong here: any particular table (see `tables/`), SQL that
creates one (`ddl.py`) or a check that runs (`expectations/`). Standard library only, so that everything may import it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

Severity = Literal["refuse_file", "quarantine_row", "warn"]


@dataclass(frozen=True)
class Constraint:
    """What must hold for one column, with the sentence that says so.

    `suffix` completes the stable rule code (`<COLUMN>_<SUFFIX>`); `fails_when` is a SQL predicate in which `{column}`
    stands for the column. SQL NULL is not a failure: presence is a constraint of its own.
    """

    suffix: str
    fails_when: str
    description: str
    description_id: str
    severity: Severity = "warn"

    def sql(self, column: str) -> str:
        return self.fails_when.replace("{column}", column)


def required(severity: Severity = "warn") -> Constraint:
    """The value must be there; a text that could not be read is another matter."""
    return Constraint(
        "MISSING", "{column} IS NULL AND NOT was_unread('{column}')", "must be given", "wajib diisi", severity
    )


def readable(expected: str, expected_id: str, severity: Severity = "warn") -> Constraint:
    """The text, where there is one, must be understood by the reader."""
    return Constraint(
        "UNREAD",
        "was_unread('{column}')",
        f"must be readable as {expected}",
        f"harus terbaca sebagai {expected_id}",
        severity,
    )


def between(low: str, high: str, severity: Severity = "warn") -> Constraint:
    """The value must lie between two SQL literals, both included."""
    return Constraint(
        "OUT_OF_RANGE",
        f"{{column}} NOT BETWEEN {low} AND {high}",
        f"must lie between {low} and {high}",
        f"harus di antara {low} dan {high}",
        severity,
    )


def one_of(reference: str, key: str, severity: Severity = "warn") -> Constraint:
    """The value must be a code of a reference table."""
    return Constraint(
        "UNKNOWN_CODE",
        f"{{column}} NOT IN (SELECT {key} FROM reference.{reference})",
        f"must be a code of reference.{reference}",
        f"harus berupa kode dalam reference.{reference}",
        severity,
    )


@dataclass(frozen=True)
class Column:
    """One column, defined once and reused in every stage; a change of meaning needs a new name.

    `type` is a DuckDB type. `reader` names the macro of `transforms/readers/` that turns source text into the value;
    None means the value is derived, not read. `personal` marks data about an identifiable person (UU PDP 27/2022).
    """

    name: str
    type: str
    description: str
    personal: bool = False
    reader: str | None = None
    constraints: tuple[Constraint, ...] = ()

    def described(self, description: str) -> Column:
        """The same column with a description for its new place (grain, unit), never with a new meaning."""
        return replace(self, description=description)


@dataclass(frozen=True)
class Table:
    """One table: where it is kept, what one row is, and its columns in order."""

    schema: str
    name: str
    grain: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = field(default=())
    published: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def personal_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.personal)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.full_name} has no column {name!r}")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)


def quoted(text: str) -> str:
    """`text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def fingerprint(*parts: object) -> str:
    """SHA-256 over the representations of frozen definitions: equal definitions, equal fingerprint."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
        digest.update(b"\x00")
    return digest.hexdigest()
