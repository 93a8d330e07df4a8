"""Estimating the match weights from the registrations of a data root.

Belongs here: which registrations and labels. How counts become weights is in `transforms/resolve/estimate.py`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

from flows import releasing
from flows.settings import Settings
from transforms.build import select_in
from transforms.resolve import estimate, link
from transforms.resolve.weights import Weight, read_weights
from warehouse.ledger import Ledger

WORN = Path(link.__file__).parent / "worn.sql"
_LABELS = {
    "same": "one.business_key = other.business_key",
    "siblings": "one.business_key <> other.business_key AND one.owner_key = other.owner_key",
}


class NothingToLearn(ValueError):
    """No pair shows how registrations of one business agree; the message says what to bring."""


def estimate_weights(settings: Settings, truth: Path | None) -> list[Weight]:
    """The weights of all validated registrations: from the labels of `truth`, or by expectation maximisation without.

    `truth` is what `capaian simulate --truth` writes, or any Parquet file with file_name, line_number, business_key and
    owner_key. Labelled registrations are counted as delivered and once more worn (`worn.sql`). Raises `NothingToLearn`.
    """
    counts: dict[str, Counter[int]] = {name: Counter() for name in (*_LABELS, "strangers", "all")}
    for rows in ("SELECT * FROM validated", select_in(WORN)) if truth else ("SELECT * FROM validated",):
        with settings.resources.connect() as con:
            releasing.view_validated(con, settings)
            con.execute("CREATE TEMP TABLE delivered AS SELECT * FROM validated")
            con.execute(f"CREATE TEMP TABLE shown AS {rows.replace('FROM validated', 'FROM delivered')}")
            con.execute("CREATE OR REPLACE VIEW validated AS SELECT * FROM shown")
            link.prepare(con, grows=False)
            link.block(con, grows=False)
            if con.execute("SELECT 1 FROM pairs LIMIT 1").fetchall() == []:
                raise NothingToLearn(
                    "no two registrations share a NIK, phone, name and place or what else makes a pair, so there is"
                    " nothing to estimate weights from; run capaian on more deliveries first"
                )
            counts["strangers"] += Counter(estimate.random_pattern_counts(con))
            link.compare(con, grows=False)
            if truth:
                _view_truth(con, settings, truth)
                for name, holds in _LABELS.items():
                    labelled = f"""(
                        SELECT pattern FROM compared
                        JOIN truth AS one ON one.row_id = left_row_id JOIN truth AS other ON other.row_id = right_row_id
                        WHERE {holds})"""
                    counts[name] += Counter(estimate.pattern_counts(con, labelled))
            else:
                counts["all"] += Counter(estimate.pattern_counts(con, "compared"))
    if truth:
        if not counts["same"]:
            raise NothingToLearn(
                f"{truth.name} labels no two registrations of this data root as one business; it must name their"
                " file_name and line_number as they were delivered"
            )
        return estimate.estimate_from_labels(counts["same"], counts["siblings"], counts["strangers"])
    return estimate.estimate_by_em(counts["all"], read_weights(), strangers=counts["strangers"])


def _view_truth(con: duckdb.DuckDBPyConnection, settings: Settings, truth: Path) -> None:
    numbers = [(entry.file_name, entry.delivery_id) for entry in Ledger(settings.root)]
    con.execute("CREATE TEMP TABLE numbers (file_name VARCHAR, delivery_id BIGINT)")
    con.executemany("INSERT INTO numbers VALUES (?, ?)", numbers)
    con.execute(
        f"""
        CREATE TEMP TABLE truth AS SELECT row_id, business_key, owner_key
        FROM read_parquet('{truth}') JOIN numbers USING (file_name) JOIN shown USING (delivery_id, line_number)"""
    )
