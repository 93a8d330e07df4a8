"""Where things lie in the drawings of the report: points of lines, heights of marks, shades of tiles.

Belongs here: geometry, in percent of a frame. Does not belong here: markup (the templates) and figures (`facts.py`).
Text is never drawn: it lies over the drawing as text, and so stays readable at any width.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import ceil, floor, log10
from pathlib import Path

SHADES = 5
NARROW_COLUMNS = 6
"""Columns of the tile map on a narrow screen, where the east of the archipelago comes below its west."""


@dataclass(frozen=True)
class Frame:
    """A drawing from `first` to `last` day and from 0 to `top`; positions are percent from the left and the bottom."""

    first: date
    last: date
    top: float

    def across(self, day: date) -> float:
        return round(100 * (day - self.first).days / (self.last - self.first).days, 2)

    def up(self, value: float) -> float:
        return round(100 * value / self.top, 2)

    def line(self, points: Iterable[tuple[date, float]]) -> str:
        """The points of an SVG polyline in a viewBox of 100 by 100."""
        return " ".join(f"{self.across(day):g},{100 - self.up(value):g}" for day, value in points)

    def ticks(self) -> list[float]:
        """Round values for lines across, 0 first."""
        step = round_step(self.top / 4)
        return [step * place for place in range(floor(self.top / step) + 1)]

    def years(self) -> list[date]:
        """The first of January of each year within."""
        return [date(year, 1, 1) for year in range(self.first.year, self.last.year + 1) if date(year, 1, 1) < self.last]


def round_step(value: float) -> float:
    """The least of 1, 2, 5, 10, 20, 50 ... that is not below `value`."""
    if value <= 1:
        return 1
    power = 10.0 ** floor(log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value)


def frame_around(days: Sequence[date], values: Sequence[float]) -> Frame:
    """A frame of whole years from 2020 on that holds all of them, with a little room above."""
    first, last = min([*days, date(2020, 1, 1)]), max([*days, date(2024, 12, 31)])
    highest = max([*values, 1]) * 1.08
    step = round_step(highest / 4)
    return Frame(date(first.year, 1, 1), date(last.year + 1, 1, 1), max(step * ceil(highest / step), 1))


@dataclass(frozen=True)
class Tile:
    """The place of a province on the map; on a narrow screen in two bands, the west above the east."""

    row: int
    column: int
    short_name: str

    @property
    def narrow_row(self) -> int:
        return self.row if self.column <= NARROW_COLUMNS else self.row + 8

    @property
    def narrow_column(self) -> int:
        return (self.column - 1) % NARROW_COLUMNS + 1


@cache
def tiles() -> dict[str, Tile]:
    """The place of each of the 38 provinces by code."""
    text = Path(__file__).with_name("tiles.csv").read_text(encoding="utf-8")
    return {
        row["province_code"]: Tile(int(row["tile_row"]), int(row["tile_column"]), row["short_name"])
        for row in csv.DictReader(text.splitlines())
    }


def shade_bounds(ratios: Sequence[float]) -> list[float]:
    """Lower bounds of the `SHADES` shades in equal steps of whole percent, the first bound included."""
    if not ratios:
        return []
    lowest, highest = floor(100 * min(ratios)), ceil(100 * max(ratios))
    step = max(1, ceil((highest - lowest) / SHADES))
    return [(lowest + step * place) / 100 for place in range(SHADES)]


def shade(ratio: float, bounds: Sequence[float]) -> int:
    """Which shade, 1 (palest) to `SHADES`."""
    return max(1, sum(ratio >= bound for bound in bounds))
