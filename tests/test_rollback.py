"""Rollback: a kept version is published again as it was, held until the pin is lifted, and built upon afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ingest_inbox, publish_all, published, stranger, write_sidt

from flows import rollback as rolling_back
from flows.changes import compare
from flows.cli.main import app
from flows.rollback import AlteredVersionError, RollbackError, lift, roll_back
from flows.settings import Settings
from flows.verifying import verify
from warehouse.lock import LockHeld, single_writer
from warehouse.pin import Pin, PinError, read_pin


def bytes_behind_links(settings: Settings) -> tuple[bytes, bytes, bytes]:
    root = settings.root
    return root.database.read_bytes(), root.report.read_bytes(), (root.current / "manifest.json").read_bytes()


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Exit code of a verb, and what it printed as JSON."""
    capsys.readouterr()
    code = app([*words, "--json"], result_action="return_value")
    return code, json.loads(capsys.readouterr().out)


def test_each_kept_version_is_published_again_byte_for_byte(kept: Settings) -> None:
    folders = {number: kept.root.version(number) for number in (1, 2)}
    for number in (1, 2, 1):
        done = roll_back(kept, number, "trial")
        assert (done.pin.version, done.unhashed) == (number, ())
        assert bytes_behind_links(kept) == tuple(
            (folders[number] / name).read_bytes() for name in ("capaian.duckdb", "report.html", "manifest.json")
        )
    assert published(kept, "SELECT version FROM meta.publication") == [(1,)]


def test_by_default_the_version_is_published_that_the_published_one_was_built_upon(kept: Settings) -> None:
    assert roll_back(kept).pin.version == 1
    with pytest.raises(RollbackError, match="version 1 was built upon no other; name a version; kept are: 1, 2"):
        roll_back(kept)


def test_a_pinned_publication_is_ingested_into_and_not_published_over_until_it_is_lifted(
    kept: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    before = published(kept, "SELECT business_id FROM register.businesses ORDER BY ALL")
    roll_back(kept, 1, "wrong figures for Bogor")
    write_sidt(kept.root.inbox / "c.csv", [{"nomor_registrasi": f"T{n}", **stranger(n)} for n in range(80, 90)])
    assert [entry.status for entry in ingest_inbox(kept)] == ["validated"]
    assert publish_all(kept) is None
    assert "version 1 is pinned since" in caplog.text and "wrong figures for Bogor" in caplog.text
    assert kept.root.kept_versions() == [1, 2]

    lifted = lift(kept)
    assert lifted and (lifted.version, lifted.reason) == (1, "wrong figures for Bogor")
    assert publish_all(kept) == 3
    assert published(kept, "SELECT version FROM meta.versions ORDER BY ALL") == [(1,), (3,)]
    ids = {number for (number,) in published(kept, "SELECT business_id FROM register.businesses")}
    assert len(ids) == 58 and len(ids & {number for (number,) in before}) == 40  # none of version 2 is given again
    assert published(kept, "FROM marts.attainment_at(DATE '2024-12-31', DATE '2024-12-31')")
    for number in (1, 2, 3):
        done = verify(kept, number)
        assert done.holds, [check for check in done.checks if check.result == "fails"]
    changes = compare(kept)
    assert (changes.earlier.version, changes.later.version) == (1, 3)
    (businesses,) = [figure for figure in changes.figures if figure.figure == "counted_businesses"]
    assert businesses.change_count == sum(businesses.parts.values()) == 18
    assert compare(kept, 2, 3).later.version == 3
    assert roll_back(kept).pin.version == 1  # not 2, which was withdrawn


def test_a_version_that_is_not_as_it_was_published_is_not_published_again(kept: Settings) -> None:
    folder, before = kept.root.version(1), bytes_behind_links(kept)

    def refused(match: str) -> None:
        with pytest.raises(AlteredVersionError, match=match):
            roll_back(kept, 1)
        assert bytes_behind_links(kept) == before and read_pin(kept.root.pin) is None

    folder.chmod(0o700)
    stray = folder / "capaian.duckdb.wal"
    stray.write_bytes(b"")
    refused("capaian.duckdb.wal is not in the manifest")
    stray.unlink()
    (folder / "report.html").rename(folder.parent / "aside")
    refused("report.html is missing")
    (folder.parent / "aside").rename(folder / "report.html")
    for name in ("capaian.duckdb", "parquet/marts/attainment_national.parquet"):
        flip_byte(folder / name)
        refused(f"the bytes of {name} are not those that were published; .*capaian verify --version 1")
        flip_byte(folder / name)
    manifest = folder / "manifest.json"
    content = manifest.read_text(encoding="utf-8")
    manifest.chmod(0o600)
    manifest.write_text(content.replace('"as_of_date"', '"as_of_date" '), encoding="utf-8")
    refused("is another than a later version names")
    manifest.write_text("{", encoding="utf-8")
    refused("is missing or not its own")
    manifest.write_text(content, encoding="utf-8")
    assert roll_back(kept, 1).pin.version == 1


def test_a_version_that_was_never_there_is_refused_with_those_that_are(kept: Settings, settings: Settings) -> None:
    with pytest.raises(RollbackError, match=r"no version 7 is kept under .*; kept are: 1, 2"):
        roll_back(kept, 7)
    with pytest.raises(RollbackError, match=r"nothing is published under .*; publish first: capaian run"):
        roll_back(settings)


def test_what_is_too_large_to_be_hashed_at_once_is_named(kept: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (kept.root.version(1) / "capaian.duckdb").stat().st_size
    monkeypatch.setattr(rolling_back, "HASHED_BYTES", size)
    done = roll_back(kept, 1)
    assert done.hashed_count == 1 and "report.html" in done.unhashed and "capaian.duckdb" not in done.unhashed


def test_a_run_at_work_is_not_rolled_back_under(kept: Settings) -> None:
    with single_writer(kept.root.lock, "nightly"), pytest.raises(LockHeld, match="nightly"):
        roll_back(kept, 1)
    assert read_pin(kept.root.pin) is None


def test_a_rollback_that_was_interrupted_holds_the_publication_and_is_told(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rolling_back, "switch", lambda root, version: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        roll_back(kept, 1)
    assert publish_all(kept) is None
    monkeypatch.setenv("CAPAIAN_HOME", str(kept.home))
    app(["status"], result_action="return_value")
    assert "finish it: capaian rollback 1" in " ".join(capsys.readouterr().out.split())


def test_a_version_that_a_killed_run_never_switched_to_is_not_gone_back_to(kept: Settings) -> None:
    root = kept.root
    shutil.copytree(root.version(2), root.version(3))
    (root.versions / ".announced").symlink_to("000003")
    with pytest.raises(RollbackError, match="no version 3 is kept"):
        roll_back(kept, 3)
    assert roll_back(kept).pin.version == 1 and root.kept_versions() == [1, 2]


def test_a_pin_that_cannot_be_read_holds_and_can_be_lifted(kept: Settings) -> None:
    kept.root.pin.write_text('{"version": 1}', encoding="utf-8")
    with pytest.raises(PinError, match="nothing is published while it is there"):
        publish_all(kept)
    assert lift(kept) is None and read_pin(kept.root.pin) is None


def test_the_command_pins_tells_and_lifts(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(kept.home))
    code, done = said(capsys, "rollback", "--reason", "salah")
    assert code == 0 and (done["before"], done["pin"]["version"], done["pin"]["reason"]) == (2, 1, "salah")
    _, told = said(capsys, "status")
    assert (told["version"], told["pinned"]) == (1, done["pin"])
    assert Pin(**told["pinned"]) == read_pin(kept.root.pin)
    assert app(["rollback", "2", "--lift"], result_action="return_value") == 2
    assert app(["rollback", "9"], result_action="return_value") == 2
    assert said(capsys, "rollback", "--lift") == (0, {"lifted": done["pin"]})
    assert said(capsys, "rollback", "--lift") == (0, {"lifted": None})
