"""Link: candidate pairs by blocks, their patterns, and what the patterns weigh.

An edge is a function of two prepared registrations and of whether their blocks are over-full; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.build import drop_tables, select_in
from transforms.resolve.blocking import BLOCKING_RULES, KEYS, BlockingRule
from transforms.resolve.comparisons import COMPARISONS, pattern_sql
from transforms.resolve.weights import PRIOR, Weight, load_weights

_HERE = Path(__file__).parent
KEYS_FILE = "keys.parquet"
_READ = (
    "row_id, business_kind, nik, is_nik_precision_lost, nib, phone, owner_name, owner_birth_date, business_name,"
    " regency_code, district_name, village_name, latitude, longitude, address, kbli_code, started_year,"
    " cooperative_number, legal_entity_number"
)
"""What is read of a registration to prepare it."""


def prepare(con: duckdb.DuckDBPyConnection, grows: bool) -> None:
    """Make `superseded` and `keys` (`blocking.KEYS`) of all current registrations in the view `validated`, and the view
    `prepared` of those that are read.

    With `grows` only the deliveries of the table `fresh(delivery_id)` are read anew, as `arriving`, and the views
    `earlier_superseded` and `earlier_keys` hold what was made of all others; `leaving` are the keys of what is
    superseded now.
    """
    con.execute((_HERE / "names.sql").read_text(encoding="utf-8"))
    if not grows:
        con.execute("CREATE OR REPLACE TEMP VIEW numbered AS SELECT * FROM validated")
        con.execute(f"CREATE OR REPLACE TEMP TABLE superseded AS {select_in(_HERE / 'supersede.sql')}")
        con.execute("CREATE OR REPLACE TEMP VIEW registrations AS SELECT * FROM validated")
        _prepare_names(con)  # of what is superseded too: to leave it out costs more than its few names
        con.execute(
            "CREATE OR REPLACE TEMP VIEW registrations AS SELECT * FROM validated ANTI JOIN superseded USING (row_id)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE keys AS SELECT {KEYS} FROM prepared")
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW numbered AS
        SELECT * FROM validated WHERE hash(source_register, registration_number) IN (
            SELECT hash(source_register, registration_number) FROM validated SEMI JOIN fresh USING (delivery_id));
        CREATE OR REPLACE TEMP TABLE superseded AS
        SELECT * FROM ({select_in(_HERE / "supersede.sql")})
        UNION ALL
        SELECT * FROM earlier_superseded WHERE row_id NOT IN (SELECT row_id FROM numbered);
        CREATE OR REPLACE TEMP TABLE registrations AS
        SELECT {_READ} FROM validated SEMI JOIN fresh USING (delivery_id) ANTI JOIN superseded USING (row_id)"""
    )
    _prepare_names(con)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE arriving AS SELECT {KEYS} FROM prepared;
        CREATE OR REPLACE TEMP TABLE leaving AS
        SELECT * FROM earlier_keys
        WHERE row_id IN (SELECT row_id FROM superseded ANTI JOIN earlier_superseded USING (row_id));
        CREATE OR REPLACE TEMP VIEW keys AS
        SELECT * FROM earlier_keys WHERE row_id NOT IN (SELECT row_id FROM superseded)
        UNION ALL
        SELECT * FROM arriving"""
    )


def _prepare_names(con: duckdb.DuckDBPyConnection) -> None:
    """Prepare each name in `registrations` once, and show `registrations` with them as the view `prepared`.

    Two registrations are compared on its columns alone: an edge is a function of two prepared registrations.
    """
    for table in ("owner_names", "business_names", "places"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {select_in(_HERE / f'{table}.sql')}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW coded AS {select_in(_HERE / 'coded.sql')}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW prepared AS {_named('coded')}")


def _named(coded: str) -> str:
    return (
        f"SELECT * EXCLUDE (owner_name_id, business_name_id) FROM {coded}"
        " JOIN owner_names USING (owner_name_id) JOIN business_names USING (business_name_id)"
    )


def block(con: duckdb.DuckDBPyConnection, grows: bool) -> None:
    """Make `pairs(left_row_id, right_row_id)`, each once, and `over_full`, the blocks that were parted or stopped.

    With `grows` these are the pairs of `touched(row_id)`: what arrives, and what is in a block that became over-full or
    ceased to be; all other pairs are as they were. `earlier_over_full` are the blocks that were over-full before.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE found (left_row_id BIGINT, right_row_id BIGINT)")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE over_full (blocking_rule VARCHAR, key UBIGINT, part UBIGINT, block_size BIGINT)"
    )
    if grows:
        con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT row_id FROM arriving")
        for rule in BLOCKING_RULES:
            _touch_by(con, rule)
        con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT row_id FROM touched")
        con.execute("CREATE OR REPLACE TEMP TABLE touched_keys AS SELECT * FROM keys WHERE row_id IN (FROM touched)")
    for rule in BLOCKING_RULES:
        _block_by(con, rule, grows)
    con.execute("CREATE OR REPLACE TEMP TABLE pairs AS SELECT DISTINCT left_row_id, right_row_id FROM found")
    drop_tables(con, "found", "blocks", "members", "parts")


def _touch_by(con: duckdb.DuckDBPyConnection, rule: BlockingRule) -> None:
    """Add to `touched` the registrations of each block, or part of a block, that crossed the cap either way."""
    key, cap = rule.key, rule.cap
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE changed AS
        SELECT {key} AS key, part, sum(change) AS change
        FROM (
            SELECT {key}, part, 1 AS change FROM arriving
            UNION ALL
            SELECT {key}, part, -1 FROM leaving
        ) WHERE {key} IS NOT NULL GROUP BY ALL;
        CREATE OR REPLACE TEMP TABLE counted AS
        SELECT {key} AS key, part, count(*) AS size FROM keys
        WHERE {key} IN (SELECT key FROM changed) GROUP BY ALL;
        CREATE OR REPLACE TEMP TABLE sizes AS
        SELECT key, part, size AS part_size, size - coalesce(change, 0) AS earlier_part_size,
            sum(size) OVER (PARTITION BY key) AS block_size,
            sum(size - coalesce(change, 0)) OVER (PARTITION BY key) AS earlier_block_size
        FROM (SELECT key, part, coalesce(size, 0) AS size, change FROM counted FULL JOIN changed USING (key, part));
        CREATE OR REPLACE TEMP TABLE crossed AS
        SELECT key, part FROM sizes
        WHERE (block_size > {cap}) <> (earlier_block_size > {cap})
            OR (block_size > {cap} AND (part_size > {cap}) <> (earlier_part_size > {cap}))"""
    )
    con.execute(
        f"""
        INSERT INTO over_full
        SELECT * FROM earlier_over_full WHERE blocking_rule = '{rule.name}' AND key NOT IN (SELECT key FROM changed)
        UNION ALL
        SELECT DISTINCT '{rule.name}', key, NULL, block_size FROM sizes WHERE block_size > {cap}
        UNION ALL
        SELECT '{rule.name}', key, part, part_size FROM sizes WHERE block_size > {cap} AND part_size > {cap}"""
    )
    if con.execute("SELECT count(*) FROM crossed").fetchall() != [(0,)]:
        con.execute(
            f"INSERT INTO touched SELECT row_id FROM keys WHERE {key} IN (SELECT key FROM crossed)"
            f" AND ({key}, part) IN (SELECT (key, part) FROM crossed)"
        )


def _block_by(con: duckdb.DuckDBPyConnection, rule: BlockingRule, grows: bool) -> None:
    cap = rule.cap
    columns = ", ".join(("row_id", *rule.glance.columns))
    rows = f"SELECT {rule.key} AS key, part, {columns} FROM keys WHERE {rule.key} IS NOT NULL"
    if grows:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE candidates AS {rows} AND {rule.key} IN (SELECT {rule.key} FROM touched_keys)"
        )
    else:
        con.execute(f"CREATE OR REPLACE TEMP VIEW candidates AS {rows}")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE blocks AS
        SELECT key, count(*) AS size FROM candidates GROUP BY key HAVING size > 1;
        CREATE OR REPLACE TEMP TABLE members AS
        SELECT key, {columns} FROM candidates WHERE key IN (SELECT key FROM blocks WHERE size <= {cap})"""
    )
    if con.execute(f"SELECT count(*) FROM blocks WHERE size > {cap}").fetchall() != [(0,)]:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE parts AS
            SELECT key, part, count(*) AS size FROM candidates
            WHERE key IN (SELECT key FROM blocks WHERE size > {cap}) GROUP BY ALL;
            INSERT INTO members
            SELECT hash(key, part), {columns} FROM candidates
            WHERE (key, part) IN (SELECT (key, part) FROM parts WHERE size BETWEEN 2 AND {cap})"""
        )
        if not grows:
            con.execute(
                f"""
                INSERT INTO over_full
                SELECT '{rule.name}', key, NULL, size FROM blocks WHERE size > {cap}
                UNION ALL
                SELECT '{rule.name}', key, part, size FROM parts WHERE size > {cap}"""
            )
    either = "AND (l.row_id IN (FROM touched) OR r.row_id IN (FROM touched))" if grows else ""
    con.execute(
        "INSERT INTO found SELECT l.row_id, r.row_id"
        f" FROM members AS l JOIN members AS r USING (key)"
        f" WHERE l.row_id < r.row_id AND NOT {rule.glance.tells_apart} {either}"
    )


def compare(con: duckdb.DuckDBPyConnection, grows: bool) -> None:
    """Make `compared(left_row_id, right_row_id, pattern)` of `pairs`, and drop these and what was prepared.

    With `grows` the names of the registrations in `pairs` are not prepared yet.
    """
    paired = (
        f"SELECT {_READ} FROM validated"
        " WHERE row_id IN (SELECT left_row_id FROM pairs UNION SELECT right_row_id FROM pairs)"
    )
    if grows:
        con.execute(f"CREATE OR REPLACE TEMP TABLE registrations AS {paired}")
        _prepare_names(con)
    else:
        con.execute(f"CREATE OR REPLACE TEMP VIEW registrations AS {paired}")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE paired AS SELECT * EXCLUDE (area, street_end) FROM coded;  -- which part blocks
        CREATE OR REPLACE TEMP TABLE compared AS
        SELECT l.row_id AS left_row_id, r.row_id AS right_row_id, {pattern_sql()} AS pattern
        FROM pairs
        JOIN ({_named("paired")}) AS l ON l.row_id = left_row_id
        JOIN ({_named("paired")}) AS r ON r.row_id = right_row_id"""
    )
    con.execute("DROP VIEW prepared; DROP VIEW coded")
    drop_tables(con, "pairs", "paired", "owner_names", "business_names", "places")


def keep(con: duckdb.DuckDBPyConnection, grows: bool) -> None:
    """Reduce `compared` to the pairs whose pattern reaches anything; with `grows` add those of before that still hold.

    `earlier_compared` holds the pairs that reached anything before; those of a registration that is compared anew or is
    no longer current are compared anew or gone.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE compared AS SELECT compared.* FROM compared JOIN weighed USING (pattern)"
        " WHERE threshold IS NOT NULL OR is_one_owner"
    )
    if grows:
        con.execute(
            """
            CREATE OR REPLACE TEMP TABLE gone AS SELECT row_id FROM touched UNION SELECT row_id FROM leaving;
            INSERT INTO compared SELECT * FROM earlier_compared
            WHERE left_row_id NOT IN (FROM gone) AND right_row_id NOT IN (FROM gone)"""
        )


def set_aside_keys(con: duckdb.DuckDBPyConnection, grows: bool, folder: Path) -> None:
    """Write the keys of what was read to `folder/keys.parquet` for the next night, and read them there from now on."""
    con.execute(
        f"COPY {'arriving' if grows else 'keys'} TO '{folder / KEYS_FILE}'"
        " (FORMAT parquet, DICTIONARY_SIZE_LIMIT 1)"  # hashes, none of which comes twice
    )
    if not grows:
        drop_tables(con, "keys")
        con.execute(f"CREATE TEMP VIEW keys AS SELECT * FROM read_parquet('{folder / KEYS_FILE}')")


@dataclass(frozen=True)
class Threshold:
    """What a pair must weigh, in bits of posterior odds, to be one business: against strangers and against siblings."""

    name: str
    stranger_weight: float
    sibling_weight: float


THRESHOLDS = (Threshold("strict", 4.0, 4.0), Threshold("chosen", 0.0, 1.0), Threshold("loose", -6.0, -3.0))
"""From strict to loose, each within the next: the low, the point and the high count of merged registrations. What lies
between strict and loose is for people to review."""
OWNER_WEIGHT = 14.0
"""Owner evidence, in bits against strangers and without a prior, for one owner: an equal NIK or NIB reaches it alone,
and not when the names differ."""


def weigh(con: duckdb.DuckDBPyConnection, weights: Sequence[Weight], grows: bool) -> None:
    """Make `weighed`, a row for each pattern that occurs: its weights by side and what they are enough for.

    `stranger_weight` and `sibling_weight` include the prior. `phone_weight` is the part that rests on the phone.
    """
    load_weights(con, weights)
    patterns = "SELECT pattern FROM compared" + (" UNION SELECT pattern FROM earlier_compared" if grows else "")
    (prior,) = [weight for weight in weights if weight.comparison == PRIOR]
    places = len(COMPARISONS)
    reached = " ".join(
        f"WHEN stranger_weight >= {threshold.stranger_weight} AND sibling_weight >= {threshold.sibling_weight}"
        f" THEN '{threshold.name}'"
        for threshold in THRESHOLDS
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE weighed AS
        WITH digits AS (
            SELECT pattern, place, pattern // (10 ** ({places - 1} - place))::BIGINT % 10 AS digit
            FROM (SELECT DISTINCT pattern FROM ({patterns})), range({places}) AS places(place)
        ), summed AS (
            SELECT
                pattern,
                round(coalesce(sum(match_weight) FILTER (side = 'owner'), 0), 2) AS owner_weight,
                round(coalesce(sum(match_weight) FILTER (side = 'business'), 0), 2) AS business_weight,
                round(coalesce(sum(match_weight) FILTER (comparison = 'phone'), 0), 2) AS phone_weight,
                round(
                    {prior.sibling_weight} + coalesce(sum(sibling_weight) FILTER (side = 'business'), 0), 2
                ) AS sibling_weight
            FROM digits LEFT JOIN match_weights USING (place, digit) GROUP BY pattern
        )
        SELECT *, round({prior.match_weight} + owner_weight + business_weight, 2) AS stranger_weight,
            CASE {reached} END AS threshold, owner_weight >= {OWNER_WEIGHT} AS is_one_owner
        FROM summed"""
    )


def decide(con: duckdb.DuckDBPyConnection) -> None:
    """Make `edges`: the pairs that are linked at some threshold, by registration number, weight or people's decision.

    `must_link` and `cannot_link` hold (left_row_id, right_row_id) of current registrations. A pair that must not be
    linked may still show one owner.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE edges AS
        SELECT left_row_id, right_row_id,
            CASE WHEN threshold IS NOT NULL AND NOT is_denied THEN 'business' ELSE 'owner' END AS level,
            CASE WHEN NOT is_denied THEN threshold END AS threshold,
            CASE WHEN threshold IS NOT NULL AND is_denied THEN 'cannot_link' ELSE 'weight' END AS decided_by,
            pattern, is_one_owner
        FROM (
            SELECT compared.*, threshold, is_one_owner, denied.left_row_id IS NOT NULL AS is_denied
            FROM compared JOIN weighed USING (pattern) LEFT JOIN cannot_link AS denied USING (left_row_id, right_row_id)
            WHERE threshold IS NOT NULL OR is_one_owner
        )
        ANTI JOIN must_link USING (left_row_id, right_row_id)
        UNION ALL
        SELECT left_row_id, right_row_id, 'business', '{THRESHOLDS[0].name}', 'must_link', pattern, false
        FROM must_link LEFT JOIN compared USING (left_row_id, right_row_id)
        UNION ALL
        SELECT least(row_id, current_row_id), greatest(row_id, current_row_id), 'registration', '{THRESHOLDS[0].name}',
            'registration_number', NULL, false
        FROM superseded"""
    )
