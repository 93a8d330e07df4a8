"""Judging: Great Expectations and the split agree to the row, and an error is never taken for a result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from conftest import ingest_inbox, lake, publish_all, published, write_sidt

from expectations import judge as judging
from expectations.gates import FileFacts
from expectations.judge import JudgementError, judge, split_rows
from expectations.rules import ROW_RULES, Rule
from expectations.suite import Count, ExpectationError, observe
from flows import ingesting
from flows.settings import Settings
from warehouse.connection import Resources
from warehouse.tables.lake import STANDARDISED

FACTS = FileFacts(unparsable_count=0, header_count=39, unknown_headers=())
BROKEN = Rule("BROKEN", "nik", "no_such_function(nik)", "rusak", "broken", "warn")


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE TABLE numbers AS SELECT i, nullif(i % 10, 0) AS digit FROM range(1000) t(i)")
    return con


def rule(code: str, fails_when: str) -> Rule:
    return Rule(code, "digit", fails_when, "kalimat", "sentence <b>", "quarantine_row")


def test_a_rule_known_to_fail_reports_its_exact_count(con: duckdb.DuckDBPyConnection) -> None:
    rules = [
        rule("THREES", "digit = 3"),
        rule("NULLS", "digit IS NULL"),
        rule("NEVER", "digit > 9"),
        rule("NOT_NULL_SAFE", "digit <> 3"),
    ]
    assert observe(con, "numbers", rules).counts == {
        "THREES": Count(1000, 100, True),
        "NULLS": Count(1000, 100, True),
        "NEVER": Count(1000, 0, False),
        "NOT_NULL_SAFE": Count(1000, 800, True),
    }
    assert con.execute("SELECT count(*) FROM numbers").fetchall() == [(1000,)]  # the run's own connection survives


def test_all_rules_share_one_scan(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    from expectations import suite

    execute = suite._BufferedCursor.execute
    monkeypatch.setattr(
        suite._BufferedCursor,
        "execute",
        lambda self, operation, parameters=None: statements.append(operation) or execute(self, operation, parameters),
    )
    observe(con, "numbers", [rule(f"R{place}", f"digit = {place}") for place in range(9)])
    assert len([statement for statement in statements if "CASE WHEN" in statement]) == 1


def test_an_error_inside_great_expectations_stops_the_run(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ExpectationError, match="nothing was published"):
        observe(con, "numbers", [rule("FINE", "digit = 3"), BROKEN])


def _split(folder: Path, rows: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA reference")
    con.execute("CREATE TABLE reference.kbli AS SELECT '56102' AS kbli_code")
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in STANDARDISED)
    given = duckdb.sql(f"DESCRIBE {rows}").fetchall()
    split_rows(
        con,
        f"SELECT * REPLACE ({', '.join(f'r.{name} AS {name}' for name, *_ in given)}) FROM (SELECT {columns}) CROSS JOIN ({rows}) AS r",
        folder,
    )
    return con


ROWS = "SELECT i::INTEGER AS line_number, CASE WHEN i > 3 THEN 'R' || i END AS registration_number, 'KIOS' AS business_name FROM range(10) t(i)"


def test_each_row_goes_to_exactly_one_of_validated_and_quarantined(tmp_path: Path) -> None:
    con = _split(tmp_path, ROWS)
    outcome = judge(con, tmp_path, 1, FACTS)
    assert (outcome.validated, outcome.quarantined) == (6, 4)
    finding = next(row for row in outcome.findings if row["rule_code"] == "REGISTRATION_NUMBER_MISSING")
    assert (finding["finding_count"], finding["first_line_number"], finding["severity"]) == (4, 0, "quarantine_row")
    assert {row["rule_code"] for row in outcome.rule_results} == {rule.code for rule in ROW_RULES}


def test_a_count_that_differs_from_the_split_stops_the_run(tmp_path: Path) -> None:
    con = _split(tmp_path, ROWS)
    changed = [
        replace(rule, fails_when="line_number < 3") if rule.code == "REGISTRATION_NUMBER_MISSING" else rule
        for rule in ROW_RULES
    ]
    with pytest.raises(
        JudgementError, match="REGISTRATION_NUMBER_MISSING: Great Expectations counts 3 failing rows, 4 are marked"
    ):
        judge(con, tmp_path, 1, FACTS, changed)


def test_counts_agree_for_every_rule_of_a_real_delivery_and_are_published(settings: Settings) -> None:
    rows = [{"nomor_registrasi": f"REG{place:04d}", "nik": f"32010141018{place:05d}"} for place in range(1, 10)]
    rows += [
        {"kode_wilayah": "99.99.01.2001"},
        {"kode_wilayah": "32.71.01.2001"},
        {"nomor_registrasi": ""},
        {"kode_kbli": "01111"},
        {"omzet": "Rp -5"},
    ]
    write_sidt(settings.root.inbox / "a.csv", rows)
    ingest_inbox(settings)
    publish_all(settings)
    assert published(
        settings,
        "SELECT count(*), count(*) FILTER (expectation_count <> row_count), count(DISTINCT rule_code) FROM quality.rule_results",
    ) == [(len(ROW_RULES), 0, len(ROW_RULES))]
    quarantined = {code for (codes,) in lake(settings, "SELECT rule_codes FROM rows", "quarantined") for code in codes}
    assert {
        "REGENCY_CODE_UNKNOWN",
        "REGENCY_CODE_DISAGREES_WITH_NAME",
        "REGISTRATION_NUMBER_MISSING",
        "KBLI_CODE_OUT_OF_SCOPE",
    } <= quarantined
    assert published(settings, "SELECT count(*) FROM quality.quarantined_rows") == [
        (len(lake(settings, "SELECT 1 FROM rows", "quarantined")),)
    ]


def judge_with_a_broken_rule(
    resources: Resources, folder: Path, delivery_id: int, facts: FileFacts
) -> judging.Judgement:
    with ingesting.workbench(resources).cursor() as con:
        return judging.judge(con, folder, delivery_id, facts, (*ROW_RULES, BROKEN))


def test_an_error_in_a_rule_publishes_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingesting, "_judge", judge_with_a_broken_rule)
    write_sidt(settings.root.inbox / "a.csv", [{}])
    with pytest.raises(ExpectationError):
        ingest_inbox(settings)
    assert not settings.root.database.exists()


def test_codes_are_unique_and_every_rule_has_both_sentences() -> None:
    assert len({rule.code for rule in ROW_RULES}) == len(ROW_RULES)
    assert all(rule.sentence_id and rule.sentence_en and rule.sentence_id != rule.sentence_en for rule in ROW_RULES)
