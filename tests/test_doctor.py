"""The doctor: what killed runs left is taken away, permissions are repaired, and all else is told with its cure."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import doctoring
from flows.doctoring import Diagnosis, Finding, examine, look, orphans
from flows.rollback import roll_back
from flows.settings import Settings
from warehouse.lock import single_writer
from warehouse.pin import Pin, set_pin

IDLE = "import signal, sys, time; print('ready', flush=True); time.sleep(100)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + IDLE


def found(done: Diagnosis, section: str) -> list[Finding]:
    return [finding for finding in done.findings if finding.section == section]


def only(done: Diagnosis, section: str) -> tuple[str, str, str]:
    (finding,) = found(done, section)
    return finding.result, finding.found, finding.cure


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def tree(home: Path) -> dict[str, int]:
    return {path.relative_to(home).as_posix(): mode(path) for path in home.rglob("*")}


def test_a_sound_data_root_needs_nobody_and_nothing_in_it_is_touched(kept: Settings) -> None:
    before = tree(kept.home)
    done = examine(kept)
    assert {finding.result for finding in done.findings} == {"fine"} and not done.needs_person
    sections = ["processes", "lock", "leftovers", "permissions", "published", "history", "deliveries", "disk", "clock"]
    assert [finding.section for finding in done.findings] == [*sections, "versions"]
    assert tree(kept.home) == {**before, "run.lock": 0o600}


def test_the_command_answers_without_prefect_and_makes_no_data_root(kept: Settings, tmp_path: Path) -> None:
    script = (
        "import sys; from flows.cli.main import app; code = app(['doctor', '--json'], result_action='return_value')\n"
        "assert 'prefect' not in sys.modules; sys.exit(code)"
    )
    for home, code in ((tmp_path / "nowhere", 0), (kept.home, 1)):
        (kept.root.version(1) / "report.html").unlink(missing_ok=True)
        (kept.root.current.resolve() / "report.html").unlink(missing_ok=True)
        environment = os.environ | {"CAPAIAN_HOME": str(home)}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert json.loads(done.stdout)["needs_person"] == bool(code)
    assert not (tmp_path / "nowhere").exists()


def test_leftovers_of_every_kind_are_taken_away_and_nothing_else(kept: Settings) -> None:
    root, before = kept.root, {path.relative_to(kept.home).as_posix() for path in kept.home.rglob("*")}
    left = [
        root.scratch / "release" / "marts" / "a.parquet",
        root.scratch / "duckdb_temp_storage.tmp",
        root.versions / ".unfinished-000003" / "parquet" / "a.parquet",
        root.retired / ".unfinished-000001" / "manifest.json",
        root.retired_version(1) / "manifest.json",  # version 1 is there as a whole
        root.landed / ("a" * 64) / ".half.csv",
        next(root.landed.iterdir()) / ".half.csv",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (root.landed / ("b" * 64)).mkdir()
    (root.published / ".current.next").symlink_to("versions/000002")
    left[2].parent.chmod(0o555)
    result, told, cure = only(examine(kept, is_dry_run=True), "leftovers")
    assert result == "to_mend" and told.startswith("9: tmp/duckdb_temp_storage.tmp, tmp/release") and cure
    assert all(path.exists() for path in left)
    assert only(examine(kept), "leftovers")[0] == "mended"
    after = {path.relative_to(kept.home).as_posix() for path in kept.home.rglob("*")}
    assert after - before == {"run.lock", "published/retired"} and before <= after
    assert only(examine(kept), "leftovers") == ("fine", "none", "")


def test_permissions_are_repaired_to_what_the_layout_says(kept: Settings) -> None:
    root = kept.root
    wanted = {
        root.inbox: 0o700,
        root.lake: 0o700,
        next(path for path in root.landed.rglob("*") if path.is_file()): 0o400,
        next(root.lake.glob("*/rows.parquet"), next(root.lake.glob("*/*.parquet"))): 0o600,
        root.lake / "linkage" / "manifest.json": 0o600,
        root.version(1) / "capaian.duckdb": 0o444,
        root.version(1) / "parquet": 0o555,
        root.version(2): 0o555,
    }
    elsewhere = kept.home.parent / "elsewhere"
    elsewhere.write_bytes(b"")
    (root.lake / "linkage" / "link").symlink_to(elsewhere)
    for path in (*wanted, elsewhere):
        path.chmod(0o777)
    done = examine(kept, is_dry_run=True)
    assert only(done, "permissions")[0] == "to_mend" and {mode(path) for path in wanted} == {0o777}
    assert only(examine(kept), "permissions")[0] == "mended"
    assert {path: mode(path) for path in wanted} == wanted and mode(elsewhere) == 0o777
    assert only(examine(kept), "permissions")[0] == "fine"


def test_while_a_run_is_at_work_nothing_is_mended(kept: Settings) -> None:
    work = kept.root.scratch / "release"
    work.mkdir()
    kept.root.inbox.chmod(0o755)
    with single_writer(kept.root.lock, "nightly"):
        done = examine(kept)
    assert only(done, "lock")[0] == "note" and "held by nightly" in only(done, "lock")[1]
    assert work.exists() and mode(kept.root.inbox) == 0o755
    assert not found(done, "leftovers") and not found(done, "processes")
    examine(kept)
    assert not work.exists() and mode(kept.root.inbox) == 0o700


def test_a_lock_that_a_killed_run_left_is_told_once(kept: Settings) -> None:
    script = (
        "import os, sys; from pathlib import Path; from warehouse.lock import single_writer\n"
        "with single_writer(Path(sys.argv[1]), 'nightly'): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(kept.root.lock)], check=False, cwd=Path(__file__).parent.parent)
    for is_dry_run, told in ((True, "the last run was killed"), (False, "the last run was killed"), (False, "free")):
        assert told in only(examine(kept, is_dry_run=is_dry_run), "lock")[1]


@pytest.fixture
def started() -> Iterator[list[int]]:
    """Processes to be ended with the test, by number."""
    numbers: list[int] = []
    yield numbers
    for pid in numbers:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def child(script: str, started: list[int], run: int | None, **environment: str) -> subprocess.Popen[str]:
    marked = os.environ | environment | ({"CAPAIAN_RUN": str(run)} if run else {})
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=marked, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    started.append(process.pid)
    return process


def dead_run() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_children_of_a_dead_run_of_this_data_root_are_ended_and_no_others(
    kept: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    monkeypatch.setattr(orphans, "PATIENCE_SECONDS", 1.0)
    home, run = str(kept.home), dead_run()
    spared = [
        child(IDLE, started, os.getpid(), CAPAIAN_HOME=home),  # its run lives
        child(IDLE, started, run, CAPAIAN_HOME=str(tmp_path / "other")),
        child(IDLE, started, None, CAPAIAN_HOME=home, PREFECT_HOME=str(kept.root.prefect)),
    ]
    left = [
        child(IDLE, started, run, CAPAIAN_HOME=home),
        child(DEAF, started, run, CAPAIAN_HOME="elsewhere", PREFECT_HOME=str(kept.root.prefect)),
    ]
    result, told, _ = only(examine(kept, is_dry_run=True), "processes")
    assert result == "to_mend" and all(f"({process.pid})" in told for process in left)
    assert not any(f"({process.pid})" in told for process in spared)
    assert [process.poll() for process in left] == [None, None]
    assert only(examine(kept), "processes")[0] == "mended"
    assert [process.wait(5) for process in left] == [-signal.SIGTERM, -signal.SIGKILL]
    time.sleep(0.05)
    assert [process.poll() for process in spared] == [None, None, None]
    assert only(examine(kept), "processes") == ("fine", "no orphans", "")


def test_a_process_that_was_given_the_number_of_a_dead_run_is_not_taken_for_it(
    kept: Settings, started: list[int]
) -> None:
    orphan = child(IDLE, started, None, CAPAIAN_HOME=str(kept.home))
    time.sleep(0.05)  # starts are told in hundredths of a second
    later = child(IDLE, started, None)
    orphan_of_later = child(IDLE, started, later.pid, CAPAIAN_HOME=str(kept.home))
    assert [process.pid for process in orphans.orphans(kept.root)] == []
    environ, begun = orphans.started_ticks, {later.pid: 10**12}
    orphans.started_ticks = lambda pid: begun.get(pid) or environ(pid)  # type: ignore[assignment]
    try:
        assert [process.pid for process in orphans.orphans(kept.root)] == [orphan_of_later.pid]
    finally:
        orphans.started_ticks = environ
    assert orphan.poll() is None


def test_what_is_published_is_looked_at_by_name(kept: Settings) -> None:
    root, folder = kept.root, kept.root.version(2)
    folder.chmod(0o755)
    (folder / "capaian.duckdb.wal").write_bytes(b"")
    result, told, cure = only(examine(kept), "published")
    assert (result, told) == ("person", "version 2: capaian.duckdb.wal is not in the manifest")
    assert "capaian rollback (2, 1 are kept)" in cure
    (folder / "capaian.duckdb.wal").unlink()
    folder.chmod(0o755)
    (folder / "report.html").unlink()
    root.report.unlink()
    root.report.write_text("another", encoding="utf-8")
    faults = [finding.found for finding in found(examine(kept), "published")]
    assert faults == ["report.html does not lead to version 2", "version 2: report.html is missing"]
    flip = folder / "manifest.json"
    flip.chmod(0o600)
    flip.write_text(flip.read_text(encoding="utf-8").replace("as_of", "as_if"), encoding="utf-8")
    faults = [finding.found for finding in found(examine(kept), "published")]
    assert faults[1] == "version 2: manifest.json is missing or not as it was published"
    root.current.unlink()
    assert only(examine(kept), "published")[1:] == ("no version is the published one", "capaian rollback 2")


def test_a_pin_is_told_and_a_rollback_that_was_interrupted_needs_someone(kept: Settings) -> None:
    roll_back(kept, 1, "wrong")
    done = examine(kept)
    assert only(done, "pin")[0] == "note" and "(wrong)" in only(done, "pin")[1] and not done.needs_person
    set_pin(kept.root.pin, Pin(2, "", "2026-01-01T00:00:00+00:00"))
    assert only(examine(kept), "pin")[::2] == ("person", "capaian rollback 2")
    kept.root.pin.write_text("", encoding="utf-8")
    assert only(examine(kept), "pin")[::2] == ("person", "capaian rollback --lift")


def test_a_version_of_which_nothing_is_left_is_missed(kept: Settings) -> None:
    kept.root.version(1).rename(kept.root.scratch / "gone")
    result, told, _ = only(examine(kept), "history")
    assert result == "person" and "nothing is left of version 1" in told


def test_landed_files_and_ledger_entries_are_held_against_each_other(kept: Settings) -> None:
    root = kept.root
    first, second, third = sorted(path.name for path in root.landed.iterdir())
    (root.lake / first).rename(root.scratch / "gone")
    result, told, cure = only(examine(kept), "deliveries")
    assert (result, cure) == ("note", "capaian run takes them") and first[:12] in told
    (root.landed / second).rename(root.scratch / "lost")
    (root.lake / third / "entry.json").write_text("{", encoding="utf-8")
    unread, lost, due = found(examine(kept), "deliveries")
    assert [one.result for one in (unread, lost, due)] == ["note", "person", "note"]
    assert third[:12] in unread.found and "cannot be read" in unread.found
    assert second[:12] in lost.found and "without their landed file" in lost.found
    assert first[:12] in due.found


def test_a_full_disk_a_clock_moved_back_and_a_package_out_of_bounds_need_someone(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "free_bytes", lambda settings: 1_000_000)
    monkeypatch.setattr(
        look, "requires", lambda name: ["duckdb<1", "nothing-of-that-name>=1", "extra-only; extra=='dev'"]
    )
    done = examine(kept, now=datetime.now(UTC) - timedelta(days=1))
    assert only(done, "disk")[0] == "person" and "1 MB free; the next run needs about" in only(done, "disk")[1]
    assert only(done, "clock")[0] == "person" and "moved back" in only(done, "clock")[2]
    result, told, _ = only(done, "versions")
    assert result == "person" and "is not <1" in told and "nothing-of-that-name is missing" in told
    assert "extra-only" not in told and done.needs_person
    assert doctoring.examine is examine
