"""The watch: an hourly look at whether what analysts open is too old; its run fails then, so that people are told.

Belongs here: the flow. Does not belong here: the decision (`freshness.py`), the event and the webhook (`alerts.py`).
"""

from __future__ import annotations

from prefect import flow

from flows.alerts import tell_failure, tell_stale
from flows.freshness import freshness_of
from flows.settings import Settings
from warehouse.publish import read_manifest


class StaleError(RuntimeError):
    """The published version is older than its limit."""


@flow(name="freshness", persist_result=False, on_failure=[tell_failure])
def freshness() -> str:
    """Say how old the published version is; emit an event and fail when that is too old."""
    settings = Settings()
    found = freshness_of(settings)
    if found.is_stale:
        tell_stale(found.sentence, (read_manifest(settings.root) or {}).get("version"))
        raise StaleError(found.sentence)
    return found.sentence
