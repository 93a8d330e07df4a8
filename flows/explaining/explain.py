"""Explain: why registrations are one business, or are not, from the published register.

Belongs here: what is answered. Does not belong here: its screens (`cli/explain.py`), the queries (`register.py`), and
how pairs are compared and linked (`transforms/resolve/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.explaining.register import Register, open_register
from flows.explaining.told import (
    CHANNELS,
    CHOSEN,
    GUARDS,
    LINKING,
    LOOSE,
    Blocking,
    Edge,
    Explained,
    ExplainError,
    Found,
    Held,
    Registration,
    margin,
)
from flows.settings import Settings


def explain(settings: Settings, asked: str, *, unmask: bool = False) -> Explained:
    """Everything about the business that `asked` means; raises `ExplainError`."""
    with open_register(settings, unmask) as register:
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
            {name: value for name, value in business.items() if name not in ("business_id", "owner_id", *CHANNELS)},
            tuple(name for name in CHANNELS if business[name]),
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
    with open_register(settings, unmask) as register:
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
    register: Register,
    found: Sequence[Found],
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
    register: Register,
    found: Sequence[Found],
    rows: Sequence[dict[int, Registration]],
    notes: list[str],
    asked: tuple[str, str],
) -> Held:
    left, right = rows
    houses = [register.rows_of(one.business_id) for one in found]
    across = [edge for edge in register.edges(houses[0]) if _connects(edge, *houses)]
    direct = max((edge for edge in across if _connects(edge, left, right)), key=margin, default=None)
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
    reached = f"reaches {LOOSE} only and misses" if edge.evidence.shortfalls[2].is_reached else "misses"
    return f"their evidence {reached} the threshold {CHOSEN} by {' and '.join(missing)}"


def _is_near(edge: Edge) -> bool:
    return edge.level == "business" or edge.decided_by == "cannot_link"


def _connects(edge: Edge, one: Iterable[int], other: Iterable[int]) -> bool:
    ends = (edge.left_row_id, edge.right_row_id)
    return (ends[0] in one and ends[1] in other) or (ends[1] in one and ends[0] in other)


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
            if edge.threshold in LINKING and (takes_cut or not edge.cut_by):
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
