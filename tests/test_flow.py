"""The real thing: the command line, Prefect's flow without a server, and what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, write_sidt

from flows.plan import business_date
from flows.settings import Settings
from warehouse.checksums import write_sums

pytestmark = pytest.mark.flow

CAPAIAN = "import sys; from flows.cli.main import main; sys.argv[0] = 'capaian'; main()"


def capaian(home: Path, *words: str, before: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
        "CAPAIAN_HOME": str(home),
        "COLUMNS": "100",
    }
    return subprocess.run(
        [sys.executable, "-c", before + CAPAIAN, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def processes_in(home: Path) -> list[str]:
    """Command lines of living processes whose environment names `home`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(home).encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    home = tmp_path_factory.mktemp("demo")
    return home, capaian(home, "demo", "--rows", "6000")


def test_the_demo_ends_with_attainment_balance_report_and_a_query_that_works(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    home, outcome = demo
    assert outcome.returncode == 0, outcome.stderr
    for words in (
        "refused: rekap_umkm_jawa-barat_2022.csv",
        "Version 1",
        "103.8%",
        "not assessable",
        "merged_duplicates",
        "report.html",
    ):
        assert words in outcome.stdout
    query = outcome.stdout.split("a first query, in Python:")[1]
    shown = subprocess.run(
        [sys.executable, "-c", "\n".join(line.strip() for line in query.splitlines())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "Jawa Barat" in shown.stdout
    with duckdb.connect(str(home / "published" / "capaian.duckdb"), read_only=True) as con:
        assert con.execute("SELECT count(*), max(residual_count) FROM quality.row_balance").fetchall() == [(34, 0)]
        assert con.execute(
            "SELECT count(*) FROM quality.rule_results WHERE expectation_count <> row_count"
        ).fetchall() == [(0,)]
    assert processes_in(home) == []


def test_a_second_demo_has_nothing_new_to_do_and_publishes_nothing(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    home, _ = demo
    before = {path: path.stat().st_mtime_ns for path in (home / "published").rglob("*")}
    outcome = capaian(home, "demo", "--rows", "6000")
    assert outcome.returncode == 0, outcome.stderr
    assert "Nothing new to do" in outcome.stdout
    assert outcome.stdout.count("duplicate delivery") == 12
    assert {path: path.stat().st_mtime_ns for path in (home / "published").rglob("*")} == before


def test_status_speaks_to_people_and_machines(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    home, _ = demo
    document: dict[str, Any] = json.loads(capaian(home, "status", "--json").stdout)
    assert (document["version"], document["as_of_date"], document["waiting"], document["refused"]) == (
        1,
        "2024-12-31",
        0,
        1,
    )
    assert "version 1, as of 2024-12-31" in capaian(home, "status").stdout


def test_status_never_imports_prefect_or_great_expectations(tmp_path: Path) -> None:
    watch = "import atexit, sys; atexit.register(lambda: print([name for name in ('prefect', 'great_expectations', 'pandas') if name in sys.modules])); "
    outcome = capaian(tmp_path, "status", before=watch)
    assert outcome.stdout.strip().endswith("[]")


def test_a_dropped_row_makes_the_run_exit_1_and_publish_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.root.create()
    write_sidt(settings.root.inbox / "a.csv", [{"nomor_registrasi": f"R{place}"} for place in range(9)])
    drop = (
        "import flows.ingesting as ingesting; load = ingesting.load_lines\n"
        "def lossy(con, file, census, scratch):\n"
        "    count = load(con, file, census, scratch); con.execute('DELETE FROM lines_0 WHERE rowid = 4')\n    return count\n"
        "ingesting.load_lines = lossy\n"
    )
    outcome = capaian(tmp_path, "run", "--as-of", "2024-12-31", before=drop)
    assert outcome.returncode == 1
    assert "a.csv: at the seam 'lines' 10 rows went in and 9 came out; nothing was published" in " ".join(
        outcome.stderr.split()
    )
    assert not settings.root.database.exists()
    assert processes_in(tmp_path) == []
    ingest_inbox(settings)  # the next run, as far as the data go; that such a run exits 0 is told by the demo
    assert publish_all(settings) == 1


def test_wrong_usage_exits_2_and_a_held_lock_3(tmp_path: Path) -> None:
    from warehouse.lock import single_writer

    assert capaian(tmp_path, "run", "--as-of", "tomorrow").returncode == 2
    assert capaian(tmp_path, "nonsense").returncode == 2
    outcome = capaian(tmp_path, "status", before="import os; os.environ['CAPAIAN_SUPPRESSION_THRESHOLD'] = '2'\n")
    assert outcome.returncode == 2
    assert "CAPAIAN_SUPPRESSION_THRESHOLD: Input should be greater than or equal to 3" in outcome.stderr
    settings = Settings(home=tmp_path)
    settings.root.create()
    with single_writer(settings.root.lock, "nightly"):
        outcome = capaian(tmp_path, "run")
    assert outcome.returncode == 3
    assert "nightly, process" in " ".join(outcome.stderr.split())


def test_the_demo_keeps_out_of_a_data_root_with_real_deliveries(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.root.create()
    (settings.root.lake / "0").mkdir()
    (settings.root.lake / "0" / "entry.json").write_text(
        json.dumps({"sha256": "0", "delivery_id": 0, "file_name": "dinas.csv", "key": "", "status": "validated"})
    )
    (settings.root.lake / "0" / "judgement.json").write_text("{}")
    write_sums(settings.root.lake / "0")
    outcome = capaian(tmp_path, "demo", "--rows", "1000")
    assert outcome.returncode == 2
    assert "dinas.csv" in outcome.stderr


@pytest.mark.parametrize(
    ("scheduled", "day"),
    [
        (datetime(2026, 11, 23, 18, 0, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 23, 16, 59, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_the_business_date_is_the_day_in_jakarta(scheduled: datetime, day: date) -> None:
    assert business_date(scheduled) == day
