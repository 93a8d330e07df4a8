"""What `capaian explain` tells of registrations: the parts of its answers, without how they are found.

Belongs here: the shape of an answer and the words that are always the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from transforms.resolve.clusters import LARGEST_CLUSTER
from transforms.resolve.comparisons import NEAR_NIK_DISTANCE
from transforms.resolve.link import THRESHOLDS
from warehouse.decisions import LinkDecision
from warehouse.tables.register import BUSINESSES, FIELD_SOURCES

PERSONAL = (
    "business_name",
    "owner_name",
    "nik",
    "nib",
    "phone",
    "owner_birth_date",
    "address",
    "village_name",
    "district_name",
    "latitude",
    "longitude",
)
"""What `--unmask` shows of each registration."""
GUARDS = {
    "cannot_link": "a person decided that registrations of the two are never one business",
    "one_phone": "without one shared phone number no pair of the cluster would hold",
    "size": f"a business of more than {LARGEST_CLUSTER} registrations is more likely a fault",
    "far_niks": f"it would hold two whole NIKs that differ in more than {NEAR_NIK_DISTANCE} digits",
}
STRICT, CHOSEN, LOOSE = (threshold.name for threshold in THRESHOLDS)
LINKING = (STRICT, CHOSEN)
FIELDS = tuple(column.name.removesuffix("_row_id") for column in FIELD_SOURCES if column.name != "business_id")
EARLIEST = {
    "digital_since_year": "earliest year that any gives",
    "digital_proven_date": "earliest interview that shows it",
}
CHANNELS = tuple(name for name in BUSINESSES.column_names if name.startswith(("uses_", "sells_", "accepts_")))
WAITING = "waiting for the next run"


class ExplainError(ValueError):
    """What was asked for is unknown, says too little, or is closed to whoever asks; names the cure."""


@dataclass(frozen=True)
class Point:
    """What one comparison found of a pair; the prior is the odds before any.

    Owner evidence says nothing of two businesses of one owner.
    """

    comparison: str
    side: str
    level: str
    match_weight: float
    sibling_weight: float | None


@dataclass(frozen=True)
class Shortfall:
    """How many bits a pair lacks of a threshold, against strangers and against siblings; 0 where it has enough."""

    threshold: str
    stranger_bits: float
    sibling_bits: float

    @property
    def is_reached(self) -> bool:
        return not self.stranger_bits and not self.sibling_bits


@dataclass(frozen=True)
class Evidence:
    """The points of a pair, their sums and what these are enough for."""

    points: tuple[Point, ...]
    owner_weight: float
    business_weight: float
    stranger_weight: float
    sibling_weight: float
    is_one_owner: bool
    shortfalls: tuple[Shortfall, ...]


@dataclass(frozen=True)
class Registration:
    """One source line; `values` holds what is personal, and only when it was asked for."""

    row_id: int
    source_register: str
    registration_number: str | None
    file_name: str
    line_number: int
    business_id: int
    wave: int | None
    enumerated_date: date | None
    superseded_by_row_id: int | None
    values: dict[str, Any] | None = None

    @property
    def is_current(self) -> bool:
        return self.superseded_by_row_id is None


@dataclass(frozen=True)
class Edge:
    """One row of `register.edges` with its evidence, or, with level `none`, a pair that was compared just now."""

    left_row_id: int
    right_row_id: int
    level: str
    threshold: str | None
    decided_by: str
    cut_by: str | None
    evidence: Evidence | None


@dataclass(frozen=True)
class Choice:
    """Whose word a field of the business is, and why."""

    field: str
    value: Any
    row_id: int | None
    why: str


@dataclass(frozen=True)
class Decision:
    """What a person decided; `status` is applied, unmatched, or waiting for the next run."""

    decision: LinkDecision
    status: str


@dataclass(frozen=True)
class Event:
    """One event in the life of the ids that are this business today."""

    version: int
    entity_id: int
    event: str
    other_entity_id: int | None


@dataclass(frozen=True)
class Explained:
    """One business: what it consists of, on what evidence, and what it is."""

    asked: str
    notes: tuple[str, ...]
    version: int
    business_id: int
    owner_id: int
    business: dict[str, Any]
    channels: tuple[str, ...]
    registrations: tuple[Registration, ...]
    edges: tuple[Edge, ...]
    apart: tuple[Edge, ...]
    """Pairs with registrations of other businesses that nearly are this one: loose, cut, or decided against."""
    others: tuple[Registration, ...]
    """The registrations at the other ends of `apart`."""
    fields: tuple[Choice, ...]
    decisions: tuple[Decision, ...]
    owned: tuple[dict[str, Any], ...]
    """The owner's other businesses."""
    history: tuple[Event, ...]


@dataclass(frozen=True)
class Blocking:
    """Whether one blocking rule brings a pair together: compared, told_apart, parted, stopped, or different keys."""

    rule: str
    outcome: str


@dataclass(frozen=True)
class Held:
    """Two registrations held against each other: one business or not, and why."""

    asked: tuple[str, str]
    notes: tuple[str, ...]
    version: int
    is_one_business: bool
    is_one_owner: bool
    why: tuple[str, ...]
    registrations: tuple[Registration, ...]
    """The two, and between them those that the path leads through."""
    pair: Edge | None
    """The two themselves; None when only a path connects them."""
    path: tuple[Edge, ...]
    between: tuple[Edge, ...]
    """Other pairs of the two businesses that are cut or nearly enough."""
    blocking: tuple[Blocking, ...]
    """How each blocking rule sees the pair; empty when it has an edge."""
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Found:
    """What an id means: its business, and the registration where it names one."""

    words: str
    business_id: int
    row_id: int | None = None
    note: str | None = None


def margin(edge: Edge) -> float:
    """What the pair has beyond the chosen threshold, in bits; a pair without evidence counts as decided."""
    if edge.evidence is None:
        return float("inf")
    chosen = THRESHOLDS[1]
    return min(
        edge.evidence.stranger_weight - chosen.stranger_weight, edge.evidence.sibling_weight - chosen.sibling_weight
    )
