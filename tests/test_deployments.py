"""The two ways to a schedule say the same: `prefect.yaml` for workers, and `capaian serve` for one process."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import alerts

ROOT = Path(__file__).parent.parent
DEPLOYMENTS: dict[str, dict[str, Any]] = {
    one["name"]: one for one in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
}


def test_what_workers_run_is_what_is_served() -> None:
    from flows.serving import CRONS, TIMEZONE

    assert {
        name: [(one["cron"], one["timezone"]) for one in of.get("schedules", [])] for name, of in DEPLOYMENTS.items()
    } == {name: [(cron, TIMEZONE)] if cron else [] for name, cron in CRONS.items()}
    assert CRONS["nightly"] == "0 1 * * *" and TIMEZONE == "Asia/Jakarta"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_leads_to_a_flow_of_its_name_that_tells_of_its_failure(name: str) -> None:
    path, _, function = DEPLOYMENTS[name]["entrypoint"].partition(":")
    flow = getattr(import_module(path.removesuffix(".py").replace("/", ".")), function)
    assert flow.name == name
    assert flow.on_failure_hooks == [alerts.tell_failure]
    assert DEPLOYMENTS[name]["concurrency_limit"]["limit"] == 1


def test_a_backfill_that_is_only_triggered_plans_and_does_nothing() -> None:
    from flows.backfill import BackfillParameters

    assert DEPLOYMENTS["backfill"]["parameters"] == {"parameters": {"dry_run": True}}
    assert BackfillParameters().dry_run


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/?secret=kenari", "kenari", "http://[kenari"])
def test_an_address_that_takes_no_alert_stops_nothing_and_is_not_logged(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert not alerts.send(address, {"text": "x"})
    assert "the alert could not be sent" in caplog.text and "kenari" not in caplog.text


def test_a_dead_run_is_marked_by_an_automation_that_prefect_understands() -> None:
    from prefect.events.schemas.automations import AutomationCore

    [automation] = yaml.safe_load((ROOT / "flows" / "automations.yaml").read_text(encoding="utf-8"))["automations"]
    read = AutomationCore.model_validate(automation)
    assert read.enabled and read.actions[0].type == "change-flow-run-state"
