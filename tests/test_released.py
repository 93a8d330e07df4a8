"""Released tables: every visible count is the mart's, hidden ones are NULL, and the log names them with their reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from plain_marts import PLACES, Census, Row
from random_census import Counting, random_business

from transforms.disclosure import build_released

AS_OF = date(2024, 12, 31)
SALES = """
    (2021, 'C', 1000, 300, 200, 10),
    (2021, 'G', 5000, 900, 800, 40),
    (2021, 'H', 900, 800, 90, 9),
    (2021, 'I', 70, 30, 20, 3),
    (2022, 'G', 4000, 900, 800, 40)"""
"""H is dominated by its largest, I has too few contributors."""


def census_of(sizes: dict[str, int]) -> Census:
    """A register with so many businesses per kab/kota, alike but for their digital rank."""
    import random

    businesses: list[Row] = []
    for place, size in sizes.items():
        for number in range(size):
            draw = random.Random(f"{place}{number}")
            rank = (None, 1, 2, 3, 4)[number % 5]
            businesses.append(
                random_business(draw, len(businesses) + 1, [place])
                | {
                    "business_kind": "umkm",
                    "is_counted": True,
                    "wave": 2022,
                    "digital_rank": rank,
                    "counted_from_date": date(2022, 12, 31) if rank else None,
                    "size_class_code": "micro" if number % 2 else "small",
                    "kbli_code": "56102",
                    "owner_sex_code": None if (place, number) == ("33.01", 7) else "L" if number % 3 else "P",
                    "owner_age_band": "31-45",
                }
            )
    return {
        "businesses": businesses,
        "threshold_clusters": [],
        "threshold_businesses": [],
        "registration_counts": [],
        "waiting_counts": [],
    }


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    return Counting(tmp_path_factory.mktemp("released"))


def release(
    counting: Counting, sizes: dict[str, int], folder: Path, earlier: list[Path], threshold: int = 5
) -> dict[str, Row]:
    counting.marts(census_of(sizes), [], AS_OF)
    counting.con.execute(
        f"COPY (SELECT * FROM (VALUES {SALES}) AS cells(omzet_year, section_code, omzet_idr, largest_idr, second_largest_idr, contributor_count))"
        f" TO '{counting.folder}/contributions.parquet' (FORMAT parquet)"
    )
    build_released(counting.con, counting.folder / "contributions.parquet", folder, earlier, threshold)
    relation = counting.con.execute("SELECT * FROM released.regions")
    names = [column[0] for column in relation.description or ()]
    return {row[0]: dict(zip(names, row, strict=True)) for row in relation.fetchall()}


def test_large_regions_are_shown_as_they_are_and_small_ones_as_nothing(counting: Counting, tmp_path: Path) -> None:
    rows = release(
        counting, {"32.01": 100, "32.02": 60, "32.03": 50, "32.04": 9, "33.01": 100, "93.01": 0}, tmp_path, []
    )
    assert len(rows) == 1 + 34 + 38 + len(PLACES) - 1 + 1
    assert (rows["nation"]["business_count"], rows["nation"]["d1_count"], rows["nation"]["d4_count"]) == (319, 64, 255)
    assert rows["regency/32.01"]["business_count"] == 100 and not rows["regency/32.01"]["is_suppressed"]
    hidden = {code for code, row in rows.items() if row["is_suppressed"]}
    assert "regency/32.04" in hidden and len({code for code in hidden if code.startswith("regency/32")}) >= 2
    for row in rows.values():
        counts = [row[name] for name in ("business_count", "d1_count", "d2_count", "d3_count", "d4_count")]
        assert counts == [None] * 5 if row["is_suppressed"] else None not in counts
    assert (rows["regency/93.01"]["business_count"], rows["regency/93.01"]["is_suppressed"]) == (0, False)
    logged = counting.con.execute(
        "SELECT unit_code FROM quality.suppression_log WHERE released_table = 'regions'"
    ).fetchall()
    assert {code for (code,) in logged} == hidden
    assert counting.con.execute("SELECT DISTINCT threshold_count FROM quality.suppression_log").fetchall() == [(5,)]


def test_what_an_earlier_version_hid_stays_hidden_and_a_first_release_needs_no_earlier_one(
    counting: Counting, tmp_path: Path
) -> None:
    small = {"32.01": 100, "32.02": 60, "32.03": 50, "32.04": 9}
    first = release(counting, small, tmp_path / "1", [tmp_path / "none"])
    grown = release(counting, small | {"32.04": 90}, tmp_path / "2", [tmp_path / "1"])
    alone = release(counting, small | {"32.04": 90}, tmp_path / "3", [])
    assert first["regency/32.04"]["is_suppressed"] and grown["regency/32.04"]["is_suppressed"]
    assert not alone["regency/32.04"]["is_suppressed"]
    assert ("earlier_release",) in set(
        duckdb_rows(
            tmp_path / "2" / "quality" / "suppression_log.parquet",
            "SELECT reason FROM '{path}' WHERE unit_code = 'regency/32.04'",
        )
    )


def test_sales_are_hidden_where_a_contributor_could_be_worked_out(counting: Counting, tmp_path: Path) -> None:
    release(counting, {"32.01": 100, "32.02": 60}, tmp_path, [])
    shown = counting.con.execute(
        "SELECT omzet_year, section_code, omzet_idr, contributor_count, is_suppressed FROM released.sales ORDER BY ALL"
    )
    rows = {(year, section): tuple(rest) for year, section, *rest in shown.fetchall()}
    assert rows[2021, "H"] == rows[2021, "I"] == (None, None, True)
    assert rows[2021, "G"] == (5000, 40, False) and rows[2022, "G"] == (4000, 40, False)
    logged = (
        "SELECT unit_code, column_name, reason FROM quality.suppression_log WHERE released_table = 'sales' ORDER BY ALL"
    )
    reasons = {code: (name, reason) for code, name, reason in counting.con.execute(logged).fetchall()}
    assert (reasons["2021/H"], reasons["2021/I"]) == (("omzet_idr", "dominance"), ("omzet_idr", "primary"))


def duckdb_rows(path: Path, query: str) -> list[tuple[object, ...]]:
    import duckdb

    return duckdb.sql(query.format(path=path)).fetchall()


def test_a_category_that_is_small_for_the_first_time_is_hidden_beside_what_was_shown(
    counting: Counting, tmp_path: Path
) -> None:
    shown = "SELECT category_code, business_count FROM released.breakdowns WHERE breakdown = 'owner_sex' ORDER BY ALL"
    release(counting, {"32.01": 100, "32.02": 60}, tmp_path / "1", [])
    assert None not in dict(counting.con.execute(shown).fetchall()).values()
    release(counting, {"32.01": 130, "32.02": 90, "33.01": 80}, tmp_path / "2", [tmp_path / "1"])
    second = dict(counting.con.execute(shown).fetchall())
    assert second["unknown"] is None and list(second.values()).count(None) >= 2


def test_a_release_that_cannot_be_made_is_no_earlier_release(counting: Counting, tmp_path: Path) -> None:
    tiny = release(counting, {"32.01": 3}, tmp_path / "1", [])
    assert tiny["regency/32.01"]["is_suppressed"]
    reasons = duckdb_rows(
        tmp_path / "1" / "quality" / "suppression_log.parquet",
        "SELECT DISTINCT reason FROM '{path}' WHERE released_table = 'regions'",
    )
    assert reasons == [("unprotectable",)]
    after = release(counting, {"32.01": 100, "32.02": 90, "33.01": 80}, tmp_path / "2", [tmp_path / "1"])
    assert not after["regency/32.01"]["is_suppressed"]
