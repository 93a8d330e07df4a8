"""Hostile deliveries are refused with a reason, quickly, in bounded memory, and never reach outside the inbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attacks
import pytest

from transforms.reading.parquet import read_parquet_rows
from transforms.reading.refusal import RefusedDelivery

TIMES_SOUND = 6.0
"""So many times the computing of three sound files may an attack take, whatever the machine; the worst takes less than 1."""
PEAK_MB = 400


@pytest.fixture(scope="session")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of an inbox with all attacks in it, taken by a process of its own so that its memory can be told."""
    folder = tmp_path_factory.mktemp("attacks")
    program = [sys.executable, attacks.__file__]
    subprocess.run([*program, "write", str(folder / "inbox")], timeout=300, check=True)
    done = subprocess.run([*program, "take", str(folder)], capture_output=True, timeout=300, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    report["folder"] = folder
    report["outcomes"] = {outcome["name"]: outcome for outcome in report["outcomes"]}
    return report


def test_there_are_more_than_thirty_attacks() -> None:
    assert len(attacks.WRITERS) + len(attacks.PLACED) >= 50


@pytest.mark.parametrize("name", attacks.WRITERS)
def test_an_attack_is_refused_with_a_reason_and_little_work(inbox: dict[str, Any], name: str) -> None:
    outcome = inbox["outcomes"][name]
    assert "taken" not in outcome
    assert len(outcome["refused"]) > 30
    assert ";" in outcome["refused"] or "at most" in outcome["refused"]  # a cause and a cure, or a limit
    assert outcome["times_sound"] < TIMES_SOUND


@pytest.mark.parametrize("name", attacks.HARMLESS)
def test_an_odd_name_or_content_is_taken_under_a_safe_name(inbox: dict[str, Any], name: str) -> None:
    outcome = inbox["outcomes"][os.fsencode(name).decode("utf-8", "backslashreplace")]
    assert outcome["taken"] == "text"
    landed = Path(outcome["landed"])
    assert not set(landed.name) & set("*?[]{}'\"`$\\/\n;|&<>")
    assert not landed.name.startswith(("-", "."))
    assert (inbox["folder"] / "landed" / landed).read_bytes() == attacks.HARMLESS[name]


@pytest.mark.parametrize("name", attacks.PLACED)
def test_what_is_no_file_is_neither_opened_nor_followed_nor_moved(inbox: dict[str, Any], name: str) -> None:
    assert inbox["outcomes"][name.lstrip(".")]["refused"]
    assert name in inbox["left"]


def test_nothing_else_stays_in_the_inbox_and_nothing_leaves_the_scratch_folder(inbox: dict[str, Any]) -> None:
    assert sorted(inbox["left"]) == sorted(attacks.PLACED)
    assert set(inbox["scratch"]) <= {"rows.parquet"}
    assert {path.name for path in inbox["folder"].iterdir()} == {"inbox", "landed", "scratch"}


def test_memory_stays_bounded(inbox: dict[str, Any]) -> None:
    assert inbox["self_mb"] < PEAK_MB
    assert inbox["children_mb"] < PEAK_MB


@pytest.mark.parametrize("seed", range(8))
def test_poisoned_parquet_without_checksums_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    """Flipped bits of pages go unnoticed without checksums; those of the footer must not bring anything down."""
    content = attacks.parquet(5_000, is_checked=False)
    first = 4 if seed % 2 else len(content) - 900
    (tmp_path / "export.parquet").write_bytes(attacks.flipped(content, first, len(content) - 8, seed))
    try:
        read = read_parquet_rows(tmp_path / "export.parquet", tmp_path / "rows.parquet")
    except RefusedDelivery as refused:
        assert "Parquet" in refused.reason
    else:
        assert read.row_count == 5_001
