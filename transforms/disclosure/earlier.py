"""Earlier releases: what they tell of the counts of now to a reader who holds that counts only grow.

Belongs here: how far below its count a unit could lie, seen from one earlier release. Does not belong here: what is
hidden for that (`suppress.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from transforms.disclosure.records import Counts, Release, ReleaseError, Tree, added


class Part(NamedTuple):
    """What hiding a unit now leaves open to a reader of the earlier release."""

    room: Counts
    """By class, what lies above its floors, if it was visible (or absent); nothing if it was hidden."""
    held: Counts
    """By class, what it has, if it was hidden."""
    new_count: int
    """Units with businesses that were not hidden, itself included."""
    bare_count: int
    """Leaves with businesses that were not hidden and have no floor, itself included."""


class Hindsight:
    """One earlier release beside the units of now.

    The reader knows that a unit has at least what the earlier release showed of it, and that siblings hidden then have
    together at least what was hidden then. What lies above these floors is room: it may belong to any hidden unit.
    Where a count fell, the reader would be wrong, so that the floor is 0. Only what is asked for is worked out.
    """

    def __init__(self, tree: Tree, release: Release, measures: Sequence[Sequence[int]]) -> None:
        """`measures` are the positions of the classes that each published measure sums."""
        self._tree, self._release, self._measures = tree, release, measures
        self._nothing: Counts = (0,) * tree.width
        for code, counts in release.items():
            if counts is not None and len(counts) != tree.width:
                raise ReleaseError(f"unit {code} had {len(counts)} classes in an earlier release; now {tree.width}")
        self.part = lru_cache(maxsize=None)(self._part)
        self.block_room = lru_cache(maxsize=None)(self._block_room)

    @cached_property
    def was_hidden(self) -> frozenset[str]:
        """Units that the earlier release hid."""
        return frozenset(code for code, counts in self._release.items() if counts is None)

    def _part(self, code: str) -> Part:
        now, parts = self._tree.counts[code], [self.part(part) for part in self._tree.children[code]]
        new_count, bare_count = sum(part.new_count for part in parts), sum(part.bare_count for part in parts)
        if code in self.was_hidden:
            return Part(self._nothing, now, new_count, bare_count)
        room = self._room(now, self._shown(code))
        if parts:
            below = added([self.block_room(code), *(part.room for part in parts)], self._tree.width)
            room = tuple(map(min, room, below))
        elif any(now):
            bare_count += room == now
        return Part(room, self._nothing, new_count + any(now), bare_count)

    def _block_room(self, code: str) -> Counts:
        """By class, the room of the parts of a visible unit that were hidden, taken together."""
        parts = self._tree.children[code]
        hidden = [part for part in parts if part in self.was_hidden]
        seen = added(map(self._shown, parts), self._tree.width)
        then = tuple(whole - part for whole, part in zip(self._shown(code), seen, strict=True))
        if parts and min(then) < 0:
            raise ReleaseError(f"an earlier release showed more for the parts of {code} than for itself")
        return self._room(added((self._tree.counts[part] for part in hidden), self._tree.width), then)

    def _shown(self, code: str) -> Counts:
        return self._release.get(code) or self._nothing

    def _room(self, now: Counts, then: Counts) -> Counts:
        """What each class alone could lose without any measure that grew falling below what it was."""
        room = list(now)
        for measure in self._measures:
            growth = sum(now[place] - then[place] for place in measure)
            if growth >= 0:
                for place in measure:
                    room[place] = min(room[place], growth)
        return tuple(room)
