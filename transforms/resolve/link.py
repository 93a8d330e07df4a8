"""Link: candidate pairs by blocks, their patterns, and what the patterns weigh.

An edge is a function of two prepared registrations and of whether their blocks are over-full; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.resolve.blocking import BLOCKING_RULES, PARTED_BY, BlockingRule
from transforms.resolve.comparisons import COMPARISONS, pattern_sql
from transforms.resolve.weights import PRIOR, Weight, load_weights

_HERE = Path(__file__).parent


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `superseded` and `prepared` from the view `validated`."""
    con.execute((_HERE / "names.sql").read_text(encoding="utf-8"))
    con.execute(f"CREATE OR REPLACE TEMP TABLE superseded AS {(_HERE / 'supersede.sql').read_text(encoding='utf-8')}")
    keys = ", ".join(f"{rule.key_sql} AS {rule.column}" for rule in BLOCKING_RULES)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE prepared AS SELECT *, {keys}, {PARTED_BY} AS part"
        f" FROM ({(_HERE / 'prepare.sql').read_text(encoding='utf-8')})"
    )


def block(con: duckdb.DuckDBPyConnection) -> None:
    """Make `pairs(left_row_id, right_row_id)`, each once, and `over_full`, the blocks that were parted or stopped."""
    con.execute("CREATE OR REPLACE TEMP TABLE found (left_row_id BIGINT, right_row_id BIGINT)")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE over_full"
        " (blocking_rule VARCHAR, key UBIGINT, registration_count BIGINT, parted BOOLEAN)"
    )
    for rule in BLOCKING_RULES:
        _block_by(con, rule)
    con.execute("CREATE OR REPLACE TEMP TABLE pairs AS SELECT DISTINCT left_row_id, right_row_id FROM found")
    con.execute("DROP TABLE found")


def _block_by(con: duckdb.DuckDBPyConnection, rule: BlockingRule) -> None:
    key = rule.column
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE blocks AS SELECT {key} AS key, count(*) AS size FROM prepared"
        f" WHERE {key} IS NOT NULL GROUP BY key HAVING size > 1"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE members AS SELECT {key} AS key, row_id FROM prepared"
        f" WHERE {key} IN (SELECT key FROM blocks WHERE size <= {rule.cap})"
    )
    if con.execute(f"SELECT count(*) FROM blocks WHERE size > {rule.cap}").fetchall() != [(0,)]:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE parted AS
            SELECT hash({key}, part) AS key, row_id FROM prepared
            WHERE {key} IN (SELECT key FROM blocks WHERE size > {rule.cap});
            CREATE OR REPLACE TEMP TABLE parts AS SELECT key, count(*) AS size FROM parted GROUP BY key;
            INSERT INTO over_full SELECT '{rule.name}', key, size, true FROM blocks WHERE size > {rule.cap};
            INSERT INTO over_full SELECT '{rule.name}', key, size, false FROM parts WHERE size > {rule.cap};
            INSERT INTO members
            SELECT key, row_id FROM parted WHERE key IN (SELECT key FROM parts WHERE size <= {rule.cap})"""
        )
    con.execute(
        "INSERT INTO found SELECT l.row_id, r.row_id"
        " FROM members AS l JOIN members AS r USING (key) WHERE l.row_id < r.row_id"
    )


def compare(con: duckdb.DuckDBPyConnection) -> None:
    """Make `compared(left_row_id, right_row_id, pattern)` of `pairs`."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE compared AS
        SELECT l.row_id AS left_row_id, r.row_id AS right_row_id, {pattern_sql()} AS pattern
        FROM pairs JOIN prepared AS l ON l.row_id = left_row_id JOIN prepared AS r ON r.row_id = right_row_id"""
    )


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


def weigh(con: duckdb.DuckDBPyConnection, weights: Sequence[Weight]) -> None:
    """Make `weighed`, a row for each pattern of `compared`: its weights by side and what they are enough for.

    `stranger_weight` and `sibling_weight` include the prior. `phone_weight` is the part that rests on the phone.
    """
    load_weights(con, weights)
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
            FROM (SELECT DISTINCT pattern FROM compared), range({places}) AS places(place)
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
