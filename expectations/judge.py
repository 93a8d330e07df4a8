"""Judge: each standardised row goes to exactly one of validated and quarantined, and the counts are checked twice.

Belongs here: splitting rows by the rule book and holding Great Expectations' counts against the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from expectations.rules import ROW_RULES, Rule, is_quarantined_sql, rule_codes_sql


class JudgementError(RuntimeError):
    """Great Expectations and the split disagree; nothing may be published."""


@dataclass(frozen=True)
class Judgement:
    """What the judging of one delivery found; plain records for the ledger."""

    validated: int
    quarantined: int
    findings: list[dict[str, Any]]
    rule_results: list[dict[str, Any]]


def rows_in(folder: Path) -> str:
    """All judged rows of one delivery as a relation with `verdict`; where there are none, only with `line_number`."""
    if not any(folder.glob("verdict=*/*.parquet")):
        return "(SELECT 0 AS line_number WHERE false)"
    return f"read_parquet('{folder}/verdict=*/*.parquet', hive_partitioning = true)"


def split_rows(con: duckdb.DuckDBPyConnection, standardised: str, folder: Path) -> None:
    """Write the rows of the SELECT `standardised` to `folder/verdict=validated|quarantined/*.parquet`."""
    con.execute(
        f"COPY (SELECT *, CASE WHEN {is_quarantined_sql()} THEN 'quarantined' ELSE 'validated' END AS verdict"
        f" FROM (SELECT *, {rule_codes_sql()} AS rule_codes FROM ({standardised}))) TO '{folder}'"
        " (FORMAT parquet, PARTITION_BY (verdict), FILENAME_PATTERN 'rows_{i}', OVERWRITE_OR_IGNORE)"
    )


def judge(
    con: duckdb.DuckDBPyConnection, folder: Path, delivery_id: int, rules: Sequence[Rule] = ROW_RULES
) -> Judgement:
    """Hold the split in `folder` against Great Expectations' own count of every rule.

    Raises `JudgementError` where a count differs and `suite.ExpectationError` where a rule could not be judged.
    """
    from expectations.suite import count_failures  # the import takes seconds and 270 MB; only judging needs it

    judged = f"judged_{delivery_id}"  # deliveries are judged side by side in one database
    con.execute(
        f"CREATE OR REPLACE VIEW {judged} AS SELECT *, verdict = 'quarantined' AS is_quarantined FROM {rows_in(folder)}"
    )
    expected = count_failures(con, judged, rules)
    marked = {
        code: (count, quarantined, line)
        for code, count, quarantined, line in con.execute(
            "SELECT code, count(*), count(*) FILTER (is_quarantined), min(line_number)"
            f" FROM (SELECT unnest(rule_codes) AS code, is_quarantined, line_number FROM {judged}) GROUP BY code"
        ).fetchall()
    }
    findings, results = [], []
    for rule in rules:
        evaluated, failing = expected[rule.code]
        count, quarantined, line = marked.get(rule.code, (0, 0, None))
        if count != failing or (rule.severity == "quarantine_row" and quarantined != failing):
            raise JudgementError(
                f"rule {rule.code}: Great Expectations counts {failing} failing rows, {count} are marked and"
                f" {quarantined} quarantined; nothing was published"
            )
        results.append(
            {
                "delivery_id": delivery_id,
                "rule_code": rule.code,
                "severity": rule.severity,
                "evaluated_count": evaluated,
                "expectation_count": failing,
                "row_count": count,
            }
        )
        if count:
            findings.append(
                {
                    "delivery_id": delivery_id,
                    "rule_code": rule.code,
                    "severity": rule.severity,
                    "column_name": rule.column_name,
                    "finding_count": count,
                    "first_line_number": line,
                    "sentence_id": rule.sentence_id,
                    "sentence_en": rule.sentence_en,
                }
            )
    total, quarantined = con.execute(f"SELECT count(*), count(*) FILTER (is_quarantined) FROM {judged}").fetchall()[0]
    con.execute(f"DROP VIEW {judged}")
    return Judgement(total - quarantined, quarantined, findings, results)
