"""Identify: which lasting id each cluster bears, and what became of the ids that were there before.

An id is minted once, for the version that first has it (`version * 10^9 + number`), says nothing of its members and is
never given twice. A cluster inherits the id of which it has the most registrations; an id stays with the cluster that
has the most of its registrations. Ties go to the older id and the smaller cluster.
"""

from __future__ import annotations

import duckdb

IDS_PER_VERSION = 1_000_000_000


def identify(con: duckdb.DuckDBPyConnection, version: int) -> None:
    """Make `business_ids` and `owner_ids` (row_id, id) of all rows of `validated`, and `changes`, what happens to ids.

    `chosen_clusters` and `owner_clusters` hold the rows that are linked; every other row is a cluster of its own.
    `earlier_business_ids` and `earlier_owner_ids` (row_id, id) are what the published version says; they may be empty.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE changes (entity_kind VARCHAR, entity_id BIGINT, version INTEGER, event VARCHAR,"
        " other_entity_id BIGINT)"
    )
    for kind, clusters in (("business", "chosen_clusters"), ("owner", "owner_clusters")):
        _identify(con, kind, clusters, version)


def _identify(con: duckdb.DuckDBPyConnection, kind: str, clusters: str, version: int) -> None:
    """Only contested clusters are weighed: with members of several earlier ids, of an id of others too, or new ones.

    Every other registration keeps the id that it has, or is new and gets one.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE borne AS
        SELECT row_id, coalesce(cluster, row_id) AS cluster, id
        FROM validated LEFT JOIN {clusters} USING (row_id) LEFT JOIN earlier_{kind}_ids USING (row_id);

        CREATE OR REPLACE TEMP TABLE contested AS
        SELECT cluster FROM borne WHERE cluster IN (SELECT cluster FROM {clusters}) GROUP BY cluster
        HAVING min(id) < max(id) OR count(id) BETWEEN 1 AND count(*) - 1
        UNION
        SELECT cluster FROM borne
        WHERE id IN (SELECT id FROM borne WHERE id IS NOT NULL GROUP BY id HAVING min(cluster) < max(cluster));

        CREATE OR REPLACE TEMP TABLE shares AS
        SELECT id, cluster, count(*) AS size FROM borne SEMI JOIN contested USING (cluster)
        WHERE id IS NOT NULL GROUP BY ALL;

        CREATE OR REPLACE TEMP TABLE homes AS
        SELECT id, -home.cluster AS cluster, home.size AS size
        FROM (SELECT id, max({{'size': size, 'cluster': -cluster}}) AS home FROM shares GROUP BY id);

        CREATE OR REPLACE TEMP TABLE heirs AS
        SELECT cluster, -max({{'size': size, 'id': -id}}).id AS id FROM homes GROUP BY cluster;

        CREATE OR REPLACE TEMP TABLE {kind}_ids AS
        SELECT row_id, id FROM borne WHERE id IS NOT NULL AND cluster NOT IN (FROM contested)
        UNION ALL
        SELECT row_id, heirs.id FROM borne JOIN heirs USING (cluster)
        UNION ALL
        SELECT row_id, {version * IDS_PER_VERSION} + dense_rank() OVER (ORDER BY cluster)
        FROM borne ANTI JOIN heirs USING (cluster) WHERE id IS NULL OR cluster IN (FROM contested);

        INSERT INTO changes
        SELECT '{kind}', homes.id, {version}, 'merged', heirs.id
        FROM homes JOIN heirs USING (cluster) WHERE homes.id <> heirs.id
        UNION ALL
        SELECT '{kind}', minted.id, {version}, 'split', parted.id
        FROM (
            SELECT cluster, -max({{'size': size, 'id': -id}}).id AS id
            FROM shares ANTI JOIN heirs USING (cluster) GROUP BY cluster
        ) AS parted JOIN {kind}_ids AS minted ON minted.row_id = cluster
        UNION ALL
        SELECT DISTINCT '{kind}', id, {version}, 'retired', NULL
        FROM earlier_{kind}_ids ANTI JOIN validated USING (row_id)
        WHERE id NOT IN (SELECT id FROM borne WHERE id IS NOT NULL)"""
    )
