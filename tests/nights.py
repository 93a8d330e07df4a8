"""The register resolved from rows that arrive in nights, without ingest: for tests and benchmarks of linking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from flows.linkage import Linkage
from transforms.resolve import resolve
from transforms.resolve.link import KEYS_FILE
from warehouse.connection import Resources
from warehouse.decisions import LinkDecision
from warehouse.reference_data import load_reference
from warehouse.tables import REGISTER_TABLES
from warehouse.tables.register import ENTITY_HISTORY, OWNER_PSEUDONYMS


def deliver(rows: Path, folder: Path, part_count: int = 1, seed: int = 0) -> Path:
    """Part the validated `rows` by chance into deliveries, each in a folder of its own as in the lake; returns `folder`."""
    duckdb.execute(
        f"""
        COPY (SELECT * REPLACE ((hash(row_id, {seed}) % {part_count})::BIGINT AS delivery_id) FROM read_parquet('{rows}'))
        TO '{folder}' (FORMAT parquet, PARTITION_BY (delivery_id), WRITE_PARTITION_COLUMNS true)"""
    )
    return folder


def resolve_nights(
    deliveries: Path,
    folder: Path,
    nights: Sequence[Sequence[int]],
    *,
    threads: int = 2,
    memory: str = "2GB",
    decisions: Sequence[LinkDecision] = (),
    skip: int = 0,
) -> Path:
    """Resolve `deliveries` as they arrive in `nights`, each of which names the numbers of its own.

    The first `skip` nights are done in `folder` already. Returns the folder of the last version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrived: list[int] = []
    version = folder / "0"
    for night, arriving in enumerate(nights, 1):
        arrived += arriving
        earlier, version = version, folder / str(night)
        if night <= skip:
            continue
        with Resources(memory, threads, folder).connect_for_grouping() as con:
            load_reference(con)
            paths = [str(path) for part in sorted(arrived) for path in (deliveries / f"delivery_id={part}").iterdir()]
            con.execute(f"CREATE VIEW validated AS SELECT * FROM read_parquet({paths}, hive_partitioning = false)")
            view_earlier(con, earlier)
            linkage = Linkage(folder / "lake")
            keys = dict.fromkeys(arrived, "key")
            grows = linkage.open(con, keys)
            assert grows == (night > 1)
            resolve(con, version, night, list(decisions), grows)
            linkage.save(con, keys, grows, version / KEYS_FILE)
    return version


def view_earlier(con: duckdb.DuckDBPyConnection, version: Path) -> None:
    """The views of the earlier version that `resolve` reads."""
    register = version / "register"
    if register.exists():
        con.execute(
            f"""
            CREATE VIEW earlier_history AS SELECT * FROM '{register}/entity_history.parquet';
            CREATE VIEW earlier_ids AS SELECT row_id, business_id, owner_id
            FROM '{register}/memberships.parquet' JOIN '{register}/businesses.parquet' USING (business_id)"""
        )
        return
    columns = ", ".join(f"NULL::{column.type} AS {column.name}" for column in ENTITY_HISTORY)
    con.execute(f"CREATE VIEW earlier_history AS SELECT {columns} WHERE false")
    con.execute(
        "CREATE VIEW earlier_ids AS"
        " SELECT 0::BIGINT AS row_id, 0::BIGINT AS business_id, 0::BIGINT AS owner_id WHERE false"
    )


def checksums(version: Path) -> dict[str, int]:
    """A checksum of every resolved table that does not depend on the order of its rows."""
    return {
        table.name: duckdb.execute(
            f"SELECT coalesce(bit_xor(hash(rows)), 0) + count(*) FROM '{version}/register/{table.name}.parquet' AS rows"
        ).fetchall()[0][0]
        for table in REGISTER_TABLES
        if table is not OWNER_PSEUDONYMS  # made after resolving, with a key
    }


def assert_same_register(one: Path, other: Path) -> None:
    """Both versions hold the same edges and clusters, and ids that differ by name alone."""
    sums, others = checksums(one), checksums(other)
    for table in ("edges", "stop_list", "linkage_counts", "match_weights"):
        assert sums[table] == others[table], table
    for kind in ("business_id", "owner_id"):
        of = f"""
            SELECT row_id, {kind} AS id FROM '{{version}}/register/memberships.parquet'
            JOIN '{{version}}/register/businesses.parquet' USING (business_id)"""
        left, right = of.format(version=one), of.format(version=other)
        assert duckdb.execute(
            f"""
            SELECT count(*) > 0, count(DISTINCT l.id) = count(DISTINCT r.id), count(DISTINCT l.id) = count(DISTINCT (l.id, r.id)),
                count(*) = (SELECT count(*) FROM ({left})) AND count(*) = (SELECT count(*) FROM ({right}))
            FROM ({left}) AS l JOIN ({right}) AS r USING (row_id)"""
        ).fetchall() == [(True, True, True, True)]
