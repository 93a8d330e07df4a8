"""Fields: one text is cut into fields in a given dialect.

Belongs here: what a dialect is, and cutting by it. Does not belong here: finding the dialect (`dialect.py`), records of
several lines (`records.py`) and damage (`mending.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

RUNS = "  "
"""The delimiter of columns set apart by two or more spaces."""
LENIENT_LENGTH = 20_000
"""Longer texts with broken quotes are cut at every delimiter: no quote in them is trusted."""


@dataclass(frozen=True)
class Dialect:
    """How fields are written.

    `delimiter` is '' for one column and `RUNS` for two or more spaces; `quote` is '' for none; `escape` stands before a
    quote inside quotes, '' when the quote is doubled; `is_always_quoted` when every field stands in quotes.
    """

    delimiter: str
    quote: str = '"'
    escape: str = ""
    is_space_skipped: bool = False
    is_always_quoted: bool = False

    @cached_property
    def _cut(self) -> str:
        cut = " {2,}" if self.delimiter == RUNS else re.escape(self.delimiter)
        return cut + (" *+" if self.is_space_skipped else "")

    @cached_property
    def _body(self) -> str:
        """Pattern of what stands between quotes."""
        quote, escape = re.escape(self.quote), re.escape(self.escape)
        if self.escape:
            return rf"(?:[^{quote}{escape}]|{escape}.|{quote}{quote})*+"
        return rf"[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+"

    @cached_property
    def field(self) -> re.Pattern[str]:
        """One delimiter and the field behind it: (all of it, text in quotes, text without)."""
        quote = re.escape(self.quote)
        end = f"{' *' if self.is_space_skipped else ''}(?={self._cut}|\\Z)" if self.delimiter else r"\Z"
        if not self.delimiter:
            plain = r".*"
        elif self.delimiter == RUNS:
            plain = rf"(?:(?!{self._cut}).)*"
        elif self.escape:
            plain = rf"(?:[^{re.escape(self.delimiter + self.escape)}]|{re.escape(self.escape)}.?)*"
        else:
            plain = f"[^{re.escape(self.delimiter)}]*"
        if not self.quote:
            return re.compile(rf"({self._cut}()({plain}))", re.DOTALL)
        return re.compile(rf"({self._cut}(?:{quote}({self._body}){quote}{end}|((?!{quote}){plain})))", re.DOTALL)

    @cached_property
    def _open(self) -> re.Pattern[str]:
        quote = re.escape(self.quote)
        return re.compile(rf"{self._cut}{quote}{self._body}(?:{re.escape(self.escape)})?\Z", re.DOTALL)

    @cached_property
    def _is_simple(self) -> bool:
        return bool(self.delimiter) and self.delimiter != RUNS and not self.escape

    def split(self, text: str) -> list[str] | None:
        """The fields of `text`, None when it breaks the dialect."""
        if self._is_simple and (not self.quote or self.quote not in text):
            fields = text.split(self.delimiter)
            return [field.lstrip(" ") for field in fields] if self.is_space_skipped else fields
        whole = self.before(text)
        found = self.field.findall(whole)
        if not self.delimiter:
            del found[1:]  # behind the only field nothing more is matched than the end of the text
        if len("".join([piece[0] for piece in found])) != len(whole):
            return None
        if self.escape:
            return [self._unescaped(quoted) if quoted else self._unescaped_plain(plain) for _, quoted, plain in found]
        twice = self.quote * 2
        return [
            (quoted.replace(twice, self.quote) if twice in quoted else quoted) if quoted else plain
            for _, quoted, plain in found
        ]

    def is_open(self, text: str) -> bool:
        """Whether `text`, which breaks the dialect, does so because a quote is not closed at its end."""
        if not self.quote:
            return False
        whole = self.before(text)
        place = 0
        for found in self.field.finditer(whole):
            if found.start() != place:
                break
            place = found.end()
        return bool(self._open.match(whole, place))

    def quoted_count(self, text: str) -> tuple[int, int]:
        """How many fields of `text` stand in quotes, and how many without them hold a quote all the same."""
        found = self.field.findall(self.before(text))
        loose = sum(self.quote in plain for _, _, plain in found) if self.quote else 0
        return sum(not plain and len(whole) > len(self.delimiter) for whole, _, plain in found), loose

    def before(self, text: str) -> str:
        """A first field begins like the others, behind a delimiter; spaces before all of them mean nothing in runs."""
        return self.delimiter + (text.strip(" ") if self.delimiter == RUNS else text)

    def _unescaped(self, quoted: str) -> str:
        if self.escape in quoted:
            quoted = re.sub(re.escape(self.escape) + f"([{re.escape(self.quote + self.escape)}])", r"\1", quoted)
        return quoted.replace(self.quote * 2, self.quote)

    def _unescaped_plain(self, plain: str) -> str:
        if self.escape in plain:
            plain = plain.replace(self.escape + self.delimiter, self.delimiter)
        return plain


CELLS = Dialect("\ud800", quote="")
"""How the cells of a sheet's row are put into one line: a lone surrogate is in no text, so nothing is ever quoted."""


def split_leniently(text: str, dialect: Dialect) -> list[str]:
    """The fields of a text whose quotes break the dialect, cut at every delimiter outside well-formed quotes."""
    if len(text) > LENIENT_LENGTH:
        return text.split(dialect.delimiter) if dialect.delimiter else [text]
    fields: list[str] = []
    rest = text
    while True:
        whole = dialect.before(rest)
        place = 0
        for found in dialect.field.finditer(whole):
            if found.start() != place:
                break
            place = found.end()
        if place:
            fields.extend(dialect.split(whole[len(dialect.delimiter) : place]) or [])
        if place >= len(whole):
            return fields
        broken = whole[place + len(dialect.delimiter) :]
        if not dialect.delimiter or dialect.delimiter not in broken:
            return [*fields, broken]
        field, rest = broken.split(dialect.delimiter, 1)
        fields.append(field)
