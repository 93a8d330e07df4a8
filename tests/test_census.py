"""A simulated census through the whole way, held against its truth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from census import HARMLESS, VISIBLE, findings_by_defect, judged_census
from nights import assert_same_register, checksums, deliver, resolve_nights

from flows.linkage import Linkage
from warehouse.tables.lake import VALIDATED


@pytest.fixture(scope="module")
def census(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with judged_census(tmp_path_factory.mktemp("census"), 20_000, 11) as con:
        yield con


def rows(census: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return census.execute(query).fetchall()


def test_every_registration_of_the_truth_is_found_at_its_line(census: duckdb.DuckDBPyConnection) -> None:
    lost = rows(
        census,
        """
        SELECT file_name, line_number, defects FROM truth ANTI JOIN judged USING (delivery_id, line_number)
        WHERE NOT list_contains(defects, 'unparsable_line')""",
    )
    assert lost == []
    invented = rows(census, "SELECT count(*) FROM judged ANTI JOIN truth USING (delivery_id, line_number)")
    assert invented == [(0,)]
    unparsable = rows(
        census,
        """
        SELECT (SELECT count(*) FROM truth WHERE list_contains(defects, 'unparsable_line')),
            (SELECT count(*) FROM published.quality.unparsable_lines)""",
    )
    assert unparsable[0][0] == unparsable[0][1] > 0


def test_each_defect_a_rule_can_see_is_found_and_nothing_else(census: duckdb.DuckDBPyConnection) -> None:
    table = findings_by_defect(census)
    assert {row.defect for row in table} == {*VISIBLE, *HARMLESS, "none"}
    assert {row.defect: row.missed_count for row in table if row.missed_count} == {}
    assert {row.defect: row.false_codes for row in table if row.false_codes} == {}


@pytest.fixture(scope="module")
def rows_file(census: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "validated.parquet"
    names = ", ".join(VALIDATED.column_names)
    census.execute(f"COPY (SELECT {names} FROM judged WHERE verdict = 'validated') TO '{path}' (FORMAT parquet)")
    return path


def test_what_is_linked_is_one_business_and_what_is_one_business_is_linked(census: duckdb.DuckDBPyConnection) -> None:
    """Seed 11 was never looked at while weights, thresholds and rules were made."""
    census.execute("""
        CREATE OR REPLACE TEMP VIEW linked AS
        SELECT truth.*, business_id, row_id FROM published.register.memberships JOIN judged USING (row_id)
        JOIN truth ON truth.delivery_id = judged.delivery_id AND truth.line_number = judged.line_number
        WHERE is_current""")
    ((found, false),) = rows(
        census,
        """
        SELECT count(*) FILTER (a.business_key = b.business_key), count(*) FILTER (a.business_key <> b.business_key)
        FROM linked AS a JOIN linked AS b USING (business_id) WHERE a.row_id < b.row_id""",
    )
    assert false / (found + false) <= 0.02
    by_class = rows(
        census,
        """
        SELECT CASE WHEN a.case_class = 'single' THEN b.case_class ELSE a.case_class END AS case_class,
            count(*), avg((a.business_id = b.business_id)::INTEGER)
        FROM linked AS a JOIN linked AS b USING (business_key) WHERE a.row_id < b.row_id
        GROUP BY ALL HAVING count(*) > 20""",
    )
    assert {case_class for case_class, _, _ in by_class} >= {"duplicate", "exact_duplicate", "renamed", "moved"}
    assert {case_class: recall for case_class, _, recall in by_class if recall < 0.93} == {}


def test_one_owner_is_one_owner(census: duckdb.DuckDBPyConnection) -> None:
    ((precision, recall),) = rows(
        census,
        """
        WITH owned AS (
            SELECT truth.owner_key, owner_id, judged.row_id FROM judged
            JOIN truth USING (delivery_id, line_number)
            JOIN published.register.memberships USING (row_id) JOIN published.register.businesses USING (business_id)
            WHERE is_current
        )
        SELECT
            (SELECT avg((a.owner_key = b.owner_key)::INTEGER) FROM owned a JOIN owned b USING (owner_id) WHERE a.row_id < b.row_id),
            (SELECT avg((a.owner_id = b.owner_id)::INTEGER) FROM owned a JOIN owned b USING (owner_key) WHERE a.row_id < b.row_id)""",
    )
    assert precision >= 0.98
    assert recall >= 0.98


@pytest.mark.parametrize("seed", [1, 2])
def test_nights_in_any_order_give_what_one_run_gives(rows_file: Path, tmp_path: Path, seed: int) -> None:
    whole = resolve_nights(deliver(rows_file, tmp_path / "one"), tmp_path / "whole", [[0]])
    nights = [[night] for night in range(3)]
    random.Random(seed).shuffle(nights)
    deliveries = deliver(rows_file, tmp_path / "three", 3, seed)
    assert_same_register(whole, resolve_nights(deliveries, tmp_path / "nights", nights))


def test_threads_and_the_order_of_rows_change_no_resolved_row(rows_file: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled.parquet"
    duckdb.execute(f"COPY (SELECT * FROM '{rows_file}' ORDER BY hash(row_id)) TO '{shuffled}' (FORMAT parquet)")
    first = resolve_nights(deliver(rows_file, tmp_path / "one"), tmp_path / "a", [[0]], threads=1)
    second = resolve_nights(deliver(shuffled, tmp_path / "other"), tmp_path / "b", [[0]], threads=2)
    assert checksums(first) == checksums(second)


@pytest.mark.parametrize("torn", ["manifest.json", "keys-000001.parquet", "compared-000001.parquet"])
def test_what_is_kept_for_the_next_night_may_be_torn_or_lost(tmp_path: Path, torn: str) -> None:
    linkage, deliveries = Linkage(tmp_path), {1: "key"}
    with duckdb.connect() as con:
        for table in ("superseded", "compared", "over_full"):
            con.execute(f"CREATE TEMP TABLE {table} AS SELECT 1 AS row_id")
        con.execute(f"COPY (SELECT 1 AS row_id) TO '{tmp_path}/keys.parquet' (FORMAT parquet)")
        linkage.save(con, deliveries, False, tmp_path / "keys.parquet")
    with duckdb.connect() as con:
        assert linkage.open(con, deliveries)
    path = linkage.folder / torn
    path.write_bytes(path.read_bytes()[:5])
    with duckdb.connect() as con:
        assert not linkage.open(con, deliveries)
    path.unlink()
    with duckdb.connect() as con:
        assert not linkage.open(con, deliveries)
