"""What is due, why, in which order; and what is due again when code changes."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from conftest import drawn

from flows import fingerprints
from flows.backfilling.request import BackfillRequest
from flows.plan import Delivery, Planned, Selection, inputs_fingerprint, plan
from transforms.land import LandedFile
from warehouse.ledger import Outcome


@pytest.mark.parametrize(
    ("changed", "ingests_again", "publishes_again"),
    [
        ("standardise.py", True, True),
        ("readers/dates.sql", True, True),
        ("resolve/edges.sql", False, True),
        ("marts/stock.sql", False, True),
        ("simulation/macros.sql", False, False),
    ],
)
def test_a_change_of_code_makes_due_what_depends_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, ingests_again: bool, publishes_again: bool
) -> None:
    shutil.copytree(Path(fingerprints.__file__).parent.parent / "transforms", tmp_path / "transforms")
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "flows" / "fingerprints.py"))

    def keys() -> tuple[str, str]:
        fingerprints.transforms_fingerprint.cache_clear()
        file = LandedFile(tmp_path / "a.csv", "0" * 64, False)
        return fingerprints.delivery_key(file), fingerprints.input_fingerprint([], date(2024, 12, 31))

    before = keys()
    path = tmp_path / "transforms" / changed
    path.write_bytes(path.read_bytes() + b"\n")
    after = keys()
    fingerprints.transforms_fingerprint.cache_clear()
    assert (before[0] != after[0], before[1] != after[1]) == (ingests_again, publishes_again)


def deliveries(table: str) -> list[Delivery]:
    """Deliveries drawn with bars: status and key (old or new) of the outcome, or nothing where there is none."""
    found = []
    for row in drawn(table):
        sha256 = row["name"] * 64
        outcome = None
        if row["status"]:
            outcome = Outcome(sha256, 1, row["name"], row["key"], row["status"], "sidt-2022", line_count=100)
        found.append(
            Delivery(
                LandedFile(Path(row["name"]), sha256),
                "new",
                outcome,
                date.fromisoformat(row.get("arrived") or "2024-01-01"),
                int(row.get("bytes") or 35_000),
                int(row["wave"]) if row.get("wave") else None,
                row.get("province") or None,
                row.get("last_attempt") or None,
            )
        )
    return found


HISTORY = """
| name | status    | key | last_attempt |
| a    |           |     |              |
| b    |           |     | interrupted  |
| c    | validated | new | validated    |
| d    | validated | old | validated    |
| e    | refused   | new | refused      |
| f    | refused   | old | refused      |
| g    | unpacked  | new | unpacked     |
| h    | validated | new | failed       |
"""


def names(planned: list[Planned]) -> str:
    return "".join(one.delivery.file.path.name for one in planned if one.action == "ingest")


@pytest.mark.parametrize(
    ("reprocess", "due"), [("none", "ab"), ("failed", "abefh"), ("changed", "abdfh"), ("all", "abcdefh")]
)
def test_what_is_done_again_is_what_was_asked_for_and_no_archive(reprocess: str, due: str) -> None:
    planned = plan(deliveries(HISTORY), reprocess)  # type: ignore[arg-type]
    assert "".join(sorted(names(planned))) == due
    assert len(planned) == 8


def test_every_delivery_is_told_why() -> None:
    reasons = {one.delivery.file.path.name: one.reason for one in plan(deliveries(HISTORY), "changed")}
    assert reasons == {
        "a": "never ingested",
        "b": "the last try at it was interrupted",
        "c": "validated",
        "d": "made from other rules, profiles or code",
        "e": "refused",
        "f": "made from other rules, profiles or code",
        "g": "an archive; its files are deliveries of their own",
        "h": "the last try at it failed",
    }


CHOSEN = """
| name | status    | key | wave | province | arrived    | bytes |
| a    | validated | old | 2022 | 32       | 2024-01-01 | 10    |
| b    | validated | old | 2023 | 32       | 2024-01-02 | 30    |
| c    | validated | old | 2022 | 33       | 2024-01-03 | 20    |
| d    |           |     |      |          | 2024-01-04 | 40    |
"""


@pytest.mark.parametrize(
    ("selection", "due"),
    [
        (Selection(), "dbca"),
        (Selection(waves=frozenset({2022})), "ca"),
        (Selection(provinces=frozenset({"32"})), "ba"),
        (Selection(frozenset({2022}), frozenset({"32"})), "a"),
        (Selection(first_date=date(2024, 1, 2), last_date=date(2024, 1, 3)), "bc"),
        (Selection(last_date=date(2023, 1, 1)), ""),
    ],
)
def test_wave_province_and_day_choose_and_the_largest_comes_first(selection: Selection, due: str) -> None:
    assert names(plan(deliveries(CHOSEN), "changed", selection)) == due


def test_the_newest_come_first_where_asked_for() -> None:
    assert names(plan(deliveries(CHOSEN), "changed", newest_first=True)) == "dcba"


def test_an_estimate_uses_what_was_measured_of_its_profile_and_else_the_bytes() -> None:
    measured = {
        one.delivery.file.path.name: one
        for one in plan(deliveries(CHOSEN), "changed", seconds_per_line={"sidt-2022": 0.5})
    }
    assert (measured["a"].line_count, measured["a"].seconds) == (100, 51.0)
    assert plan(deliveries("| name | status | key |\n| a | | |"), "changed")[0].line_count == 100


def test_another_key_another_delivery_or_another_decision_is_another_plan() -> None:
    before = plan(deliveries(CHOSEN), "changed")
    assert inputs_fingerprint(plan(reversed(deliveries(CHOSEN)), "changed")) == inputs_fingerprint(before)
    for table, reprocess in (
        (CHOSEN.replace("| a    |", "| e    |"), "changed"),
        (CHOSEN, "none"),
        ("\n".join(CHOSEN.splitlines()[:-1]), "changed"),
    ):
        assert inputs_fingerprint(plan(deliveries(table), reprocess)) != inputs_fingerprint(before)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"first_date": "2024-02-01", "last_date": "2024-01-01"}, "first day .* is after the last"),
        ({"provinces": ["Jawa Barat"]}, "pattern"),
        ({"max_parallel": 0}, "greater than or equal to 1"),
        ({"reprocess": "everything"}, "'none', 'failed', 'changed' or 'all'"),
        ({"nonsense": 1}, "not permitted"),
    ],
)
def test_a_backfill_that_cannot_be_is_refused_before_anything_happens(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BackfillRequest(**wrong)  # type: ignore[arg-type]
