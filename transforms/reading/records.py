"""Records: physical lines become lists of fields in a given dialect, with every line in exactly one record.

Belongs here: cutting a line into fields, and joining a record that a line break has cut in pieces. Does not belong
here: finding the dialect (`dialect.py`), damaged lines (`mending.py`) and what the rows mean (`table.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from transforms.reading.cells import fit
from transforms.reading.fields import Dialect, split_leniently
from transforms.reading.mending import mend, mend_moved, without_lone_quotes

RECORD_LINES_LIMIT = 100
"""A quoted line break may spread a record over so many lines; beyond, a quote was forgotten."""
EFFORT_LIMIT = 1 << 23
EFFORT_SHARE = 8
"""Characters that may be searched in vain: so many at once, and so many for each character of the text."""
UNMENDED = "unmended"
"""Why a line is rejected that is damaged when the effort is used up."""
BROKEN_LINES_LIMIT = 3
"""A record that is broken without quotes is looked for in so many lines."""


@dataclass(frozen=True)
class Record:
    """One record from `line_count` physical lines; `irregularity` says why it is not an ordinary one, else ''."""

    line_number: int
    line_count: int
    fields: list[str]
    irregularity: str = ""
    raw: str = ""

    @cached_property
    def given_count(self) -> int:
        """How many fields say something."""
        return len([field for field in self.fields if field and not field.isspace()])

    @property
    def is_blank(self) -> bool:
        """Whether the line itself is blank, without even a delimiter."""
        return not self.fields


class Lines:
    """Physical lines with a look ahead; `number` is that of the next line.

    `effort` is how many characters may still be searched in vain for another way to read damaged lines; every line
    taken adds to it, so that the work stays in proportion to the text, whatever is in it.
    """

    def __init__(self, lines: Iterator[str], number: int = 1) -> None:
        self._lines = lines
        self._ahead: deque[str] = deque()
        self.number = number
        self.effort = EFFORT_LIMIT

    def ahead(self, count: int) -> list[str]:
        """Up to `count` of the next lines, still to be taken."""
        missing = count - len(self._ahead)
        if missing > 0:
            self._ahead.extend(islice(self._lines, missing))
        return list(islice(self._ahead, count))

    def first(self) -> str:
        """The next line, still to be taken; '' behind the last one."""
        if not self._ahead:
            self._ahead.extend(islice(self._lines, 1))
        return self._ahead[0] if self._ahead else ""

    def take(self, count: int) -> str:
        """The text of the next `count` lines, taken."""
        self.ahead(count)
        taken = "".join(self._ahead.popleft() for _ in range(count))
        self.number += count
        self.effort += EFFORT_SHARE * len(taken)
        return taken


def without_end(line: str) -> str:
    """`line` without its line end, of which it has one at most."""
    if line.endswith("\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(("\n", "\r")) else line


def natural_records(lines: Iterator[str], dialect: Dialect, number: int = 1) -> Iterator[Record]:
    """Records as the dialect alone has them: nothing expected or mended; `number` is that of the first line."""
    return records(Lines(lines, number), dialect, None, ())


def records(
    lines: Lines,
    dialect: Dialect,
    width: int | None,
    kinds: Sequence[str],
    is_ours: Callable[[], bool] = lambda: True,
) -> Iterator[Record]:
    """Every line of `lines` in exactly one record, in order.

    With a `width`, records are expected to have so many fields of `kinds`: lines are joined or mended only where that
    gives exactly `width` in one way, and what remains different is marked irregular. While `is_ours` says no, the
    lines belong to something else and are left as they are.
    """
    while text := lines.first():
        expected = width if is_ours() else None
        fields, count, irregularity = _next(lines, without_end(text), dialect, expected, kinds)
        number = lines.number
        raw = lines.take(count)
        yield Record(number, count, fields, irregularity, without_end(raw))


def _next(
    lines: Lines, text: str, dialect: Dialect, width: int | None, kinds: Sequence[str]
) -> tuple[list[str], int, str]:
    if not text.strip() and (width is None or width < 2 or dialect.delimiter not in text):
        return [], 1, ""
    fields = dialect.split(text)
    if fields is not None and width in (None, len(fields)):
        is_loose = dialect.is_always_quoted and width and dialect.quoted_count(text)[1]
        freed = without_lone_quotes(fields, dialect) if is_loose else None
        if width and not freed and len([field for field in fields if dialect.quote and dialect.quote in field]) > 1:
            moved = mend_moved(text, fields, dialect, kinds)
            if moved:
                return moved[0], 1, moved[1]
        return (freed, 1, "missing_quote") if freed else (fields, 1, "")
    is_open = fields is None and dialect.is_open(text)
    if is_open and lines.effort > 0:
        joined = _joined(lines, dialect, width)
        if joined:
            return *joined, ""
    if width is None:
        if fields is not None:
            return fields, 1, ""
        return split_leniently(text, dialect), 1, "open_quote" if is_open else "stray_quote"
    if lines.effort <= 0:
        return fields or split_leniently(text, dialect), 1, UNMENDED
    is_sound = fields is not None and not dialect.quoted_count(text)[1]
    if fields is not None and is_sound and len(fields) > width and _ends_in_delimiters(fields, width, kinds):
        return fields[:width], 1, "trailing_delimiters"
    mended = mend(text, dialect, width, kinds)
    if mended:
        freed = without_lone_quotes(mended[0], dialect) if mended[1] == "stray_quote" else None
        return (freed, 1, "missing_quote") if freed else (mended[0], 1, mended[1])
    lines.effort -= len(text)
    if fields is None:
        fields = split_leniently(text, dialect)
    if len(fields) == width:
        return fields, 1, "stray_quote"
    if len(fields) > width:
        return fields, 1, "too_many_fields"
    broken = _broken(lines, dialect, width, kinds) if width > 2 else None
    return (*broken, "broken_record") if broken else (fields, 1, "too_few_fields")


def _ends_in_delimiters(fields: Sequence[str], width: int, kinds: Sequence[str]) -> bool:
    """Whether what is too much are delimiters at the end, and not one somewhere before that has moved the values on."""
    if any(field.strip() for field in fields[width:]):
        return False
    confirmed = fit(fields, kinds)[0]
    spare = (
        [place for place, field in enumerate(fields[:width]) if not field.strip()] if len(fields) == width + 1 else []
    )
    return all(fit([*fields[:place], *fields[place + 1 :]], kinds)[0] <= confirmed for place in spare)


def _joined(lines: Lines, dialect: Dialect, width: int | None) -> tuple[list[str], int] | None:
    """The record that an open quote goes on with in the next lines; a next line that stands by itself denies it."""
    ahead = lines.ahead(RECORD_LINES_LIMIT)
    text, effort = ahead[0], lines.effort
    for count, line in enumerate(ahead[1:], 2):
        if width is not None and width > 2 and dialect.quote not in line:
            alone = dialect.split(without_end(line))
            if alone is not None and len(alone) == width:
                return None
        text += line
        if dialect.quote not in line:
            continue
        fields = dialect.split(without_end(text))
        lines.effort -= len(text)
        if fields is not None and width in (None, len(fields)):
            lines.effort = effort
            return fields, count
        if fields is not None or lines.effort <= 0:
            return None
        if not dialect.is_open(without_end(text)):
            return None
    return None


def _broken(lines: Lines, dialect: Dialect, width: int, kinds: Sequence[str]) -> tuple[list[str], int] | None:
    """The record that was broken in a field without quotes, when its pieces fit the table together but not apart."""
    ahead = lines.ahead(BROKEN_LINES_LIMIT)
    text = ahead[0]
    for count, line in enumerate(ahead[1:], 2):
        piece = dialect.split(without_end(line))
        if piece is None or len(piece) >= width or not line.strip():
            return None
        text += line
        fields = dialect.split(without_end(text))
        if fields is None or len(fields) > width:
            return None
        if len(fields) == width:
            confirmed, contradicted = fit(fields, kinds)
            is_apart = fit(piece, kinds)[1] > 0
            return (fields, count) if confirmed and not contradicted and is_apart else None
    return None
