"""An attacker on released tables: linear programs over everything that the releases show.

Belongs here: censuses to attack, and the attack. The attacker's unknowns are the businesses of each leaf by class, of
each release; he knows every visible count and margin, that a leaf that is newly hidden has a business, and, if he
`holds` so, that counts of a later release are not lower.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from transforms.disclosure.records import Counts, Unit

Shown = Mapping[str, Counts | None]
Target = tuple[int, str, tuple[int, ...]]
"""Release, unit, and the classes whose sum is attacked."""


def leaves_of(units: Iterable[Unit]) -> dict[str, list[str]]:
    """The leaves below each unit, itself if it is one."""
    units = list(units)
    parent_of = {unit.code: unit.parent for unit in units}
    parents = set(parent_of.values())
    leaves: dict[str, list[str]] = {unit.code: [] for unit in units}
    for unit in units:
        if unit.code not in parents:
            above: str | None = unit.code
            while above is not None:
                leaves[above].append(unit.code)
                above = parent_of[above]
    return leaves


@dataclass
class Attack:
    """What the attacker knows, as equations and inequalities."""

    releases: list[tuple[Sequence[Unit], Shown]]
    width: int
    equations: list[tuple[dict[int, float], float]] = field(default_factory=list)
    at_least: list[tuple[dict[int, float], float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        units = self.releases[0][0]
        self.leaves = leaves_of(units)
        self.codes = sorted(code for code, leaves in self.leaves.items() if leaves == [code])
        self.places = {code: place for place, code in enumerate(self.codes)}
        self.size = len(self.releases) * len(self.codes) * self.width
        hidden_before: set[str] = set()
        for number, (_, shown) in enumerate(self.releases):
            for code, counts in shown.items():
                if counts is not None:
                    for place, count in enumerate(counts):
                        self.equations.append((self.terms((number, code, (place,))), count))
                elif code in self.places and code not in hidden_before:
                    self.at_least.append((self.terms((number, code, tuple(range(self.width)))), 1))
            hidden_before |= {code for code, counts in shown.items() if counts is None}

    def terms(self, target: Target, sign: float = 1) -> dict[int, float]:
        number, code, places = target
        return {
            (number * len(self.codes) + self.places[leaf]) * self.width + place: sign
            for leaf in self.leaves[code]
            for place in places
        }

    def hold_growth(
        self, measures: Iterable[Sequence[int]], is_true: Callable[[int, str, Sequence[int]], bool]
    ) -> None:
        """Assume of each unit and measure for which `is_true` that it did not fall since the release before."""
        for number in range(1, len(self.releases)):
            for code in self.leaves:
                for measure in measures:
                    if is_true(number, code, measure):
                        places = tuple(measure)
                        later = self.terms((number, code, places))
                        self.at_least.append((later | self.terms((number - 1, code, places), -1), 0))

    def narrow(self, targets: Sequence[Target], width: float) -> dict[Target, tuple[float, float]]:
        """The targets whose interval is narrower than `width`, with its least and greatest value.

        Any two points that the attacker cannot rule out show all targets that differ between them by `width` to be
        wide, so that only what is left needs programs of its own.
        """
        rows = np.zeros((len(targets), self.size))
        for row, target in enumerate(targets):
            terms = self.terms(target)
            rows[row, list(terms)] = list(terms.values())
        equal, totals = self._matrix(self.equations)
        above, floors = self._matrix(self.at_least)
        low, high = np.full(len(targets), np.inf), np.full(len(targets), -np.inf)
        known = [LinearConstraint(equal, totals, totals)]
        if len(floors):
            known.append(LinearConstraint(above, floors, np.inf))
        found = {}
        for row, target in enumerate(targets):
            if high[row] - low[row] >= width:
                continue
            for costs in (rows[row], -rows[row]):
                solved = milp(costs, constraints=known)  # without integers, a linear program
                assert solved.status == 0, solved.message
                values = rows @ solved.x
                low, high = np.minimum(low, values), np.maximum(high, values)
            if high[row] - low[row] < width - 1e-6:
                found[target] = (low[row], high[row])
        return found

    def _matrix(self, rows: Sequence[tuple[dict[int, float], float]]) -> tuple[csr_array, np.ndarray]:
        cells = [(row, place, value) for row, (terms, _) in enumerate(rows) for place, value in terms.items()]
        at_rows, at_places, values = zip(*cells, strict=True) if cells else ((), (), ())
        matrix = csr_array((values, (at_rows, at_places)), shape=(len(rows), self.size))
        return matrix, np.array([total for _, total in rows], dtype=float)


def tree(leaves: Mapping[str, Counts], parents: Mapping[str, str | None]) -> list[Unit]:
    """The units of a tree from the counts of its leaves."""
    width = len(next(iter(leaves.values())))
    totals = {code: [0] * width for code in parents}
    for leaf, counts in leaves.items():
        above: str | None = leaf
        while above is not None:
            totals[above] = [one + other for one, other in zip(totals[above], counts, strict=True)]
            above = parents[above]
    return [Unit(code, parent, tuple(totals[code])) for code, parent in parents.items()]


def draw_regions(draw: random.Random) -> dict[str, str | None]:
    """Parents of a small country: nation, provinces of two frames (some split), kab/kota, and unknown."""
    parents: dict[str, str | None] = {"nation": None, "unknown": "nation"}
    for province in range(draw.randint(2, 5)):
        old = f"34:{province}"
        parents[old] = "nation"
        for split in range(draw.choice([1, 1, 1, 2, 3])):
            new = f"38:{province}{split}"
            parents[new] = old
            for regency in range(draw.randint(1, 4)):
                parents[f"{province}{split}.{regency}"] = new
    return parents


def draw_leaves(draw: random.Random, parents: Mapping[str, str | None], width: int = 5) -> dict[str, Counts]:
    """Skewed counts: many empty or tiny leaves, some dominant ones, at times a class that nobody is of."""
    shares = [draw.choice([0, 0.02, 0.1, 0.3, 1]) if draw.random() < 0.5 else draw.random() for _ in range(width)]
    shares[-1] = shares[-1] or 0.5
    inner = set(parents.values())
    sizes = {
        code: draw.choice(
            [0, draw.randint(1, 8), draw.randint(5, 60), draw.randint(5, 60), int(draw.lognormvariate(5, 1.5))]
        )
        for code in parents
        if code not in inner
    }
    return {code: _spread(draw, size, shares) for code, size in sizes.items()}


def _spread(draw: random.Random, count: int, shares: Sequence[float]) -> Counts:
    drawn = draw.choices(range(len(shares)), shares, k=count)
    return tuple(drawn.count(place) for place in range(len(shares)))


def grown(draw: random.Random, leaves: Mapping[str, Counts], is_going_digital: bool) -> dict[str, Counts]:
    """The leaves of the next release: new businesses in some of them, and old ones that reach a narrower class."""
    later = {}
    for code, counts in leaves.items():
        added = draw.choice([0, 0, 1, 2, draw.randint(0, 30), sum(counts) // 4])
        now = [one + other for one, other in zip(counts, _spread(draw, added, [1] * len(counts)), strict=True)]
        if is_going_digital:
            for place in range(1, len(now)):
                moved = draw.randint(0, min(now[place], draw.choice([0, 1, 3, 20])))
                now[place] -= moved
                now[draw.randrange(place)] += moved
        later[code] = tuple(now)
    return later


def corrected(draw: random.Random, leaves: Mapping[str, Counts]) -> dict[str, Counts]:
    """The leaves of the next release when duplicates were taken out and others came in."""
    return {
        code: tuple(max(0, count + draw.choice([0, 0, 1, -1, 4, -4, 15, -count])) for count in counts)
        for code, counts in grown(draw, leaves, is_going_digital=draw.random() < 0.5).items()
    }
