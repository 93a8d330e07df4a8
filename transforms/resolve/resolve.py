"""The steps of resolving, in order; each reads views and makes tables, and what is published is written at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import duckdb

from transforms.build import build_table, drop_tables, select_in
from transforms.resolve import link
from transforms.resolve.clusters import cluster
from transforms.resolve.identify import identify
from transforms.resolve.weights import read_weights
from warehouse.decisions import LinkDecision
from warehouse.tables.register import (
    BUSINESSES,
    EDGES,
    ENTITY_HISTORY,
    FIELD_SOURCES,
    LINK_DECISIONS,
    LINKAGE_COUNTS,
    MATCH_WEIGHTS,
    MEMBERSHIPS,
    REGISTRATION_COUNTS,
    STOP_LIST,
    THRESHOLD_BUSINESSES,
    THRESHOLD_CLUSTERS,
)

_HERE = Path(__file__).parent
_WRITTEN = (
    (EDGES, "edges.sql"),
    (MEMBERSHIPS, "memberships.sql"),
    (REGISTRATION_COUNTS, "registration_counts.sql"),
    (BUSINESSES, "businesses.sql"),
    (FIELD_SOURCES, "field_sources.sql"),
    (THRESHOLD_BUSINESSES, "threshold_businesses.sql"),
    (LINKAGE_COUNTS, "linkage_counts.sql"),
    (ENTITY_HISTORY, "entity_history.sql"),
    (STOP_LIST, "stop_list.sql"),
    (MATCH_WEIGHTS, "match_weights.sql"),
    (LINK_DECISIONS, "link_decisions.sql"),
)
_DECISION = (
    "decision_line INTEGER, decision VARCHAR, left_register VARCHAR, left_number VARCHAR, right_register VARCHAR,"
    " right_number VARCHAR, reason VARCHAR, decided_by VARCHAR, decided_date DATE"
)


def resolve(
    con: duckdb.DuckDBPyConnection, folder: Path, version: int, decisions: list[LinkDecision], grows: bool
) -> None:
    """Build the register of version `version` in `folder` from the view `validated`.

    The views `earlier_ids` (row_id, business_id, owner_id) and `earlier_history` hold what the published
    version says; they are empty for the first. With `grows` only the deliveries of `fresh` are linked anew, to each
    other and to the rest, and `earlier_keys`, `earlier_superseded`, `earlier_compared` and `earlier_over_full` hold
    what was found of the rest: the result is the same. `folder/keys.parquet` is left for the next night.
    """
    con.execute((_HERE / "counting.sql").read_text(encoding="utf-8"))
    link.prepare(con, grows)
    link.block(con, grows)
    folder.mkdir(parents=True, exist_ok=True)
    link.set_aside_keys(con, grows, folder)
    link.compare(con, grows)
    link.weigh(con, read_weights(), grows)
    link.keep(con, grows)
    load_decisions(con, decisions)
    link.decide(con)
    cluster(con)
    identify(con, version)
    build_table(con, THRESHOLD_CLUSTERS, select_in(_HERE / "threshold_clusters.sql"), folder)
    con.execute(f"CREATE OR REPLACE TEMP TABLE ranked AS {select_in(_HERE / 'ranked.sql')}")
    drop_tables(con, "strict_clusters", "chosen_clusters", "loose_clusters", "owner_clusters")
    con.execute(f"CREATE OR REPLACE TEMP VIEW classified AS {select_in(_HERE / 'classified.sql')}")
    for table, file in _WRITTEN:
        with _joins_built_as_written(con) if table is BUSINESSES else nullcontext():
            build_table(con, table, select_in(_HERE / file), folder)


@contextmanager
def _joins_built_as_written(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Joins are built on the side they name last, here the narrow ids.

    DuckDB takes an ANTI JOIN to leave a fifth of its rows, and would build on the wide businesses, for a third more.
    """
    con.execute("SET disabled_optimizers = 'build_side_probe_side'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


def load_decisions(con: duckdb.DuckDBPyConnection, decisions: list[LinkDecision]) -> None:
    """Make `decided`, `must_link` and `cannot_link` of the current registrations that the decisions name."""
    rows = [{"decision_line": line, **vars(decision)} for line, decision in enumerate(decisions, 2)]
    con.execute(
        "CREATE OR REPLACE TEMP TABLE decision_rows AS"
        f" SELECT unnest(decided) FROM (SELECT unnest($rows::STRUCT({_DECISION})[]) AS decided)",
        {"rows": rows},
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE decided AS
        WITH named AS (
            SELECT source_register, registration_number, row_id FROM validated ANTI JOIN superseded USING (row_id)
            WHERE {bool(decisions)} AND hash(source_register, registration_number) IN (
                SELECT hash(left_register, left_number) FROM decision_rows
                UNION ALL SELECT hash(right_register, right_number) FROM decision_rows)
        )
        SELECT decision_rows.*, least(l.row_id, r.row_id) AS left_row_id, greatest(l.row_id, r.row_id) AS right_row_id
        FROM decision_rows
        LEFT JOIN named AS l ON l.source_register = left_register AND l.registration_number = left_number
        LEFT JOIN named AS r ON r.source_register = right_register AND r.registration_number = right_number"""
    )
    for decision in ("must_link", "cannot_link"):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {decision} AS SELECT DISTINCT left_row_id, right_row_id FROM decided"
            f" WHERE decision = '{decision}' AND left_row_id < right_row_id"
        )
