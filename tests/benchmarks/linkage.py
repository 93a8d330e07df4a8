"""Linkage of a simulated census side by side: capaian, Splink 5, pandas with rapidfuzz, and exact keys.

Every method gets the same prepared registrations (names in one spelling, NIK cleaned, a number that comes again in its
register taken once) and as many threads as linking takes. It runs in a process of its own, which is measured from its
first import to its last cluster: wall seconds, CPU seconds, and the kernel's high-water mark of the resident set. One
query scores the clusters of all, by pairs of registrations.

Splink is given what it is given in earnest: the levels of `comparisons.py` with term frequencies for names, two stages
(owners first, then the businesses of one owner, and businesses of one name in one place), u by sampling and m by
expectation maximisation without labels. Its thresholds are picked with the truth at hand, which no user has; that search
is not measured.

    .venv/bin/python tests/benchmarks/linkage.py --rows 200000 --seed 7

It needs `tests/benchmarks/requirements.in`. `--validated FILE --truth FILE` take a census that is ingested already.

All data are simulated by us. `--hide started_year` makes the named columns missing for every method, to see how much of
the result rests on one of them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.resolve import link
from transforms.resolve.blocking import BLOCK_CAP, SHARED_PHONE
from transforms.resolve.clusters import cluster, connect
from transforms.resolve.comparisons import COMPARISONS
from transforms.resolve.estimate import ASSUMED
from transforms.resolve.weights import read_weights

SPLINK_OWNER_WEIGHT = 6.0
"""Match weight from which two registrations have one owner; set beforehand, not sought."""
SPLINK_BUSINESS_WEIGHTS = (-12, -10, -8, -6, -4, -2, 0, 2, 4, 6, 8)
SPLINK_PLACE_WEIGHTS = (-10, -5, 0, 5, 10, 15, 20, 99)
"""Match weights among which the best thresholds are sought."""


@dataclass(frozen=True)
class Score:
    """Clustered pairs against pairs of one business."""

    found_count: int
    right_count: int
    true_count: int

    @property
    def precision(self) -> float:
        """Share of the clustered pairs that are one business."""
        return self.right_count / max(self.found_count, 1)

    @property
    def recall(self) -> float:
        """Share of the pairs of one business that are clustered."""
        return self.right_count / self.true_count

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right_count / (self.found_count + self.true_count)


@dataclass(frozen=True)
class Run:
    """What a method took, and a remark of its own."""

    wall: float
    cpu: float
    peak_mb: float
    remark: str = ""


def score(con: duckdb.DuckDBPyConnection, clusters: str) -> Score:
    """`clusters(row_id, cluster)` against `truth(row_id, business_key)`; a row in no cluster is alone."""
    ((found, right, true),) = con.execute(
        f"""
        WITH held AS (
            SELECT coalesce(cluster, row_id) AS cluster, business_key FROM truth LEFT JOIN {clusters} USING (row_id)
        )
        SELECT
            (SELECT sum(n * (n - 1)) // 2 FROM (SELECT count(*) AS n FROM held GROUP BY cluster)),
            (SELECT sum(n * (n - 1)) // 2 FROM (SELECT count(*) AS n FROM held GROUP BY cluster, business_key)),
            (SELECT sum(n * (n - 1)) // 2 FROM (SELECT count(*) AS n FROM held GROUP BY business_key))"""
    ).fetchall()
    return Score(int(found), int(right), int(true))


def by_capaian(con: duckdb.DuckDBPyConnection) -> Callable[[], str]:
    """The steps of `transforms.resolve` up to the clusters of the chosen threshold, with the weights of `weights.csv`."""
    link.prepare(con, False)
    link.block(con, False)
    link.compare(con, False)
    link.weigh(con, read_weights(), False)
    link.keep(con, False)
    for decision in ("must_link", "cannot_link"):
        con.execute(f"CREATE TEMP TABLE {decision} (left_row_id BIGINT, right_row_id BIGINT)")
    link.decide(con)
    cluster(con)
    con.execute("CREATE TEMP TABLE result AS SELECT row_id, cluster FROM chosen_clusters")
    return lambda: ""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """The prepared registrations as a table, for methods that read them again and again."""
    link.prepare(con, False)
    con.execute("CREATE TEMP TABLE all_prepared AS SELECT * FROM prepared; DROP VIEW prepared")
    con.execute("ALTER TABLE all_prepared RENAME TO prepared")


def by_exact_keys(con: duckdb.DuckDBPyConnection) -> Callable[[], str]:
    """Registrations that agree to the letter in a person's key and in the name of the business are one."""
    prepare(con)
    keys = ("nik15, full_name", "nib, full_name", "phone, full_name, village", "birth_date, owner_key, full_name")
    con.execute("CREATE TEMP TABLE links (left_row_id BIGINT, right_row_id BIGINT)")
    for key in (*keys, "cooperative_number"):
        given = " AND ".join(f"{column} IS NOT NULL" for column in key.split(", "))
        con.execute(
            f"""
            INSERT INTO links
            SELECT first_row_id, row_id FROM (
                SELECT row_id, min(row_id) OVER (PARTITION BY {key}) AS first_row_id FROM prepared WHERE {given}
            ) WHERE first_row_id < row_id"""
        )
    connect(con, "links", "result")
    return lambda: ""


def by_pandas(con: duckdb.DuckDBPyConnection) -> Callable[[], str]:
    """Merges of blocks in pandas, similarities by rapidfuzz, a rule of thumb, and connected components by scipy."""
    import numpy as np
    import pandas as pd
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.process import cpdist
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    prepare(con)
    rows = con.execute(
        """
        SELECT row_id, nik15, nib, phone, birth_date, owner_name, owner_key, owner_first_word, full_name, core_name,
            branch, regency[1:2] AS province, village, house_number, cooperative_number
        FROM prepared ORDER BY row_id"""
    ).df()
    blocks = (
        ["nik15"], ["nib"], ["phone"], ["birth_date", "owner_first_word", "province"], ["village", "owner_key"],
        ["village", "core_name"], ["village", "house_number"], ["cooperative_number"],
    )  # fmt: skip
    found: list[pd.DataFrame] = []
    for key in blocks:
        members = rows[key].dropna().assign(place=lambda given: given.index)
        size = members.groupby(key)["place"].transform("size")
        members = members[(size > 1) & (size <= (SHARED_PHONE if key == ["phone"] else BLOCK_CAP))]
        both = members.merge(members, on=key, suffixes=("_l", "_r"))
        found.append(both.loc[both["place_l"] < both["place_r"], ["place_l", "place_r"]])
    pairs = pd.concat(found).drop_duplicates()
    left = rows.loc[pairs["place_l"]].reset_index(drop=True)
    right = rows.loc[pairs["place_r"]].reset_index(drop=True)

    def alike(column: str) -> np.ndarray:
        return cpdist(left[column].fillna(""), right[column].fillna(""), scorer=JaroWinkler.similarity, workers=-1)

    def equal(column: str) -> np.ndarray:
        return (left[column] == right[column]).fillna(False).to_numpy(dtype=bool)

    is_one_owner = equal("nik15") | equal("nib") | (alike("owner_name") >= 0.94)
    is_one_name = (alike("full_name") >= 0.9) | equal("core_name")
    is_one_place = equal("village") | equal("phone") | equal("birth_date")
    is_one = (is_one_owner & is_one_name & is_one_place & equal("branch")) | equal("cooperative_number")
    edges = pairs[is_one]
    graph = coo_array((np.ones(len(edges)), (edges["place_l"], edges["place_r"])), shape=(len(rows), len(rows)))
    _, labels = connected_components(graph, directed=False)
    clustered = pd.DataFrame({"row_id": rows["row_id"], "cluster": labels})
    con.register("clustered", clustered)
    con.execute("CREATE TEMP TABLE result AS SELECT row_id, cluster FROM clustered")
    return lambda: ""


def by_splink(con: duckdb.DuckDBPyConnection) -> Callable[[], str]:
    """Two stages of Splink: owners, then the businesses of an owner, and those of one name in one place."""
    import logging

    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    logging.disable(logging.WARNING)
    prepare(con)
    con.execute(
        f"""
        CREATE TABLE records AS
        SELECT * EXCLUDE (nik, address, phone, regency), nik::VARCHAR AS nik, street_of(address) AS street, regency,
            regency[1:2] AS province, CASE WHEN count(*) OVER (PARTITION BY phone) <= {SHARED_PHONE} THEN phone END AS phone,
            (latitude * 10000)::INTEGER AS latitude_block, (longitude * 10000)::INTEGER AS longitude_block
        FROM prepared"""
    )

    def linker_of(
        table: str, comparisons: list[dict[str, object]], rules: list[object], prior: float, iterations: int = 25
    ) -> Linker:
        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="row_id",
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=rules,
            probability_two_random_records_match=prior,
            max_iterations=iterations,
            retain_matching_columns=False,
        )
        return Linker(DuckDBAPI(con).register(table), settings)

    # Stage 1: owners.
    rules = [
        block_on("nik15"), block_on("nib"), block_on("phone"), block_on("birth_date", "owner_first_word", "province"),
        block_on("village", "owner_key"),
    ]  # fmt: skip
    owners = linker_of(
        "records", [*splink_comparisons(["nik", "nib", "owner_name", "birth_date", "phone"]), AREA], rules, 1e-6
    )
    owners.training.estimate_probability_two_random_records_match(
        ["l.nik = r.nik AND l.owner_key = r.owner_key"], recall=0.7
    )
    owners.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in (
        block_on("nik15"), block_on("birth_date", "owner_first_word", "province"), block_on("village", "owner_key")
    ):  # fmt: skip
        owners.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=2e6
        )
    owned = owners.inference.predict(threshold_match_weight=SPLINK_OWNER_WEIGHT)
    con.execute(
        f"CREATE TABLE owner_links AS SELECT row_id_l AS left_row_id, row_id_r AS right_row_id FROM {owned.physical_name}"
    )
    connect(con, "owner_links", "owner_clusters")
    con.execute(
        """
        CREATE TABLE owned AS
        SELECT records.*, coalesce(cluster, row_id) AS owner
        FROM records LEFT JOIN owner_clusters USING (row_id)"""
    )
    # Stage 2: businesses within an owner, where the others are siblings: u too is estimated among them.
    names = ["business_name", "branch", "location", "kbli", "started_year", "phone"]
    for iterations in (25, 12, 6, 3, 2, 1):
        within = linker_of(
            "owned", splink_comparisons(names, is_within_owner=True), [block_on("owner")], 0.4, iterations
        )
        within.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        try:
            within.training.estimate_parameters_using_expectation_maximisation(
                block_on("owner"), fix_u_probabilities=False, max_pairs=2e6,
                populate_probability_two_random_records_match_from_trained_values=True,
            )  # fmt: skip
            break
        except ValueError:  # a level that no sibling shows gets u = 0, which Splink refuses: stop before
            continue
    else:
        raise RuntimeError("Splink could not be trained within owners")
    # And businesses in one place whose owners were not found to be one.
    rules = [
        block_on("village", "core_name"), block_on("latitude_block", "longitude_block"),
        block_on("cooperative_number"), block_on("legal_entity"),
    ]  # fmt: skip
    places = linker_of("owned", splink_comparisons([c.name for c in COMPARISONS]), rules, 1e-6)
    places.training.estimate_probability_two_random_records_match(
        ["l.nik = r.nik AND l.full_name = r.full_name AND l.village = r.village"], recall=0.5
    )
    places.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in (block_on("village", "core_name"), block_on("nik15", "kbli"), block_on("birth_date", "owner_key")):
        places.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=2e6
        )
    scored = []
    for kind, linker in (("within", within), ("place", places)):
        least = min(SPLINK_BUSINESS_WEIGHTS if kind == "within" else SPLINK_PLACE_WEIGHTS)
        table = linker.inference.predict(threshold_match_weight=least).physical_name
        scored.append(
            f"SELECT '{kind}' AS kind, row_id_l AS left_row_id, row_id_r AS right_row_id, match_weight FROM {table}"
        )
    con.execute(f"CREATE TABLE scored AS {' UNION ALL '.join(scored)}")

    def cluster_at(business: float, place: float) -> None:
        con.execute(
            f"""
            CREATE OR REPLACE TEMP VIEW links AS SELECT left_row_id, right_row_id FROM scored
            WHERE match_weight >= CASE kind WHEN 'within' THEN {business} ELSE {place} END"""
        )
        connect(con, "links", "result")

    def pick() -> str:
        best, business, place = -1.0, 0.0, 99.0
        for at in SPLINK_BUSINESS_WEIGHTS:
            cluster_at(at, 99)
            if (f1 := score(con, "result").f1) > best:
                best, business = f1, at
        for at in SPLINK_PLACE_WEIGHTS:
            cluster_at(business, at)
            if (f1 := score(con, "result").f1) > best:
                best, place = f1, at
        cluster_at(business, place)
        return (
            f"thresholds picked with the truth: business of one owner {business:g}, of one place {place:g} bits;"
            f" that of one owner, {SPLINK_OWNER_WEIGHT:g} bits, was set beforehand;"
            f" trained within owners by {iterations} iterations at most"
        )

    cluster_at(0, 10)
    return pick


AREA: dict[str, object] = {
    "output_column_name": "area",
    "comparison_levels": [
        {"sql_condition": "regency_l IS NULL OR regency_r IS NULL", "is_null_level": True},
        {"sql_condition": "village_l = village_r"},
        {"sql_condition": "district_l = district_r"},
        {"sql_condition": "regency_l = regency_r"},
        {"sql_condition": "ELSE"},
    ],
}
"""Where an owner's registrations are, for the first stage of Splink."""
FREQUENCIES = {"owner_name": ("owner_key", "owner_key_l = owner_key_r"), "business_name": ("full_name", None)}
"""Comparison to the column whose frequencies weigh its best level, and that level as an equality of the column."""


def splink_comparisons(names: Sequence[str], is_within_owner: bool = False) -> list[dict[str, object]]:
    """The comparisons of `comparisons.py` as Splink's settings; a facilitator's phone is missing in its records.

    Within an owner names have no frequencies, and one point and one address are one level, since siblings hardly show it.
    """
    by_name = {comparison.name: comparison for comparison in COMPARISONS}
    settings: list[dict[str, object]] = []
    for name in names:
        comparison = by_name[name]
        levels: list[dict[str, object]] = [
            {"sql_condition": _in_splink(comparison.missing_when), "is_null_level": True}
        ]
        for level in comparison.levels:
            if level.name != "equal_shared":
                levels.append({"sql_condition": _in_splink(level.holds_when), "label_for_charts": level.name})
        if not is_within_owner and name in FREQUENCIES:
            column, condition = FREQUENCIES[name]
            levels[1]["tf_adjustment_column"] = column
            levels[1]["sql_condition"] = condition or f"{column}_l = {column}_r"
        if is_within_owner and name == "location":
            levels[1:3] = [{"sql_condition": f"({levels[1]['sql_condition']}) OR ({levels[2]['sql_condition']})"}]
        levels.append({"sql_condition": "ELSE"})
        if name == "branch":  # the domain rule that a branch is another business, as capaian has it
            for level, name_of in zip(levels[1:], comparison.level_names[1:], strict=True):
                m, u, _ = ASSUMED[name, name_of]
                level |= {"m_probability": m, "u_probability": u, "fix_m_probability": True, "fix_u_probability": True}
        settings.append({"output_column_name": name, "comparison_levels": levels})
    return settings


def _in_splink(condition: str) -> str:
    """A predicate over `l` and `r` as Splink writes it, on columns that bear the side behind their name."""
    condition = re.sub(r"street_of\((\w)\.address\)", r"\1.street", condition).replace("::VARCHAR", "")
    return re.sub(r"\b([lr])\.(\w+)", r"\2_\1", condition)


METHODS: dict[str, tuple[str, Callable[[duckdb.DuckDBPyConnection], Callable[[], str]]]] = {
    "ours": ("capaian", by_capaian),
    "splink": ("Splink 5, two stages", by_splink),
    "pandas": ("pandas + rapidfuzz", by_pandas),
    "exact": ("exact keys", by_exact_keys),
}


def run_method(method: str, validated: Path, truth: Path, out: Path, threads: int, hidden: Sequence[str]) -> None:
    """In its own process: run a method, print what it took, and write its clusters of the current registrations."""
    started = time.monotonic()
    with duckdb.connect() as con:
        con.execute(f"SET threads = {threads}")
        replaced = ", ".join(f"CASE WHEN false THEN {column} END AS {column}" for column in hidden)
        columns = f"* REPLACE ({replaced})" if hidden else "*"
        con.execute(f"CREATE VIEW validated AS SELECT {columns} FROM read_parquet('{validated}')")
        con.execute(f"CREATE VIEW all_truth AS SELECT * FROM read_parquet('{truth}')")
        finish = METHODS[method][1](con)
        used = resource.getrusage(resource.RUSAGE_SELF)
        took = (time.monotonic() - started, used.ru_utime + used.ru_stime, _peak_mb())
        con.execute("CREATE TEMP VIEW truth AS SELECT * FROM all_truth SEMI JOIN keys USING (row_id)")
        remark = finish()
        con.execute(
            f"COPY (SELECT row_id, coalesce(cluster, row_id) AS cluster FROM keys LEFT JOIN result USING (row_id))"
            f" TO '{out}' (FORMAT parquet)"
        )
    print(json.dumps([*took, remark]))


def _peak_mb() -> float:
    """The high-water mark of this process alone; `ru_maxrss` would begin with that of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) / 1024


def simulate_census(folder: Path, rows: int, seed: int, noise: float) -> tuple[Path, Path]:
    """The validated registrations of a simulated census and their truth, as Parquet in `folder`."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from conftest import ingest_inbox

    from flows import ingesting, releasing
    from flows.settings import Settings
    from transforms.simulation import simulate
    from warehouse.ledger import Ledger
    from warehouse.reference_data import load_reference
    from warehouse.tables.lake import VALIDATED

    settings = Settings(home=folder)
    ingesting.open_data_root(settings)
    validated, truth = folder / "validated.parquet", folder / "truth.parquet"
    with settings.resources.connect() as con:
        load_reference(con)
        simulate(con, rows, seed, settings.root.inbox, folder / "simulated.parquet", noise=noise)
        ingest_inbox(settings)
        entries = list(Ledger(settings.root))
        paths = releasing.rows_of(settings, [entry for entry in entries if entry.status == "validated"])
        con.execute(
            f"COPY (SELECT {', '.join(VALIDATED.column_names)} FROM read_parquet({paths}) WHERE verdict = 'validated')"
            f" TO '{validated}' (FORMAT parquet)"
        )
        con.execute("CREATE TEMP TABLE delivered (delivery_id BIGINT, file_name VARCHAR)")
        con.executemany(
            "INSERT INTO delivered VALUES (?, ?)", [(entry.delivery_id, entry.file_name) for entry in entries]
        )
        con.execute(
            f"""
            COPY (
                SELECT rows.row_id, simulated.business_key, simulated.owner_key, simulated.case_class
                FROM read_parquet('{folder}/simulated.parquet') AS simulated JOIN delivered USING (file_name)
                JOIN read_parquet('{validated}') AS rows USING (delivery_id, line_number)
            ) TO '{truth}' (FORMAT parquet)"""
        )
    return validated, truth


def print_classes(con: duckdb.DuckDBPyConnection) -> None:
    """Recall of `clusters` by the class of the case that a pair is, and the classes of the false pairs."""
    con.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM truth JOIN clusters USING (row_id)")
    case = "CASE WHEN l.case_class = 'single' THEN r.case_class ELSE l.case_class END"
    print(f"\ncapaian by class\n{'class of the pair':24}{'pairs':>10}{'recall':>9}")
    for name, count, recall in con.execute(
        f"""
        SELECT {case} AS class, count(*), avg((l.cluster = r.cluster)::INT)
        FROM held AS l JOIN held AS r USING (business_key) WHERE l.row_id < r.row_id GROUP BY class ORDER BY 2 DESC, 1"""
    ).fetchall():
        print(f"{name:24}{count:10,}{recall:9.4f}")
    print(f"\n{'classes of false pairs':40}{'pairs':>8}{'one owner':>11}")
    for one, other, count, owned in con.execute(
        """
        SELECT least(l.case_class, r.case_class), greatest(l.case_class, r.case_class), count(*),
            count(*) FILTER (WHERE l.owner_key = r.owner_key)
        FROM held AS l JOIN held AS r USING (cluster) WHERE l.row_id < r.row_id AND l.business_key <> r.business_key
        GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT 20"""
    ).fetchall():
        print(f"{f'{one} / {other}':40}{count:8,}{owned:11,}")


def measured(method: str, validated: Path, truth: Path, out: Path, threads: int, hidden: Sequence[str]) -> Run | None:
    """A method run apart from this process; `None` when it failed."""
    command = [sys.executable, __file__, "--child", method, "--validated", str(validated), "--truth", str(truth)]
    command += ["--out", str(out), "--threads", str(threads), "--hide", ",".join(hidden)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return None
    return Run(*json.loads(done.stdout.splitlines()[-1]))


def compare_methods(
    methods: Sequence[str], validated: Path, truth: Path, folder: Path, threads: int, hidden: Sequence[str]
) -> None:
    """Run the methods one after the other and print their table."""
    runs: dict[str, Run] = {}
    scores: dict[str, Score] = {}
    remarks: list[str] = []
    header = f"{'method':24}{'precision':>11}{'recall':>9}{'F1':>9}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}"
    with duckdb.connect() as con:
        for method in methods:
            name, out = METHODS[method][0], folder / f"{method}.parquet"
            run = measured(method, validated, truth, out, threads, hidden)
            if run is None:
                remarks.append(f"{name} failed")
                continue
            con.execute(f"CREATE OR REPLACE TEMP VIEW clusters AS SELECT * FROM read_parquet('{out}')")
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE truth AS SELECT * FROM read_parquet('{truth}')"
                " SEMI JOIN clusters USING (row_id)"
            )
            if not runs:
                ((rows,),) = con.execute("SELECT count(*) FROM truth").fetchall()
                print(f"{rows:,} registrations, hidden: {', '.join(hidden) or 'nothing'}\n{header}")
            runs[method], held = run, score(con, "clusters")
            scores[method] = held
            print(
                f"{name:24}{held.precision:11.4f}{held.recall:9.4f}{held.f1:9.4f}"
                f"{run.wall:9.1f}{run.cpu:9.1f}{run.peak_mb:9,.0f}",
                flush=True,
            )
            if run.remark:
                remarks.append(f"{name}: {run.remark}")
        print("\n".join(remarks))
        if "ours" not in runs:
            return
        for method in methods:
            if method in runs and method != "ours":
                ours, other = runs["ours"], runs[method]
                print(
                    f"against {METHODS[method][0]}: F1 {scores['ours'].f1 - scores[method].f1:+.4f},"
                    f" {other.wall / ours.wall:.2f} times faster, {other.cpu / ours.cpu:.2f} times less CPU,"
                    f" {other.peak_mb / ours.peak_mb:.2f} times less memory"
                )
        con.execute(f"CREATE OR REPLACE TEMP VIEW clusters AS SELECT * FROM read_parquet('{folder}/ours.parquet')")
        print_classes(con)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--methods", default=",".join(METHODS), help="some of " + ", ".join(METHODS))
    parser.add_argument("--validated", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--threads", type=int, default=max(os.cpu_count() or 1, 3))
    parser.add_argument("--hide", default="", help="columns of the registrations to take away, by commas")
    parser.add_argument("--child", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    hidden = [column for column in arguments.hide.split(",") if column]
    if arguments.child:
        run_method(arguments.child, arguments.validated, arguments.truth, arguments.out, arguments.threads, hidden)
        return
    folder = Path(tempfile.mkdtemp(prefix="capaian-linkage-"))
    try:
        validated, truth = arguments.validated, arguments.truth
        if validated is None:
            validated, truth = simulate_census(folder, arguments.rows, arguments.seed, arguments.noise)
        compare_methods(arguments.methods.split(","), validated, truth, folder, arguments.threads, hidden)
    finally:
        for path in folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
