"""Explain: why registrations are one business, or are not, from the published register.

Belongs here: what `capaian explain` finds out. Does not belong here: its screens (`cli/explain.py`), and how pairs are
compared and linked (`transforms/resolve/`). Everything comes from the published version; the lake is asked for what is
not published: days of interview, the levels of a pair that nothing links, and, when unmasked, personal values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from flows import steps
from flows.linkage import Linkage
from flows.settings import Settings
from transforms.land import LINE_BITS
from transforms.resolve import link
from transforms.resolve.blocking import BLOCKING_RULES, PARTED_BY
from transforms.resolve.clusters import LARGEST_CLUSTER, NEAR_NIK_DISTANCE
from transforms.resolve.comparisons import COMPARISONS
from transforms.resolve.link import OWNER_WEIGHT, THRESHOLDS
from transforms.resolve.weights import read_weights
from warehouse.decisions import LinkDecision, load_decisions
from warehouse.ledger import Ledger
from warehouse.profiles import load_profiles
from warehouse.tables import BUSINESSES, FIELD_SOURCES, VALIDATED

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
_STRICT, _CHOSEN, _LOOSE = (threshold.name for threshold in THRESHOLDS)
_LINKING = (_STRICT, _CHOSEN)
_FIELDS = tuple(column.name.removesuffix("_row_id") for column in FIELD_SOURCES if column.name != "business_id")
_EARLIEST = {
    "digital_since_year": "earliest year that any gives",
    "digital_proven_date": "earliest interview that shows it",
}
_CHANNELS = tuple(name for name in BUSINESSES.column_names if name.startswith(("uses_", "sells_", "accepts_")))
_WAITING = "waiting for the next run"


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
    """Whether one blocking rule brings a pair together: compared, parted, stopped, or different keys."""

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
class _Found:
    """What an id means: its business, and the registration where it names one."""

    words: str
    business_id: int
    row_id: int | None = None
    note: str | None = None


def explain(settings: Settings, asked: str, *, unmask: bool = False) -> Explained:
    """Everything about the business that `asked` means; raises `ExplainError`."""
    with _open_register(settings, unmask) as register:
        found = register.find(asked)
        notes = list(filter(None, [found.note]))
        rows = register.rows_of(found.business_id)
        if found.row_id and rows[found.row_id].superseded_by_row_id:
            notes.append(f"{found.words} is superseded by row {rows[found.row_id].superseded_by_row_id}")
        edges = register.edges(rows)
        inside = tuple(edge for edge in edges if edge.left_row_id in rows and edge.right_row_id in rows)
        apart = tuple(edge for edge in edges if edge not in inside and _is_near(edge))
        far = {row for edge in apart for row in (edge.left_row_id, edge.right_row_id)} - rows.keys()
        business = register.business(found.business_id)
        notes += register.closed_note()
        return Explained(
            asked,
            tuple(notes),
            register.version,
            found.business_id,
            business["owner_id"],
            {name: value for name, value in business.items() if name not in ("business_id", "owner_id", *_CHANNELS)},
            tuple(name for name in _CHANNELS if business[name]),
            tuple(sorted(rows.values(), key=lambda row: (not row.is_current, row.source_register, row.row_id))),
            inside,
            apart,
            tuple(register.registrations(far).values()),
            register.choices(business, rows),
            register.decisions(rows),
            register.owned(business),
            register.history(found.business_id),
        )


def hold_together(settings: Settings, left: str, right: str, *, unmask: bool = False) -> Held:
    """Why `left` and `right` are one business or are not; raises `ExplainError`."""
    with _open_register(settings, unmask) as register:
        found = [register.find(left), register.find(right)]
        notes = list(filter(None, (one.note for one in found)))
        rows: list[dict[int, Registration]] = []
        for one in found:
            members = register.rows_of(one.business_id)
            row_id = one.row_id
            if row_id and (current := members[row_id].superseded_by_row_id):
                if current != found[0].row_id and current != found[1].row_id:
                    notes.append(f"{one.words} is superseded; row {current} speaks for it")
                    row_id = current
            elif not row_id:
                members = {row.row_id: row for row in members.values() if row.is_current}
            rows.append({row_id: members[row_id]} if row_id else members)
        if found[0].business_id == found[1].business_id:
            held = _one_business(register, found, rows, notes, (left, right))
        else:
            held = _two_businesses(register, found, rows, notes, (left, right))
        return held


def _one_business(
    register: _Register,
    found: Sequence[_Found],
    rows: Sequence[dict[int, Registration]],
    notes: list[str],
    asked: tuple[str, str],
) -> Held:
    business_id = found[0].business_id
    left, right = rows
    if not left.keys() ^ right.keys():
        raise ExplainError(f"both mean the same: {found[0].words}; explain it by itself: capaian explain {asked[0]}")
    left, right = (left, _without(right, left)) if len(right) >= len(left) else (_without(left, right), right)
    members = register.rows_of(business_id)
    edges = [edge for edge in register.edges(members) if edge.left_row_id in members and edge.right_row_id in members]
    path = _shortest(edges, left.keys(), right.keys())
    between = [edge for edge in edges if _connects(edge, left, right)]
    direct = between[0] if len(between) == 1 and len(left) == len(right) == 1 else None
    if direct is None and len(path) == 1:
        direct = path[0]
    why = []
    if direct and direct.level == "registration":
        why.append("they are two states of one registration: its number came again, and the later state speaks")
    elif direct and path == (direct,):
        why.append(f"they are one business: {_linked(direct)}")
    elif path:
        why.append(f"they are one business: {len(path)} links lead from the one to the other")
        why += [_not_linked(direct)] if direct else []
        why += [] if direct else ["the two themselves were not compared, or reached nothing"]
    else:
        why.append("they are one business")
    ends = _ends(path) or {*left, *right}
    ends |= {direct.left_row_id, direct.right_row_id} if direct else set()
    return Held(
        asked,
        tuple(notes + register.closed_note()),
        register.version,
        True,
        True,
        tuple(why),
        _in_order(register.registrations(ends), path, left),
        direct,
        () if path == (direct,) else path,
        (),
        (),
        register.decisions({**left, **right}, both=True),
    )


def _two_businesses(
    register: _Register,
    found: Sequence[_Found],
    rows: Sequence[dict[int, Registration]],
    notes: list[str],
    asked: tuple[str, str],
) -> Held:
    left, right = rows
    houses = [register.rows_of(one.business_id) for one in found]
    across = [edge for edge in register.edges(houses[0]) if _connects(edge, *houses)]
    direct = max((edge for edge in across if _connects(edge, left, right)), key=_margin, default=None)
    blocking: tuple[Blocking, ...] = ()
    if direct is None:
        direct, blocking, further = register.compare_now(left, right)
        notes += further
    between = tuple(edge for edge in across if edge != direct and _is_near(edge))
    decisions = register.decisions({**houses[0], **houses[1]}, both=True, across=houses)
    why = [
        f"a person decided that {said.left_register}:{said.left_number} and {said.right_register}:{said.right_number}"
        f" are never one business: {said.decided_by}, {said.decided_date} ({said.reason}); {entry.status}"
        for entry in decisions
        for said in [entry.decision]
        if said.decision == "cannot_link"
    ]
    if direct:
        why.append(_not_linked(direct))
    why += [f"a link between the two businesses is cut: {GUARDS[reason]}" for reason in sorted(_cuts(between))]
    if blocking:
        together = [entry.rule for entry in blocking if entry.outcome == "compared"]
        why.append(
            f"brought together by the blocking rules {', '.join(together)}"
            if together
            else "no blocking rule brings them together, so a run never compares them"
        )
    one_owner = (
        register.business(found[0].business_id)["owner_id"] == register.business(found[1].business_id)["owner_id"]
    )
    why += ["they have one owner"] if one_owner else []
    ends = _ends(between) | ({direct.left_row_id, direct.right_row_id} if direct else {*left, *right})
    return Held(
        asked,
        tuple(notes + register.closed_note()),
        register.version,
        False,
        one_owner,
        tuple(why),
        _in_order(register.registrations(ends), (direct,) if direct else (), left),
        direct,
        (),
        between,
        blocking,
        decisions,
    )


def _linked(edge: Edge) -> str:
    if edge.decided_by == "must_link":
        return "a person decided so"
    return f"their evidence reaches the threshold {edge.threshold}"


def _not_linked(edge: Edge) -> str:
    """Why the pair itself is no link."""
    if edge.decided_by == "cannot_link":
        return "their evidence would be enough for one business, but for that decision"
    if edge.cut_by:
        return f"their evidence reaches {edge.threshold}, but a guard cuts it ({edge.cut_by}): {GUARDS[edge.cut_by]}"
    if edge.evidence is None:
        return "nothing compares the two themselves"
    chosen = edge.evidence.shortfalls[1]
    if edge.level == "none" and chosen.is_reached:
        return "compared now, their evidence is enough for one business, but the published version does not link them"
    missing = [
        f"{bits:.1f} bits against {who}"
        for bits, who in ((chosen.stranger_bits, "strangers"), (chosen.sibling_bits, "businesses of one owner"))
        if bits
    ]
    reached = f"reaches {_LOOSE} only and misses" if edge.evidence.shortfalls[2].is_reached else "misses"
    return f"their evidence {reached} the threshold {_CHOSEN} by {' and '.join(missing)}"


def _is_near(edge: Edge) -> bool:
    return edge.level == "business" or edge.decided_by == "cannot_link"


def _connects(edge: Edge, one: Iterable[int], other: Iterable[int]) -> bool:
    ends = (edge.left_row_id, edge.right_row_id)
    return (ends[0] in one and ends[1] in other) or (ends[1] in one and ends[0] in other)


def _margin(edge: Edge) -> float:
    """What the pair has beyond the chosen threshold, in bits; a pair without evidence counts as decided."""
    if edge.evidence is None:
        return float("inf")
    chosen = THRESHOLDS[1]
    return min(
        edge.evidence.stranger_weight - chosen.stranger_weight, edge.evidence.sibling_weight - chosen.sibling_weight
    )


def _cuts(edges: Iterable[Edge]) -> set[str]:
    return {edge.cut_by for edge in edges if edge.cut_by}


def _ends(edges: Iterable[Edge]) -> set[int]:
    return {row for edge in edges for row in (edge.left_row_id, edge.right_row_id)}


def _without(rows: dict[int, Registration], others: Iterable[int]) -> dict[int, Registration]:
    return {row_id: row for row_id, row in rows.items() if row_id not in others} or rows


def _shortest(edges: Sequence[Edge], starts: Iterable[int], goals: Iterable[int]) -> tuple[Edge, ...]:
    """The fewest links from any of `starts` to any of `goals`; a cut link only where there is no other way."""
    for takes_cut in (False, True):
        links: dict[int, list[tuple[int, Edge]]] = {}
        for edge in edges:
            if edge.threshold in _LINKING and (takes_cut or not edge.cut_by):
                links.setdefault(edge.left_row_id, []).append((edge.right_row_id, edge))
                links.setdefault(edge.right_row_id, []).append((edge.left_row_id, edge))
        ways: dict[int, tuple[Edge, ...]] = dict.fromkeys(sorted(starts), ())
        queue = list(ways)
        for row in queue:
            if row in goals:
                return ways[row]
            for neighbour, edge in links.get(row, ()):
                if neighbour not in ways:
                    ways[neighbour] = (*ways[row], edge)
                    queue.append(neighbour)
    return ()


def _in_order(rows: dict[int, Registration], path: Iterable[Edge], left: Iterable[int]) -> tuple[Registration, ...]:
    """`rows` in the order of the path, which begins in `left`; then the others."""
    order: list[int] = []
    for edge in path:
        ends = [edge.left_row_id, edge.right_row_id]
        if (order and ends[1] == order[-1]) or (not order and ends[0] not in left):
            ends.reverse()
        order += [row for row in ends if row not in order]
    return tuple(rows[row] for row in (*order, *sorted(rows.keys() - set(order))) if row in rows)


@contextmanager
def _open_register(settings: Settings, unmask: bool) -> Iterator[_Register]:
    root = settings.root
    if not root.database.exists():
        raise ExplainError("nothing is published yet; run: capaian run")
    is_open = root.lake.is_dir() and os.access(root.lake, os.R_OK | os.X_OK)
    if unmask and not is_open:
        who = root.lake.owner() if root.lake.exists() else "whoever runs capaian"
        raise ExplainError(
            f"--unmask shows personal data out of {root.lake}, which is closed to you;"
            f" only {who} can read it: ask there, or leave out --unmask"
        )
    with settings.resources.connect(root.database.resolve(), read_only=True) as con:
        yield _Register(con, settings, is_open, unmask)


@dataclass(frozen=True)
class _Delivery:
    file_name: str
    register: str
    wave: int | None


class _Register:
    """The published register, and the lake beside it as far as it is open."""

    def __init__(self, con: duckdb.DuckDBPyConnection, settings: Settings, is_lake_open: bool, unmask: bool) -> None:
        self.con, self.settings, self.is_lake_open, self.unmask = con, settings, is_lake_open, unmask
        ((self.version,),) = con.execute("SELECT version FROM meta.publication").fetchall()
        profiles = {profile.name: profile for profile in load_profiles()}
        self.deliveries: dict[int, _Delivery] = {}
        for delivery_id, file_name, name in self._all(
            "SELECT delivery_id, file_name, profile FROM quality.deliveries WHERE status = 'validated'"
        ):
            profile = profiles.get(name)
            self.deliveries[delivery_id] = (
                _Delivery(file_name, profile.register, profile.wave)
                if profile
                else _Delivery(file_name, "unknown", None)
            )
        self.points = {
            (place, digit): Point(comparison, side, level, match, None if side == "owner" else sibling)
            for comparison, side, level, digit, place, match, sibling in self._all(
                "SELECT comparison, side, level, digit, place, match_weight, sibling_weight FROM register.match_weights"
            )
        }

    # --- what an id means -----------------------------------------------------------------------------------------

    def find(self, asked: str) -> _Found:
        """The one thing that `asked` means."""
        head, _, rest = asked.partition(":")
        registers = sorted({delivery.register for delivery in self.deliveries.values()})
        if rest and head in ("business", "row", *registers):
            found = self._named(head, rest)
        else:
            found = [one for kind in ("business", "row", *registers) for one in self._named(kind, asked)]
        if not found:
            raise ExplainError(
                f"{asked} is no business, no row and no registration of version {self.version};"
                " a registration is named by its number, or with its register before it, as in sidt:NUMBER"
            )
        if len(found) > 1:
            raise ExplainError(f"{asked} means {len(found)} things; say which: {', '.join(one.words for one in found)}")
        return found[0]

    def _named(self, kind: str, text: str) -> list[_Found]:
        if kind not in ("business", "row"):
            return self._by_number(kind, text)
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63):
            return []
        number = int(text)
        if kind == "row":
            rows = self._all("SELECT business_id FROM register.memberships WHERE row_id = ?", [number])
            return [_Found(f"row:{number}", business_id, number) for (business_id,) in rows]
        if self._all("SELECT 1 FROM register.memberships WHERE business_id = ? LIMIT 1", [number]):
            return [_Found(f"business:{number}", number)]
        gone = self._all(
            "SELECT current_entity_id, event, version FROM register.entity_history"
            " WHERE entity_kind = 'business' AND entity_id = ? ORDER BY version DESC LIMIT 1",
            [number],
        )
        for current, event, version in gone:
            if current is None:
                raise ExplainError(f"business {number} was {event} in version {version}: nothing is left of it")
            note = f"business {number} was {event} in version {version}; today it is {current}"
            return [_Found(f"business:{number}", current, None, note)]
        return []

    def _by_number(self, register: str, number: str) -> list[_Found]:
        rows = [
            (business_id, row_id)
            for business_id, row_id, delivery_id in self._all(
                "SELECT business_id, row_id, delivery_id FROM register.memberships WHERE registration_number = ?"
                " ORDER BY is_current DESC, row_id",
                [number],
            )
            if self.deliveries[delivery_id].register == register
        ]
        return [_Found(f"{register}:{number}", *row) for row in rows[:1]]

    # --- the published tables -------------------------------------------------------------------------------------

    def rows_of(self, business_id: int) -> dict[int, Registration]:
        """Every registration of a business, superseded ones too."""
        rows = self._all("SELECT row_id FROM register.memberships WHERE business_id = ? ORDER BY row_id", [business_id])
        return self.registrations(row_id for (row_id,) in rows)

    def registrations(self, row_ids: Iterable[int]) -> dict[int, Registration]:
        wanted = sorted(row_ids)
        rows = self._all(
            """
            SELECT m.row_id, m.delivery_id, m.registration_number, m.business_id, m.is_current
            FROM register.memberships AS m SEMI JOIN (SELECT unnest(?::BIGINT[]) AS row_id) USING (row_id)
            ORDER BY m.row_id""",
            [wanted],
        )
        speaking = self._speaking(row_id for row_id, *_, is_current in rows if not is_current)
        known = self._lake_values(wanted, ("enumerated_date", *(PERSONAL if self.unmask else ())))
        found = {}
        for row_id, delivery_id, number, business_id, _ in rows:
            delivery, read = self.deliveries[delivery_id], known.get(row_id, {})
            found[row_id] = Registration(
                row_id=row_id,
                source_register=delivery.register,
                registration_number=number,
                file_name=delivery.file_name,
                line_number=row_id & (1 << LINE_BITS) - 1,
                business_id=business_id,
                wave=delivery.wave,
                enumerated_date=read.get("enumerated_date"),
                superseded_by_row_id=speaking.get(row_id),
                values={name: read.get(name) for name in PERSONAL} if self.unmask else None,
            )
        return found

    def _speaking(self, superseded: Iterable[int]) -> dict[int, int]:
        """Superseded row to the row that speaks for it."""
        rows = self._all(
            """
            SELECT gone.row_id, CASE WHEN left_row_id = gone.row_id THEN right_row_id ELSE left_row_id END
            FROM (SELECT unnest(?::BIGINT[]) AS row_id) AS gone
            JOIN register.edges
                ON level = 'registration' AND (left_row_id = gone.row_id OR right_row_id = gone.row_id)""",
            [sorted(superseded)],
        )
        return dict(rows) if rows else {}

    def edges(self, row_ids: Iterable[int]) -> tuple[Edge, ...]:
        """Every edge that ends in `row_ids`, the strongest first."""
        rows = self._all(
            """
            SELECT left_row_id, right_row_id, level, threshold, decided_by, cut_by, pattern, owner_weight,
                business_weight, stranger_weight, sibling_weight
            FROM register.edges
            WHERE left_row_id IN (SELECT unnest($1::BIGINT[])) OR right_row_id IN (SELECT unnest($1::BIGINT[]))
            ORDER BY stranger_weight DESC NULLS LAST, left_row_id, right_row_id""",
            [sorted(row_ids)],
        )
        return tuple(
            Edge(left, right, level, threshold, decided_by, cut_by, self._evidence(*sums))
            for left, right, level, threshold, decided_by, cut_by, *sums in rows
        )

    def _evidence(self, pattern: int | None, *sums: float) -> Evidence | None:
        if pattern is None or None in sums:
            return None
        owner, business, stranger, sibling = sums
        points = [self.points[None, 0]]
        for place, comparison in enumerate(COMPARISONS):
            digit = pattern // 10 ** (len(COMPARISONS) - 1 - place) % 10
            nothing = None if comparison.side == "owner" else 0.0
            missing = Point(comparison.name, comparison.side, "missing", 0.0, nothing)
            points.append(self.points.get((place, digit), missing))
        shortfalls = tuple(
            Shortfall(
                threshold.name,
                round(max(0.0, threshold.stranger_weight - stranger), 2),
                round(max(0.0, threshold.sibling_weight - sibling), 2),
            )
            for threshold in THRESHOLDS
        )
        return Evidence(tuple(points), owner, business, stranger, sibling, owner >= OWNER_WEIGHT, shortfalls)

    def business(self, business_id: int) -> dict[str, Any]:
        relation = self.con.execute("SELECT * FROM register.businesses WHERE business_id = ?", [business_id])
        names = [column[0] for column in relation.description or ()]
        (row,) = relation.fetchall()
        return dict(zip(names, row, strict=True))

    def choices(self, business: dict[str, Any], rows: dict[int, Registration]) -> tuple[Choice, ...]:
        """Whose word each field is. The amounts of sales and capital are not published: they are shown unmasked."""
        relation = self.con.execute(
            "SELECT * FROM register.field_sources WHERE business_id = ?", [business["business_id"]]
        )
        names = [column[0] for column in relation.description or ()]
        sources = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
        current = [row.row_id for row in rows.values() if row.is_current]
        amounts = self._lake_values(current, ("omzet_idr", "capital_idr")) if self.unmask else {}
        chosen = []
        for field in _FIELDS:
            row_id = sources[0][f"{field}_row_id"] if sources else current[0]
            is_published = field in business
            value = business[field] if is_published else amounts.get(row_id or 0, {}).get(field)
            if not sources and value is None and (is_published or self.unmask):
                row_id = None
            why = _EARLIEST.get(field, "latest interview that gives it") if sources else "its only registration"
            chosen.append(Choice(field, value, row_id, why if row_id else "no registration gives it"))
        return tuple(chosen)

    def owned(self, business: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        columns = ("business_id", "regency_code", "kbli_code", "started_year", "registration_count")
        rows = self._all(
            f"SELECT {', '.join(columns)} FROM register.businesses WHERE owner_id = ? AND business_id <> ?"
            " ORDER BY business_id",
            [business["owner_id"], business["business_id"]],
        )
        return tuple(dict(zip(columns, row, strict=True)) for row in rows)

    def history(self, business_id: int) -> tuple[Event, ...]:
        rows = self._all(
            "SELECT version, entity_id, event, other_entity_id FROM register.entity_history"
            " WHERE entity_kind = 'business' AND (current_entity_id = $1 OR entity_id = $1 OR other_entity_id = $1)"
            " ORDER BY version, entity_id",
            [business_id],
        )
        return tuple(Event(*row) for row in rows)

    def decisions(
        self,
        rows: dict[int, Registration],
        *,
        both: bool = False,
        across: Sequence[dict[int, Registration]] = (),
    ) -> tuple[Decision, ...]:
        """Decisions on any of `rows`, with `both` on pairs of them, with `across` on pairs of one of each."""
        names = ("left_register", "left_number", "right_register", "right_number")
        columns = ("decision", *names, "reason", "decided_by", "decided_date")
        published = {
            LinkDecision(*row[:-1]): row[-1]
            for row in self._all(f"SELECT {', '.join(columns)}, status FROM register.link_decisions")
        }
        path = self.settings.root.link_decisions
        kept = load_decisions(path) if os.access(path, os.R_OK) else []
        waiting = {decision: _WAITING for decision in kept if decision not in published}
        keys = _keys(rows)
        found = []
        for decision, status in (published | waiting).items():
            ends = (
                (decision.left_register, decision.left_number),
                (decision.right_register, decision.right_number),
            )
            if across:
                one, other = map(_keys, across)
                is_meant = (ends[0] in one and ends[1] in other) or (ends[1] in one and ends[0] in other)
            else:
                is_meant = all(end in keys for end in ends) if both else any(end in keys for end in ends)
            if is_meant:
                found.append(Decision(decision, status))
        return tuple(found)

    # --- the lake -------------------------------------------------------------------------------------------------

    def closed_note(self) -> list[str]:
        return [] if self.is_lake_open else ["days of interview are not shown: the lake is closed to you"]

    def _lake_values(self, row_ids: Sequence[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
        paths = self._lake_paths(row_ids)
        if not paths:
            return {}
        rows = self._all(
            f"SELECT row_id, {', '.join(names)} FROM read_parquet({paths}, union_by_name = true)"
            f" WHERE verdict = 'validated' AND row_id IN {_listed(row_ids)}"
        )
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    def _lake_paths(self, row_ids: Iterable[int]) -> list[str]:
        if not self.is_lake_open:
            return []
        wanted = {row_id >> LINE_BITS for row_id in row_ids}
        entries = [entry for entry in Ledger(self.settings.root) if entry.is_judged and entry.delivery_id in wanted]
        return steps.rows_of(self.settings, entries)

    def compare_now(
        self, left: dict[int, Registration], right: dict[int, Registration]
    ) -> tuple[Edge | None, tuple[Blocking, ...], list[str]]:
        """The strongest pair of `left` and `right` as linking would see it, how blocking sees it, and notes."""
        row_ids = sorted({*left, *right})
        paths = self._lake_paths(row_ids)
        if not paths:
            return None, (), ["nothing links them; to compare them now, the lake must be open to you"]
        with self.settings.resources.connect() as con:
            con.execute(
                f"CREATE VIEW validated AS SELECT {', '.join(VALIDATED.column_names)}"
                f" FROM read_parquet({paths}, union_by_name = true)"
                f" WHERE verdict = 'validated' AND row_id IN {_listed(row_ids)}"
            )
            link.prepare(con, False)
            notes = self._load_over_full(con)
            con.execute(
                "CREATE TEMP TABLE pairs AS SELECT least(l.row_id, r.row_id) AS left_row_id,"
                " greatest(l.row_id, r.row_id) AS right_row_id FROM prepared AS l, prepared AS r"
                f" WHERE l.row_id IN {_listed(left)} AND r.row_id IN {_listed(right)}"
            )
            link.compare(con, False)
            link.weigh(con, read_weights(), False)
            pairs = [
                Edge(row[0], row[1], "none", None, "weight", None, self._evidence(*row[2:]))
                for row in con.execute(
                    "SELECT left_row_id, right_row_id, pattern, owner_weight, business_weight, stranger_weight,"
                    " sibling_weight FROM compared JOIN weighed USING (pattern) ORDER BY ALL"
                ).fetchall()
            ]
            if not pairs:
                return None, (), ["nothing links them, and the lake no longer holds both rows to compare them now"]
            best = max(pairs, key=_margin)
            return best, _blocking(con, best), notes

    def _load_over_full(self, con: duckdb.DuckDBPyConnection) -> list[str]:
        """Make `over_full` of what the last run found; without it, every block counts as small enough."""
        linkage = Linkage(self.settings.root.lake)
        if linkage.manifest.exists():
            kept = linkage.folder / json.loads(linkage.manifest.read_text(encoding="utf-8"))["over_full"]
            con.execute(f"CREATE TEMP TABLE over_full AS SELECT * FROM read_parquet('{kept}')")
            return []
        con.execute("CREATE TEMP TABLE over_full (blocking_rule VARCHAR, key UBIGINT, part UBIGINT)")
        return ["which blocks are too large to be compared is not known; the next run that links anew tells"]

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(values)).fetchall()


def _blocking(con: duckdb.DuckDBPyConnection, pair: Edge) -> tuple[Blocking, ...]:
    outcomes = []
    con.execute(f"CREATE OR REPLACE TEMP VIEW parted AS SELECT *, {PARTED_BY} AS part FROM prepared")
    for rule in BLOCKING_RULES:
        ((outcome,),) = con.execute(
            f"""
            SELECT CASE
                WHEN l.{rule.key} IS NULL OR r.{rule.key} IS NULL THEN 'missing'
                WHEN l.{rule.key} <> r.{rule.key} THEN 'different'
                WHEN NOT EXISTS (
                    FROM over_full WHERE blocking_rule = $3 AND key = l.{rule.key}::UBIGINT
                ) THEN 'compared'
                WHEN l.part IS DISTINCT FROM r.part THEN 'parted'
                WHEN EXISTS (
                    FROM over_full WHERE blocking_rule = $3 AND key = l.{rule.key}::UBIGINT AND part = l.part
                ) THEN 'stopped'
                ELSE 'compared'
            END
            FROM parted AS l, parted AS r WHERE l.row_id = $1 AND r.row_id = $2""",
            [pair.left_row_id, pair.right_row_id, rule.name],
        ).fetchall()
        outcomes.append(Blocking(rule.name, outcome))
    return tuple(outcomes)


def _keys(rows: dict[int, Registration]) -> set[tuple[str, str | None]]:
    return {(row.source_register, row.registration_number) for row in rows.values()}


def _listed(row_ids: Iterable[int]) -> str:
    return f"({', '.join(map(str, row_ids))})"
