"""Match: which header is which field, from words and values together.

Belongs here: joining the two kinds of evidence and choosing one header per field. Does not belong here: the evidence
itself (`headers.py`, `values.py`) and the text of the draft (`toml_text.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from transforms.drafting.headers import NameEvidence, name_evidence
from transforms.drafting.values import CHECKS, Inspected, ValueEvidence
from warehouse.profiles import SourceProfile

LEAST_SCORE = 0.2
"""Below this a header and a field have nothing to do with each other."""
CLEAR_MARGIN = 0.15
"""A choice that is nearer than this to its best rival is less sure by what it falls short."""
CLEAR_NAME = 0.8
"""From here on words say what a field is meant to be, whatever its values."""
NAME_ONLY_LIMIT = 0.9
"""The most that words alone are worth, where there is no value to look at."""


@dataclass(frozen=True)
class Match:
    """A header with the field it most likely is; `field` is "" where nothing comes near.

    `confidence` 0 to 1; `name` and `values` are the evidence it rests on.
    """

    place: int
    header: str
    field: str
    confidence: float
    name: NameEvidence
    values: ValueEvidence
    rival: str = ""


def match_fields(
    headers: Sequence[str], inspected: Sequence[Inspected], profiles: Sequence[SourceProfile]
) -> list[Match]:
    """One match per header, in their order; no field is given to two headers."""
    names = [name_evidence(header, profiles) for header in headers]
    fields = sorted({*CHECKS, *(field for evidence in names for field in evidence)})
    scores = np.array(
        [[_score(name, seen, field) for field in fields] for name, seen in zip(names, inspected, strict=True)]
    )
    scores[scores < LEAST_SCORE] = 0.0
    rows, columns = linear_sum_assignment(-(scores**2))
    chosen = {int(row): int(column) for row, column in zip(rows, columns, strict=True) if scores[row, column] > 0}
    taken = {fields[column] for column in chosen.values()}
    matches = []
    for row, header in enumerate(headers):
        if row not in chosen:
            matches.append(_unmatched(row, header, names[row], inspected[row], taken))
            continue
        field, score = fields[chosen[row]], float(scores[row, chosen[row]])
        margin, rival = _nearest_rival(scores, chosen, row, fields, headers)
        matches.append(
            Match(
                row,
                header,
                field,
                max(0.0, score - max(0.0, CLEAR_MARGIN - margin)),
                names[row].get(field, NameEvidence(0.0, "")),
                inspected[row].evidence.get(field, ValueEvidence(inspected[row].count, 1.0, 0.0)),
                rival if margin < CLEAR_MARGIN else "",
            )
        )
    return matches


def _nearest_rival(
    scores: NDArray[np.float64], chosen: dict[int, int], row: int, fields: Sequence[str], headers: Sequence[str]
) -> tuple[float, str]:
    """By how much the choice for `row` is better than the best other field for it or other header for its field.

    Only what is not better placed elsewhere is a rival.
    """
    column, score = chosen[row], scores[row, chosen[row]]
    by_row = {other: scores[other, place] for other, place in chosen.items()}
    by_column = {place: scores[other, place] for other, place in chosen.items()}
    rivals = [
        (float(scores[row, other]), f"{fields[other]}")
        for other in range(len(fields))
        if other != column and scores[row, other] > by_column.get(other, 0.0)
    ] + [
        (float(scores[other, column]), f"under {headers[other]}")
        for other in range(len(headers))
        if other != row and scores[other, column] > by_row.get(other, 0.0)
    ]
    best, rival = max(rivals, default=(0.0, ""))
    return float(score) - best, rival


def _unmatched(row: int, header: str, names: dict[str, NameEvidence], seen: Inspected, taken: set[str]) -> Match:
    """A header that was given no field: what its words say nevertheless, if its values were only unreadable."""
    free = [field for field in names if field not in taken and names[field].score >= CLEAR_NAME]
    nearest = max(names, key=lambda field: (names[field].score, field), default="")
    if not free:
        rival = nearest if nearest and names[nearest].score >= LEAST_SCORE else ""
        return Match(row, header, "", 0.0, NameEvidence(0.0, ""), ValueEvidence(seen.count, 0.0, 0.0), rival)
    field = max(free, key=lambda free_field: (names[free_field].score, free_field))
    values = seen.evidence.get(field, ValueEvidence(seen.count, 0.0, 0.0))
    return Match(row, header, field, _score(names, seen, field), names[field], values)


def _score(names: dict[str, NameEvidence], seen: Inspected, field: str) -> float:
    """Either kind of evidence can convince alone; values that do not fit speak against any name.

    A field whose values nobody can tell needs a clear name.
    """
    said = names[field].score ** 1.5 if field in names else 0.0
    if not seen.count:
        return said * NAME_ONLY_LIMIT
    values = seen.evidence.get(field)
    if values is None:
        return said if field in names and names[field].score >= CLEAR_NAME else 0.0
    joined = 1 - (1 - said) * (1 - values.fit * values.weight)
    return joined * min(1.0, values.fit / 0.9) * (1.0 if values.fit > 0.5 else values.fit)
