"""The match weights: how much each level of each comparison speaks for one business, in bits.

Belongs here: the table `weights.csv` and how it is read. How it came about is in `estimate.py`. In the terms of
Fellegi and Sunter: `m` is the probability of a level among pairs of one business, `u` among pairs of strangers, and
`sibling` among pairs of different businesses of one owner. The match weight is log2(m / u), the sibling weight log2(m
/ sibling).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from transforms.resolve.comparisons import COMPARISONS

WEIGHTS_FILE = Path(__file__).parent / "weights.csv"
PRIOR = "prior"


@dataclass(frozen=True)
class Weight:
    """One level of one comparison; `sibling` and `sibling_weight` only tell for business evidence.

    The row `prior` holds the log2 odds before anything is compared: that two registrations of the country are one
    business, and that two registrations of one owner are.
    """

    comparison: str
    side: str
    level: str
    digit: int
    m: float
    u: float
    sibling: float
    match_weight: float
    sibling_weight: float


def weight_of(comparison: str, side: str, level: str, digit: int, m: float, u: float, sibling: float) -> Weight:
    """The row of the table for given probabilities, which are kept with four digits."""
    m, u, sibling = (float(f"{share:.4g}") for share in (m, u, sibling))
    return Weight(
        comparison, side, level, digit, m, u, sibling,
        round(math.log2(m / u), 2) + 0.0, round(math.log2(m / sibling), 2) + 0.0,
    )  # fmt: skip


def read_weights(path: Path = WEIGHTS_FILE) -> list[Weight]:
    """The rows of a weights table; raises `ValueError` when it does not fit the comparisons."""
    with path.open(encoding="utf-8", newline="") as file:
        weights = [
            Weight(row["comparison"], row["side"], row["level"], int(row["digit"]), *map(float, list(row.values())[4:]))
            for row in csv.DictReader(file)
        ]
    expected = [(PRIOR, PRIOR, 0)] + [
        (comparison.name, level, digit)
        for comparison in COMPARISONS
        for digit, level in enumerate(comparison.level_names)
        if digit
    ]
    if [(weight.comparison, weight.level, weight.digit) for weight in weights] != expected:
        raise ValueError(f"{path.name} does not hold the levels of comparisons.py in their order; estimate it anew")
    return weights


def write_weights(weights: Iterable[Weight], path: Path) -> None:
    """Write a weights table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Weight.__dataclass_fields__)
        writer.writerows(astuple(weight) for weight in weights)


def load_weights(con: duckdb.DuckDBPyConnection, weights: Iterable[Weight]) -> None:
    """Make the table `match_weights` on `con`; `place` is the comparison's place in a pattern."""
    places = {comparison.name: place for place, comparison in enumerate(COMPARISONS)}
    con.execute(
        "CREATE OR REPLACE TEMP TABLE match_weights (comparison VARCHAR, side VARCHAR, level VARCHAR, digit TINYINT,"
        " m DOUBLE, u DOUBLE, sibling DOUBLE, match_weight DOUBLE, sibling_weight DOUBLE, place TINYINT)"
    )
    con.executemany(
        "INSERT INTO match_weights VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*astuple(weight), places.get(weight.comparison)) for weight in weights],
    )
