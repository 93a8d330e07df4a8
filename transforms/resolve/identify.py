"""Identify: which lasting id each cluster bears, and what became of the ids that were there before.

An id is minted once, for the version that first has it (`version * 10^9 + number`), says nothing of its members and is
never given twice. A cluster inherits the id of which it has the most registrations; an id stays with the cluster that
has the most of its registrations. Ties go to the older id and the smaller cluster.
"""

from __future__ import annotations

import duckdb

IDS_PER_VERSION = 1_000_000_000


def identify(con: duckdb.DuckDBPyConnection, kind: str, clusters: str, version: int) -> None:
    """Make `<kind>_ids(cluster, id)` of all clusters of `validated`, and add to `changes` what happened to earlier ids.

    `clusters` holds the rows that are linked; every other row is a cluster of its own. `earlier_<kind>_ids(row_id, id)`
    is what the published version says; it may be empty.
    """
    first = version * IDS_PER_VERSION
    con.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW grouped AS
        SELECT row_id, coalesce(cluster, row_id) AS cluster FROM validated LEFT JOIN {clusters} USING (row_id);

        CREATE OR REPLACE TEMP TABLE shares AS
        SELECT id, cluster, count(*) AS size FROM earlier_{kind}_ids JOIN grouped USING (row_id) GROUP BY ALL;

        CREATE OR REPLACE TEMP TABLE homes AS
        SELECT id, -home.cluster AS cluster, home.size AS size
        FROM (SELECT id, max({{'size': size, 'cluster': -cluster}}) AS home FROM shares GROUP BY id);

        CREATE OR REPLACE TEMP TABLE heirs AS
        SELECT cluster, -max({{'size': size, 'id': -id}}).id AS id FROM homes GROUP BY cluster;

        CREATE OR REPLACE TEMP TABLE {kind}_ids AS
        SELECT cluster, id FROM heirs
        UNION ALL
        SELECT cluster, {first} + row_number() OVER (ORDER BY cluster) FROM (
            SELECT row_id AS cluster FROM validated ANTI JOIN {clusters} USING (row_id)
            UNION ALL
            SELECT DISTINCT cluster FROM {clusters}
        ) ANTI JOIN heirs USING (cluster);

        INSERT INTO changes
        SELECT '{kind}', homes.id, {version}, 'merged', heirs.id
        FROM homes JOIN heirs USING (cluster) WHERE homes.id <> heirs.id
        UNION ALL
        SELECT '{kind}', {kind}_ids.id, {version}, 'split', parted.id
        FROM (
            SELECT cluster, -max({{'size': size, 'id': -id}}).id AS id
            FROM shares ANTI JOIN heirs USING (cluster) GROUP BY cluster
        ) AS parted JOIN {kind}_ids USING (cluster)
        UNION ALL
        SELECT '{kind}', id, {version}, 'retired', NULL
        FROM (SELECT DISTINCT id FROM earlier_{kind}_ids) ANTI JOIN homes USING (id)"""
    )
