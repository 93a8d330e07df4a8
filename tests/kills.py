"""Kills a run at the boundaries between write, fsync and rename, or at any moment, on the scenes of a rehearsal."""

from __future__ import annotations

import random
from collections.abc import Callable

from rehearsal import STEPS, Scene, Stage, run
from watch import Watch

from warehouse.lock import single_writer


def kill_at(made: Stage, scene: Scene, boundary: int, is_after: bool) -> None:
    """Kill the step of `scene` before or after its `boundary`, and check."""
    name = f"{scene.name}: {'after' if is_after else 'before'} {scene.boundaries[boundary]}"
    made.restore(scene)

    def perform() -> None:
        with Watch(made.settings.home, boundary, is_after), single_writer(made.settings.root.lock, "nightly"):
            STEPS[scene.name](made.settings, scene.release)  # type: ignore[arg-type]

    made.tally.count(scene.boundaries[boundary].split(" ")[0])
    if not made.is_killed(perform):
        made.tally.faults.append(f"{name}: was not reached")
    made.check(name)


def kill_after(made: Stage, scene: Scene, seconds: float) -> None:
    """Kill the run that begins with the root of `scene` after `seconds`, if it is still there, and check."""
    made.restore(scene)
    made.tally.count("any moment")
    made.is_killed(lambda: run(made.settings), seconds)
    made.check(f"whole run: after {seconds:.3f} s")


def spread(scenes: list[Scene], count: int) -> list[tuple[Scene, int, bool]]:
    """`count` kills at boundaries: all that put data in its place first, then each kind of call in each step."""
    every = [
        (scene, number, is_after)
        for scene in scenes
        for number in range(len(scene.boundaries))
        for is_after in (False, True)
    ]
    kinds: dict[tuple[str, ...], list[tuple[Scene, int, bool]]] = {}
    for scene, number, is_after in every:
        call, _, place = scene.boundaries[number].partition(" ")
        is_switch = place in ("published/current", "published/versions/000002") and call in ("rename", "replace")
        kind = (place, str(is_after)) if is_switch else (scene.name, call, place.split("/")[0])
        kinds.setdefault(kind, []).append((scene, number, is_after))
    ordered = sorted(kinds.values(), key=len)
    turns = [one[place * 7 % len(one)] for place in range(len(every)) for one in ordered if place < len(one)]
    return list(dict.fromkeys(turns))[:count] if count < len(every) else every


def kill_at_boundaries(made: Stage, kills: int | None, tell: Callable[[str], None] = lambda line: None) -> None:
    """Kill at `kills` boundaries, before or after; None means at every one, before and after."""
    count = sum(2 * len(scene.boundaries) for scene in made.scenes)
    tell(f"{len(made.scenes)} steps, {count // 2} boundaries, undisturbed in {made.seconds:.1f} s")
    for number, one in enumerate(spread(made.scenes, count if kills is None else kills), 1):
        kill_at(made, *one)
        if number % 25 == 0:
            tell(f"{number} kills, {made.tally.recovered} states, {len(made.tally.faults)} faults")


def kill_at_moments(made: Stage, kills: int, seed: int, tell: Callable[[str], None] = lambda line: None) -> None:
    """Kill a whole run at moments drawn with `seed`."""
    draw = random.Random(seed)
    for number in range(1, kills + 1):
        kill_after(made, made.scenes[0], draw.uniform(0, made.seconds))
        if number % 25 == 0:
            tell(f"{number} moments, {made.tally.recovered} states, {len(made.tally.faults)} faults")
