"""Text: the table of text that every form of file is read as, with an account of every line; and delimited text itself.

Belongs here: putting encoding, dialect, table and records together, the account, the report. Does not belong here:
which form a file has and sheets (`front.py`), types of values, judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from transforms.reading.dialect import Proposal, propose_dialect, separator_line
from transforms.reading.encoding import (
    DAMAGED,
    FALLBACK,
    HEAD_BYTES,
    Encoding,
    NotTextError,
    decide_encoding,
    physical_lines,
    places_further_down,
)
from transforms.reading.fields import CELLS, Dialect
from transforms.reading.records import Lines, Record, natural_records
from transforms.reading.table import SORTS, Layout, Sorter, find_layout

SAMPLE_LINES = 2_000


class UnreadableText(Exception):
    """The file cannot be read as a table; the message names the file, the cause and the cure."""


class UnbalancedLines(Exception):
    """Lines were lost on the way: a fault of the reader, never of the file."""


@dataclass(frozen=True)
class Notice:
    """A line worth a look: its number, what is irregular or why it is left out, its number of fields, its raw text."""

    line_number: int
    kind: str
    field_count: int
    raw: str


@dataclass(frozen=True)
class Source:
    """Where a table comes from: `lines()` are its own, numbered from `first_line`; `other_lines()` are those of the
    same file that belong to no table, each with the reason."""

    file_name: str
    encoding: Encoding
    lines: Callable[[], Iterator[str]]
    first_line: int = 1
    other_lines: Callable[[], Iterator[Notice]] = lambda: iter(())


@dataclass
class TextTable:
    """A table of text; `rows()` reads it once, and fills `lines`, `irregular`, `rejected` and `blank_lines` on the way.

    `rejected` holds every line with a value that is not among the rows, titles, totals and footnotes included;
    `is_header_sure` says that the header was not told by its look.
    """

    source: Source
    layout: Layout
    proposal: Proposal | None
    is_header_sure: bool = False
    lines: Counter[str] = field(default_factory=Counter)
    header_lines: list[int] = field(default_factory=list)
    record_count: int = 0
    irregular: list[Notice] = field(default_factory=list)
    rejected: list[Notice] = field(default_factory=list)
    blank_lines: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of line numbers, first and last."""

    @property
    def encoding(self) -> Encoding:
        return self.source.encoding

    @property
    def names(self) -> list[str]:
        """Column names; [] when the table has no header."""
        return self.layout.names

    def rows(self) -> Iterator[list[str]]:
        """The data records in order; raises `UnbalancedLines` when a line is in none of the sorts."""
        line_count = 0

        def counted() -> Iterator[str]:
            nonlocal line_count
            for line in self.source.lines():
                line_count += 1
                yield line

        for sort, record, reason in Sorter(Lines(counted(), self.source.first_line), self.layout):
            self.lines[sort] += record.line_count
            self._note(sort, record, reason)
            if sort == "data":
                self.record_count += 1
                yield record.fields
        if self.lines.total() != line_count:
            raise UnbalancedLines(
                f"{self.source.file_name}: {line_count} lines, of which {self.lines.total()} were sorted"
            )
        for notice in self.source.other_lines():
            self.lines["rejected"] += 1
            self.rejected.append(notice)
        self.rejected.sort(key=lambda notice: notice.line_number)

    def _note(self, sort: str, record: Record, reason: str) -> None:
        number, last = record.line_number, record.line_number + record.line_count - 1
        if sort == "header":
            self.header_lines.extend(range(number, last + 1))
        if sort == "blank":
            if self.blank_lines and self.blank_lines[-1][1] == number - 1:
                number = self.blank_lines.pop()[0]
            self.blank_lines.append((number, last))
        elif sort in ("rejected", "title", "total", "footnote"):
            raw = record.raw.replace(CELLS.delimiter, "\t")
            self.rejected.append(Notice(number, reason or sort, len(record.fields), raw))
        elif reason:
            self.irregular.append(Notice(number, reason, len(record.fields), ""))
        if DAMAGED in record.raw:
            self.irregular.append(Notice(number, "damaged_character", len(record.fields), ""))

    def report(self) -> dict[str, Any]:
        """What was read and how, for machines; complete once `rows()` is exhausted. Rejected lines carry their text."""
        chosen: dict[str, Any] = {"origin": "cells" if self.layout.dialect == CELLS else "profile"}
        if self.proposal:
            chosen = {
                "origin": "proposed",
                "score": self.proposal.score,
                "confidence": self.proposal.confidence,
                "reason": self.proposal.reason,
                "runner_up": _as_document(self.proposal.runner_up),
                "runner_up_score": self.proposal.runner_up_score,
            }
        return {
            "file": self.source.file_name,
            "encoding": {"name": self.encoding.name, "evidence": self.encoding.evidence},
            "dialect": {**(_as_document(self.layout.dialect) or {}), **chosen},
            "header": {
                "lines": self.header_lines,
                "rows": [list(row) for row in self.layout.header],
                "vote": round(self.layout.header_vote, 2),
                "confidence": "high" if self.is_header_sure else _header_confidence(self.layout),
            },
            "columns": self.names,
            "width": self.layout.width,
            "records": self.record_count,
            "lines": {"all": self.lines.total(), **{sort: self.lines[sort] for sort in SORTS}},
            "irregular": [
                {"line": notice.line_number, "kind": notice.kind, "fields": notice.field_count}
                for notice in self.irregular
            ],
            "rejected": [
                {"line": notice.line_number, "reason": notice.kind, "text": notice.raw} for notice in self.rejected
            ],
            "blank_lines": [list(place) for place in self.blank_lines],
        }


def open_text(path: Path) -> TextTable:
    """The table in the delimited text `path`, its rows still to be read, everything proposed from evidence.

    Raises `UnreadableText` for a file that is no delimited text, `RefusedDelivery` for one beyond all limits.
    """
    try:
        encoding = decide_encoding(path, FALLBACK)
        head = _head(path, encoding)
    except NotTextError as error:
        raise UnreadableText(f"{path.name}: {error}; deliver the table as CSV") from None
    places = [] if len(head) < SAMPLE_LINES and not _is_longer(path) else places_further_down(path, encoding)
    proposal = propose_dialect(head, places)
    skipped = bool(head) and separator_line(head[0]) is not None
    sample = list(natural_records(iter(["\n", *head[1:]] if skipped else head), proposal.dialect))
    further = [record for place in places for record in natural_records(iter(place), proposal.dialect)]
    return TextTable(text_source(path, encoding), find_layout(sample, proposal.dialect, further), proposal)


def text_source(path: Path, encoding: Encoding) -> Source:
    """All lines of a text; reading them raises `UnreadableText` where one is endless."""
    return Source(path.name, encoding, lambda: _lines_of(path, encoding))


def _lines_of(path: Path, encoding: Encoding) -> Iterator[str]:
    try:
        yield from physical_lines(path, encoding)
    except NotTextError as error:
        raise UnreadableText(f"{path.name}: {error}; deliver the table as CSV") from None


def _head(path: Path, encoding: Encoding) -> list[str]:
    head, size = [], 0
    for line in islice(physical_lines(path, encoding), SAMPLE_LINES):
        head.append(line)
        size += len(line)
        if size > HEAD_BYTES:
            break
    return head


def _is_longer(path: Path) -> bool:
    return path.stat().st_size > HEAD_BYTES


def _header_confidence(layout: Layout) -> str:
    return "high" if abs(layout.header_vote) >= 2 else "medium" if abs(layout.header_vote) >= 0.8 else "low"


def _as_document(dialect: Dialect | None) -> dict[str, Any] | None:
    if dialect is None or dialect == CELLS:
        return None
    return {
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "escape": dialect.escape or "doubled",
        "skips_spaces": dialect.is_space_skipped,
    }
