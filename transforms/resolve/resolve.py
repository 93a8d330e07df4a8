"""The steps of resolving, in order; each reads views and makes views or tables of the register."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from transforms.build import build_table, select_in
from warehouse.tables import BUSINESSES, EDGES, MEMBERSHIPS

_HERE = Path(__file__).parent


def resolve(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Build edges, memberships and businesses of the register in `folder` from the view `validated`."""
    con.execute((_HERE / "keys.sql").read_text(encoding="utf-8"))
    build_table(con, EDGES, select_in(_HERE / "edges.sql"), folder)
    group_linked(con, "same_business", ("registration", "business"))
    group_linked(con, "same_owner", ("registration", "business", "owner"))
    build_table(con, MEMBERSHIPS, select_in(_HERE / "memberships.sql"), folder)
    build_table(con, BUSINESSES, select_in(_HERE / "businesses.sql"), folder)


def group_linked(con: duckdb.DuckDBPyConnection, name: str, levels: tuple[str, ...]) -> None:
    """Make the table `name(row_id, founding_row_id)` of all rows that edges of `levels` connect.

    The founding row of a group is the earliest enumerated one; row_id breaks ties, so that the order of the input
    does not matter. Rows without an edge are not in the table: each is a group of its own.
    """
    edges = con.sql(f"SELECT left_row_id, right_row_id FROM register.edges WHERE level IN {levels}").to_arrow_table()
    pairs = np.column_stack([edges["left_row_id"].to_numpy(), edges["right_row_id"].to_numpy()])
    nodes, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(-1, 2)
    weights = np.ones(len(places), dtype=np.int8)
    graph = coo_matrix((weights, (places[:, 0], places[:, 1])), shape=(len(nodes), len(nodes)))
    _, labels = connected_components(graph, directed=False)
    groups = pa.table({"row_id": pa.array(nodes, pa.int64()), "label": pa.array(labels, pa.int32())})
    con.register("groups", groups)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {name} AS
        WITH dated AS (
            SELECT label, row_id, coalesce(enumerated_date, DATE '9999-12-31') AS enumerated_date
            FROM groups JOIN validated USING (row_id)
        ), founders AS (
            SELECT label, min({{'enumerated_date': enumerated_date, 'row_id': row_id}}).row_id AS founding_row_id
            FROM dated GROUP BY label
        )
        SELECT row_id, founding_row_id FROM groups JOIN founders USING (label)"""
    )
    con.unregister("groups")
