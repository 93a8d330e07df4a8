"""Earlier releases: what they tell of the counts of now to a reader who holds that counts only grow.

Belongs here: how far below its count a unit could lie, seen from one earlier release. Does not belong here: what is
hidden for that (`suppress.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from transforms.disclosure.records import Counts, Release, ReleaseError, Tree, added


class Hindsight:
    """One earlier release beside the units of now.

    The reader knows that a unit has at least what the earlier release showed of it, and that siblings hidden then have
    together at least what was hidden then. What lies above these floors is room: it may belong to any hidden unit.
    Where a count fell, the reader would be wrong, so that the floor is 0.
    """

    def __init__(self, tree: Tree, release: Release, measures: Sequence[Sequence[int]]) -> None:
        """`measures` are the positions of the classes that each published measure sums."""
        self._measures = measures
        nothing: Counts = (0,) * tree.width
        self.room: dict[str, Counts] = {}
        """By class, of a unit that was visible (or absent: then all of it); nothing for a unit that was hidden."""
        self.block_room: dict[str, Counts] = {}
        """By class, of the parts of a unit that were hidden, taken together."""
        self.new_counts: dict[str, int] = {}
        """Units with businesses, itself included, that were not hidden."""
        self.bare_counts: dict[str, int] = {}
        """Leaves with businesses, itself included, that were not hidden and have no floor."""
        self.was_hidden = {code for code, shown in release.items() if shown is None}
        for code in reversed(tree.top_down):
            now, parts = tree.counts[code], tree.children[code]
            then = release.get(code) or nothing
            if len(then) != tree.width:
                raise ReleaseError(f"unit {code} had {len(then)} classes in an earlier release; now {tree.width}")
            was_hidden = code in self.was_hidden
            hidden = [part for part in parts if part in self.was_hidden]
            room = self._room(now, then)
            self.block_room[code] = nothing
            if parts and not was_hidden:
                shown = added((release.get(part) or nothing for part in parts), tree.width)
                hidden_then = tuple(whole - seen for whole, seen in zip(then, shown, strict=True))
                if min(hidden_then) < 0:
                    raise ReleaseError(f"an earlier release showed more for the parts of {code} than for itself")
                self.block_room[code] = self._room(
                    added((tree.counts[part] for part in hidden), tree.width), hidden_then
                )
                below = added([self.block_room[code], *(self.room[part] for part in parts)], tree.width)
                room = tuple(map(min, room, below))
            self.room[code] = nothing if was_hidden else room
            is_new = any(now) and not was_hidden
            self.new_counts[code] = is_new + sum(self.new_counts[part] for part in parts)
            is_bare = is_new and not parts and room == now
            self.bare_counts[code] = is_bare + sum(self.bare_counts[part] for part in parts)

    def _room(self, now: Counts, then: Counts) -> Counts:
        """What each class alone could lose without any measure that grew falling below what it was."""
        room = list(now)
        for measure in self._measures:
            growth = sum(now[place] - then[place] for place in measure)
            if growth >= 0:
                for place in measure:
                    room[place] = min(room[place], growth)
        return tuple(room)
