"""Seconds, CPU and peak memory of each stage for a simulated census, and the total as a multiple of a bare conversion.

The yardstick is DuckDB merely converting the same CSV files to Parquet (all text, given columns, no sniffing) in the same
run; it is measured twice, since the machine may be shared, and the mean is used. Each stage runs in a process
of its own, so that its peak memory is its own and its imports are part of its cost.

    .venv/bin/python tests/benchmarks/whole_way.py --rows 1000000
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from flows import steps
from flows.plan import input_fingerprint
from flows.settings import Settings
from transforms.recognise import normalised_header
from warehouse.ledger import Ledger
from warehouse.profiles import load_profiles
from warehouse.publish import next_version

AS_OF = date(2024, 12, 31)


def simulate(settings: Settings, rows: int) -> None:
    from transforms.simulation import simulate
    from warehouse.reference_data import load_reference

    with settings.resources.connect() as con:
        load_reference(con)
        simulate(con, rows, 2022, settings.home / "exports")


def convert(settings: Settings, rows: int) -> None:
    """The yardstick: DuckDB reads each CSV and writes it as Parquet, nothing else."""
    with settings.resources.connect() as con:
        for path in sorted((settings.home / "exports").glob("*.csv")):
            profile = next((p for p in load_profiles() if path.name.startswith(p.name.split("-")[0])), None)
            if profile is None:
                continue
            with path.open(encoding="utf-8", errors="replace", newline="") as stream:
                reader = csv.reader(stream, delimiter=profile.delimiter)
                header = [next(reader) for _ in range(profile.header_rows)][-1]
            columns = {normalised_header(name): "VARCHAR" for name in header}
            con.execute(
                "COPY (SELECT * FROM read_csv($path, columns = $columns, auto_detect = false, header = false, skip = $skip,"
                f" delim = '{profile.delimiter}', quote = '\"', escape = '\"', encoding = $encoding, ignore_errors = true))"
                f" TO '{settings.home}/bare.parquet' (FORMAT parquet)".replace("$path", repr(str(path)))
                .replace("$columns", repr(columns))
                .replace("$skip", str(profile.header_rows))
                .replace("$encoding", "'utf-8'" if _is_utf8(path) else "'latin-1'")
            )


def _is_utf8(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def ingest(settings: Settings, rows: int) -> None:
    for path in (settings.home / "exports").iterdir():  # moved, as a sender would
        path.rename(settings.root.inbox / path.name)
    steps.land_inbox(settings)
    with ThreadPoolExecutor(steps.PARALLEL_DELIVERIES) as pool:
        list(pool.map(lambda file: steps.ingest(settings, file), steps.plan_deliveries(settings)))


def import_great_expectations(settings: Settings, rows: int) -> None:
    pass


def release_of(settings: Settings) -> steps.Release:
    folder = settings.root.scratch / "release"
    folder.mkdir(exist_ok=True)
    return steps.Release(next_version(settings.root), AS_OF, input_fingerprint(Ledger(settings.root), AS_OF), folder)


def resolve(settings: Settings, rows: int) -> None:
    steps.resolve_register(settings, release_of(settings))


def marts(settings: Settings, rows: int) -> None:
    release = release_of(settings)
    steps.build_attainment(settings, release)
    steps.record_quality(settings, release)


def publish(settings: Settings, rows: int) -> None:
    steps.publish_release(settings, release_of(settings))


STAGES: dict[str, Callable[[Settings, int], None]] = {
    stage.__name__: stage for stage in (simulate, convert, import_great_expectations, ingest, resolve, marts, publish)
}


def measured(stage: str, home: Path, rows: int) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory (MB) of one stage in a process of its own, its imports included."""
    started = time.monotonic()
    command = [sys.executable, __file__, "--stage", stage, "--home", str(home), "--rows", str(rows)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"stage {stage} failed")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stage", choices=STAGES)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    if arguments.stage:
        settings = Settings(home=arguments.home)
        settings.root.create()
        STAGES[arguments.stage](settings, arguments.rows)
        return
    home = Path(tempfile.mkdtemp(prefix="capaian-benchmark-"))
    try:
        results = {}
        for stage in ("simulate", "convert"):
            results[stage] = measured(stage, home, arguments.rows)
        size = sum(path.stat().st_size for path in (home / "exports").glob("*.csv"))
        files = len(list((home / "exports").iterdir()))
        results["convert again"] = measured("convert", home, arguments.rows)
        for stage in ("import_great_expectations", "ingest", "resolve", "marts", "publish"):
            results[stage] = measured(stage, home, arguments.rows)
        yardstick = (results["convert"][0] + results["convert again"][0]) / 2
        yardstick_cpu = (results["convert"][1] + results["convert again"][1]) / 2
        way = ("ingest", "resolve", "marts", "publish")
        results["TOTAL of the way"] = (
            sum(results[stage][0] for stage in way),
            sum(results[stage][1] for stage in way),
            max(results[stage][2] for stage in way),
        )
        print(f"{arguments.rows:,} registrations in {files} files, {size / 1e6:,.0f} MB of CSV")
        print(f"{'stage':28}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'x convert':>11}{'x CPU':>8}")
        for stage, (wall, cpu, memory) in results.items():
            print(f"{stage:28}{wall:9.2f}{cpu:9.2f}{memory:9.0f}{wall / yardstick:11.2f}{cpu / yardstick_cpu:8.2f}")
        print("ingest = land + standardise + judge, the import of Great Expectations included (shown apart as well)")
    finally:
        for path in home.rglob("*"):
            path.chmod(0o700)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
