"""Mending: the one way to read a damaged line that gives the width of the table.

Damages known: a quote that does not belong (it stays part of its field), a quote that is missing, a delimiter missing
between two fields, and a line that uses another delimiter throughout. Where several readings remain, none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from transforms.reading.cells import fit
from transforms.reading.fields import RUNS, Dialect

LENGTH_LIMIT = 20_000
"""Longer lines are not searched for another way to read them."""
QUOTES_LIMIT = 60
WIDTH_LIMIT = 150
READINGS_KEPT = 8
OTHER_DELIMITERS = (",", ";", "\t", "|", " ", "^", "~", ":")

Reading = tuple[int, tuple[str, ...], str]
"""Damage, fields, and the name of the worst of it."""


def mend(text: str, dialect: Dialect, width: int, kinds: Sequence[str]) -> tuple[list[str], str] | None:
    """The fields and the damage of the one best reading of `text` with `width` fields; None for none or many."""
    if width < 2 or len(text) > LENGTH_LIMIT or dialect.delimiter == RUNS:
        return None
    own = dialect.split(text)
    mended = _with_stray_quotes(text, dialect, width, kinds)
    if own is not None and mended and not dialect.quoted_count(text)[1]:
        # The text is sound as it stands; a doubled quote is two fields only where values, or its being alone, say so.
        edge = rf"[^\s{re.escape(dialect.delimiter + dialect.quote)}]"
        twice = re.findall(f"{edge}{re.escape(dialect.quote * 2)}{edge}", text)
        is_alone = len(twice) == text.count(dialect.quote * 2) == 1
        is_better = fit(mended[0], kinds)[0] > fit(own, kinds)[0] and not fit(mended[0], kinds)[1]
        if (
            len(own) > width
            or mended[1] != "missing_delimiter"
            or not (is_better or (is_alone and dialect.is_always_quoted))
        ):
            mended = None
    other = _with_other_delimiter(text, dialect, width, kinds)
    if mended and other:
        return other if fit(other[0], kinds)[0] > fit(mended[0], kinds)[0] else mended
    return mended or other


def mend_moved(
    text: str, fields: Sequence[str], dialect: Dialect, kinds: Sequence[str]
) -> tuple[list[str], str] | None:
    """The reading of a text that has the width of the table only because a lost delimiter and a cut field make up for
    each other; None unless it fits the columns better than `fields`, the text as it stands."""
    if dialect.quoted_count(text)[1] < 2 or not fit(fields, kinds)[1]:
        return None
    mended = _with_stray_quotes(text, dialect, len(fields), kinds)
    return mended if mended and fit(mended[0], kinds)[1] < fit(fields, kinds)[1] else None


def without_lone_quotes(fields: Sequence[str], dialect: Dialect) -> list[str] | None:
    """`fields`, where every field should be quoted, freed of quotes that lost their partner; None if there are none."""
    quote = dialect.quote
    if not dialect.is_always_quoted:
        return None
    freed = [
        field[1:] if field.startswith(quote) and field.count(quote) == 1
        else field[:-1] if field.endswith(quote) and field.count(quote) == 1
        else field
        for field in fields
    ]  # fmt: skip
    return freed if freed != list(fields) else None


def _with_stray_quotes(text: str, dialect: Dialect, width: int, kinds: Sequence[str]) -> tuple[list[str], str] | None:
    quote = dialect.quote
    if not quote or quote not in text or text.count(quote) > QUOTES_LIMIT or width > WIDTH_LIMIT:
        return None
    readings = _Readings(text, dialect).from_place(0, width)
    if not readings:
        return None
    misfits = [fit([field.strip(quote) for field in fields], kinds)[1] for _, fields, _ in readings]
    fitting = [reading for reading, count in zip(readings, misfits, strict=True) if count == min(misfits)]
    damage = min(reading[0] for reading in fitting)
    best = [reading for reading in fitting if reading[0] == damage]
    return (list(best[0][1]), best[0][2]) if len(best) == 1 else None


def _with_other_delimiter(
    text: str, dialect: Dialect, width: int, kinds: Sequence[str]
) -> tuple[list[str], str] | None:
    own = dialect.split(text)
    found = []
    for delimiter in OTHER_DELIMITERS:
        if delimiter == dialect.delimiter or delimiter not in text:
            continue
        for is_skipped in (False, True):
            fields = replace(dialect, delimiter=delimiter, is_space_skipped=is_skipped).split(text)
            if fields is None or len(fields) != width:
                continue
            confirmed, contradicted = fit(fields, kinds)
            is_sure = confirmed > (fit(own, kinds)[0] if own else 0) or (own is not None and len(own) == 1)
            if not contradicted and is_sure and fields not in found:
                found.append(fields)
            break
    return (found[0], "other_delimiter") if len(found) == 1 else None


class _Readings:
    """All ways to read a text as so many fields, the least damaged first; every place is read once."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text, self.dialect = text, dialect
        self.known: dict[tuple[int, int], list[Reading]] = {}

    def from_place(self, place: int, wanted: int) -> list[Reading]:
        """Readings of the text from `place` on as `wanted` fields."""
        key = (place, wanted)
        if key not in self.known:
            self.known[key] = []
            found: dict[tuple[str, ...], Reading] = {}
            for damage, field, end, name in self._fields_at(place):
                for more, fields, other in self._rest(end, wanted, name == "missing_delimiter"):
                    reading = (damage + more, (field, *fields), max(name, other, key=_severity))
                    if reading[1] not in found or reading[0] < found[reading[1]][0]:
                        found[reading[1]] = reading
            self.known[key] = sorted(found.values(), key=lambda reading: reading[0])[:READINGS_KEPT]
        return self.known[key]

    def _rest(self, end: int, wanted: int, is_delimiter_missing: bool) -> list[Reading]:
        if end == len(self.text):
            return [(0, (), "")] if wanted == 1 else []
        if wanted == 1:
            return []
        return self.from_place(end if is_delimiter_missing else end + len(self.dialect.delimiter), wanted - 1)

    def _fields_at(self, place: int) -> list[tuple[int, str, int, str]]:
        """What the field at `place` may be: (damage, field, where it ends, name of the damage)."""
        text, quote, delimiter = self.text, self.dialect.quote, self.dialect.delimiter
        while self.dialect.is_space_skipped and text.startswith(" ", place):
            place += 1
        found = []
        end = text.find(delimiter, place)
        end = len(text) if end == -1 else end
        plain = text[place:end]
        if text.startswith(quote, place):
            close = text.find(quote, place + 1)
            while close != -1:
                field, lone = self._unquoted(text[place + 1 : close])
                after = close + 1
                if after == len(text) or text.startswith(delimiter, after):
                    found.append((2 * lone, field, after, "stray_quote" if lone else ""))
                elif not lone:
                    found.append((3 if text.startswith(quote, after) else 5, field, after, "missing_delimiter"))
                close = text.find(quote, after)
            if self.dialect.is_always_quoted and quote not in plain[1:]:
                found.append((3, plain[1:], end, "missing_quote"))
            else:
                found.append((3 + plain[1:].count(quote), plain, end, "stray_quote"))
            closing = text.find(delimiter, end + 1)
            while closing != -1 and quote not in text[place + 1 : closing]:
                found.append((4, text[place + 1 : closing], closing, "missing_quote"))
                closing = text.find(delimiter, closing + 1)
            if quote not in text[place + 1 :] and delimiter in text[place:]:
                found.append((4, text[place + 1 :], len(text), "missing_quote"))
        else:
            found.append((plain.count(quote), plain, end, "stray_quote" if quote in plain else ""))
            opening = text.find(quote, place, end)
            if opening != -1:
                found.append((4, text[place:opening], opening, "missing_delimiter"))
            close = text.find(quote, end)
            after = close + 1
            is_last = after == len(text) or text.startswith(delimiter, after)
            if close != -1 and is_last and delimiter in text[place:close]:
                found.append((4, text[place:close], after, "missing_quote"))
        return found

    def _unquoted(self, inner: str) -> tuple[str, int]:
        """The text between two quotes, and how many lone quotes are in it."""
        quote, escape = self.dialect.quote, self.dialect.escape
        if escape:
            inner = inner.replace(escape + quote, quote * 2)
        return inner.replace(quote * 2, quote), inner.replace(quote * 2, "").count(quote)


def _severity(name: str) -> int:
    return ("", "stray_quote", "missing_quote", "missing_delimiter").index(name)
