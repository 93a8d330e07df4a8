"""Released trees: units with a record of counts each, and what a release shows of them.

Belongs here: the words in which a released table is put before `suppress`. Does not belong here: any rule on what is
hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Counts = tuple[int, ...]
Release = Mapping[str, Counts | None]
"""What one release shows: the counts of each unit, None where they are hidden."""
Reason = Literal["primary", "complementary", "earlier_release", "parent_hidden", "dominance", "unprotectable"]
REASONS: Mapping[Reason, str] = {
    "primary": "a count of the record is small, or all its businesses are of one class; of money: few contributors",
    "complementary": "it could otherwise be used to work out a hidden sibling, or it repeats its only child",
    "earlier_release": "an earlier release hid it",
    "parent_hidden": "the unit it is part of is hidden",
    "dominance": "the largest contributor could be worked out by the second largest",
    "unprotectable": "not even hiding every unit protects the small ones, so this release must not be made",
}


class ReleaseError(ValueError):
    """The units are no tree whose parts add up, or an earlier release was made of another one."""


@dataclass(frozen=True)
class Unit:
    """A unit of a released table, such as a province in one frame or a size class.

    `counts` are businesses by disjoint class, the same classes in each unit; every published measure is a sum of
    classes (see `classes`). `code` is unique in the tree, so it names the frame where two frames share codes. The one
    root, the nation, has no parent.
    """

    code: str
    parent: str | None
    counts: Counts


@dataclass(frozen=True)
class Suppression:
    """A unit whose whole record is hidden, and the first of `REASONS` that holds."""

    code: str
    reason: Reason


def classes(business_count: int, nested: Sequence[int]) -> Counts:
    """Disjoint classes of measures of which each holds the next larger: D1 <= D2 <= ... <= business_count.

    (100, (20, 50)) is (20, 30, 50): the D1, those of D2 that are not D1, and the rest.
    """
    steps = (0, *nested, business_count)
    if any(low > high for low, high in pairwise(steps)):
        raise ReleaseError("measures are not nested; give them from the narrowest to the widest definition")
    return tuple(high - low for low, high in pairwise(steps))


def added(records: Iterable[Counts], width: int) -> Counts:
    """The sum of records of `width` classes."""
    total = [0] * width
    for record in records:
        for place, count in enumerate(record):
            total[place] += count
    return tuple(total)


class Tree:
    """Units by code, in an order that does not depend on the order in which they are given."""

    def __init__(self, units: Iterable[Unit]) -> None:
        """Raises `ReleaseError` when the units are no tree or a unit is not the sum of its parts."""
        ordered = sorted(units, key=lambda unit: unit.code)
        self.counts = {unit.code: unit.counts for unit in ordered}
        if len(self.counts) < len(ordered):
            raise ReleaseError("two units have one code; name the frame or level in the code")
        self.children: dict[str, list[str]] = {unit.code: [] for unit in ordered}
        roots = []
        for unit in ordered:
            if unit.parent is None:
                roots.append(unit.code)
            elif unit.parent in self.children:
                self.children[unit.parent].append(unit.code)
            else:
                raise ReleaseError(f"unit {unit.code} is part of {unit.parent}, which is missing; add it")
        if len(roots) != 1:
            raise ReleaseError(f"there are {len(roots)} units without a parent; there must be one, the nation")
        self.root = roots[0]
        self.width = len(self.counts[self.root])
        self.top_down = [self.root]
        for code in self.top_down:
            self.top_down.extend(self.children[code])
        if len(self.top_down) < len(ordered):
            raise ReleaseError("some units are parts of each other; correct their parents")
        for code, parts in self.children.items():
            if len(self.counts[code]) != self.width or min(self.counts[code], default=-1) < 0:
                raise ReleaseError(f"unit {code} must have {self.width} counts, none of them negative")
            if parts and added((self.counts[part] for part in parts), self.width) != self.counts[code]:
                raise ReleaseError(f"unit {code} is not the sum of its parts; add what is missing as unit unknown")
        self.leaf_counts: dict[str, int] = {}
        """Leaves below each unit, itself included, that have a business."""
        for code in reversed(self.top_down):
            parts = self.children[code]
            self.leaf_counts[code] = sum(self.leaf_counts[part] for part in parts) if parts else int(self.has_any(code))

    def has_any(self, code: str) -> bool:
        """Whether the unit has a business; one without was not enumerated, which is public."""
        return any(self.counts[code])


def released(units: Iterable[Unit], suppressions: Iterable[Suppression]) -> dict[str, Counts | None]:
    """What the release shows, to be kept for `earlier` of the next one."""
    hidden = {suppression.code for suppression in suppressions}
    return {unit.code: None if unit.code in hidden else unit.counts for unit in units}
