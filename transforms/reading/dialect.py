"""Dialect: which delimiter, quote and escape a text seems to be written with, and how sure that is.

Every candidate reads the same sample. A good one gives records of one width, and cells that look like values. Belongs
here: candidates, their scores, the proposal. Does not belong here: which lines are the table (`table.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from transforms.reading.cells import STRICT, TYPED, kind_of
from transforms.reading.fields import RUNS, Dialect
from transforms.reading.records import Record, natural_records, without_end

SCORED_RECORDS = 600
SCORED_CELLS = 4_000
DELIMITERS = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "^": 0.75, "~": 0.75, RUNS: 0.8, " ": 0.5, ":": 0.3, "": 1.0}
"""Delimiters tried, and how much each is believed before any evidence."""
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space", RUNS: "two or more spaces", "": "none"}
CLOSE = 0.9
"""A runner-up with this share of the score makes the proposal unsure."""
_WORTH = {"word": 0.85, "text": 0.6, "code": 0.95, "missing": 0.9}
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?", re.IGNORECASE)

_OTHER_MARKS = re.compile(r"[;|\t]|,(?=[^\s\d])")
"""Marks between words that may well be the delimiter."""


@dataclass(frozen=True)
class Proposal:
    """The best dialect, its score (0 to 1), the second best, and why the choice is sure or not."""

    dialect: Dialect
    score: float
    runner_up: Dialect | None
    runner_up_score: float
    confidence: str
    reason: str


def separator_line(line: str) -> str | None:
    """The delimiter that a first line such as `sep=;` declares."""
    declared = _SEPARATOR_LINE.fullmatch(without_end(line))
    return declared[1] if declared else None


def propose_dialect(head: Sequence[str], places: Sequence[Sequence[str]] = ()) -> Proposal:
    """The dialect that fits the lines `head`, and samples from further down, best."""
    declared = separator_line(head[0]) if head else None
    if declared:
        head = head[1:]
    text = "".join(chain(head, *places))
    scored = []
    for dialect in _candidates(text, declared):
        read = [list(islice(natural_records(iter(block), dialect), SCORED_RECORDS)) for block in (head, *places)]
        scored.append((_score([*chain(*read)], dialect), dialect))
    scored.sort(key=lambda pair: -pair[0])  # stable: of equals the earlier candidate is the commoner one
    score, best = scored[0]
    others = [pair for pair in scored if pair[1].delimiter != best.delimiter]
    rival_score, rival = others[0] if others else (0.0, None)
    if declared:
        confidence, reason = "high", "declared by the sep= line"
    elif rival and rival_score >= CLOSE * score:
        confidence, reason = "low", f"{_name(best)} and {_name(rival)} fit almost equally well"
    elif best.delimiter == "":
        confidence, reason = "medium", "no delimiter gives records of one width: read as one column"
    else:
        confidence = "high" if score > 0.5 and rival_score < 0.6 * score else "medium"
        reason = f"{_name(best)} gives the most even records"
    best = replace(best, is_always_quoted=_is_always_quoted(best, head))
    return Proposal(best, round(score, 4), rival, round(rival_score, 4), confidence, reason)


def _is_always_quoted(dialect: Dialect, head: Sequence[str]) -> bool:
    """Whether every field stands in quotes, but for lines of other habits such as titles."""
    if not dialect.quote or not dialect.delimiter:
        return False
    lines = [without_end(line) for line in islice(head, SCORED_RECORDS)]
    whole = [line for line in lines if dialect.quote in line and dialect.split(line)]
    quoted = sum(dialect.quoted_count(line)[0] for line in whole)
    return quoted >= 0.98 * max(sum(len(dialect.split(line) or ()) for line in whole), 1)


def _name(dialect: Dialect) -> str:
    return NAMES.get(dialect.delimiter, repr(dialect.delimiter))


def _candidates(text: str, declared: str | None) -> Iterator[Dialect]:
    for delimiter in (declared,) if declared else DELIMITERS:
        if delimiter not in text:
            continue
        cut = re.escape(delimiter) if delimiter else r"(?!)"
        quotes = [quote for quote in ('"', "'") if _encloses(quote, cut, text)] or ['"']
        if '"' in text and '"' not in quotes:
            quotes.append('"')
        if any(quote in text for quote in quotes):
            quotes.append("")  # last, and believed least: marks that enclose fields are hardly text
        is_spaced = delimiter and delimiter not in (" ", RUNS) and f"{delimiter} " in text
        for quote in quotes:
            escapes = [""]
            escapes += [
                mark for mark in ("\\", "\0") if mark + quote in text or (delimiter and mark + delimiter in text)
            ]
            for escape in escapes:
                if escape and not quote and not (delimiter and escape + delimiter in text):
                    continue
                plain = Dialect(delimiter, quote, escape)
                yield plain
                if is_spaced and _is_spaced(delimiter, quote, text):
                    yield replace(plain, is_space_skipped=True)


def _encloses(quote: str, cut: str, text: str) -> bool:
    """Whether fields are enclosed in `quote`: some begin and some end with it, and of apostrophes most do both."""
    begins = len(re.findall(rf"(?:^|{cut}) {{0,2}}{quote}", text, re.MULTILINE))
    if quote == "'":
        inner = r"(?:[^'\\\n]|\\.|'')*+"
        whole = len(re.findall(rf"(?:^|{cut}) {{0,2}}'{inner}'(?= {{0,2}}(?:{cut}|\r?$))", text, re.MULTILINE))
        return whole > 0.5 * begins
    return bool(begins and re.search(rf"{quote} {{0,2}}(?:{cut}|\r?$)", text, re.MULTILINE))


def _is_spaced(delimiter: str, quote: str, text: str) -> bool:
    """Whether a space belongs to the delimiter: it follows nearly always, or a quote stands behind it."""
    spaced, all_of_them = text.count(delimiter + " "), text.count(delimiter)
    return spaced >= 0.9 * all_of_them or bool(quote and f"{delimiter} {quote}" in text)


def _score(read: Sequence[Record], dialect: Dialect) -> float:
    given = [record for record in read if not record.is_blank]
    if not given:
        return 0.0
    widths = [len(record.fields) for record in given]
    counts = Counter(widths)
    if dialect.delimiter == "":
        width = 1
    else:
        wide = {width: count for width, count in counts.items() if width > 1}
        if not wide:
            return 0.0
        width = max(wide, key=lambda width: (wide[width], -widths.index(width)))
        if dialect.delimiter == ":" and (width < 3 or any(re.search(r"\d:\d\d", record.raw) for record in given)):
            return 0.0
    first = widths.index(width)
    last = len(widths) - 1 - widths[::-1].index(width)
    inside = counts[width] / (last - first + 1)
    coverage: float = ((len(widths) - first) / len(widths)) ** 0.5 * ((last - first + 1) / (len(widths) - first)) ** 1.5
    sound = 1 - sum(record.irregularity != "" for record in given) / len(given)
    rows = [record.fields for record in given if len(record.fields) == width]
    spread = (width - 0.9) / width
    prior = DELIMITERS.get(dialect.delimiter, 0.5)
    if width > 1 and counts[width] == 1 and len(given) > 2:
        prior *= 0.3  # one record alone shows no habit
    if width == 1 and sum(kind_of(fields[0]) in STRICT for fields in rows) > 0.7 * len(rows):
        prior *= 3  # whole lines that are values: thousands, decimals or times, whatever is between their digits
    if dialect.delimiter in (" ", RUNS) and not _is_mostly_typed(rows):
        prior *= 0.3  # words of a sentence are no columns
    thrift = (0.995 if dialect.escape else 1.0) * (1.0 if dialect.quote else 0.4)
    even: float = prior * spread * inside**2 * coverage * sound**1.5
    return max(even * _look(rows, dialect) * thrift, 0.0)


def _is_mostly_typed(rows: Sequence[list[str]]) -> bool:
    given = [kind_of(cell) for cell in islice(chain.from_iterable(rows), SCORED_CELLS) if cell.strip()]
    return sum(kind in TYPED for kind in given) >= 0.4 * len(given)


def _look(rows: Sequence[list[str]], dialect: Dialect) -> float:
    """How much the cells look like values, 0 to 1."""
    cells = list(islice(chain.from_iterable(rows), SCORED_CELLS))
    return sum(_worth(cell, dialect) for cell in cells) / max(len(cells), 1)


def _worth(cell: str, dialect: Dialect) -> float:
    kind = kind_of(cell)
    if kind == "empty":
        return 0.2 if dialect.delimiter == " " else 0.75
    stripped = cell.strip()
    if stripped[0] in "\"'" and (stripped[-1] != stripped[0] or stripped[0] != dialect.quote or len(stripped) < 2):
        return -0.5 if stripped[-1] == stripped[0] and len(stripped) > 1 else -1.0
    if stripped[-1] == '"' and stripped.count('"') % 2 and not re.search(r"\d\"$", stripped):
        return -1.0
    worth = _WORTH.get(kind, 1.0)
    if kind == "text" and dialect.delimiter != "" and _OTHER_MARKS.search(cell):
        worth = 0.35
    if cell[0] == " " and dialect.delimiter not in (" ", RUNS):
        worth -= 0.05
    return worth
