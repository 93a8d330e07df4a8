"""Identify: which lasting id each cluster bears, and what became of the ids that were there before.

An id is minted once, for the version that first has it (`version * 10^9 + number`), says nothing of its members and is
never given twice. A cluster inherits the id of which it has the most registrations; an id stays with the cluster that
has the most of its registrations. Ties go to the older id and the smaller cluster.
"""

from __future__ import annotations

import duckdb

from transforms.build import drop_tables

IDS_PER_VERSION = 1_000_000_000


def identify(con: duckdb.DuckDBPyConnection, version: int) -> None:
    """Make `ids` (row_id, business_id, owner_id) of all rows of `validated`, and `changes`, what happens to ids.

    `chosen_clusters` and `owner_clusters` hold the rows that are linked; every other row is a cluster of its own.
    `earlier_ids` (row_id, business_id, owner_id) is what the published version says; it may be empty.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE changes (entity_kind VARCHAR, entity_id BIGINT, version INTEGER, event VARCHAR,
            other_entity_id BIGINT);
        CREATE OR REPLACE TEMP TABLE bearers AS
        SELECT row_id, is_validated,
            coalesce(chosen.cluster, row_id) AS business_cluster, coalesce(owned.cluster, row_id) AS owner_cluster,
            business_id, owner_id
        FROM (SELECT row_id, true AS is_validated FROM validated) FULL JOIN earlier_ids USING (row_id)
        LEFT JOIN chosen_clusters AS chosen USING (row_id) LEFT JOIN owner_clusters AS owned USING (row_id)"""
    )
    for kind, clusters in (("business", "chosen_clusters"), ("owner", "owner_clusters")):
        _give(con, kind, clusters, version)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE ids AS
        SELECT row_id,
            coalesce(given_to_business.id, business_id) AS business_id,
            coalesce(given_to_owner.id, owner_id) AS owner_id
        FROM bearers
        LEFT JOIN given_to_business ON given_to_business.cluster = business_cluster
        LEFT JOIN given_to_owner ON given_to_owner.cluster = owner_cluster
        WHERE is_validated"""
    )
    drop_tables(con, "bearers", "given_to_business", "given_to_owner")


def _give(con: duckdb.DuckDBPyConnection, kind: str, clusters: str, version: int) -> None:
    """Make `given_to_<kind>` (cluster, id) of the clusters whose id is not simply that of all their members, and note
    in `changes` what that does to ids.

    Only contested clusters are weighed: with members of several earlier ids, of an id of others too, or new ones. Any
    other is borne on, or is new and gets an id.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW borne AS
        SELECT row_id, {kind}_cluster AS cluster, {kind}_id AS id FROM bearers WHERE is_validated;

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

        CREATE OR REPLACE TEMP TABLE given_to_{kind} AS
        SELECT cluster, id FROM heirs
        UNION ALL
        SELECT cluster, {version * IDS_PER_VERSION} + row_number() OVER (ORDER BY cluster)
        FROM borne WHERE row_id = cluster  -- a cluster's first member stands for it
            AND cluster NOT IN (SELECT cluster FROM heirs) AND (id IS NULL OR cluster IN (FROM contested));

        INSERT INTO changes
        SELECT '{kind}', homes.id, {version}, 'merged', heirs.id
        FROM homes JOIN heirs USING (cluster) WHERE homes.id <> heirs.id
        UNION ALL
        SELECT '{kind}', minted.id, {version}, 'split', parted.id
        FROM (
            SELECT cluster, -max({{'size': size, 'id': -id}}).id AS id
            FROM shares ANTI JOIN heirs USING (cluster) GROUP BY cluster
        ) AS parted JOIN given_to_{kind} AS minted USING (cluster)
        UNION ALL
        SELECT DISTINCT '{kind}', {kind}_id, {version}, 'retired', NULL FROM bearers
        WHERE is_validated IS NULL AND {kind}_id NOT IN (SELECT id FROM borne WHERE id IS NOT NULL)"""
    )
