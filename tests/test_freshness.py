"""Freshness: when what analysts open is too old, or missing, `status` says so and ends with 4."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import drawn, write_sidt

from flows import alerts, ingesting
from flows.cli.main import app
from flows.freshness import Known, freshness_of, judge_freshness
from flows.settings import Settings
from warehouse.lock import single_writer

NOW = datetime(2026, 3, 1, 18, tzinfo=UTC)

CASES = """
| version | published | landed | waiting | run | pinned | stale | says                                                  |
| 3       | 29.9      |        |         |     |        |       | version 3 was published 29.9 hours ago                |
| 3       | 30.1      |        |         |     |        | yes   | see why no run published since                        |
| 3       | 30.1      |        |         |     | yes    | yes   | capaian rollback --lift                               |
| 3       | 30.1      |        |         | yes |        | yes   | 30.1 hours ago, the limit is 30 hours                 |
| 3       | -0.05     |        |         |     |        |       | 0.0 hours ago                                         |
| 3       | -1        |        |         |     |        | yes   | 1.0 hours from now by this machine's clock            |
| 3       |           |        |         |     |        | yes   | does not say when it was published                    |
|         |           |        |         |     |        |       | nothing is published yet                              |
|         |           |        | 29      |     |        |       | nothing is published yet                              |
|         |           |        | 31      |     |        | yes   | a delivery waits for 31.0 hours                       |
|         |           |        | 31      | yes |        |       | a run is at work on the first version                 |
|         |           | 1      |         |     |        | yes   | a run took deliveries from 2026-03-01 17:00 UTC on    |
|         |           | 1      |         | yes |        |       | a run is at work on the first version                 |
"""


@pytest.mark.parametrize("case", drawn(CASES), ids=lambda case: case["says"])
def test_a_version_is_stale_when_an_operator_has_to_look(case: dict[str, str]) -> None:
    def ago(hours: str) -> datetime | None:
        return NOW - timedelta(hours=float(hours)) if hours else None

    known = Known(
        int(case["version"]) if case["version"] else None,
        ago(case["published"]),
        case["pinned"] == "yes",
        ago(case["landed"]),
        ago(case["waiting"]),
        case["run"] == "yes",
    )
    judged = judge_freshness(known, NOW, 30)
    assert judged.is_stale == (case["stale"] == "yes") and case["says"] in judged.sentence
    assert judged.limit_hours == 30


def test_the_published_version_says_when_it_was_published(reported: Settings) -> None:
    manifest = json.loads((reported.root.current / "manifest.json").read_text(encoding="utf-8"))
    at = datetime.fromisoformat(manifest["published_at"])
    assert at.utcoffset() == timedelta(0) and abs(datetime.now(UTC) - at) < timedelta(hours=6)
    assert not freshness_of(reported, at + timedelta(hours=29)).is_stale
    assert freshness_of(reported, at + timedelta(hours=31)).is_stale
    longer = reported.model_copy(update={"freshness_hours": 32.0})
    assert not freshness_of(longer, at + timedelta(hours=31)).is_stale


def test_deliveries_that_no_run_made_a_version_of_are_stale_once_the_run_is_over(settings: Settings) -> None:
    assert not freshness_of(settings).is_stale
    arrived = write_sidt(settings.root.inbox / "a.csv", [{}])
    os.utime(arrived, (0, 0))  # as its provider wrote it
    assert not freshness_of(settings).is_stale
    ingesting.land_inbox(settings)
    with single_writer(settings.root.lock, "nightly"):
        assert not freshness_of(settings).is_stale
    assert freshness_of(settings).is_stale


def status(capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = app(["status", "--json"], result_action="return_value")
    return code, json.loads(capsys.readouterr().out)


def test_status_ends_with_4_tells_the_server_once_and_answers_the_same_without_one(
    reported: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[str, int | None]] = []
    monkeypatch.setattr(alerts, "tell_stale", lambda sentence, version: bool(told.append((sentence, version))))
    monkeypatch.setenv("CAPAIAN_HOME", str(reported.home))
    monkeypatch.setenv("CAPAIAN_FRESHNESS_HOURS", "100")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    code, document = status(capsys)
    assert (code, document["freshness"]["is_stale"], told) == (0, False, [])
    monkeypatch.setenv("CAPAIAN_FRESHNESS_HOURS", "0.0000001")
    code, document = status(capsys)
    assert (code, document["freshness"]["is_stale"], document["version"]) == (4, True, 2)
    assert told == [(document["freshness"]["sentence"], 2)]
    monkeypatch.delenv("PREFECT_API_URL")
    assert status(capsys)[0] == 4 and len(told) == 1
    monkeypatch.setenv("CAPAIAN_FRESHNESS_HOURS", "0")
    with pytest.raises(ValueError, match="freshness_hours"):
        status(capsys)


def test_status_of_a_folder_that_is_not_there_yet_is_no_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(tmp_path / "new"))
    code, document = status(capsys)
    assert (code, document["version"], document["published_at"]) == (0, None, None)
    assert not (tmp_path / "new").exists()
