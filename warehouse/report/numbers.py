"""Numbers and dates as people read them in Indonesian or English.

Belongs here: how a value looks. Does not belong here: the words around it (`words.py`), and data files, which keep
dots and ISO dates.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

Language = Literal["id", "en"]
NOTHING = "–"
MILLION = 1_000_000
_MILLION_WORD = {"id": "juta", "en": "million"}
_MONEY = {
    "id": ("Rp{} {}", ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"))),
    "en": ("IDR {} {}", ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))),
}
_LOCALE = {"id": "id", "en": "en_GB"}


class Numbers:
    """Formats of one language; every method gives a dash for None."""

    def __init__(self, language: Language) -> None:
        self._locale = _LOCALE[language]
        self._money, self._money_words = _MONEY[language]
        self._million = _MILLION_WORD[language]
        self._percent = "#,##0.{} %" if language == "id" else "#,##0.{}%"

    def count(self, value: float | None) -> str:
        """1234567 as 1.234.567; what is no whole number is rounded to one."""
        return NOTHING if value is None else format_decimal(round(value), locale=self._locale).replace("-", "−")

    def change(self, value: int | None) -> str:
        """-1234 as −1.234 and 1234 as +1.234; 0 has no sign."""
        if value is None:
            return NOTHING
        return ("+" if value > 0 else "−" if value < 0 else "") + self.count(abs(value))

    def percent(self, value: float | None) -> str:
        """1.038 as 103,8 %: one decimal, up to three below one percent, where one would leave little of it."""
        if value is None:
            return NOTHING
        digits = "0" if abs(value) >= 0.01 or value == 0 else "0##"
        return str(format_percent(value, format=self._percent.format(digits), locale=self._locale))

    def points(self, value: float) -> str:
        """0.19 as 19,0: percent without the sign, for tiles."""
        return str(format_decimal(100 * value, format="0.0", locale=self._locale))

    def millions(self, value: int | None) -> str:
        """20760000 as 20,76 juta; below 100,000 the count itself."""
        if value is None or abs(value) < MILLION / 10:
            return self.count(value)
        return f"{format_decimal(value / MILLION, format='#,##0.##', locale=self._locale)} {self._million}"

    def rupiah(self, value: int | None) -> str:
        """1234567890 as Rp1,23 miliar; below a million in full."""
        if value is None:
            return NOTHING
        size, word = next(((size, word) for size, word in self._money_words if value >= size), (1, ""))
        return self._money.format(format_decimal(value / size, format="#,##0.##", locale=self._locale), word).rstrip()

    def day(self, value: date | None) -> str:
        """31 Desember 2024."""
        return NOTHING if value is None else format_date(value, "d MMMM y", locale=self._locale)
