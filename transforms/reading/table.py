"""Table: where in a text the table is, and what each record is: header, title, data, footnote, ...

Belongs here: the place, width and header of the table, and sorting records. Does not belong here: cutting lines into
fields (`fields.py`, `records.py`), the look of names (`header.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transforms.reading.cells import STRICT, column_kinds, fit, kind_of
from transforms.reading.fields import Dialect
from transforms.reading.header import count_header_rows, header_vote, joined_names
from transforms.reading.limits import refuse_wide
from transforms.reading.mending import mend
from transforms.reading.records import UNMENDED, Lines, Record, natural_records, records, without_end

SORTS = ("header", "title", "blank", "data", "total", "footnote", "rejected")
"""What a physical line can be; every line is exactly one."""
LOOK_AHEAD = 16
HELD_LIMIT = 200
_TOTAL = re.compile(r"(grand |sub-?)?(total|jumlah|sum|summe|gesamt)( keseluruhan| seluruh\w*)?\s*:?", re.IGNORECASE)
_NOTE = re.compile(
    r"[\"' ]*(sumber|source|notes?\b|catatan|keterangan|footnote|legend|\*|\(\d+\)|\d\)|#|//|--|©|\(c\)|dicetak|printed"
    r"|generated|data as of|last updated|total (records|rows)|end of)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Layout:
    """The table: its dialect, width, column kinds, the line its header (or first row) is on, and its header rows."""

    dialect: Dialect
    width: int
    kinds: tuple[str, ...]
    first_line: int
    header: tuple[tuple[str, ...], ...]
    header_vote: float

    @property
    def names(self) -> list[str]:
        """The column names, [] without a header."""
        return joined_names(self.header) if self.header else []


def find_layout(sample: Sequence[Record], dialect: Dialect, further: Sequence[Record] = ()) -> Layout:
    """The table in the records `sample` from the beginning of a text; `further` are records from further down.

    Raises `RefusedDelivery` for a table with more fields than a record may have.
    """
    given = [record for record in sample if record.given_count]
    width = _width(given, dialect)
    refuse_wide(width)
    rows = [record for record in given if len(record.fields) == width]
    if not rows:
        return Layout(dialect, max(width, 1), (), 1, (), 0.0)
    first = _first_row(sample, rows, width)
    table = [record for record in sample if record.line_number >= first.line_number and len(record.fields) == width]
    table = [record for record in table if record.given_count] + [r for r in further if len(r.fields) == width]
    count, vote = count_header_rows([record.fields for record in table[:300]])
    if not count:
        found = _header_above(sample, first, table[:300], dialect, width)
        if found:
            names, line, vote = found
            kinds = column_kinds([record.fields for record in table[:300]], width)
            if len(names) < width and not any("".join(r.fields[len(names) :]).strip() for r in table):
                width = len(names)
            return Layout(dialect, width, tuple(kinds[:width]), line, (tuple(names),), vote)
        first = _first_with_irregular(sample, first, width)
    named = [record.fields for record in table[:count]]
    kinds = column_kinds([record.fields for record in table[count:300] if record.fields not in named], width)
    header = tuple(tuple(record.fields) for record in table[:count])
    return Layout(dialect, width, tuple(kinds), first.line_number, header, vote)


def _width(given: Sequence[Record], dialect: Dialect) -> int:
    """The width most records have; of two tables the first, unless the other is clearly the larger one."""
    widths = [len(record.fields) for record in given]
    if dialect.delimiter == "" or not widths:
        return 1
    wide = [width for width in widths if width > 1] or widths
    counts = Counter(wide)
    top = max(counts, key=lambda width: (counts[width], -wide.index(width)))
    runs = [width for width, after in pairwise(wide) if width == after and counts[width] > 2]
    for first in (wide[0], *runs[:1]):
        # A few lines may be a preamble with delimiters: then the number of cells says which is the table.
        shares = (first, top) if counts[first] < 4 else (1, 1)
        if 3 * counts[first] * shares[0] >= 2 * counts[top] * shares[1]:
            return first
    return top


def _first_row(sample: Sequence[Record], rows: Sequence[Record], width: int) -> Record:
    """The record the table begins with: not a title that a spreadsheet has filled up with delimiters."""
    if width < 3:
        return rows[0]
    fullest = max(record.given_count for record in rows[:30])
    for record, after in pairwise(rows):
        filled = [place for place, field in enumerate(record.fields) if field.strip()]
        is_grouped = (
            len(filled) > 1
            and filled != list(range(filled[0], filled[0] + len(filled)))
            and after.line_number == record.line_number + record.line_count
            and after.given_count >= 0.8 * fullest
        )
        is_value = any(kind_of(record.fields[place]) in STRICT for place in filled[1:])
        if is_grouped or len(filled) >= fullest / 2 or (is_value and len(filled) > 2):
            return record
        below = [other.fields for other in rows if other.line_number > record.line_number]
        if filled and header_vote(record.fields, below) > -1 and not count_header_rows(below)[0]:
            return record
    return rows[0]


def _right_above(sample: Sequence[Record], record: Record) -> Record | None:
    before = [other for other in sample if other.line_number + other.line_count == record.line_number]
    return before[0] if before and before[0].given_count else None


def _header_above(
    sample: Sequence[Record], first: Record, table: Sequence[Record], dialect: Dialect, width: int
) -> tuple[list[str], int, float] | None:
    """Names, line and vote of a header right above the table that is narrower or wider, or has another delimiter."""
    record = _right_above(sample, first)
    if record is None or width < 2:
        return None
    names = record.fields
    if len(names) == 1:
        mended = mend(record.raw, dialect, width, ())
        names = mended[0] if mended else names
    near = max(2, width // 2 + 1) <= len(names) <= width + max(2, width // 3)
    is_named = all(kind_of(name) not in STRICT for name in names) and sum(bool(name.strip()) for name in names) > 1
    vote = header_vote(names, [row.fields for row in table])
    return (names, record.line_number, vote) if near and is_named and vote > 0 else None


def _first_with_irregular(sample: Sequence[Record], first: Record, width: int) -> Record:
    """The first record of a table without header, when its first rows have too few or too many fields."""
    above = _right_above(sample, first)
    while above and len(above.fields) > max(1, width // 2) and any(kind_of(field) in STRICT for field in above.fields):
        first, above = above, _right_above(sample, above)
    return first


Sorted = tuple[str, Record, str]
"""The sort of a record, the record, and a reason where it needs one."""


def _are_names(fields: Sequence[str]) -> bool:
    return all(kind_of(field) not in STRICT and kind_of(field) != "empty" for field in fields)


class Sorter:
    """Sorts the records of a whole text; `layout` is what its beginning has shown."""

    def __init__(self, lines: Lines, layout: Layout) -> None:
        self.lines, self.layout = lines, layout
        self._other_width = 0
        self._is_gap = False
        self._is_after_header = False
        self._held: list[Sorted] = []

    def __iter__(self) -> Iterator[Sorted]:
        """Every record in order, once."""
        layout = self.layout
        natural = records(self.lines, layout.dialect, None, ())
        while self.lines.number < layout.first_line and self.lines.first():
            record = next(natural)
            yield ("title" if record.given_count else "blank"), record, ""
        missing = len(layout.header)
        while missing and self.lines.first():
            record = next(natural)
            if record.given_count:
                missing -= 1
            is_as_written = not record.given_count or tuple(record.fields) in layout.header
            yield ("header" if record.given_count else "blank"), record, "" if is_as_written else "other_delimiter"
        yield from self._body()

    def _body(self) -> Iterator[Sorted]:
        layout = self.layout
        body = records(self.lines, layout.dialect, layout.width, layout.kinds, lambda: not self._other_width)
        while self.lines.first():
            if self._other_width:
                self._other_width = self._other_width if not self._is_back() else 0
            else:
                self._other_width = self._width_of_other_table()
            if self._other_width:
                yield from self._released(is_tail=True)
            record = next(body)
            if record.is_blank:
                self._is_gap = True
                yield "blank", record, ""
                continue
            yield from self._sorted(record)
            self._is_gap = not record.given_count
        yield from self._released(is_tail=True)

    def _sorted(self, record: Record) -> Iterator[Sorted]:
        layout = self.layout
        if self._other_width:
            yield "rejected", record, "other_table"
            return
        is_repeated = tuple(record.fields) in layout.header and layout.width > 1
        is_repeated, self._is_after_header = is_repeated and not self._is_after_header, is_repeated
        if is_repeated:
            yield from self._released(is_tail=False)
            yield "header", record, "repeated_header"
            return
        if layout.width > 1 and record.fields[0].lstrip().startswith("#") and len(record.fields) == 1:
            yield "rejected", record, "comment"
            return
        if record.irregularity == UNMENDED:
            yield from self._released(is_tail=False)
            yield "rejected", record, UNMENDED
            return
        suspect = self._suspect(record)
        if suspect:
            self._held.append((suspect, record, ""))
            if len(self._held) > HELD_LIMIT:
                yield from self._released(is_tail=False)
            return
        yield from self._released(is_tail=False)
        yield "data", record, record.irregularity

    def _suspect(self, record: Record) -> str:
        """What a record would be if no more data came behind it: `blank`, `total`, `footnote`, or '' for data."""
        width = self.layout.width
        if width < 2:
            return ""
        if not record.given_count:
            return "blank"
        first = record.fields[0].strip()
        if len(record.fields) == width and first and record.given_count > 1 and not _TOTAL.fullmatch(first):
            return ""
        given = [field.strip() for field in record.fields if field.strip()]
        if _TOTAL.fullmatch(given[0]) and all(kind_of(field) in ("number", "missing") for field in given[1:]):
            return "total"
        if len(record.fields) == width and record.given_count > 1:
            return ""
        is_alone = len(given) == 1 and (width > 2 or len(record.fields) == 1)
        is_text = kind_of(given[0]) in ("text", "word")
        if _NOTE.match(record.raw) and (is_alone or self._is_gap or self._held):
            return "footnote"
        if is_alone and is_text and (self._is_gap or self._held):
            return "footnote"
        if (
            is_alone
            and kind_of(given[0]) == "text"
            and len(record.fields) == 1
            and " " in given[0]
            and len(given[0]) > 25
        ):
            return "footnote"
        return ""

    def _released(self, is_tail: bool) -> Iterator[Sorted]:
        """What was held back, as what it is at the tail of the table, else as data."""
        for sort, record, reason in self._held:
            if is_tail:
                yield sort, record, reason
            else:
                yield "data", record, "no_values" if sort == "blank" else record.irregularity
        self._held.clear()

    def _block(self) -> list[Record]:
        """The records right ahead up to a blank one, as the dialect alone has them."""
        block = []
        for record in natural_records(iter(self.lines.ahead(LOOK_AHEAD)), self.layout.dialect):
            if not record.given_count:
                break
            block.append(record)
        return block

    def _width_of_other_table(self) -> int:
        """The width of another table that begins at the next line, 0 when none does."""
        layout = self.layout
        if layout.width < 2:
            return 0
        text = without_end(self.lines.first())
        natural = layout.dialect.split(text)
        is_ordinary = not self._is_gap and natural is not None and len(natural) == layout.width
        if not text.strip() or (is_ordinary and not fit(natural or (), layout.kinds)[1]):
            return 0
        if not self._is_gap and (natural is None or not _are_names(natural)):
            return 0
        block = self._block()
        titles = 0
        while self._is_gap and titles < min(3, len(block)) and block[titles].given_count == 1:
            titles += 1
        block = block[titles:]
        if len(block) < 2 or tuple(block[0].fields) in layout.header:
            return 0
        top, below = block[0], [record.fields for record in block[1:]]
        width = len(top.fields)
        like = sum(len(fields) == width for fields in below)
        if width < 2 or like < max(1, 0.7 * len(below)):
            return 0
        vote = header_vote(top.fields, below)
        confirmed, contradicted = fit(top.fields, layout.kinds)
        is_named = vote > 0 and _are_names(top.fields)
        if width != layout.width:
            return width if is_named and (self._is_gap or (vote >= 2 and contradicted and like > 1)) else 0
        is_other_below = any(fit(fields, layout.kinds)[1] > 0 for fields in below)
        if is_named and contradicted and not confirmed and (self._is_gap or (is_other_below and contradicted > 1)):
            return width
        return 0

    def _is_back(self) -> bool:
        """Whether the table goes on at the next line, behind another one."""
        layout = self.layout
        block = self._block()[:2]
        if not block:
            return False
        if tuple(block[0].fields) in layout.header:
            return True
        if layout.width == self._other_width:
            return False
        fits = [len(r.fields) == layout.width and fit(r.fields, layout.kinds) for r in block]
        return len(fits) == 2 and all(pair and pair[0] and not pair[1] for pair in fits)
