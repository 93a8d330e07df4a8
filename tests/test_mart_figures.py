"""Every mart against plain Python, and what must hold between marts, over random small registers."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import date

import pytest
from plain_marts import PLACES, Census, PlainMarts, Row
from random_census import Counting, random_business, random_census

from warehouse.tables import MART_TABLES

CENSUSES = range(10)
"""`tests/benchmarks/mart_figures.py` compares hundreds."""


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    return Counting(tmp_path_factory.mktemp("marts"))


def keyed(rows: list[Row], key: tuple[str, ...]) -> dict[tuple[object, ...], Row]:
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows)
    return found


def differences(counting: Counting, plain: PlainMarts) -> Iterator[str]:
    for table in MART_TABLES:
        ours, theirs = keyed(counting.rows(table.name), table.key), keyed(getattr(plain, table.name)(), table.key)
        for key in ours.keys() | theirs.keys():
            if ours.get(key) != theirs.get(key):
                yield f"{table.name} {key}: {ours.get(key)} is not {theirs.get(key)}"


@pytest.mark.parametrize("seed", CENSUSES)
def test_every_mart_is_what_plain_python_counts(counting: Counting, seed: int) -> None:
    census, targets, as_of = random_census(seed)
    counting.marts(census, targets, as_of)
    assert next(differences(counting, PlainMarts(census, targets, as_of)), None) is None
    assert_sums_agree(counting)


def assert_sums_agree(counting: Counting) -> None:
    """National figures are the sums over provinces of both frames, kab/kota, sizes and sectors, and owners."""

    def sums(query: str) -> dict[tuple[object, ...], int]:
        return {tuple(key): int(value) for *key, value in counting.con.execute(query).fetchall()}

    of = "SELECT {keys}, sum(observed_count) FROM marts.{mart} WHERE {where} GROUP BY ALL"
    keys = "target_year, definition_code"
    national = sums(
        of.format(
            keys=keys,
            mart="attainment_national",
            where="indicator_code = 'umkm_digital' AND series = 'register_observed'",
        )
    )
    for mart, where in (
        ("attainment_province", "frame_code = '34'"),
        ("attainment_province", "frame_code = '38'"),
        ("attainment_kabkota", "true"),
    ):
        assert sums(of.format(keys=keys, mart=mart, where=where)) == national
    latest = {definition: count for (year, definition), count in national.items() if year == 2024}
    size = sums(
        "SELECT 1, coalesce(sum(business_count), 0) FROM marts.attainment_kabkota WHERE target_year = 2024 AND definition_code = 'D1'"
    )[1,]
    for mart in ("by_size_sector", "by_owner"):
        for frame in ("34", "38"):
            wide = counting.con.execute(
                f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in ('d1_count', 'd2_count', 'd3_count', 'd4_count', 'business_count'))}"
                f" FROM marts.{mart} WHERE frame_code = '{frame}'"
            ).fetchall()[0]
            assert tuple(map(int, wide)) == (*(latest[f"D{rank}"] for rank in (1, 2, 3, 4)), size)
    papua = "sum(observed_count) FROM marts.attainment_province WHERE target_year = 2024 GROUP BY ALL"
    split = sums(
        f"SELECT definition_code, frame_code, province_code IN ('91', '93', '94', '95'), province_code IN ('92', '96'), {papua}"
    )
    for (definition, frame, is_papua, is_west), count in split.items():
        if is_papua or is_west:
            assert count == split[definition, "38" if frame == "34" else "34", is_papua, is_west]
    targets = sums(
        "SELECT target_year, frame_code, sum(target_count) FROM marts.attainment_province"
        " WHERE definition_code = 'D1' GROUP BY ALL HAVING bool_and(target_basis = 'indicative_allocation' AND target_count IS NOT NULL)"
    )
    assert all(
        count == {2022: 20_000_000, 2023: 24_000_000, 2024: 30_000_000}[year] for (year, _), count in targets.items()
    )


def figures(
    counting: Counting, census: Census, targets: list[Row], as_of: date
) -> dict[str, dict[tuple[object, ...], Row]]:
    counting.marts(census, targets, as_of)
    return {table.name: keyed(counting.rows(table.name), table.key) for table in MART_TABLES}


def test_one_more_unit_adds_1_in_exactly_the_cells_it_belongs_to(counting: Counting) -> None:
    draw = random.Random(5)
    census, targets, _ = random_census(3)
    as_of = date(2024, 12, 31)
    before = figures(counting, census, targets, as_of)
    new = random_business(draw, 9_001, ["32.01"]) | {
        "owner_id": 9_001,
        "business_kind": "umkm",
        "enumerated_date": date(2022, 5, 5),
        "wave": 2022,
        "business_status_code": 1,
        "kbli_code": "56102",
        "owner_sex_code": "P",
        "owner_age_band": "31-45",
        "size_class_code": "micro",
        "size_rule": "sales",
        "is_counted": True,
        "has_nib": False,
        "digital_rank": 2,
        "counted_from_date": date(2023, 12, 31),
        "counted_from_year": 2023,
        "sells_on_ekatalog": False,
    }
    after = figures(counting, census | {"businesses": [*census["businesses"], new]}, targets, as_of)
    counts = {"observed_count", "business_count", "d1_count", "d2_count", "d3_count", "d4_count", "owner_count"}
    grown = {
        (mart, key, name)
        for mart in ("attainment_national", "attainment_province", "attainment_kabkota", "by_size_sector", "by_owner")
        for key, row in after[mart].items()
        for name in counts & row.keys()
        if (row[name] or 0) != ((before[mart].get(key) or {}).get(name) or 0)
    }
    later = [(year, definition) for year in (2023, 2024) for definition in ("D2", "D3", "D4")]
    every = [(year, f"D{rank}") for year in (2022, 2023, 2024) for rank in (1, 2, 3, 4)]
    provinces = [("34", "32"), ("38", "32")]
    assert grown == {
        *(
            ("attainment_national", ("umkm_digital", *cell, "register_observed", "capaian"), "observed_count")
            for cell in later
        ),
        *(("attainment_province", (*place, *cell), "observed_count") for place in provinces for cell in later),
        *(("attainment_province", (*place, *cell), "business_count") for place in provinces for cell in every),
        *(("attainment_kabkota", ("32.01", *cell), "observed_count") for cell in later),
        *(("attainment_kabkota", ("32.01", *cell), "business_count") for cell in every),
        *(
            ("by_size_sector", (*place, "micro", "sales", "I"), name)
            for place in provinces
            for name in ("business_count", "d2_count", "d3_count", "d4_count")
        ),
        *(
            ("by_owner", (*place, "P", "31-45"), name)
            for place in provinces
            for name in ("owner_count", "business_count", "d2_count", "d3_count", "d4_count")
        ),
    }
    assert all(
        row["observed_count"] - before["attainment_national"][key]["observed_count"] == 1
        for key, row in after["attainment_national"].items()
        if ("attainment_national", key, "observed_count") in grown
    )


def test_the_order_of_rows_changes_no_figure(counting: Counting) -> None:
    census, targets, as_of = random_census(4)
    shuffled = copy.deepcopy(census)
    for rows in shuffled.values():
        random.Random(1).shuffle(rows)
    assert figures(counting, census, targets, as_of) == figures(counting, shuffled, list(reversed(targets)), as_of)


def test_every_kab_kota_has_its_row_whatever_the_register_holds(counting: Counting) -> None:
    tables = ("businesses", "threshold_clusters", "threshold_businesses", "registration_counts", "waiting_counts")
    empty: Census = {table: [] for table in tables}
    rows = figures(counting, empty, [], date(2024, 12, 31))
    assert {key[0] for key in rows["attainment_kabkota"]} == set(PLACES)
    assert {row["target_count"] for row in rows["attainment_province"].values()} == {None}
