"""Suppression of money: which cells are hidden, so that no contributor can work out what another one makes.

Belongs here: the p-percent rule and the least number of contributors, for breakdowns of one total. Does not belong
here: counts (`suppress.py`).

Whoever contributes to a cell knows his own share, so a cell is safe only if what is left without the two largest hides
the largest well. Hidden cells are known in sum, as what is left when the visible ones are taken off the total, so their
sum has to be safe in the same way. Then no contributor of a hidden cell can bound another one within p percent from
above. Two releases are tied only by what stays hidden: not protected is the step of a cell from one to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from transforms.disclosure.records import Reason, ReleaseError, Suppression
from transforms.disclosure.suppress import THRESHOLD

PERCENT = 10
"""How close the second largest contributor may come to the largest, percent of it."""


@dataclass(frozen=True)
class MoneyCell:
    """One category of a breakdown of money, IDR; only `total` is ever released."""

    code: str
    total: int
    largest: int
    second_largest: int
    contributor_count: int

    def __post_init__(self) -> None:
        """Raises `ReleaseError` when the figures cannot belong together."""
        if not 0 <= self.second_largest <= self.largest <= self.largest + self.second_largest <= self.total or (
            self.contributor_count == 0 < self.total
        ):
            raise ReleaseError(f"cell {self.code}: the two largest, the total and the contributors do not fit together")

    def joined(self, other: MoneyCell) -> MoneyCell:
        """Both cells as one, without a code."""
        top = sorted((self.largest, self.second_largest, other.largest, other.second_largest))
        return MoneyCell(
            "", self.total + other.total, top[-1], top[-2], self.contributor_count + other.contributor_count
        )

    def is_safe(self, threshold: int, percent: int) -> bool:
        """Whether it may be shown."""
        left = self.total - self.largest - self.second_largest
        return self.contributor_count >= threshold and 100 * left >= percent * self.largest


def suppress_money(
    cells: Iterable[MoneyCell], threshold: int = THRESHOLD, percent: int = PERCENT, earlier: Collection[str] = ()
) -> list[Suppression]:
    """The cells to hide, ordered by code, when the total of all cells is released too.

    `earlier` are the cells that any earlier release hid. A cell without contributors stays visible as 0. When the total
    itself is not safe, every cell is hidden as `unprotectable`, and the total must not be released either.
    Raises `ReleaseError` when two cells have one code.
    """
    ordered = sorted(cells, key=lambda cell: (cell.total, cell.code))
    if len({cell.code for cell in ordered}) < len(ordered):
        raise ReleaseError("two cells have one code; a cell is given once")
    reasons: dict[str, Reason] = {}
    for cell in ordered:
        if cell.contributor_count and not cell.is_safe(threshold, percent):
            is_few = cell.contributor_count < threshold
            reasons[cell.code] = "primary" if is_few else "dominance"
        elif cell.code in earlier:
            reasons[cell.code] = "earlier_release"
    hidden = [cell for cell in ordered if cell.code in reasons]
    if not hidden:
        return []
    others = [cell for cell in ordered if cell.code not in reasons and cell.contributor_count]
    chosen: list[MoneyCell] = []
    while not _are_safe([*hidden, *chosen], threshold, percent):
        if len(chosen) == len(others):
            every = [*hidden, *others]
            return [Suppression(code, "unprotectable") for code in sorted(cell.code for cell in every)]
        chosen.append(others[len(chosen)])
    for cell in reversed(chosen[:]):
        fewer = [one for one in chosen if one is not cell]
        if _are_safe([*hidden, *fewer], threshold, percent):
            chosen = fewer
    reasons.update((cell.code, "complementary") for cell in chosen)
    return [Suppression(code, reason) for code, reason in sorted(reasons.items())]


def _are_safe(cells: list[MoneyCell], threshold: int, percent: int) -> bool:
    together = cells[0]
    for cell in cells[1:]:
        together = together.joined(cell)
    return len(cells) > 1 and together.is_safe(threshold, percent)
