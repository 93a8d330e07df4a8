"""Runs and tries as published tables, made of the journal.

Belongs here: `meta.runs` and `meta.attempts`. Does not belong here: how the journal is kept (`warehouse/journal.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from transforms.land import delivery_number
from warehouse.journal import Run
from warehouse.tables.quality import RUNS


def run_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The rows of `meta.runs`."""
    return [{name: _utc(value) for name, value in vars(run).items() if name in RUNS.column_names} for run in runs]


def attempt_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The rows of `meta.attempts`, in the order in which they were begun."""
    rows: list[dict[str, Any]] = []
    numbers: Counter[str] = Counter()
    for run in runs:
        for attempt in run.attempts:
            numbers[attempt.sha256] += 1
            rows.append(
                {
                    "run_id": run.run_id,
                    "delivery_id": delivery_number(attempt.sha256),
                    "attempt_number": numbers[attempt.sha256],
                    "begun_at": _utc(attempt.begun_at),
                    "ended_at": _utc(attempt.ended_at),
                    "outcome": attempt.outcome,
                    "line_count": attempt.line_count,
                }
            )
    return rows


def _utc(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
