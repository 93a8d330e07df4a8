"""Text: the front of reading. A file of delimited text becomes a table of text with an account of every line.

Belongs here: putting encoding, dialect, table and records together, the account, the report. Does not belong here:
archives and sheets, types of values, judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
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
from transforms.reading.fields import Dialect
from transforms.reading.header import joined_names
from transforms.reading.records import Lines, natural_records
from transforms.reading.table import SORTS, Layout, Sorter, find_header, find_layout
from transforms.recognise import normalised_header
from warehouse.profiles import SourceProfile

SAMPLE_LINES = 2_000


class UnreadableText(Exception):
    """The file cannot be read as a table; the message names the file, the cause and the cure."""


class UnbalancedLines(Exception):
    """Lines were lost on the way: a fault of the reader, never of the file."""


@dataclass(frozen=True)
class Notice:
    """A line worth a look: its number, what is irregular or why it was rejected, its fields, and its raw text."""

    line_number: int
    kind: str
    field_count: int
    raw: str


@dataclass
class TextTable:
    """A text as a table; `rows()` reads it once, and fills `lines`, `irregular` and `rejected` on the way."""

    path: Path
    encoding: Encoding
    layout: Layout
    proposal: Proposal | None
    lines: Counter[str] = field(default_factory=Counter)
    header_lines: list[int] = field(default_factory=list)
    record_count: int = 0
    irregular: list[Notice] = field(default_factory=list)
    rejected: list[Notice] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Column names; [] when the table has no header."""
        return self.layout.names

    def rows(self) -> Iterator[list[str]]:
        """The data records in order; raises `UnbalancedLines` when a line is in none of the sorts."""
        line_count = 0

        def counted() -> Iterator[str]:
            nonlocal line_count
            for line in _lines_of(self.path, self.encoding):
                line_count += 1
                yield line

        for sort, record, reason in Sorter(Lines(counted()), self.layout):
            self.lines[sort] += record.line_count
            if sort == "header":
                self.header_lines.extend(range(record.line_number, record.line_number + record.line_count))
            if sort == "rejected":
                self.rejected.append(Notice(record.line_number, reason, len(record.fields), record.raw))
            elif reason:
                self.irregular.append(Notice(record.line_number, reason, len(record.fields), ""))
            if DAMAGED in record.raw:
                self.irregular.append(Notice(record.line_number, "damaged_character", len(record.fields), ""))
            if sort == "data":
                self.record_count += 1
                yield record.fields
        if self.lines.total() != line_count:
            raise UnbalancedLines(f"{self.path.name}: {line_count} lines, of which {self.lines.total()} were sorted")

    def report(self) -> dict[str, Any]:
        """What was read and how, for machines; complete once `rows()` is exhausted. Rejected lines carry their text."""
        dialect = self.layout.dialect
        chosen: dict[str, Any] = {"origin": "profile"}
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
            "file": self.path.name,
            "encoding": {"name": self.encoding.name, "evidence": self.encoding.evidence},
            "dialect": {**(_as_document(dialect) or {}), **chosen},
            "header": {
                "lines": self.header_lines,
                "rows": [list(row) for row in self.layout.header],
                "vote": round(self.layout.header_vote, 2),
                "confidence": _header_confidence(self.layout, self.proposal),
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
        }


def open_text(path: Path, profile: SourceProfile | None = None) -> TextTable:
    """The table in the text file `path`, its rows still to be read.

    With a `profile` its delimiter, header rows and fallback encoding hold; without one they are proposed from evidence.
    Raises `UnreadableText` for a file that is no delimited text or in which the profile's header is not found.
    """
    try:
        encoding = decide_encoding(path, profile.fallback_encoding if profile else FALLBACK)
        head = _head(path, encoding)
    except NotTextError as error:
        raise UnreadableText(f"{path.name}: {error}; deliver the table as CSV") from None
    if profile:
        return TextTable(path, encoding, _layout_of(profile, head, path.name), None)
    places = [] if len(head) < SAMPLE_LINES and not _is_longer(path) else places_further_down(path, encoding)
    proposal = propose_dialect(head, places)
    skipped = bool(head) and separator_line(head[0]) is not None
    sample = list(natural_records(iter(["\n", *head[1:]] if skipped else head), proposal.dialect))
    further = [record for place in places for record in natural_records(iter(place), proposal.dialect)]
    return TextTable(path, encoding, find_layout(sample, proposal.dialect, further), proposal)


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


def _layout_of(profile: SourceProfile, head: Sequence[str], file_name: str) -> Layout:
    known = {normalised_header(alias) for _, aliases in profile.columns for alias in aliases}
    known |= {normalised_header(name) for name, _ in profile.region_code_parts}
    known |= {normalised_header(name) for name in profile.ignored_headers}

    def is_match(names: Sequence[str]) -> bool:
        given = [normalised_header(name) for name in names if name.strip()]
        return len(given) > 1 and sum(name in known for name in given) > 0.5 * len(given)

    found = find_header(head, [profile.delimiter], is_match, profile.header_rows)
    if found is None:
        raise UnreadableText(
            f"{file_name}: no line among the first ones is the header of profile {profile.name}, with"
            f" {profile.delimiter!r} between its names; read it with --profile auto to see what it is"
        )
    first, delimiter, rows = found
    header = tuple(tuple(row) for row in rows)
    return Layout(Dialect(delimiter), len(joined_names(header)), (), first + 1, header, 0.0)


def _header_confidence(layout: Layout, proposal: Proposal | None) -> str:
    if proposal is None:
        return "high"
    return "high" if abs(layout.header_vote) >= 2 else "medium" if abs(layout.header_vote) >= 0.8 else "low"


def _as_document(dialect: Dialect | None) -> dict[str, Any] | None:
    if dialect is None:
        return None
    return {
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "escape": dialect.escape or "doubled",
        "skips_spaces": dialect.is_space_skipped,
    }
