"""How often the band of the register's figures holds the true count, over many simulated censuses.

    python tests/benchmarks/band.py --rows 500000 --censuses 100 --seed 205

One census is simulated and ingested, then parted by true owner into many: each is linked and counted by itself. True is
what is counted when the simulator says which registrations are one business, rows in quarantine included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).parent.parent))

import duckdb
from nights import view_earlier

from flows import ingesting, releasing
from flows.settings import Settings
from transforms.answer import quarantine_history_sql, waiting_counts_sql
from transforms.build import build_table, select_in
from transforms.marts import build_marts
from transforms.resolve import resolve
from transforms.simulation import simulate
from warehouse.ledger import Ledger
from warehouse.reference_data import load_reference
from warehouse.tables.quality import QUARANTINE_HISTORY, WAITING_COUNTS
from warehouse.tables.reference import OPERATOR_TARGETS

AS_OF = date(2024, 12, 31)
RESOLVE = Path(ingesting.__file__).parent.parent / "transforms" / "resolve"


def ingest(settings: Settings, rows: int, seed: int, noise: float) -> Path:
    """Simulate and ingest; returns all judged rows with the truth beside them."""
    ingesting.open_data_root(settings)
    root, truth, judged = settings.root, settings.root.home / "truth.parquet", settings.root.home / "judged.parquet"
    with settings.resources.connect() as con:
        load_reference(con)
        simulate(con, rows, seed, root.inbox, truth, noise=noise)
    ingesting.land_inbox(settings)
    ingesting.unpack_archives(settings)
    with ThreadPoolExecutor(ingesting.PARALLEL_DELIVERIES) as pool:
        list(pool.map(partial(ingesting.ingest, settings), ingesting.plan_deliveries(settings)))
    entries = [entry for entry in Ledger(root) if entry.is_judged]
    with settings.resources.connect() as con:
        names = ", ".join(f"('{entry.file_name}', {entry.delivery_id})" for entry in entries)
        con.execute(
            f"""
            COPY (
                SELECT judged.*, business_key, owner_key
                FROM read_parquet({releasing.rows_of(settings, entries)}) AS judged
                JOIN (VALUES {names}) AS files(file_name, delivery_id) USING (delivery_id)
                JOIN '{truth}' AS truth USING (file_name, line_number)
            ) TO '{judged}' (FORMAT parquet)"""
        )
    return judged


def counted(
    settings: Settings, judged: Path, part: int, parts: int, folder: Path
) -> dict[tuple[int, str], tuple[int, int, int]]:
    """Observed, low and high by target year and definition for one part."""
    with settings.resources.connect() as con:
        load_reference(con)
        con.execute(f"CREATE VIEW part AS FROM '{judged}' WHERE hash(owner_key) % {parts} = {part}")
        for verdict in ("validated", "quarantined"):
            con.execute(
                f"CREATE TABLE {verdict} AS SELECT * EXCLUDE (business_key, owner_key, verdict) FROM part WHERE verdict = '{verdict}'"
            )
        view_earlier(con, folder / "none")
        resolve(con, folder, 1, [], False)
        build_table(con, QUARANTINE_HISTORY, quarantine_history_sql(), folder)
        build_table(con, WAITING_COUNTS, waiting_counts_sql(con), folder)
        columns = ", ".join(f"NULL::{column.type} AS {column.name}" for column in OPERATOR_TARGETS)
        con.execute(f"CREATE VIEW reference.operator_targets AS SELECT {columns} WHERE false")
        build_marts(con, folder, AS_OF)
        return {
            (year, definition): figures
            for year, definition, *figures in con.execute(
                "SELECT target_year, definition_code, observed_count, band_low_count, band_high_count FROM marts.attainment_national"
                " WHERE indicator_code = 'umkm_digital' AND series = 'register_observed'"
            ).fetchall()
        }


def true_counts(settings: Settings, judged: Path, part: int, parts: int) -> dict[tuple[int, str], int]:
    """The same figures when registrations are linked by what the simulator knows, and none waits in quarantine."""
    with settings.resources.connect() as con:
        load_reference(con)
        con.execute((RESOLVE / "counting.sql").read_text(encoding="utf-8"))
        con.execute(
            f"CREATE TABLE numbered AS FROM '{judged}' WHERE hash(owner_key) % {parts} = {part} AND NOT coalesce(list_contains(rule_codes, 'KBLI_CODE_OUT_OF_SCOPE'), false)"
        )
        con.execute("CREATE VIEW validated AS FROM numbered")
        con.execute(f"CREATE TABLE superseded AS {select_in(RESOLVE / 'supersede.sql')}")
        con.execute(
            "CREATE TABLE chosen_clusters AS SELECT row_id, min(row_id) OVER (PARTITION BY business_key) AS cluster FROM validated"
        )
        con.execute(
            "CREATE SCHEMA register; CREATE TABLE register.threshold_clusters (threshold VARCHAR, row_id BIGINT, cluster_row_id BIGINT)"
        )
        con.execute(f"CREATE TABLE ranked AS {select_in(RESOLVE / 'ranked.sql')}")
        con.execute(f"CREATE TABLE classified AS {select_in(RESOLVE / 'classified.sql')}")
        return {
            (year, definition): count
            for year, definition, count in con.execute(
                "SELECT target_year, definition_code, count(*) FROM classified JOIN reference.definitions ON digital_rank <= definition_rank"
                " JOIN reference.targets ON counted_from_date <= make_date(target_year, 12, 31)"
                " WHERE indicator_code = 'umkm_digital' AND is_counted GROUP BY ALL"
            ).fetchall()
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--censuses", type=int, default=100)
    parser.add_argument("--seed", type=int, default=205)
    parser.add_argument("--noise", type=float, default=1.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), memory="2GB", threads=2)
        judged = ingest(settings, given.rows, given.seed, given.noise)
        sizes = duckdb.sql(f"SELECT verdict, count(*) FROM '{judged}' GROUP BY ALL ORDER BY ALL").fetchall()
        print(
            f"{given.rows:,} rows, seed {given.seed}, noise {given.noise}: {dict(sizes)}, in {given.censuses} censuses",
            flush=True,
        )
        found = []
        for part in range(given.censuses):
            bands = counted(settings, judged, part, given.censuses, Path(home) / f"part-{part}")
            truth = true_counts(settings, judged, part, given.censuses)
            found += [(key, truth.get(key, 0), *figures) for key, figures in bands.items()]
        for key in sorted({key for key, *_ in found}):
            mine = [row for row in found if row[0] == key]
            held = sum(low <= true <= high for _, true, _, low, high in mine)
            width = mean((high - low) / true for _, true, _, low, high in mine)
            below = mean((true - low) / true for _, true, _, low, _ in mine)
            off = mean((observed - true) / true for _, true, observed, *_ in mine)
            print(
                f"{key[0]} {key[1]}: in {held} of {len(mine)} the band holds the truth; width {width:.2%}, observed {off:+.2%} off the truth, low end {below:.2%} below it"
            )
