"""Audits: each holds on a database of the contract, and each is the one that finds what it is there for."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse.audits import AUDITS
from warehouse.certificate import Statement, certificate_rows, stated_by_tables
from warehouse.prepared import copy_definitions
from warehouse.publish import define_published


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every published table, with a balance, a publication and a certificate."""
    with duckdb.connect() as con:
        copy_definitions(con, "memory", define_published)
        con.execute("INSERT INTO quality.row_balance VALUES (7, 'lines', 5, 5, 0, MAP {'header': 1, 'parsed': 4})")
        con.execute("INSERT INTO meta.publication (version) VALUES (1)")
        audits = [Statement("audits", audit.name, "holds", None, audit.sentence) for audit in AUDITS]
        rows = [list(row.values()) for row in certificate_rows([*audits, *stated_by_tables(con)])]
        con.executemany("INSERT INTO meta.certificate VALUES (?, ?, ?, ?, ?, ?)", rows)
        yield con


def test_all_audits_hold_on_a_sound_database(database: duckdb.DuckDBPyConnection) -> None:
    assert {audit.name: audit.fault(database) for audit in AUDITS} == {audit.name: None for audit in AUDITS}


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (
            "UPDATE quality.row_balance SET rows_out = 4, residual_count = 1",
            {"rows_balance": "delivery 7, seam lines: 1 rows", "certificate_agrees": "balance, lines"},
        ),
        (
            "UPDATE quality.row_balance SET rows_out = 4",
            {"rows_balance": "delivery 7, seam lines", "certificate_agrees": "balance, lines"},
        ),
        (
            "ALTER TABLE register.businesses ADD COLUMN nik VARCHAR",
            {"no_personal_columns": "register.businesses.nik", "columns_of_contract": "register.businesses.nik"},
        ),
        ("ALTER TABLE register.businesses DROP COLUMN kbli_code", {"columns_of_contract": "businesses.kbli_code"}),
        ("CREATE TABLE marts.more (x INTEGER)", {"columns_of_contract": "marts.more.x"}),
        (
            "INSERT INTO register.businesses (business_id) VALUES (1), (2), (2)",
            {"keys_are_unique": "register.businesses: 1 keys (business_id) occur more than once"},
        ),
        (
            "INSERT INTO marts.whatchanged VALUES ('counted_businesses', NULL, NULL, 'capaian', 'merges', 1, 5, 3, -1)",
            {"parts_sum": "the parts of 1 figures do not sum to their change"},
        ),
        ("DELETE FROM meta.publication", {"one_publication": "must hold one row and holds 0"}),
        ("DELETE FROM meta.certificate WHERE section = 'audits'", {"certificate_agrees": "audits, certificate_agrees"}),
        (
            "UPDATE meta.certificate SET sha256 = '0' WHERE item = 'all deliveries'",
            {"certificate_agrees": "deliveries, all deliveries"},
        ),
    ],
)
def test_each_damage_is_found_by_its_audit(
    database: duckdb.DuckDBPyConnection, damage: str, found: dict[str, str]
) -> None:
    database.execute(damage)
    faults = {audit.name: fault for audit in AUDITS if (fault := audit.fault(database))}
    assert faults.keys() == found.keys()
    assert [name for name, words in found.items() if words not in faults[name]] == []
