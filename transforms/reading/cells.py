"""Cells: what kind of value a text looks like, as evidence for dialects, headers and repairs.

Belongs here: the look of one cell and of a column of cells. A kind is no judgement of the value and converts nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

_MONTHS = (
    r"(?:jan|feb|mar|apr|may|mei|jun|jul|aug|agu|agt|ags|sep|oct|okt|nov|dec|des)[a-z]*\.?"  # English and Indonesian
)
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|utc|wib|[+-]\d{2}:?\d{2}))?"
_DAY = (
    r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})|\d{2}([-/.])\d{1,2}\3\d{1,2}"
    rf"|\d{{1,2}}[- /.]?{_MONTHS}[- /.,]{{0,2}}\d{{2,4}}|{_MONTHS} \d{{1,2}},? \d{{4}})"
)
_KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("missing", r"n/?a|nan|null|none|nil|-+|\.+|\?+|\\n|#n/a|tidak ada"),
        (
            "number",
            r"[-+(]?\s?(?:rp\.?|idr|usd|us\$|[$€£¥])?\s?[-+]?"
            r"(?:\d+(?:[.,]\d+)?|\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?|[.,]\d+)"
            r"(?:e[-+]?\d+)?\s?(?:%|‰|€|\))?|[-+]?inf",
        ),
        ("date", rf"{_DAY}(?:[t ]\s?{_TIME})?|\d{{4}}-\d{{2}}"),
        ("time", r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|utc|wib|[+-]\d{2}:?\d{2}))?"),
        ("boolean", r"true|false|yes|no|ya|tidak"),
        ("url", r"(?:https?|ftp)://\S+|www\.\S+\.\S+"),
        ("email", r"[^\s@,;|]+@[^\s@,;|]+\.[a-z]{2,}"),
        ("code", r"(?=\S*\d)[\w./#:*+-]{1,40}"),
        ("word", r"[^\W\d]+(?:[-_'’&./ ]{1,2}[^\W\d]+){0,3}"),
    )
)
TYPED = frozenset({"number", "date", "time", "boolean", "url", "email", "code"})
STRICT = frozenset({"number", "date", "time", "url", "email"})
"""Kinds that a name or a sentence never looks like."""


@lru_cache(maxsize=1 << 16)
def kind_of(cell: str) -> str:
    """`empty`, `missing`, `number`, `date`, `time`, `boolean`, `url`, `email`, `code`, `word` or `text`."""
    text = cell.strip()
    if not text:
        return "empty"
    if len(text) > 200:
        return "text"
    for kind, pattern in _KINDS:
        if pattern.fullmatch(text):
            return kind
    return "text"


def column_kind(cells: Iterable[str]) -> str:
    """The kind that four of five cells with a value have; `text` when there is no such one, `` without values."""
    counts = Counter(kind_of(cell) for cell in cells)
    del counts["empty"], counts["missing"]
    total = counts.total()
    if not total:
        return ""
    kind, count = counts.most_common(1)[0]
    if kind not in TYPED and counts["code"] + counts["number"] >= 0.8 * total > counts["number"]:
        return "code"
    if kind == "number" and count < 0.8 * total <= count + counts["code"]:
        return "code"
    return kind if count >= 0.8 * total and kind in TYPED else "text"


def column_kinds(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The kind of each of `width` columns."""
    return [column_kind(row[place] for row in rows if place < len(row)) for place in range(width)]


def fit(row: Sequence[str], kinds: Sequence[str]) -> tuple[int, int]:
    """How many cells of `row` confirm their column's strict kind, and how many contradict it."""
    confirmed = contradicted = 0
    for cell, kind in zip(row, kinds, strict=False):
        if kind not in STRICT:
            continue
        own = kind_of(cell)
        if own == kind:
            confirmed += 1
        elif own not in ("empty", "missing"):
            contradicted += 1
    return confirmed, contradicted
