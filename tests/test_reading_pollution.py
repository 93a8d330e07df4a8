"""How exactly a polluted table is recovered, on a sample of all pollutions; `benchmarks/reading.py` reads them all."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from pollution import cases, header_cases
from scoring import read_case, score

EXACT = ("dialect", "newline", "encoding", "file", "header", "tables", "below", "row_delimiter", "row_trailing")
"""Pollutions of which every file must come out exactly."""
NO_RECORD = ("other_table", "title", "footnote")
"""Reasons of lines left out that are none of the records of a case."""
SAMPLED = 41
LEAST = 0.9995
"""Mean of the F1 of header, records and cells over the damaged rows and quotes, of which some have two readings."""


def test_polluted_tables_are_recovered(tmp_path: Path) -> None:
    scores: dict[str, list[float]] = defaultdict(list)
    for number, case in enumerate(cases()):
        if case.group.startswith(("row", "quote")) and number % SAMPLED:
            continue
        header, rows, table = read_case(case, tmp_path)
        got = score(header, rows, case)
        if case.group in EXACT:
            assert got.mean == 1, f"{case.group} {case.name}: {got}"
        scores[case.group].append(got.mean)
        kept = len(rows) + sum(notice.kind not in NO_RECORD for notice in table.rejected)
        assert kept >= len(case.rows), f"{case.group} {case.name}: a record is neither among the rows nor reported"
    everything = [value for values in scores.values() for value in values]
    assert len(everything) > 250
    assert sum(everything) / len(everything) >= LEAST


def test_no_header_is_invented(tmp_path: Path) -> None:
    for case in header_cases():
        if not case.header:
            assert read_case(case, tmp_path)[0] == [], case.name
