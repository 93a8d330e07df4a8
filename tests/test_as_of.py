"""What was known on an earlier day: for random histories, what the version of that day published, to the last business."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, published, stranger, write_sidt
from drawn_versions import build_attainment, carry_on, draw_register

from flows.settings import Settings
from warehouse.publish import MACROS
from warehouse.reference_data import load_reference
from warehouse.tables.changes import STOCK_CHANGES, VERSIONS

HISTORIES = 12
"""Fifty agree as well; raise it when the deltas or the macros change."""
REGENCIES = (("32.01", "32", "32"), ("32.73", "32", "32"), ("93.01", "91", "93"), (None, "unknown", "unknown"))
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def analyst() -> Any:
    """A database with the reference tables and macros, as the published file has them."""
    with duckdb.connect(config={"threads": 1}) as con:
        load_reference(con)
        con.execute("CREATE SCHEMA meta; CREATE SCHEMA marts")
        yield con


def any_day(draw: random.Random, first: int, last: int) -> date:
    return date(draw.randint(first, last), draw.randint(1, 12), draw.randint(1, 28))


def any_business(draw: random.Random, number: int) -> dict[str, Any]:
    regency, province_34, province_38 = draw.choice(REGENCIES)
    told, rank = any_day(draw, 2022, 2024), draw.choice([None, 1, 1, 2, 3, 4])
    counted_from = draw.choice([told, date(draw.randint(2019, 2024), 12, 31)]) if rank else None
    return {
        "business_id": number,
        "regency_code": regency,
        "province_code_34": province_34,
        "province_code_38": province_38,
        "enumerated_date": told,
        "is_counted": draw.random() < 0.9,
        "digital_rank": rank,
        "counted_from_date": counted_from,
        "counted_from_year": counted_from.year if counted_from else None,
    }


def next_register(draw: random.Random, register: dict[int, dict[str, Any]]) -> None:
    """What a night does: late and new businesses come, some are told otherwise, some are withdrawn, or nothing happens."""
    night = draw.random()
    for number in list(register):
        if night < 0.8 and draw.random() < 0.2:
            register[number] = any_business(draw, number)
        elif night < 0.7 and draw.random() < 0.15:
            del register[number]
    for number in range(
        max(register, default=0) + 1, max(register, default=0) + 1 + (night < 0.9) * draw.randint(0, 12)
    ):
        register[number] = any_business(draw, number)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_an_earlier_day_answers_with_what_its_version_published(
    seed: int, tmp_path: Path, analyst: duckdb.DuckDBPyConnection
) -> None:
    draw = random.Random(seed)
    register: dict[int, dict[str, Any]] = {}
    told: dict[date, tuple[int, dict[tuple[Any, ...], int]]] = {}
    earlier, known = tmp_path / "0", date(2025, 1, draw.randint(2, 9))
    with analyst.cursor() as con:
        for version in range(1, draw.randint(3, 4) + 1):
            next_register(draw, register)
            as_of = draw.choice([date(2022, 8, 31), date(2023, 12, 31), date(2024, 12, 31), any_day(draw, 2022, 2024)])
            folder = draw_register(tmp_path / str(version), version, as_of, [*register.values()], known=known)
            build_attainment(con, folder, as_of)
            carry_on(con, folder, earlier)
            told[known] = (version, said(con, folder))
            earlier, known = folder, known + draw.choice([0, 1, 1, 5]) * DAY
        for table in (VERSIONS, STOCK_CHANGES):
            con.execute(
                f"CREATE OR REPLACE VIEW {table.full_name} AS FROM '{earlier}/{table.schema}/{table.name}.parquet'"
            )
        for macro in MACROS.glob("attainment_*at.sql"):
            con.execute(macro.read_text(encoding="utf-8").replace("CREATE MACRO", "CREATE OR REPLACE MACRO"))
        for day in {day for known in told for day in (known - DAY, known, known + DAY)}:
            version, expected = (
                told[max((known for known in told if known <= day), default=day)] if min(told) <= day else (None, None)
            )
            check_known(con, day, version, expected, draw)


def said(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[tuple[Any, ...], int]:
    """What the version's own marts say of the register, by year and definition and by province of both frames."""
    return {
        (year, definition, frame, province): count
        for year, definition, frame, province, count in con.execute(
            f"""
            SELECT target_year, definition_code, NULL, NULL, observed_count FROM '{folder}/marts/attainment_national.parquet'
            WHERE series = 'register_observed' AND indicator_code = 'umkm_digital'
            UNION ALL
            SELECT target_year, definition_code, frame_code, province_code, observed_count FROM '{folder}/marts/attainment_province.parquet'
            WHERE observed_count > 0"""
        ).fetchall()
    }  # fmt: skip


def check_known(
    con: duckdb.DuckDBPyConnection,
    day: date,
    version: int | None,
    expected: dict[tuple[Any, ...], int] | None,
    draw: random.Random,
) -> None:
    """The macros answer for `day` as the version did; with no figure at all where nothing was published yet."""
    for year in (2022, 2023, 2024):
        rows = con.execute(
            f"SELECT definition_code, version, observed_count FROM marts.attainment_at('{year}-12-31', DATE '{day}')"
        ).fetchall()
        assert len(rows) == 4
        for definition, by, count in rows:
            assert (by, count) == (version, expected[year, definition, None, None] if expected else None)
    year, frame = draw.choice([2022, 2023, 2024]), draw.choice(["34", "38"])
    rows = con.execute(
        "SELECT definition_code, province_code, version, observed_count"
        f" FROM marts.attainment_province_at('{frame}', '{year}-12-31', DATE '{day}')"
    ).fetchall()
    assert len(rows) == 4 * (int(frame) + 1)
    for definition, province, by, count in rows:
        assert (by, count) == (version, expected.get((year, definition, frame, province), 0) if expected else None)


def test_the_published_file_answers_for_any_day_within_the_year(settings: Settings) -> None:
    def deliver(name: str, *rows: tuple[int, str]) -> None:
        write_sidt(
            settings.root.inbox / name,
            [
                {**stranger(place), "nomor_registrasi": f"R{place}", "tanggal_pendataan": day, "tahun_go_digital": ""}
                for place, day in rows
            ],
        )
        ingest_inbox(settings)

    deliver("a.csv", (1, "10/03/2022"), (2, "20/08/2022"))
    publish_all(settings, date(2022, 12, 31), date(2025, 1, 6))
    deliver("late.csv", (3, "01/03/2022"), (4, "01/02/2023"))
    publish_all(settings, date(2023, 6, 30), date(2025, 1, 8))
    publish_all(settings, date(2023, 7, 31), date(2025, 1, 7))  # no run makes earlier known what was known later
    asked = """
        SELECT version, observed_date::VARCHAR, target_year, observed_count FROM marts.attainment_at(DATE '{}', DATE '{}')
        WHERE definition_code = 'D1'"""
    for event, known, answer in (
        ("2022-06-30", "2025-01-05", (None, None, 2022, None)),
        ("2022-03-09", "2025-01-06", (1, "2022-03-09", 2022, 0)),
        ("2022-06-30", "2025-01-06", (1, "2022-06-30", 2022, 1)),
        ("2022-12-31", "2025-01-07", (1, "2022-12-31", 2022, 2)),
        ("2023-12-31", "2025-01-07", (1, "2022-12-31", 2023, 2)),  # the version says nothing of 2023
        ("2022-06-30", "2025-01-08", (3, "2022-06-30", 2022, 2)),
        ("2023-12-31", "2026-01-01", (3, "2023-07-31", 2023, 4)),
        ("2021-12-31", "2026-01-01", (3, "2021-12-31", None, 0)),
    ):
        assert published(settings, asked.format(event, known)) == [answer], (event, known)
    assert published(settings, "FROM meta.versions") == [
        (1, date(2025, 1, 6), date(2022, 12, 31)),
        (2, date(2025, 1, 8), date(2023, 6, 30)),
        (3, date(2025, 1, 8), date(2023, 7, 31)),
    ]
    assert published(settings, "SELECT count(*) FROM duckdb_functions() WHERE NOT internal AND comment IS NULL") == [
        (0,)
    ]
