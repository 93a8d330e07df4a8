"""Seconds, CPU and peak memory of each stage for a simulated census, and the total as a multiple of a bare conversion.

The yardstick is DuckDB merely converting the same CSV files to Parquet (all text, given columns, no sniffing) in the same
run, without the start of its process; it is measured twice, since the machine may be shared, and the mean is used. The
way runs in one process, as a night does: Great Expectations and the charts are imported in the stage that first needs
them and are part of its cost. Peak memory is the kernel's high-water mark of the resident set, reset before each stage.

    .venv/bin/python tests/benchmarks/whole_way.py --rows 1000000
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from flows import ingesting, releasing
from flows.fingerprints import input_fingerprint
from flows.reports import write_reports
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
                f" delim = '{profile.delimiter}', quote = '\"', escape = '\"', ignore_errors = true))"
                f" TO '{settings.home}/bare.parquet' (FORMAT parquet)".replace("$path", repr(str(path)))
                .replace("$columns", repr(columns))
                .replace("$skip", str(profile.header_rows))
            )


def ingest(settings: Settings, rows: int) -> None:
    for path in (settings.home / "exports").iterdir():  # moved, as a sender would
        path.rename(settings.root.inbox / path.name)
    ingesting.land_inbox(settings)
    with ThreadPoolExecutor(ingesting.PARALLEL_DELIVERIES) as pool:
        list(pool.map(lambda file: ingesting.ingest(settings, file), ingesting.plan_deliveries(settings)))


def release_of(settings: Settings) -> releasing.Release:
    folder = settings.root.scratch / "release"
    folder.mkdir(exist_ok=True)
    return releasing.Release(
        next_version(settings.root), AS_OF, AS_OF, input_fingerprint(Ledger(settings.root), AS_OF), folder
    )


def resolve(settings: Settings, rows: int) -> None:
    releasing.resolve_register(settings, release_of(settings))


def marts(settings: Settings, rows: int) -> None:
    release = release_of(settings)
    releasing.build_attainment(settings, release)
    releasing.build_releasable(settings, release)


def quality(settings: Settings, rows: int) -> None:
    release = release_of(settings)
    releasing.record_quality(settings, release)
    releasing.record_changes(settings, release)


def publish(settings: Settings, rows: int) -> None:
    releasing.publish_release(settings, release_of(settings))


def reports(settings: Settings, rows: int) -> None:
    write_reports(settings, forms=("html", "xlsx", "csv", "parquet"))


STAGES: dict[str, tuple[Callable[[Settings, int], None], ...]] = {
    "simulate": (simulate,),
    "convert": (convert, convert),
    "way": (ingest, resolve, marts, quality, publish),
    "reports": (reports,),
}


def run_stages(home: Path, process: str, rows: int) -> None:
    """Run the stages of one process and print a JSON line for each: wall seconds, CPU seconds, peak memory in MB."""
    settings = Settings(home=home)
    settings.root.create()
    for stage in STAGES[process]:
        Path("/proc/self/clear_refs").write_text("5")
        started, cpu = time.monotonic(), time.process_time()
        stage(settings, rows)
        peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        print(
            json.dumps(
                [stage.__name__, time.monotonic() - started, time.process_time() - cpu, int(peak.split()[1]) / 1024]
            )
        )


def measured(process: str, home: Path, rows: int) -> list[tuple[str, float, float, float]]:
    """The stages of one process, run apart from this one."""
    command = [sys.executable, __file__, "--process", process, "--home", str(home), "--rows", str(rows)]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [tuple(json.loads(line)) for line in output.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--process", choices=STAGES)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    if arguments.process:
        run_stages(arguments.home, arguments.process, arguments.rows)
        return
    home = Path(tempfile.mkdtemp(prefix="capaian-benchmark-"))
    try:
        simulated = measured("simulate", home, arguments.rows)
        size = sum(path.stat().st_size for path in (home / "exports").glob("*.csv"))
        files = len(list((home / "exports").iterdir()))
        conversions = measured("convert", home, arguments.rows)
        way = measured("way", home, arguments.rows)
        written = measured("reports", home, arguments.rows)
        wall = sum(seconds for _, seconds, _, _ in conversions) / 2
        cpu = sum(seconds for _, _, seconds, _ in conversions) / 2
        total = ("TOTAL of the way", sum(row[1] for row in way), sum(row[2] for row in way), max(row[3] for row in way))
        print(f"{arguments.rows:,} registrations in {files} files, {size / 1e6:,.0f} MB of CSV")
        print(f"{'stage':18}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'x convert':>11}{'x CPU':>8}")
        for name, seconds, processor, memory in (*simulated, *conversions, *way, total, *written):
            print(f"{name:18}{seconds:9.2f}{processor:9.2f}{memory:9.0f}{seconds / wall:11.2f}{processor / cpu:8.2f}")
        print(
            "ingest = land + standardise + judge; publish with the page; reports = page, XLSX, CSV and Parquet on demand"
        )
        told = sum(row[2] for row in (*(row for row in way if row[0] == "marts"), *written))
        print(f"marts, report and exports: {told:.2f} CPU s, {told / cpu:.2f} x CPU of the conversion")
    finally:
        for path in home.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
