"""The flows as deployments of one process: the schedule without a work pool.

Belongs here: what `capaian serve` serves. With a work pool the same deployments come from `prefect.yaml`, and a test
holds the two together.
"""

from __future__ import annotations

from typing import Any

from prefect import serve
from prefect.schedules import Cron

from flows.backfill import backfill
from flows.nightly import nightly
from flows.watching import freshness

TIMEZONE = "Asia/Jakarta"
CRONS = {"nightly": "0 1 * * *", "backfill": None, "freshness": "30 * * * *"}
"""When each deployment runs by itself, on the clock of Jakarta."""


def deployments() -> list[Any]:
    """The deployments, one run of each at a time."""
    made: list[Any] = []
    for flow in (nightly, backfill, freshness):
        cron = CRONS[flow.name]
        schedule = Cron(cron, timezone=TIMEZONE) if cron else None
        made.append(flow.to_deployment(flow.name, schedule=schedule, concurrency_limit=1))
    return made


def serve_flows() -> None:
    """Serve all flows until the process is stopped; one run at a time, since there is one writer."""
    serve(*deployments(), pause_on_shutdown=False, limit=1)
