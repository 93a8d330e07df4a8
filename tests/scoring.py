"""How exactly a table was recovered: F1 of header, records and cells against the truth, each from 0 to 1."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pollution import Case

from flows.cli.read import write_csv
from transforms.reading.text import TextTable, open_text


@dataclass(frozen=True)
class Score:
    """F1 of the header's names, the records and the cells."""

    header: float
    records: float
    cells: float

    @property
    def mean(self) -> float:
        return (self.header + self.records + self.cells) / 3


def score(header: Sequence[str], rows: Sequence[Sequence[str]], case: Case) -> Score:
    """The score of what was read of `case`."""
    return Score(
        f1([tuple(enumerate(header))] if header else [], [tuple(enumerate(case.header))] if case.header else []),
        f1(map(tuple, rows), map(tuple, case.rows)),
        f1(chain(header, *rows), chain(case.header, *case.rows)),
    )


def f1(found: object, true: object) -> float:
    """F1 of two bags; 1 when both are empty."""
    ours, theirs = Counter(found), Counter(true)  # type: ignore[call-overload]
    if not ours and not theirs:
        return 1.0
    both = (ours & theirs).total()
    return 2 * both / (ours.total() + theirs.total())


def read_case(case: Case, folder: Path) -> tuple[list[str], list[list[str]], TextTable]:
    """Header and rows as they stand in the CSV that the command writes, and the table with its account."""
    path = folder / "polluted.csv"
    path.write_bytes(case.content)
    table = open_text(path)
    stream = io.StringIO(newline="")
    write_csv(stream, table.names, table.rows())
    written = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    return (written[0], written[1:], table) if table.names else ([], written, table)
