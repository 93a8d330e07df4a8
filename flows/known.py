"""What is known of the deliveries: landed files, ledger and journal put side by side for the plan.

Belongs here: reading. Does not belong here: any decision (`plan.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from flows.fingerprints import delivery_key, ingest_fingerprint
from flows.plan import JAKARTA, Delivery
from flows.settings import Settings
from transforms.land import landed_files
from warehouse.journal import Run
from warehouse.ledger import Ledger
from warehouse.profiles import load_profiles

TELLING_LINE_COUNT = 10_000


def known_deliveries(settings: Settings, runs: list[Run] | None = None) -> Iterator[Delivery]:
    """Every landed file with what became of it; `runs` tell how the last try at it went."""
    ledger, of_code = Ledger(settings.root), ingest_fingerprint()
    waves = {profile.name: profile.wave for profile in load_profiles()}
    last = {attempt.sha256: attempt.outcome for run in runs or () for attempt in run.attempts}
    for file in landed_files(settings.root.landed):
        outcome = ledger.outcome(file.sha256)
        sender = outcome.sender if outcome else None
        yield Delivery(
            file,
            delivery_key(file, of_code),
            outcome,
            file.arrived_at.astimezone(JAKARTA).date(),
            file.path.stat().st_size,
            waves.get(outcome.profile or "") if outcome else None,
            sender.rpartition("/")[2] if sender else None,
            last.get(file.sha256),
        )


def seconds_per_line(settings: Settings, runs: list[Run]) -> dict[str, float]:
    """Profile to the median of the seconds per line that its deliveries took so far.

    Of a small one the start takes longer than its lines, so that it says nothing.
    """
    ledger, rates = Ledger(settings.root), defaultdict(list)
    for run in runs:
        for attempt in run.attempts:
            if attempt.outcome == "validated" and attempt.seconds and (attempt.line_count or 0) >= TELLING_LINE_COUNT:
                outcome = ledger.outcome(attempt.sha256)
                if outcome and outcome.profile:
                    rates[outcome.profile].append(attempt.seconds / (attempt.line_count or 1))
    return {profile: median(measured) for profile, measured in rates.items()}
