"""A simulated census through the whole way, held against its truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from census import HARMLESS, VISIBLE, findings_by_defect, judged_census


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


def test_what_is_linked_is_one_business_and_exact_duplicates_are_linked(census: duckdb.DuckDBPyConnection) -> None:
    census.execute("""
        CREATE OR REPLACE TEMP VIEW linked AS
        SELECT truth.*, business_id, row_id FROM published.register.memberships JOIN judged USING (row_id)
        JOIN truth ON truth.delivery_id = judged.delivery_id AND truth.line_number = judged.line_number""")
    ((true_pairs, false_pairs),) = rows(
        census,
        """
        SELECT count(*) FILTER (a.business_key = b.business_key), count(*) FILTER (a.business_key <> b.business_key)
        FROM linked AS a JOIN linked AS b USING (business_id) WHERE a.row_id < b.row_id""",
    )
    assert true_pairs > 400
    assert false_pairs / (true_pairs + false_pairs) < 0.02
    ((exact, found),) = rows(
        census,
        """
        SELECT count(*), count(*) FILTER (a.business_id = b.business_id)
        FROM linked AS a JOIN linked AS b USING (business_key)
        WHERE a.case_class = 'exact_duplicate' AND b.case_class = 'single' AND a.defects = [] AND b.defects = []""",
    )
    assert found / exact > 0.95
