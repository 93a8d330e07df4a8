"""Freshness: whether what analysts open is too old, as one pure decision and one look at the data root.

Belongs here: the decision and its sentence. Does not belong here: whom it is told (`alerts.py`, `cli/main.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.settings import Settings
from transforms.land import arrived_at
from warehouse.lock import lock_state
from warehouse.publish import read_manifest

CLOCK_TOLERANCE = timedelta(minutes=5)
"""So far ahead of this machine's clock a time may lie that another clock wrote."""


@dataclass(frozen=True)
class Known:
    """What the decision rests on. Times are UTC; `None` where there is none.

    `landed_at` is the first delivery a run took, `waiting_since` the oldest file in the inbox; both matter only until
    something is published.
    """

    version: int | None = None
    published_at: datetime | None = None
    is_pinned: bool = False
    landed_at: datetime | None = None
    waiting_since: datetime | None = None
    is_run_at_work: bool = False


@dataclass(frozen=True)
class Freshness:
    """The decision; `age_hours` is that of the published version, None where nothing is published."""

    is_stale: bool
    sentence: str
    age_hours: float | None
    limit_hours: float


def judge_freshness(known: Known, now: datetime, limit_hours: float) -> Freshness:
    """Stale is a version older than the limit, and a data root whose deliveries no run has made a version of.

    A run at work on the first version is waited for. A pin is no excuse: analysts read old figures all the same. A
    version from the future says that the clock was moved back, and that its age cannot be told.
    """

    def told(is_stale: bool, sentence: str, age_hours: float | None = None) -> Freshness:
        return Freshness(is_stale, sentence, age_hours, limit_hours)

    limit = f"the limit is {limit_hours:g} hours (CAPAIAN_FRESHNESS_HOURS)"
    if known.version is None:
        if known.is_run_at_work:
            return told(False, "nothing is published yet; a run is at work on the first version")
        if known.landed_at is not None:
            at = f"{known.landed_at:%Y-%m-%d %H:%M} UTC"
            return told(True, f"nothing is published, though a run took deliveries from {at} on; run: capaian run")
        if known.waiting_since is not None and now - known.waiting_since > timedelta(hours=limit_hours):
            hours = (now - known.waiting_since).total_seconds() / 3600
            return told(True, f"nothing is published, and a delivery waits for {hours:.1f} hours; {limit}")
        return told(False, "nothing is published yet")
    if known.published_at is None:
        return told(True, f"version {known.version} does not say when it was published; run: capaian run")
    age = now - known.published_at
    age_hours = round(age.total_seconds() / 3600, 2)
    if -age > CLOCK_TOLERANCE:
        found = f"version {known.version} was published {-age_hours:.1f} hours from now by this machine's clock"
        return told(True, f"{found}, which was moved back; set it, see capaian doctor", age_hours)
    if age > timedelta(hours=limit_hours):
        held = ", and is pinned: capaian rollback --lift" if known.is_pinned else "; see why no run published since"
        return told(True, f"version {known.version} was published {age_hours:.1f} hours ago, {limit}{held}", age_hours)
    return told(False, f"version {known.version} was published {max(age_hours, 0):.1f} hours ago", age_hours)


def freshness_of(settings: Settings, now: datetime | None = None) -> Freshness:
    """The decision on a data root at `now`, by default the present."""
    root, manifest = settings.root, read_manifest(settings.root)
    if manifest is not None:
        at = manifest.get("published_at")
        published_at = datetime.fromisoformat(at) if at else None
        known = Known(manifest["version"], published_at, root.pin.exists())
    else:
        landed = [arrived_at(folder) for folder in root.landed.iterdir()] if root.landed.exists() else []
        waiting = [path.lstat() for path in root.inbox.iterdir()] if root.inbox.exists() else []
        known = Known(
            landed_at=min(landed, default=None),
            # Moving a file into the inbox keeps the time its provider wrote it, and changes this one.
            waiting_since=min((datetime.fromtimestamp(one.st_ctime, UTC) for one in waiting), default=None),
            is_run_at_work=lock_state(root.lock)[0],
        )
    return judge_freshness(known, now or datetime.now(UTC), settings.freshness_hours)
