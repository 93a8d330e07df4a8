"""Clusters: which registrations the edges connect at each threshold, and where a guard keeps them apart.

Belongs here: connected components in SQL, which spill like any query, and the guards. A cluster is named by its
smallest row_id. A guarded cluster is built anew edge by edge, the heaviest first (Kruskal), without those that a guard
forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import duckdb

from transforms.build import drop_tables
from transforms.resolve.comparisons import NEAR_NIK_DISTANCE
from transforms.resolve.link import THRESHOLDS

LARGEST_CLUSTER = 15
"""Registrations of one business beyond which a cluster is more likely a fault than a business."""


def connect(con: duckdb.DuckDBPyConnection, links: str, clusters: str) -> None:
    """Make the table `clusters(row_id, cluster)` of the rows that `links(left_row_id, right_row_id)` connects.

    Each round hooks every row to its smallest neighbour, follows the hooks to their ends and contracts the edges, so
    that at least half of what is still connected is gone after it.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE {clusters} (row_id BIGINT, cluster BIGINT)")
    con.execute(f"CREATE OR REPLACE TEMP TABLE contracted AS SELECT left_row_id AS a, right_row_id AS b FROM {links}")
    while not _is_empty(con, "contracted"):
        con.execute(
            """
            CREATE OR REPLACE TEMP TABLE roots AS
            SELECT a AS node, least(a, min(b)) AS root
            FROM (SELECT a, b FROM contracted UNION ALL SELECT b, a FROM contracted) GROUP BY a"""
        )
        while True:
            con.execute(
                """
                CREATE OR REPLACE TEMP TABLE further AS
                SELECT roots.node, next.root FROM roots JOIN roots AS next ON next.node = roots.root
                WHERE next.root <> roots.root"""
            )
            if _is_empty(con, "further"):
                break
            con.execute("UPDATE roots SET root = further.root FROM further WHERE further.node = roots.node")
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {clusters} AS
            SELECT row_id, coalesce(root, cluster) AS cluster FROM {clusters} LEFT JOIN roots ON node = cluster
            UNION ALL
            SELECT node, root FROM roots ANTI JOIN {clusters} ON node = row_id;
            CREATE OR REPLACE TEMP TABLE contracted AS
            SELECT DISTINCT l.root AS a, r.root AS b
            FROM contracted JOIN roots AS l ON l.node = a JOIN roots AS r ON r.node = b WHERE l.root <> r.root"""
        )


def _is_empty(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall() == []


def extend(con: duckdb.DuckDBPyConnection, base: str, links: str, clusters: str) -> None:
    """Make `clusters(row_id, cluster)` of what `base` connects already and `links` further."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE joining AS
        SELECT DISTINCT
            coalesce(l.cluster, left_row_id) AS left_row_id, coalesce(r.cluster, right_row_id) AS right_row_id
        FROM {links} LEFT JOIN {base} AS l ON l.row_id = left_row_id LEFT JOIN {base} AS r ON r.row_id = right_row_id
        WHERE coalesce(l.cluster, left_row_id) <> coalesce(r.cluster, right_row_id)"""
    )
    connect(con, "joining", "joined")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {clusters} AS
        SELECT {base}.row_id, coalesce(joined.cluster, {base}.cluster) AS cluster
        FROM {base} LEFT JOIN joined ON joined.row_id = {base}.cluster
        UNION ALL
        SELECT row_id, cluster FROM joined ANTI JOIN {base} ON {base}.row_id = joined.row_id"""
    )


def cluster(con: duckdb.DuckDBPyConnection) -> None:
    """Make `strict_clusters`, `chosen_clusters`, `loose_clusters` and `owner_clusters` from `edges`, each within the
    next.

    `cut(left_row_id, right_row_id, reason)` holds the edges that a guard forbade.
    """
    strict, chosen, loose = (threshold.name for threshold in THRESHOLDS)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE linked_niks AS
        SELECT row_id, nik FROM keys
        WHERE row_id IN (SELECT left_row_id FROM edges UNION SELECT right_row_id FROM edges)"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE cut (left_row_id BIGINT, right_row_id BIGINT, reason VARCHAR)")
    base = ""
    for threshold in (strict, chosen, loose):
        # What a guard cut at strict may hold at chosen, where a cluster has more evidence; what it cut there is cut.
        again = "UNION ALL SELECT left_row_id, right_row_id FROM strict_cut" if threshold == chosen else ""
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE strict_cut AS SELECT * FROM cut;
            CREATE OR REPLACE TEMP TABLE links AS
            SELECT left_row_id, right_row_id FROM edges ANTI JOIN cut USING (left_row_id, right_row_id)
            WHERE threshold = '{threshold}' {again}"""
        )
        if threshold == chosen:
            con.execute("DELETE FROM cut")
        if base:
            extend(con, base, "links", f"{threshold}_clusters")
            # What grew no further holds what it held when it was guarded.
            con.execute(
                "CREATE OR REPLACE TEMP TABLE extended AS"
                f" SELECT * FROM {threshold}_clusters SEMI JOIN joined USING (cluster)"
            )
        else:
            connect(con, "links", f"{threshold}_clusters")
        _guard(con, threshold, "extended" if base else f"{threshold}_clusters", is_loose=threshold == loose)
        base = f"{threshold}_clusters"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE links AS SELECT left_row_id, right_row_id FROM edges"
        " WHERE is_one_owner OR level = 'registration'"
    )
    extend(con, f"{chosen}_clusters", "links", "owner_clusters")
    drop_tables(con, "links", "joining", "joined", "extended", "linked_niks")


@dataclass
class _Part:
    """Rows that are together so far, and the sound NIKs among them."""

    rows: list[int]
    niks: set[str] = field(default_factory=set)


def _guard(con: duckdb.DuckDBPyConnection, threshold: str, guarded: str, is_loose: bool) -> None:
    """Build the clusters in `guarded` that break a guard anew, in `<threshold>_clusters` and `cut`.

    What people decided holds at every threshold; the other guards keep the strict and the chosen clusters sound, and
    the loose ones show how far linking might go.
    """
    clusters = f"{threshold}_clusters"
    names = [reached.name for reached in THRESHOLDS]
    within = str(tuple(names[: names.index(threshold) + 1])).replace(",)", ")")
    denied = f"""
        SELECT l.cluster FROM cannot_link
        JOIN {guarded} AS l ON l.row_id = left_row_id JOIN {guarded} AS r ON r.row_id = right_row_id
        WHERE l.cluster = r.cluster"""
    suspects = denied if is_loose else f"{denied} UNION {_suspects(con, guarded, within)}"
    con.execute(f"CREATE OR REPLACE TEMP TABLE suspects AS {suspects}")
    rows = con.execute(
        f"SELECT cluster, row_id, nik FROM {clusters} SEMI JOIN suspects USING (cluster)"
        " LEFT JOIN linked_niks USING (row_id) ORDER BY ALL"
    ).fetchall()
    if not rows:
        return
    edges = con.execute(
        f"""
        SELECT cluster, left_row_id, right_row_id, decided_by <> 'weight',
            coalesce(stranger_weight - phone_weight < {THRESHOLDS[1].stranger_weight} AND phone_weight > 0, false)
        FROM edges JOIN {clusters} ON row_id = left_row_id SEMI JOIN suspects USING (cluster)
        LEFT JOIN weighed USING (pattern)
        WHERE edges.threshold IN {within}
        ORDER BY decided_by = 'weight', list_position({names}, edges.threshold), stranger_weight DESC,
            left_row_id, right_row_id"""
    ).fetchall()
    cannot = con.execute("SELECT left_row_id, right_row_id FROM cannot_link").fetchall()
    parts, cuts = _build_apart(rows, edges, cannot, is_loose)
    con.execute(f"DELETE FROM {clusters} WHERE cluster IN (SELECT cluster FROM suspects)")
    con.execute(
        f"INSERT INTO {clusters} SELECT unnest($row_ids::BIGINT[]), unnest($clusters::BIGINT[])",
        {
            "row_ids": [row for part in parts for row in part],
            "clusters": [min(part) for part in parts for _ in part],
        },
    )
    con.execute(
        """
        INSERT INTO cut SELECT * FROM (
            SELECT unnest($left::BIGINT[]) AS left_row_id, unnest($right::BIGINT[]) AS right_row_id,
                unnest($reasons::VARCHAR[])
        ) ANTI JOIN cut USING (left_row_id, right_row_id)""",
        {
            "left": [left for left, _, _ in cuts],
            "right": [right for _, right, _ in cuts],
            "reasons": [reason for _, _, reason in cuts],
        },
    )


def _suspects(con: duckdb.DuckDBPyConnection, clusters: str, within: str) -> str:
    """SQL: the clusters that are too large, hold NIKs that are no typing error of each other, or rest on a phone alone.

    Makes `unusual` and `unlike_niks`, so that few NIKs are held against each other.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE unusual AS
        SELECT cluster, count(linked_niks.row_id) AS size, min(nik) < max(nik) AS has_niks
        FROM {clusters} LEFT JOIN linked_niks USING (row_id) GROUP BY cluster
        HAVING size > {LARGEST_CLUSTER} OR has_niks;
        CREATE OR REPLACE TEMP TABLE unlike_niks AS
        SELECT cluster, lpad(nik::VARCHAR, 16, '0') AS nik FROM {clusters} JOIN linked_niks USING (row_id)
        WHERE nik IS NOT NULL AND cluster IN (SELECT cluster FROM unusual WHERE has_niks)"""
    )
    return f"""
        SELECT cluster FROM unusual WHERE size > {LARGEST_CLUSTER}
        UNION
        SELECT cluster FROM unlike_niks AS l JOIN unlike_niks AS r USING (cluster)
        WHERE hamming(l.nik, r.nik) > {NEAR_NIK_DISTANCE}
        UNION
        SELECT cluster FROM edges JOIN weighed USING (pattern) JOIN {clusters} ON row_id = left_row_id
        WHERE edges.threshold IN {within} AND decided_by = 'weight' GROUP BY cluster
        HAVING (count(*) > 1 OR cluster IN (SELECT cluster FROM unusual WHERE has_niks))
            AND bool_and(stranger_weight - phone_weight < {THRESHOLDS[1].stranger_weight})"""


def _build_apart(
    rows: Sequence[tuple[int, int, int | None]],
    edges: Iterable[tuple[int, int, int, bool, bool]],
    cannot: Iterable[tuple[int, int]],
    only_decisions: bool,
) -> tuple[list[list[int]], list[tuple[int, int, str]]]:
    """The parts of suspect clusters and the edges between parts, each with the guard that forbade it."""
    parts = {row: _Part([row], {f"{nik:016d}"} if nik else set()) for _, row, nik in rows}
    forbidden: dict[int, set[int]] = {}
    for left, right in cannot:
        forbidden.setdefault(left, set()).add(right)
        forbidden.setdefault(right, set()).add(left)
    held_by_phone: dict[int, bool] = {}
    edges = list(edges)
    for cluster, _, _, is_decided, rests_on_phone in edges:
        held_by_phone[cluster] = held_by_phone.get(cluster, True) and rests_on_phone and not is_decided
    cuts = []
    for cluster, left, right, is_decided, _ in edges:
        one, other = parts[left], parts[right]
        if one is other:
            continue
        reason = None
        if forbidden and any(forbidden.get(row, set()) & set(other.rows) for row in one.rows):
            reason = "cannot_link"
        elif not is_decided and not only_decisions:
            if held_by_phone[cluster]:
                reason = "one_phone"
            elif len(one.rows) + len(other.rows) > LARGEST_CLUSTER:
                reason = "size"
            elif any(_is_far(a, b) for a in one.niks for b in other.niks):
                reason = "far_niks"
        if reason:
            cuts.append((left, right, reason))
            continue
        one.rows += other.rows
        one.niks |= other.niks
        for row in other.rows:
            parts[row] = one
    apart = [(left, right, reason) for left, right, reason in cuts if parts[left] is not parts[right]]
    return [part.rows for part in {id(part): part for part in parts.values()}.values()], apart


def _is_far(nik: str, other: str) -> bool:
    return sum(one != another for one, another in zip(nik, other, strict=True)) > NEAR_NIK_DISTANCE
