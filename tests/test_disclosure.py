"""Disclosure control: what a release hides, attacked with all that the releases show."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from disclosure_attack import Attack, Target, corrected, draw_leaves, draw_regions, grown, tree
from scipy.optimize import LinearConstraint, milp

from transforms.disclosure.dominance import MoneyCell, suppress_money
from transforms.disclosure.records import Counts, ReleaseError, Suppression, Unit, classes, released
from transforms.disclosure.suppress import suppress

WIDTH, THRESHOLD = 5, 5
CLASSES = [(place,) for place in range(WIDTH)]
MEASURES = [tuple(range(place + 1)) for place in range(WIDTH)]


def depth_one(text: str) -> list[Unit]:
    """Lines of `code count count ...` below one nation."""
    leaves = {line.split()[0]: tuple(map(int, line.split()[1:])) for line in text.strip().splitlines()}
    return tree(leaves, {"nation": None} | dict.fromkeys(leaves, "nation"))


def reasons(suppressions: Sequence[Suppression]) -> dict[str, str]:
    return {suppression.code: suppression.reason for suppression in suppressions}


def hidden_targets(shown: dict[str, Counts | None], number: int = 0) -> list[Target]:
    return [
        (number, code, places)
        for code, counts in shown.items()
        if counts is None
        for places in dict.fromkeys(CLASSES + MEASURES)
    ]


def some(draw: random.Random, targets: list[Target]) -> list[Target]:
    return draw.sample(targets, min(14, len(targets)))


def value(units: Sequence[Unit], target: Target) -> int:
    return sum(unit.counts[place] for unit in units if unit.code == target[1] for place in target[2])


def unprotected(
    units: Sequence[Unit], shown: dict[str, Counts | None], narrow: dict[Target, tuple[float, float]]
) -> dict[Target, tuple[float, float]]:
    """Narrow intervals but those of zeros that a visible unit above tells already."""
    counts = {unit.code: unit.counts for unit in units}
    parents = {unit.code: unit.parent for unit in units}

    def is_told(target: Target) -> bool:
        above: str | None = target[1]
        while above is not None and shown[above] is None:
            above = parents[above]
        return above is not None and not any(counts[above][place] for place in target[2])

    return {target: interval for target, interval in narrow.items() if not is_told(target)}


# --- one release ------------------------------------------------------------------------------------------------------


def test_a_small_class_hides_the_record_and_the_smallest_sibling_that_helps() -> None:
    units = depth_one("""
        a  3  40  60
        b 50  50  50
        c  6   0  30
        d 80  80  80
        e  0   0   0
    """)
    assert reasons(suppress(units)) == {"a": "primary", "c": "complementary"}
    shown = released(units, suppress(units))
    assert shown["a"] is None  # never 0
    assert shown["e"] == (0, 0, 0)  # not enumerated
    assert shown["nation"] == (139, 170, 220)


def test_a_sibling_without_the_class_that_is_short_is_not_hidden_in_vain() -> None:
    units = depth_one("""
        a  3  40  60
        b  0  20  20
        c  9  50  50
    """)
    assert reasons(suppress(units)) == {"a": "primary", "c": "complementary"}


def test_a_hidden_unit_is_known_to_have_a_business() -> None:
    # Of a and b together 5, and 1 at least in each: a would lie between 1 and 4.
    assert reasons(suppress(depth_one("a 2\nb 3\nc 50\nd 60"))) == {
        "a": "primary",
        "b": "primary",
        "c": "complementary",
    }


def test_a_unit_of_one_class_tells_of_each_of_its_businesses() -> None:
    units = depth_one("""
        a  0   7
        b 50  50
        c 60  60
    """)
    assert reasons(suppress(units)) == {"a": "primary", "b": "complementary"}
    assert suppress(depth_one("a 7\nb 50")) == []  # one class only: nothing is told


def test_a_province_with_one_split_is_hidden_in_both_frames_or_in_none() -> None:
    parents = {"nation": None, "34:1": "nation", "38:1": "34:1", "1.1": "38:1", "1.2": "38:1"}
    parents |= {"34:2": "nation", "38:2": "34:2", "2.1": "38:2", "34:3": "nation", "38:3": "34:3", "3.1": "38:3"}
    leaves = {"1.1": (50, 2), "1.2": (60, 0), "2.1": (30, 30), "3.1": (90, 90)}
    found = reasons(suppress(tree(leaves, parents)))
    # 1.2 cannot hide 1.1, so their province is hidden, and the smallest other one with it.
    assert found["34:1"] == found["38:1"] == "primary"
    assert (found["34:2"], found["38:2"], found["2.1"]) == ("complementary", "parent_hidden", "parent_hidden")
    assert not {"34:3", "38:3", "3.1"} & found.keys()


def test_nothing_small_hides_nothing() -> None:
    draw = random.Random(1)
    parents = draw_regions(draw)
    inner = set(parents.values())
    leaves = {code: tuple(draw.randint(5, 900) for _ in range(WIDTH)) for code in parents if code not in inner}
    assert suppress(tree(leaves, parents)) == []


def test_the_order_of_units_makes_no_difference_and_the_threshold_does() -> None:
    draw = random.Random(2)
    for _ in range(20):
        parents = draw_regions(draw)
        units = tree(draw_leaves(draw, parents), parents)
        first = suppress(units)
        draw.shuffle(units)
        assert suppress(units) == first
    units = depth_one("a 5 9\nb 9 9\nc 9 9")
    assert suppress(units) == []
    assert reasons(suppress(units, threshold=6)) == {"a": "primary", "b": "complementary"}


def test_what_cannot_be_protected_is_hidden_everywhere_and_says_so() -> None:
    assert reasons(suppress(depth_one("a 2 40\nb 0 50\nc 0 60"))) == dict.fromkeys("abc", "unprotectable")


def test_no_hidden_count_is_located_closer_than_the_threshold() -> None:
    attacked = 0
    for seed in range(60):
        draw = random.Random(seed)
        parents = draw_regions(draw)
        units = tree(draw_leaves(draw, parents), parents)
        suppressions = suppress(units)
        shown = released(units, suppressions)
        assert all(shown[unit.code] is None or shown[unit.code] == unit.counts for unit in units)
        targets = some(draw, hidden_targets(shown))
        narrow = Attack([(units, shown)], WIDTH).narrow(targets, THRESHOLD)
        if "unprotectable" not in reasons(suppressions).values():
            assert unprotected(units, shown, narrow) == {}, seed
            attacked += len(targets) > 0
    assert attacked >= 40


def test_everything_is_hidden_only_where_even_that_leaves_a_count_narrow() -> None:
    found = 0
    for seed in range(60):
        draw = random.Random(seed)
        parents = draw_regions(draw)
        units = tree(draw_leaves(draw, parents), parents)
        suppressions = suppress(units)
        if "unprotectable" in reasons(suppressions).values():
            shown = released(units, suppressions)
            parts = [target for target in hidden_targets(shown) if parents[target[1]] == "nation"]
            assert unprotected(units, shown, Attack([(units, shown)], WIDTH).narrow(parts, THRESHOLD)), seed
            found += 1
    assert found


def test_breakdowns_of_one_nation_protect_each_other() -> None:
    """Regions, sizes and sexes are margins of one joint table, of which nothing but the margins is released."""
    attacked = 0
    for seed in range(30):
        draw = random.Random(seed)
        regions = [f"r{place}" for place in range(8)]
        empty = 0.75  # most combinations do not occur
        cells = {
            (region, size, sex): (0,) * WIDTH
            if draw.random() < empty
            else draw_leaves(draw, {"cell": "nation"})["cell"]
            for region in regions
            for size in ("micro", "small", "medium")
            for sex in ("f", "m", "unknown")
        }
        units: list[Unit] = []
        shown: dict[str, Counts | None] = {}
        for place in range(3):
            codes = dict.fromkeys(cell[place] for cell in cells)
            leaves = {
                f"{place}:{code}": tuple(
                    sum(counts[k] for cell, counts in cells.items() if cell[place] == code) for k in range(WIDTH)
                )
                for code in codes
            }
            table = tree(leaves, {"nation": None} | dict.fromkeys(leaves, "nation"))
            suppressions = suppress(table)
            if "unprotectable" in reasons(suppressions).values():
                break
            units += table
            shown |= released(table, suppressions)
        else:
            joint = tree(
                {":".join(cell): counts for cell, counts in cells.items()},
                {"nation": None} | {":".join(cell): "nation" for cell in cells},
            )
            attack = Attack([(joint, {"nation": joint[0].counts})], WIDTH)
            for code in {unit.code for unit in units} - {"nation"}:
                place, name = code.split(":")
                attack.leaves[code] = [":".join(cell) for cell in cells if cell[int(place)] == name]
                counts = shown[code]
                if counts is not None:
                    attack.equations += [(attack.terms((0, code, (k,))), counts[k]) for k in range(WIDTH)]
            assert unprotected(units, shown, attack.narrow(some(draw, hidden_targets(shown)), THRESHOLD)) == {}, seed
            attacked += None in shown.values()
    assert attacked >= 5


def test_the_attacker_finds_what_primary_suppression_alone_leaves() -> None:
    found = 0
    for seed in range(20):
        draw = random.Random(seed)
        parents = draw_regions(draw)
        units = tree(draw_leaves(draw, parents), parents)
        primary = [suppression for suppression in suppress(units) if suppression.reason == "primary"]
        shown = released(units, primary)
        narrow = Attack([(units, shown)], WIDTH).narrow(hidden_targets(shown)[:12], THRESHOLD)
        found += bool(unprotected(units, shown, narrow))
    assert found >= 5


# --- successive releases ----------------------------------------------------------------------------------------------


def test_what_was_hidden_stays_hidden_also_as_zero() -> None:
    first = depth_one("a 3 40\nb 20 20\nc 50 50")
    second = depth_one("a 0 0\nb 20 20\nc 50 50")
    shown = released(first, suppress(first))
    assert reasons(suppress(second)) == {}
    assert reasons(suppress(second, earlier=[shown])) == {"a": "earlier_release", "b": "earlier_release"}


def test_growth_of_a_newly_hidden_unit_is_not_told_by_those_that_were_hidden_before() -> None:
    first = depth_one("a 3 40 40\nb 20 20 20\nc 0 60 60\nd 50 50 50")
    second = depth_one("a 3 40 40\nb 20 20 20\nc 1 65 65\nd 60 60 60")
    shown = released(first, suppress(first))
    assert reasons(suppress(first)) == {"a": "primary", "b": "complementary"}
    assert "d" not in reasons(suppress(second))
    # a and b have 23 of the first class together in both releases, so that they cannot hide that c has 1 now.
    assert reasons(suppress(second, earlier=[shown])) == {
        "a": "primary",
        "b": "earlier_release",
        "c": "primary",
        "d": "complementary",
    }


def test_a_sibling_that_grew_only_within_a_wider_measure_hides_no_newly_hidden_unit() -> None:
    first = depth_one("a 0 40 60\nb 20 40 60\nc 50 50 50")
    # b has 10 more of D1, but none of D2: its D1 might be fewer only with its D2, which does not fall.
    second = depth_one("a 2 39 61\nb 30 30 70\nc 60 60 60")
    shown = released(first, suppress(first))
    assert reasons(suppress(second, earlier=[shown])) == {"a": "primary", "c": "complementary"}


def test_the_first_businesses_of_a_unit_are_hidden_by_enough_growth_besides_them() -> None:
    first = depth_one("a 0\nb 50\nc 50")
    second = depth_one("a 2\nb 53\nc 60")  # a and b grew by 5 together, and a has 1 at least
    shown = released(first, suppress(first))
    assert reasons(suppress(second, earlier=[shown])) == {"a": "primary", "c": "complementary"}


@pytest.mark.parametrize("change", ["new businesses", "going digital", "corrections"])
def test_successive_releases_together_leave_no_hidden_count_narrow(change: str) -> None:
    made = 0
    for seed in range(30):
        draw = random.Random(seed)
        parents = draw_regions(draw)
        leaves = draw_leaves(draw, parents)
        releases: list[tuple[list[Unit], dict[str, Counts | None]]] = []
        for _ in range(3):
            units = tree(leaves, parents)
            suppressions = suppress(units, earlier=[shown for _, shown in releases])
            if "unprotectable" not in reasons(suppressions).values():  # else the earlier one stands
                releases.append((units, released(units, suppressions)))
            leaves = (
                corrected(draw, leaves) if change == "corrections" else grown(draw, leaves, change != "new businesses")
            )
        made += len(releases) > 1
        attack = Attack(releases, WIDTH) if releases else None
        if attack is None:
            continue
        if change != "corrections":
            attack.hold_growth(CLASSES if change == "new businesses" else MEASURES, lambda *_: True)
        targets = [target for number, (_, shown) in enumerate(releases) for target in hidden_targets(shown, number)]
        for target, (low, high) in attack.narrow(some(draw, targets), THRESHOLD).items():
            number, code, places = target
            # Known, but not from hidden counts: a zero, or a count without any growth since it was shown.
            before = [shown[code] for _, shown in releases[:number]]
            shown_before = {sum(counts[place] for place in places) for counts in before if counts is not None}
            assert high - low < 1e-6, (seed, target, low, high)
            assert value(releases[number][0], target) in shown_before | {0}, (seed, target)
    assert made >= 18


def test_the_attacker_of_two_releases_finds_what_each_alone_would_hide() -> None:
    found = 0
    for seed in range(15):
        draw = random.Random(seed)
        parents = draw_regions(draw)
        leaves = draw_leaves(draw, parents)
        releases = []
        for _ in range(2):
            units = tree(leaves, parents)
            releases.append((units, released(units, suppress(units))))  # without `earlier`
            leaves = grown(draw, leaves, is_going_digital=False)
        attack = Attack(releases, WIDTH)
        attack.hold_growth(CLASSES, lambda *_: True)
        newly = [target for target in hidden_targets(releases[1][1], 1) if releases[0][1][target[1]] is not None]
        narrow = attack.narrow(newly[:12], THRESHOLD)
        found += any(high - low > 0.5 for low, high in narrow.values())
    assert found


# --- money ------------------------------------------------------------------------------------------------------------


def money(contributions: dict[str, list[int]]) -> list[MoneyCell]:
    top = {code: sorted([0, 0, *shares])[:-3:-1] for code, shares in contributions.items()}
    return [MoneyCell(code, sum(shares), *top[code], len(shares)) for code, shares in contributions.items()]


def test_a_dominated_cell_and_one_of_few_contributors_are_hidden() -> None:
    cells = money({"a": [900, 50, 20, 20, 20], "b": [30] * 4, "c": [40] * 9, "d": [80] * 9, "e": []})
    assert reasons(suppress_money(cells)) == {"a": "dominance", "b": "primary"}
    assert reasons(suppress_money(cells[:1] + cells[2:])) == {"a": "dominance", "c": "complementary"}
    assert suppress_money(cells[2:]) == []
    assert reasons(suppress_money(cells[2:], earlier={"d"})) == {"c": "complementary", "d": "earlier_release"}
    assert reasons(suppress_money(money({"a": [900, 5, 1, 1, 1], "b": [2]}))) == dict.fromkeys("ab", "unprotectable")


def test_no_contributor_can_work_out_another_one_within_p_percent() -> None:
    attacked = 0
    for seed in range(50):
        draw = random.Random(seed)
        contributions = {
            code: [int(draw.lognormvariate(5, 2)) + 1 for _ in range(draw.choice([0, 1, 2, 4, 6, 30]))]
            for code in "abcdefgh"[: draw.randint(3, 8)]
        }
        found = reasons(suppress_money(money(contributions)))
        if not found or "unprotectable" in found.values():
            continue
        codes = list(found)
        total = sum(sum(contributions[code]) for code in codes)
        attacked += 1
        for target in codes:
            for own in codes:
                largest = sorted(contributions[target])[-1]
                rest = sorted(contributions[own])[-2:-1] if own == target else sorted(contributions[own])[-1:]
                if rest:
                    # Unknown: what each hidden cell holds besides the attacker's own, `rest`.
                    solved = milp(
                        [-float(code == target) for code in codes],
                        constraints=LinearConstraint(np.ones((1, len(codes))), total - rest[0], total - rest[0]),
                    )
                    assert -solved.fun >= 1.1 * largest - 1e-6, (seed, target, own)
    assert attacked >= 20


# --- what is given ----------------------------------------------------------------------------------------------------


def test_nested_measures_become_classes() -> None:
    assert classes(100, (20, 50)) == (20, 30, 50)
    with pytest.raises(ReleaseError, match="not nested"):
        classes(100, (50, 20))


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ([Unit("n", None, (3,)), Unit("a", "n", (2,))], "n is not the sum of its parts"),
        ([Unit("n", None, (3,)), Unit("n", "n", (3,))], "two units have one code"),
        ([Unit("n", None, (3,)), Unit("a", "m", (3,))], "part of m, which is missing"),
        ([Unit("n", None, (3,)), Unit("m", None, (3,))], "2 units without a parent"),
        ([Unit("n", None, (3,)), Unit("a", "b", (3,)), Unit("b", "a", (3,))], "parts of each other"),
        ([Unit("n", None, (-3,))], "must have 1 counts"),
    ],
)
def test_units_that_are_no_tree_are_refused(units: list[Unit], message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        suppress(units)


def test_an_earlier_release_of_another_tree_is_refused() -> None:
    units = depth_one("a 9 9\nb 9 9")
    with pytest.raises(ReleaseError, match="now 2"):
        suppress(units, earlier=[{"nation": (18,), "a": (9,), "b": (9,)}])
    with pytest.raises(ReleaseError, match="showed more for the parts of nation"):
        suppress(units, earlier=[{"nation": (8, 8), "a": (9, 9), "b": None}])
