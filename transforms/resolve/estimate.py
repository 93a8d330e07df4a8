"""Estimate: m, u and sibling probabilities from labelled pairs, or without labels by expectation maximisation.

Belongs here: how `weights.csv` comes about. Pairs are counted by pattern, so that the work after counting does not
grow with their number. Probabilities are bounded: what was never seen in the pairs at hand is rare, not impossible,
and the next export will have it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import numpy.typing as npt

from transforms.resolve.comparisons import COMPARISONS, pattern_sql
from transforms.resolve.weights import PRIOR, Weight, weight_of

MOST = 0.98
LEAST = 0.02
LEAST_U = 1e-6
ASSUMED = {
    ("branch", "equal"): (0.98, 0.1, 0.1),
    ("branch", "different"): (LEAST, MOST, MOST),
    ("phone", "equal_shared"): (0.1, 0.1, 0.1),
    ("cooperative_number", "equal"): (0.95, LEAST_U, LEAST),
    ("cooperative_number", "different"): (0.05, MOST, MOST),
    ("legal_entity", "equal"): (0.9, 1e-4, LEAST),
    ("legal_entity", "different"): (0.1, MOST, MOST),
}
"""m, u and sibling probabilities that are rules of the domain, not estimates: `CABANG 2` is not `CABANG 3` (a veto), a
facilitator's number says nothing, a cooperative has one number. Too few pairs show them to count."""
CENSUS_PRIOR = -20.0
"""log2 odds that two registrations are one business before anything is compared, for a census of some millions."""
NO_SIBLINGS = 99.0
"""The same for two registrations of one owner, where an owner has but one business: no evidence outweighs it."""
Counts = npt.NDArray[np.float64]


def pattern_counts(con: duckdb.DuckDBPyConnection, relation: str) -> Mapping[int, int]:
    """How often each pattern occurs in `relation(pattern)`."""
    return dict(con.execute(f"SELECT pattern, count(*) FROM {relation} GROUP BY pattern ORDER BY pattern").fetchall())


def random_pattern_counts(con: duckdb.DuckDBPyConnection, pair_count: int = 4_000_000) -> Mapping[int, int]:
    """Patterns of pairs drawn by chance from `prepared`: almost all are strangers, which is how `u` is estimated."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT *, row_number() OVER (ORDER BY row_id) - 1 AS i FROM prepared"
    )
    ((size,),) = con.execute("SELECT count(*) FROM placed").fetchall()
    return pattern_counts(
        con,
        f"""(SELECT {pattern_sql()} AS pattern FROM (
            SELECT hash(k, 1) % {size} AS i, hash(k, 2) % {size} AS j FROM range({pair_count}) AS draws(k)
        ) AS drawn JOIN placed AS l ON l.i = drawn.i JOIN placed AS r ON r.i = drawn.j
        WHERE l.row_id < r.row_id)""",
    )


def level_shares(counts: Mapping[int, float]) -> list[Counts]:
    """For each comparison the share of each level among the pairs where it is given, digit by digit; [0] is nan."""
    patterns = np.fromiter(counts, dtype=np.int64, count=len(counts))
    weights = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    return [
        _shares(digits, weights, len(c.level_names)) for c, digits in zip(COMPARISONS, _digits(patterns), strict=True)
    ]


def _digits(patterns: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [patterns // 10 ** (len(COMPARISONS) - 1 - place) % 10 for place in range(len(COMPARISONS))]


def _shares(digits: npt.NDArray[np.int64], weights: Counts, level_count: int) -> Counts:
    counts = np.bincount(digits, weights, level_count)[:level_count] + 0.5
    counts[0] = math.nan
    return np.asarray(counts / np.nansum(counts))


def estimate_from_labels(
    same: Mapping[int, int], siblings: Mapping[int, int], strangers: Mapping[int, int]
) -> list[Weight]:
    """Weights from the patterns of labelled pairs of one business, of one owner's businesses, and of strangers."""
    sibling_prior = math.log2((sum(same.values()) + 1) / (sum(siblings.values()) + 1))
    return _weights(level_shares(same), level_shares(strangers), level_shares(siblings), CENSUS_PRIOR, sibling_prior)


def estimate_by_em(
    counts: Mapping[int, int],
    start: Sequence[Weight],
    iterations: int = 100,
    strangers: Mapping[int, int] | None = None,
    has_siblings: bool = True,
) -> list[Weight]:
    """Weights from unlabelled pairs: two classes, matches and strangers, that differ in every comparison independently.

    `start` gives the first `m`; `u` starts from all pairs. With `strangers` the final `u` is theirs, for `counts` of
    blocked pairs; without, it is that of the class, for `counts` of all pairs, and the prior is the share of matches.
    Where no two entities share an owner, `has_siblings` is false and only strangers are told apart.
    """
    patterns = np.fromiter(counts, dtype=np.int64, count=len(counts))
    weights = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
    digits = _digits(patterns)
    m = [np.array([math.nan, *(w.m for w in start if w.comparison == c.name)]) for c in COMPARISONS]
    u = level_shares(counts)
    share = 1 / math.sqrt(weights.sum())
    for _ in range(iterations):
        log_odds = np.full(len(patterns), math.log(share / (1 - share)))
        for place, digit in enumerate(digits):
            log_odds += np.nan_to_num(np.log(m[place] / u[place]))[digit]
        matches = 1 / (1 + np.exp(-log_odds))
        share = float((matches * weights).sum() / weights.sum())
        for place, comparison in enumerate(COMPARISONS):
            m[place] = _shares(digits[place], matches * weights, len(comparison.level_names))
            u[place] = _shares(digits[place], (1 - matches) * weights, len(comparison.level_names))
    if strangers:
        u = level_shares(strangers)
    prior = CENSUS_PRIOR if strangers else math.log2(share / (1 - share))
    if not has_siblings:
        return _weights(m, u, m, prior, NO_SIBLINGS)
    siblings = [np.array([math.nan, *(w.sibling for w in start if w.comparison == c.name)]) for c in COMPARISONS]
    return _weights(m, u, siblings, prior, next(w.sibling_weight for w in start if w.comparison == PRIOR))


def _weights(
    m: Sequence[Counts], u: Sequence[Counts], siblings: Sequence[Counts], prior: float, sibling_prior: float
) -> list[Weight]:
    rows = [Weight(PRIOR, PRIOR, PRIOR, 0, 0.0, 0.0, 0.0, round(prior, 2), round(sibling_prior, 2))]
    for place, comparison in enumerate(COMPARISONS):
        for digit, level in enumerate(comparison.level_names):
            if digit:
                m_u_sibling = ASSUMED.get(
                    (comparison.name, level),
                    (
                        float(np.clip(m[place][digit], LEAST, MOST)),
                        float(np.clip(u[place][digit], LEAST_U, MOST)),
                        float(np.clip(siblings[place][digit], LEAST, MOST)),
                    ),
                )
                rows.append(weight_of(comparison.name, comparison.side, level, digit, *m_u_sibling))
    return rows
