"""Properties of every reader macro: total on any text, and what it read reads as the same value again."""

from __future__ import annotations

import duckdb
import pytest
from benchmarks.readers import find_failures, reader_calls

CASES = 10_000


def test_no_reader_of_the_contract_is_left_out(readers: duckdb.DuckDBPyConnection) -> None:
    from warehouse.registration import REGISTRATION

    assert {column.reader for column in REGISTRATION if column.reader} <= set(reader_calls(readers))


def test_every_reader_is_total_and_idempotent(readers: duckdb.DuckDBPyConnection) -> None:
    assert find_failures(readers, CASES) == {}


@pytest.mark.parametrize(
    "body",
    ["CAST(t AS INTEGER)", "t || 'x'", "CASE WHEN t <> '' THEN 1 ELSE 0 END"],
    ids=["partial", "growing", "shifting"],
)
def test_a_reader_that_is_partial_or_not_idempotent_is_caught(readers: duckdb.DuckDBPyConnection, body: str) -> None:
    with readers.cursor() as con:
        con.execute(f"CREATE OR REPLACE MACRO read_wrongly(t) AS {body}")
        try:
            assert set(find_failures(con, 1000)) == {"read_wrongly"}
        finally:
            con.execute("DROP MACRO read_wrongly")
