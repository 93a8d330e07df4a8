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

CRON = "0 1 * * *"
TIMEZONE = "Asia/Jakarta"


def serve_flows() -> None:
    """Serve both flows until the process is stopped; one run at a time, since there is one writer."""
    at_night: Any = nightly.to_deployment("nightly", schedule=Cron(CRON, timezone=TIMEZONE), concurrency_limit=1)
    asked_for: Any = backfill.to_deployment("backfill", concurrency_limit=1)
    serve(at_night, asked_for, pause_on_shutdown=False, limit=1)
