"""Alerts: what is told to others when a run fails, crashes, or the published version is too old.

Belongs here: the hooks of the flows, the webhook and the event. Does not belong here: when a version is too old
(`freshness.py`). What is sent names the flow, its run and its state, and never anything from a delivery or a setting.
"""

from __future__ import annotations

import json
import logging
import urllib.request
from typing import Any

from flows.settings import Settings

TIMEOUT_SECONDS = 10

logger = logging.getLogger("capaian")


def tell_failure(flow: Any, flow_run: Any, state: Any) -> None:
    """Hook of a flow that failed or crashed; Prefect asks for exactly these names."""
    address = Settings().alert_webhook
    if address is None:
        return
    message = {
        "text": f"capaian: {flow.name} ({flow_run.name}) {state.name.lower()}",
        "flow": flow.name,
        "flow_run": flow_run.name,
        "flow_run_id": str(flow_run.id),
        "state": state.name,
    }
    send(address.get_secret_value(), message)


def tell_stale(sentence: str, version: int | None) -> bool:
    """Emit the event `capaian.published.stale` to the Prefect server; whether it was taken.

    A server that does not answer changes nothing for who asked.
    """
    try:
        from prefect.events import emit_event
        from prefect.events.worker import EventsWorker

        resource = {"prefect.resource.id": "capaian.published", "prefect.resource.name": "the published version"}
        event = emit_event("capaian.published.stale", resource, payload={"sentence": sentence, "version": version})
        EventsWorker.drain_all(timeout=TIMEOUT_SECONDS)
    except Exception as error:
        logger.warning("the event could not be emitted (%s)", type(error).__name__)
        return False
    return event is not None


def send(address: str, message: dict[str, str]) -> bool:
    """Post `message` as JSON; whether it was taken. An address that does not answer stops no run and is not shown."""
    try:
        request = urllib.request.Request(  # the operator's own address
            address, json.dumps(message).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return True
    except (OSError, ValueError) as error:
        logger.warning("the alert could not be sent (%s)", type(error).__name__)
        return False
