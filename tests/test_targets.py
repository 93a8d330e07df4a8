"""Targets that the operator supplies: what is taken, what is refused and with which words, and what they do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from random_census import Counting, random_census

from warehouse.targets import OperatorTarget, TargetError, load_targets

HEADER = "region_code,target_year,target_count,decided_date,source"


def test_targets_are_read_by_region_and_year(tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    assert load_targets(path) == []
    path.write_text(f"{HEADER}\n32.01,2023,1000,2023-01-05,SK Bupati 1/2023\n32,2023,50000,2023-01-02,SK Gubernur 7\n")
    assert load_targets(path) == [
        OperatorTarget("32", 2023, 50_000, date(2023, 1, 2), "SK Gubernur 7"),
        OperatorTarget("32.01", 2023, 1_000, date(2023, 1, 5), "SK Bupati 1/2023"),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("3201,2023,1000,2023-01-05,SK", "line 2: region_code must be the Kemendagri code"),
        ("32,2025,1000,2023-01-05,SK", "line 2: target_year must be 2022, 2023 or 2024"),
        ("32,2023,1.000,2023-01-05,SK", "line 2: target_count must be a whole number above 0"),
        ("32,2023,0,2023-01-05,SK", "line 2: target_count must be a whole number above 0"),
        ("32,2023,1000,05/01/2023,SK", "line 2: decided_date must be a day in the form YYYY-MM-DD"),
        ("32,2023,1000,2023-01-05,", "line 2: source is empty"),
        ("32,2023,1000,2023-01-05", "line 2: 4 fields, the header has 5"),
        ("32,2023,1,2023-01-05,SK\n32,2023,2,2023-01-05,SK", "line 3: 32 has a target for 2023 already"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_with_its_cure(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "targets.csv"
    path.write_text(f"{HEADER}\n{line}\n")
    with pytest.raises(TargetError, match=r"targets\.csv, ") as refused:
        load_targets(path)
    assert words in str(refused.value)


def test_an_operators_target_replaces_the_allocation_of_its_region_alone_and_carries_a_verdict(tmp_path: Path) -> None:
    census, _, _ = random_census(7)
    counting = Counting(tmp_path)
    target = {
        "region_code": "32.01",
        "target_year": 2023,
        "target_count": 1,
        "decided_date": date(2023, 1, 5),
        "source": "SK Bupati",
    }
    counting.marts(census, [target], date(2024, 12, 31))
    rows = [
        row
        for row in counting.rows("attainment_kabkota")
        if row["target_basis"] == "operator_target" and row["definition_code"] == "D4"
    ]
    assert [
        (row["regency_code"], row["target_year"], row["target_count"], row["allocation_key"], row["verdict"])
        for row in rows
    ] == [("32.01", 2023, 1, "SK Bupati", "met")]
    assert {
        row["verdict"] for row in counting.rows("attainment_kabkota") if row["target_basis"] != "operator_target"
    } == {"not_assessable"}
    assert {row["target_basis"] for row in counting.rows("attainment_province")} == {"indicative_allocation"}
