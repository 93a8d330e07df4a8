"""The plan: what is to be done with each delivery, why, and how long it may take. Pure; shared by all who ask.

The nightly run, `capaian backfill` and its flow decide here and nowhere else. Belongs here: the decision. Does not
belong here: what is known of the deliveries (`known.py`), and the work itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from transforms.land import LandedFile
from warehouse.contract import fingerprint
from warehouse.ledger import Outcome

JAKARTA = ZoneInfo("Asia/Jakarta")

Reprocess = Literal["none", "failed", "changed", "all"]
"""What is done again, each with what stands before it: nothing that has an outcome; what was refused or whose last try
failed; what was made from other rules, profiles or code; everything."""

BYTES_PER_LINE = 350
"""Of a registration in an export that was not read yet, for an estimate."""
SECONDS_PER_LINE = 60e-6
"""Of ingesting, where nothing was measured yet."""
SECONDS_PER_DELIVERY = 1.0


def business_date(scheduled: datetime) -> date:
    """The day in Jakarta at the moment a run was scheduled for (01:00 there is still the day before in UTC)."""
    return scheduled.astimezone(JAKARTA).date()


@dataclass(frozen=True)
class Delivery:
    """What is known of a landed file before anything is done with it.

    `wave` and `province_code` are known of a delivery whose rows were read; `last_attempt` is the outcome of the last
    try at it, and None when no journal tells of one.
    """

    file: LandedFile
    key: str
    outcome: Outcome | None
    arrived_date: date
    byte_count: int
    wave: int | None = None
    province_code: str | None = None
    last_attempt: str | None = None


@dataclass(frozen=True)
class Selection:
    """Which deliveries are asked for: by wave, province (first two digits of the region codes) and day of arrival.

    Empty means all. A delivery of which wave or province is not known is not chosen by either.
    """

    waves: frozenset[int] = frozenset()
    provinces: frozenset[str] = frozenset()
    first_date: date | None = None
    last_date: date | None = None

    def leaves_out(self, delivery: Delivery) -> str | None:
        """Why the delivery is not asked for, or None."""
        if self.waves and delivery.wave not in self.waves:
            return "of another wave" if delivery.wave else "wave not known before it is read"
        if self.provinces and delivery.province_code not in self.provinces:
            return "of another province" if delivery.province_code else "province not known before it is read"
        if self.first_date and delivery.arrived_date < self.first_date:
            return "arrived earlier"
        if self.last_date and delivery.arrived_date > self.last_date:
            return "arrived later"
        return None


@dataclass(frozen=True)
class Planned:
    """What is to be done with one delivery: `ingest` or `leave`, why, and an estimate of its lines and seconds."""

    delivery: Delivery
    action: Literal["ingest", "leave"]
    reason: str
    line_count: int
    seconds: float


def plan(
    deliveries: Iterable[Delivery],
    reprocess: Reprocess,
    selection: Selection | None = None,
    *,
    newest_first: bool = False,
    seconds_per_line: Mapping[str, float] | None = None,
) -> list[Planned]:
    """Decide on each delivery; those to be ingested come first, the largest before the smaller, or the newest first.

    Deliveries are ingested side by side; a large one begun last would keep the rest of the machine waiting.
    `seconds_per_line` maps profiles to what was measured.
    """
    planned = []
    for delivery in deliveries:
        left_out = selection.leaves_out(delivery) if selection else None
        reason = None if left_out else _reason_to_ingest(delivery, reprocess)
        line_count = _line_count(delivery)
        rate = (seconds_per_line or {}).get((delivery.outcome and delivery.outcome.profile) or "", SECONDS_PER_LINE)
        seconds = SECONDS_PER_DELIVERY + line_count * rate
        if reason:
            planned.append(Planned(delivery, "ingest", reason, line_count, seconds))
        else:
            planned.append(Planned(delivery, "leave", left_out or _state(delivery), line_count, 0.0))

    def place(one: Planned) -> tuple[bool, float, int, str]:
        day = -one.delivery.arrived_date.toordinal() if newest_first else 0
        return one.action == "leave", day, -one.delivery.byte_count, one.delivery.file.sha256

    return sorted(planned, key=place)


def _reason_to_ingest(delivery: Delivery, reprocess: Reprocess) -> str | None:
    outcome = delivery.outcome
    if outcome is None:
        return "never ingested" if delivery.last_attempt is None else f"the last try at it {_went(delivery)}"
    if outcome.status == "unpacked" and outcome.key == delivery.key:
        return None  # its members are deliveries of their own
    if reprocess == "none":
        return None
    if outcome.key != delivery.key and reprocess in ("changed", "all"):
        return "made from other rules, profiles or code"
    if delivery.last_attempt in ("failed", "interrupted"):
        return f"the last try at it {_went(delivery)}"
    if reprocess in ("failed", "all") and outcome.status == "refused":
        return "refused before"
    return "asked for" if reprocess == "all" else None


def _went(delivery: Delivery) -> str:
    return "was interrupted" if delivery.last_attempt == "interrupted" else "failed"


def _state(delivery: Delivery) -> str:
    outcome = delivery.outcome
    if outcome is None:
        return "never ingested"
    if outcome.status == "unpacked":
        return "an archive; its files are deliveries of their own"
    current = "" if outcome.key == delivery.key else ", from other rules, profiles or code"
    return f"{outcome.status}{current}"


def _line_count(delivery: Delivery) -> int:
    known = delivery.outcome.line_count if delivery.outcome else 0
    return known or delivery.byte_count // BYTES_PER_LINE


def inputs_fingerprint(planned: Sequence[Planned]) -> str:
    """What a plan was made from and what it decided: another fingerprint, another plan."""
    return fingerprint(*sorted((one.delivery.file.sha256, one.delivery.key, one.action) for one in planned))
