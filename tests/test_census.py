"""A simulated census through the whole way, held against its truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all

from flows import steps
from flows.settings import Settings
from transforms.simulation import simulate
from warehouse.ledger import Ledger
from warehouse.reference_data import load_reference

# What each injected defect must lead to; a defect of several outcomes or of none is not in the table.
CODES = {
    "nik_excel_exponent": "IS_NIK_PRECISION_LOST",
    "nik_malformed": "NIK_UNREAD",
    "money_unreadable": "OMZET_IDR_UNREAD",
    "kbli_missing": "KBLI_CODE_MISSING",
    "kbli_unknown": "KBLI_CODE_UNKNOWN_CODE",
    "kbli_out_of_scope": "KBLI_CODE_OUT_OF_SCOPE",
    "region_unknown_code": "REGENCY_CODE_UNKNOWN",
    "region_missing": "SOURCE_REGION_CODE_MISSING",
    "coordinates_swapped": "COORDINATES_SWAPPED",
    "business_name_missing": "BUSINESS_NAME_MISSING",
    "registration_number_missing": "REGISTRATION_NUMBER_MISSING",
    "sex_disagrees": "OWNER_SEX_CODE_DISAGREES_WITH_NIK",
    "date_impossible": "OWNER_BIRTH_DATE_UNREAD",
    "phone_placeholder": "PHONE_UNREAD",
}


@pytest.fixture(scope="module")
def census(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """`truth`, `judged` (all parsed rows) and the published tables of a census of 20,000 registrations."""
    home = tmp_path_factory.mktemp("census")
    settings = Settings(home=home, memory="1GB", threads=2)
    steps.open_data_root(settings)
    with duckdb.connect() as con:
        load_reference(con)
        simulate(con, 20_000, 11, settings.root.inbox, home / "truth.parquet")
        ingest_inbox(settings)
        publish_all(settings)
        paths = steps.rows_of(settings, [entry for entry in Ledger(settings.root) if entry.is_judged])
        con.execute(f"CREATE VIEW judged AS SELECT * FROM read_parquet({paths})")
        con.execute(f"ATTACH '{settings.root.database.resolve()}' AS published (READ_ONLY)")
        con.execute(
            f"""CREATE VIEW truth AS SELECT delivery_id, truth.* FROM read_parquet('{home / "truth.parquet"}') AS truth
            JOIN published.quality.deliveries USING (file_name)"""
        )
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


def test_a_clean_row_breaks_no_rule(census: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        census,
        "SELECT rule_codes, count(*) FROM judged JOIN truth USING (delivery_id, line_number) WHERE defects = [] AND rule_codes IS NOT NULL GROUP BY ALL",
    )
    assert found == []


def test_each_defect_a_rule_can_see_is_found(census: duckdb.DuckDBPyConnection) -> None:
    missed = Counter(
        {
            defect: count
            for defect, code in CODES.items()
            for (count,) in rows(
                census,
                f"""
            SELECT count(*) FROM judged JOIN truth USING (delivery_id, line_number)
            WHERE list_contains(defects, '{defect}') AND NOT coalesce(list_contains(rule_codes, '{code}'), false)
                AND case_class <> 'cooperative' AND NOT (list_contains(defects, 'sex_disagrees') AND len(defects) > 1)""",
            )
        }
    )
    assert +missed == Counter()


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
