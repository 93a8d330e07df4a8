"""Suppression of counts: which units of a released tree are hidden, so that no hidden count can be worked out closely.

Belongs here: primary and complementary suppression of whole records. Does not belong here: money (`dominance.py`).

A record is hidden whole, so that a hidden count is tied only to its siblings: under a visible unit the hidden parts sum
to what is left when the visible ones are taken off. Each hidden count may then be anything from 0 to that sum, class by
class, and the sum is made at least the threshold. Not protected against: a reader who reasons from the rule itself
(why was just this unit hidden?), who knows some of the businesses, or who has a table that crosses two breakdowns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transforms.disclosure.earlier import Hindsight
from transforms.disclosure.records import Counts, Reason, Release, Suppression, Tree, Unit, added

THRESHOLD = 5
"""Smallest count that may be shown, and narrowest interval in which a hidden one may be located."""


def suppress(
    units: Iterable[Unit],
    threshold: int = THRESHOLD,
    earlier: Sequence[Release] = (),
    measures: Sequence[Sequence[int]] | None = None,
) -> list[Suppression]:
    """The units to hide, ordered by code; the root is never among them.

    `earlier` are all releases of the same tree that were made before. What one of them hid stays hidden, and a hidden
    count must have its width also for a reader who compares the release with any of them and holds that counts only
    grow. `measures` are the positions of the classes that each published measure sums, by default the running totals
    of nested measures; each class is taken as published. A unit without a business stays visible as 0 unless an
    earlier release hid it.

    When nothing protects the small units, every unit is hidden as `unprotectable`: the earlier release has to stand,
    and this one is not to be made, nor to be given as `earlier` later.
    Raises `ReleaseError` when the units are no tree whose parts add up.
    """
    tree = Tree(units)
    running = measures or [range(place + 1) for place in range(tree.width)]
    hindsights = [
        Hindsight(tree, release, [*((place,) for place in range(tree.width)), *running]) for release in earlier
    ]
    reasons = _hidden_by_itself(tree, threshold, hindsights)
    for parent in reversed(tree.top_down):
        if parent in reasons or not tree.children[parent]:
            continue
        complement = _complement(tree, parent, reasons.keys(), threshold, hindsights)
        if complement is not None:
            reasons.update(dict.fromkeys(complement, "complementary"))
        elif parent != tree.root:
            reasons[parent] = "complementary"
        else:
            others = (code for code in tree.top_down if code != tree.root and tree.has_any(code))
            return [Suppression(code, "unprotectable") for code in sorted({*others, *reasons})]
    for parent in tree.top_down:
        if parent in reasons:
            for part in tree.children[parent]:
                if tree.has_any(part) and reasons.get(part) not in ("primary", "earlier_release"):
                    reasons[part] = "parent_hidden"
    return [Suppression(code, reason) for code, reason in sorted(reasons.items())]


def _hidden_by_itself(tree: Tree, threshold: int, hindsights: Sequence[Hindsight]) -> dict[str, Reason]:
    """Units with a small class, of one class only, or hidden before.

    A measure, a difference of measures or a complement is a sum of classes, so it is small only if a class is. A class
    without businesses tells of nobody what he does, unless all others are empty too: then it is known of everybody.
    """
    has_classes = sum(count > 0 for count in tree.counts[tree.root]) > 1
    reasons: dict[str, Reason] = {}
    for code in tree.top_down[1:]:
        counts = tree.counts[code]
        if any(0 < count < threshold for count in counts) or (has_classes and sum(count > 0 for count in counts) == 1):
            reasons[code] = "primary"
        elif any(code in hindsight.was_hidden for hindsight in hindsights):
            reasons[code] = "earlier_release"
    return reasons


def _complement(
    tree: Tree, parent: str, hidden: Iterable[str], threshold: int, hindsights: Sequence[Hindsight]
) -> list[str] | None:
    """Further parts of the visible `parent` to hide, smallest first and no more than needed; None when none suffice."""
    hidden = set(hidden)
    parts = [part for part in tree.children[parent] if part in hidden]
    if not parts:
        return []
    group = _Hidden(tree, parent, threshold, hindsights)
    for part in parts:
        group.add(part)
    ordered = sorted(
        (part for part in tree.children[parent] if part not in hidden and tree.has_any(part)),
        key=lambda part: (sum(tree.counts[part]), part),
    )
    chosen: list[str] = []
    while not group.is_wide():
        if len(chosen) == len(ordered):
            return None
        chosen.append(ordered[len(chosen)])
        group.add(chosen[-1])
    # Small siblings that lack the class that was short were hidden in vain.
    for part in reversed(chosen[:]):
        group.add(part, -1)
        if group.is_wide():
            chosen.remove(part)
        else:
            group.add(part)
    return chosen


class _Hidden:
    """The hidden parts of one visible unit, in running sums."""

    def __init__(self, tree: Tree, parent: str, threshold: int, hindsights: Sequence[Hindsight]) -> None:
        self._tree, self._parent, self._threshold, self._hindsights = tree, parent, threshold, hindsights
        nothing: Counts = (0,) * tree.width
        self._part_count = 0
        self._leaf_count = 0
        self._total = nothing
        self._room = [nothing for _ in hindsights]
        self._held = [nothing for _ in hindsights]
        self._new_count = [0 for _ in hindsights]
        self._bare_count = [0 for _ in hindsights]

    def add(self, part: str, sign: int = 1) -> None:
        """Hide `part` too; with sign -1 show it again."""
        counts = self._tree.counts[part]
        self._part_count += sign
        self._leaf_count += sign * self._tree.leaf_counts[part]
        self._total = _plus(self._total, counts, sign)
        for place, hindsight in enumerate(self._hindsights):
            seen = hindsight.part(part)
            self._room[place] = _plus(self._room[place], seen.room, sign)
            self._held[place] = _plus(self._held[place], seen.held, sign)
            self._new_count[place] += sign * seen.new_count
            self._bare_count[place] += sign * seen.bare_count

    def is_wide(self) -> bool:
        """Whether each hidden count may lie anywhere in an interval as wide as the threshold.

        A hidden leaf is known to have a business (one without is shown as 0), which is taken off. A class that the
        visible parent does not have is known to be 0 in its parts, hidden or not.
        """
        if self._part_count < 2 or sum(self._total) < self._threshold + self._leaf_count:
            return False
        live = [count > 0 for count in self._tree.counts[self._parent]]
        return self._is_at_least(self._total, live) and all(
            self._is_wide_in_hindsight(place, live) for place in range(len(self._hindsights))
        )

    def _is_wide_in_hindsight(self, place: int, live: Sequence[bool]) -> bool:
        """The same for a reader of one earlier release.

        A unit that was hidden then may have all that its hidden siblings have and the room of those newly hidden. A
        newly hidden one lies above its floor, at most by the room of all; where there is no room at all, it has what
        was published then.
        """
        free = added((self._room[place], self._held[place]), self._tree.width)
        if any(self._held[place]) and not self._is_at_least(free, live):
            return False
        if not self._new_count[place]:
            return True
        room = added((self._room[place], self._hindsights[place].block_room(self._parent)), self._tree.width)
        return not any(room) or (
            sum(room) >= self._threshold + self._bare_count[place]
            and self._is_at_least(room, [count > 0 for count in room])
        )

    def _is_at_least(self, counts: Counts, live: Sequence[bool]) -> bool:
        return all(count >= self._threshold for count, is_live in zip(counts, live, strict=True) if is_live)


def _plus(total: Counts, counts: Counts, sign: int) -> Counts:
    return tuple(one + sign * other for one, other in zip(total, counts, strict=True))
