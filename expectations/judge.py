"""Judge: each standardised row goes to exactly one of validated and quarantined, and the counts are checked twice.

Belongs here: splitting rows by the rule book, holding Great Expectations' counts against the split, and the verdict on
the whole file. Does not belong here: the rules and gates themselves (`rules.py`, `gates.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from expectations.drift import DRIFT_RULES, MEASURES_SQL
from expectations.gates import FILE_GATES, UNKNOWN_HEADERS, FileFacts, Gate, shown_headers
from expectations.rules import ROW_RULES, RULES_FINGERPRINT, Rule, is_quarantined_sql, rule_codes_sql
from warehouse.contract import fingerprint

RULE_BOOK_FINGERPRINT = fingerprint(RULES_FINGERPRINT, FILE_GATES, DRIFT_RULES, MEASURES_SQL)
"""What every judgement depends on: row rules, file gates, rules of drift and what is measured."""
ROWS = "rows.parquet"


class JudgementError(RuntimeError):
    """Great Expectations and the split disagree; nothing may be published."""


@dataclass(frozen=True)
class Judgement:
    """What the judging of one delivery found; plain records for the ledger, and why it is refused, if so."""

    validated: int
    quarantined: int
    findings: list[dict[str, Any]]
    rule_results: list[dict[str, Any]]
    measures: dict[str, Any]
    refusal: str | None


def rows_in(folder: Path) -> str:
    """All judged rows of one delivery as a relation with `verdict`."""
    return f"read_parquet('{folder / ROWS}')"


def split_rows(con: duckdb.DuckDBPyConnection, standardised: str, folder: Path) -> None:
    """Write the rows of the SELECT `standardised` to `folder/rows.parquet`, each with its `verdict`.

    One file: a partition for each verdict costs a quarter of the writing. `verdict` is validated or quarantined.
    """
    con.execute(
        f"COPY (SELECT *, CASE WHEN {is_quarantined_sql()} THEN 'quarantined' ELSE 'validated' END AS verdict"
        f" FROM (SELECT *, {rule_codes_sql()} AS rule_codes FROM ({standardised}))) TO '{folder / ROWS}'"
        " (FORMAT parquet)"
    )


def judge(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    delivery_id: int,
    facts: FileFacts,
    rules: Sequence[Rule] = ROW_RULES,
    gates: Sequence[Gate] = FILE_GATES,
) -> Judgement:
    """Judge file and rows in `folder` by Great Expectations, and hold its count of every rule against the split.

    Raises `JudgementError` where a count differs and `suite.ExpectationError` where a rule or gate could not be judged.
    """
    from expectations.suite import observe  # the import takes seconds and 270 MB; only judging needs it

    observed = observe(con, rows_in(folder), rules, gates, MEASURES_SQL, facts.variables)
    marked = {
        code: (count, quarantined, line)
        for code, count, quarantined, line in con.execute(
            "SELECT code, count(*), count(*) FILTER (verdict = 'quarantined'), min(line_number)"
            f" FROM (SELECT unnest(rule_codes) AS code, verdict, line_number FROM {rows_in(folder)}) GROUP BY code"
        ).fetchall()
    }
    findings, results, refusals = [], [], []
    for gate in gates:
        seen = observed.counts[gate.code]
        if seen.is_failed:
            evidence = shown_headers(facts.unknown_headers) if gate == UNKNOWN_HEADERS else None
            findings.append(_finding(delivery_id, gate, seen.part, seen.whole, None, evidence))
            if gate.severity == "refuse_file":
                refusals.append(gate.reason(seen.part, seen.whole))
    if bool(refusals) != observed.is_refused:
        raise JudgementError("Great Expectations and the gates disagree on refusing the file; nothing was published")
    for rule in rules:
        seen = observed.counts[rule.code]
        count, quarantined, line = marked.get(rule.code, (0, 0, None))
        if count != seen.part or (rule.severity == "quarantine_row" and quarantined != seen.part):
            raise JudgementError(
                f"rule {rule.code}: Great Expectations counts {seen.part} failing rows, {count} are marked and"
                f" {quarantined} quarantined; nothing was published"
            )
        results.append(
            {
                "delivery_id": delivery_id,
                "rule_code": rule.code,
                "severity": rule.severity,
                "evaluated_count": seen.whole,
                "expectation_count": seen.part,
                "row_count": count,
            }
        )
        if count:
            findings.append(_finding(delivery_id, rule, count, seen.whole, line, None))
    total, quarantined = con.execute(
        f"SELECT count(*), count(*) FILTER (verdict = 'quarantined') FROM {rows_in(folder)}"
    ).fetchall()[0]
    if (total, quarantined) != (observed.measures["row_count"], observed.measures["quarantined_count"]):
        raise JudgementError(
            f"Great Expectations counts {observed.measures['quarantined_count']} quarantined of"
            f" {observed.measures['row_count']} rows, the split {quarantined} of {total}; nothing was published"
        )
    refusal = refusals[0] if refusals else None
    return Judgement(total - quarantined, quarantined, findings, results, observed.measures, refusal)


def _finding(
    delivery_id: int, judged_by: Rule | Gate, part: int, whole: int, line: int | None, evidence: str | None
) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "rule_code": judged_by.code,
        "severity": judged_by.severity,
        "column_name": judged_by.column_name,
        "finding_count": part,
        "evaluated_count": whole,
        "first_line_number": line,
        "evidence": evidence,
        "sentence_id": judged_by.sentence_id,
        "sentence_en": judged_by.sentence_en,
    }
