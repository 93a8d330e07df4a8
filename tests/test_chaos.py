"""Kills, bad days, damage and readers, a little of each; `tests/benchmarks/` has the same in numbers."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, write_sidt

from flows.cli.faults import sentence
from flows.ingesting import open_data_root
from flows.settings import Settings
from transforms.land import land
from warehouse.checksums import SUMS
from warehouse.ledger import Ledger


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """One process for all, since it rehearses a run and imports what is heavy once."""
    script = Path(__file__).with_name("chaos.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_killed_run_leaves_one_whole_version_and_the_next_ends_as_an_undisturbed_one(told: dict[str, Any]) -> None:
    kills = told["kills"]
    assert kills["faults"] == []
    assert sum(kills["kills"].values()) == 50
    assert kills["recovered"] > 1
    assert set(kills["published"]) == {"1", "2"}


@pytest.mark.parametrize("kind", ["closed", "clock", "write", "disk"])
def test_a_bad_day_ends_in_a_sentence_and_the_next_good_one_as_if_nothing_had_been(
    told: dict[str, Any], kind: str
) -> None:
    day = told["days"][kind]
    assert day["faults"] == []
    if kind in ("closed", "write"):
        assert day["endured"] < day["runs"]
    if kind == "disk":
        assert len(day["said"]) == day["runs"]  # each is full at another place


def test_damage_is_mended_or_named(told: dict[str, Any]) -> None:
    damage = told["damage"]
    assert damage["silent"] == []
    assert sum(damage["files"].values()) > 30
    assert {name.partition(":")[0] for name in damage["outcomes"]} == {"landed", "published", "lake", "linkage"}


def test_readers_see_whole_versions_while_others_are_published(told: dict[str, Any]) -> None:
    reading = told["reading"]
    assert (reading["errors"], reading["torn"]) == ([], [])
    assert reading["reads"] >= 150
    assert reading["versions_seen"] > 1
    assert reading["stayed"]
    assert reading["refused_writers"] > 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "".join(text.splitlines(keepends=True)[:-1]),
        lambda text: text.replace("  rows.parquet", " !rows.parquet"),
        lambda text: text.replace("  entry.json", "! entry.json"),
        lambda text: "",
    ],
)
def test_a_list_of_checksums_that_is_not_whole_vouches_for_nothing(
    settings: Settings, spoil: Callable[[str], str]
) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}])
    [entry] = ingest_inbox(settings)
    ledger = Ledger(settings.root)
    assert list(ledger.damaged()) == []
    sums = ledger.folder(entry.sha256) / SUMS
    sums.write_text(spoil(sums.read_text()))
    assert [sha256 for sha256, _ in ledger.damaged()] == [entry.sha256]


def test_landed_bytes_that_were_damaged_are_replaced_when_they_are_delivered_again(settings: Settings) -> None:
    first = land(write_sidt(settings.root.inbox / "a.csv", [{}]), settings.root.landed)
    content = first.path.read_bytes()
    first.path.chmod(0o600)
    first.path.write_bytes(content[:-1] + b"x")
    (settings.root.inbox / "again.csv").write_bytes(content)
    second = land(settings.root.inbox / "again.csv", settings.root.landed)
    assert not second.is_duplicate
    assert [path.read_bytes() for path in second.path.parent.iterdir()] == [content]


def test_what_a_run_that_died_while_landing_left_is_finished_or_undone(settings: Settings) -> None:
    whole = land(write_sidt(settings.root.inbox / "a.csv", [{}]), settings.root.landed)
    whole.path.chmod(0o644)
    (settings.root.landed / ("0" * 64)).mkdir()
    (whole.path.parent / ".b.csv").write_text("half a copy")
    open_data_root(settings)
    assert list(settings.root.landed.iterdir()) == [whole.path.parent]
    assert list(whole.path.parent.iterdir()) == [whole.path]
    assert whole.path.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x/lake/rows.parquet"), ("full", "MB are left", "/x/lake")),
        (duckdb.IOException('IO Error: Could not write file "/x/y": No space left on device'), ("full", "/x/y")),
        (
            duckdb.IOException('IO Error: {"message": "to file \\"/x/y\\": No space left on device"}'),
            ("full", "at /x/y)"),
        ),
        (PermissionError(errno.EACCES, "Permission denied", "/x/published"), ("/x/published", "rights")),
        (OSError(errno.EROFS, "Read-only file system", "/x/tmp"), ("/x/tmp", "read-only")),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block"), ("CAPAIAN_MEMORY", "1GB")),
    ],
)
def test_what_the_machine_refuses_is_told_with_its_cure(
    settings: Settings, error: Exception, words: tuple[str, ...]
) -> None:
    said = sentence(error, settings) or ""
    assert [word for word in words if word not in said] == []
    assert "\n" not in said


def test_a_fault_of_the_program_is_not_explained_away(settings: Settings) -> None:
    for error in (
        ValueError("x"),
        KeyError("x"),
        FileNotFoundError(errno.ENOENT, "No such file", "/x"),
        BrokenPipeError(),
    ):
        assert sentence(error, settings) is None
