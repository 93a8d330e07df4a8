"""The words of the report, all of them in `words.toml`, each in Indonesian and English.

Belongs here: finding a word and filling in its figures. Does not belong here: the words themselves.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from warehouse.report.numbers import Language

LANGUAGES: tuple[Language, ...] = ("id", "en")


@cache
def all_words() -> dict[str, dict[str, str]]:
    """Every text by key, then by language."""
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


class Words:
    """The words of one language; called with a key and the figures that its braces name."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **figures: object) -> Markup:
        """The text of `key`: what is in the file may hold markup, what is filled in is escaped. Raises `KeyError`."""
        text = Markup(all_words()[key][self.language])
        return text.format(**figures) if figures else text

    def plain(self, key: str, **figures: object) -> str:
        """The same without markup, for sheets and attributes."""
        return self(key, **figures).striptags()

    def code(self, kind: str, code: str | None) -> Markup:
        """The text for `code` of `kind`, as `verdict` and `met`; the code itself where there is no text for it."""
        key = f"{kind}_{code}"
        return self(key) if key in all_words() else escape(code or "–")
