"""Retention: old versions are retired, readers are not disturbed, and what later versions read of them stays."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, stranger, write_sidt

from flows import ingesting, releasing
from flows.changes import ChangesError, compare
from flows.reports import NoSuchVersion, write_reports
from flows.rollback import RollbackError, roll_back
from flows.settings import Settings
from flows.verifying import VerifyError, verify
from warehouse import retention
from warehouse.layout import DataRoot
from warehouse.leftovers import sweep
from warehouse.pin import Pin, set_pin
from warehouse.publish import next_version, switch
from warehouse.retention import RetentionError, is_held_open, retire, retire_old

STAYS = {
    "manifest.json",
    "certificate.json",
    "parquet/released/regions.parquet",
    "parquet/released/sales.parquet",
    "parquet/quality/suppression_log.parquet",
}
GOES = {"capaian.duckdb", "report.html", "parquet/quality/findings.parquet", "parquet/marts/by_owner.parquet"}


def make_version(root: DataRoot, number: int) -> Path:
    """A folder like a published version, whose contents nobody looks at, but for the database."""
    folder = root.version(number)
    for name in STAYS | GOES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".duckdb":
            duckdb.connect(str(path)).close()
        else:
            path.write_text(f"{number} {name}", encoding="utf-8")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    """Five versions, the last of which is published."""
    root = DataRoot(tmp_path / "root").create()
    for number in range(1, 6):
        make_version(root, number)
    switch(root, 5)
    return root


def files_in(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): "" if path.suffix == ".duckdb" else path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def reader(database: Path) -> Iterator[subprocess.Popen[str]]:
    """An analyst in a process of their own, who has the file open until the end of the block."""
    script = "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "open\n"
        yield process
        process.communicate("\n")


def test_of_a_retired_version_stays_what_others_read_of_it_and_nothing_else(root: DataRoot) -> None:
    retire(root, 2)
    remains = root.retired_version(2)
    assert files_in(remains) == {name: f"2 {name}" for name in STAYS}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in remains.rglob("*") if path.is_file()}
    assert modes == {0o444} and stat.S_IMODE(remains.stat().st_mode) == 0o555
    assert root.kept_versions() == [1, 3, 4, 5] and root.published_numbers() == [1, 2, 3, 4, 5]
    assert [path.name for path in sorted(root.versions.iterdir())] == ["000001", "000003", "000004", "000005"]
    retire(root, 2)  # twice is once
    assert files_in(remains) == {name: f"2 {name}" for name in STAYS}


def test_the_published_version_and_one_that_never_was_are_not_retired(root: DataRoot) -> None:
    with pytest.raises(RetentionError, match="version 5 is the published one"):
        retire(root, 5)
    with pytest.raises(RetentionError, match="there is no version 9"):
        retire(root, 9)
    assert root.kept_versions() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("is_swept", [True, False])
def test_killed_anywhere_the_version_is_there_as_a_whole_or_as_its_remains(
    root: DataRoot, monkeypatch: pytest.MonkeyPatch, is_swept: bool
) -> None:
    whole, survived = files_in(root.version(2)), 0
    stays = {name: whole[name] for name in STAYS}
    for last_step in range(1, 100):
        steps = 0

        def step(of: Any, last_step: int = last_step) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal steps
                steps += 1
                if steps == last_step:
                    raise KeyboardInterrupt
                return of(*arguments, **named)

            return call

        with monkeypatch.context() as killing:
            for place, name in ((shutil, "copyfile"), (retention, "sync"), (Path, "rename"), (shutil, "rmtree")):
                killing.setattr(place, name, step(getattr(place, name)))
            try:
                retire(root, 2)
            except KeyboardInterrupt:
                pass
            else:
                break
        assert files_in(root.remains_of(2)) == (whole if root.version(2).exists() else stays)
        if not is_swept:  # but done again at once
            retire(root, 2)
            assert files_in(root.retired_version(2)) == stays and not root.version(2).exists()
        sweep(root)
        assert not list(root.published.glob("*/.*"))
        is_kept = root.version(2).exists()
        assert is_kept != root.retired_version(2).exists()
        assert files_in(root.remains_of(2)) == (whole if is_kept else stays)
        survived += is_kept
        if not is_kept:  # the next kill is at a version that is there
            shutil.rmtree(root.retired_version(2))
            make_version(root, 2)
    assert files_in(root.retired_version(2)) == stays
    assert 10 < survived < last_step - 1 if is_swept else survived == 0 and last_step > 12


def test_the_newest_are_kept_and_the_published_the_pinned_and_those_that_are_read(root: DataRoot) -> None:
    switch(root, 1)  # rolled back
    set_pin(root.pin, Pin(2, "", "2026-01-01T00:00:00+00:00"))
    with reader(root.version(3) / "capaian.duckdb"):
        assert retire_old(root, 1) == [4]
        assert root.kept_versions() == [1, 2, 3, 5]
    assert retire_old(root, 2) == []
    assert retire_old(root, 1) == [3]
    assert root.kept_versions() == [1, 2, 5] and next_version(root) == 6


def test_a_number_is_not_given_again_though_the_highest_version_is_retired(root: DataRoot) -> None:
    switch(root, 1)
    retire(root, 5)
    assert next_version(root) == 6


def test_a_reader_goes_on_reading_a_version_that_is_retired_at_once(root: DataRoot) -> None:
    with duckdb.connect(str(root.version(2) / "capaian.duckdb"), read_only=True) as con:
        retire(root, 2)
        assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_a_file_that_is_open_in_this_process_counts_as_held_and_stays_locked(root: DataRoot) -> None:
    database = root.version(2) / "capaian.duckdb"
    assert not is_held_open(database)
    with duckdb.connect(str(database), read_only=True):
        assert is_held_open(database)
        database.chmod(0o600)
        script = "import duckdb, sys; duckdb.connect(sys.argv[1])"
        other = subprocess.run([sys.executable, "-c", script, str(database)], capture_output=True, check=False)
        assert b"Conflicting lock" in other.stderr
    assert not is_held_open(database)


def test_after_a_version_is_retired_its_neighbours_verify_and_later_releases_know_what_it_hid(
    kept: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = kept.model_copy(update={"keep_versions": 2})
    build, seen = releasing.build_released, []

    def look(con: Any, contributions: Path, folder: Path, earlier: list[Path], threshold: int) -> None:
        seen.extend(earlier)
        build(con, contributions, folder, earlier, threshold)

    monkeypatch.setattr(releasing, "build_released", look)
    retire(settings.root, 1)
    write_sidt(settings.root.inbox / "c.csv", [{"nomor_registrasi": f"T{n}", **stranger(n)} for n in range(80, 90)])
    ingest_inbox(settings)
    assert publish_all(settings) == 3 and settings.root.kept_versions() == [2, 3]
    assert [path.parent for path in seen] == [settings.root.version(2), settings.root.retired_version(1)]
    for path in seen:
        tables = {file.relative_to(path).as_posix() for file in path.rglob("*.parquet")}
        assert tables >= {f"released/{name}.parquet" for name in ("regions", "breakdowns", "sales")}
        assert "quality/suppression_log.parquet" in tables
    for version in (2, 3):
        done = verify(settings, version)
        assert done.holds, [check for check in done.checks if check.result == "fails"]
        assert "holds" in [check.result for check in done.checks if check.name == "previous version"]
    gone = r"version 1 is no longer kept \(CAPAIAN_KEEP_VERSIONS\); .*retired/000001; kept are: 2, 3"
    with pytest.raises(VerifyError, match=gone):
        verify(settings, 1)
    with pytest.raises(ChangesError, match=gone):
        compare(settings, 1, 3)
    with pytest.raises(NoSuchVersion, match=gone):
        write_reports(settings, version=1)
    with pytest.raises(RollbackError, match=gone):
        roll_back(settings, 1)
    with pytest.raises(RollbackError, match=gone):  # what version 2 was built upon
        roll_back(settings.model_copy(update={"home": _rolled_back(settings, 2)}))


def _rolled_back(settings: Settings, version: int) -> Path:
    roll_back(settings, version)
    return settings.home


def test_publishing_retires_and_a_disk_that_refuses_it_harms_no_release(
    root: DataRoot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=root.home, keep_versions=3)
    with monkeypatch.context() as refusing:
        refusing.setattr(
            retention.shutil, "copyfile", lambda *names: (_ for _ in ()).throw(OSError(28, "No space left"))
        )
        releasing.retire_versions(settings)
    assert "old versions could not be retired (No space left); the next release tries again" in caplog.text
    ingesting.open_data_root(settings)
    assert root.kept_versions() == [1, 2, 3, 4, 5]
    releasing.retire_versions(settings)
    assert root.kept_versions() == [3, 4, 5]
    with pytest.raises(ValueError, match="keep_versions"):
        Settings(home=root.home, keep_versions=1)
