"""The plan: which deliveries are due, and whether there is anything new to publish. Pure; shared by all who ask.

A delivery is done when its ledger entry was made from the same bytes, contract, rules, profiles and transforms. A
publication is current when it was made from the same entries, reference data and as-of date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from expectations.judge import RULE_BOOK_FINGERPRINT
from transforms.land import LandedFile
from warehouse.contract import fingerprint
from warehouse.corrections import load_corrections
from warehouse.decisions import LinkDecision
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.profiles import load_profiles
from warehouse.publish import macros_fingerprint
from warehouse.reference_data import reference_fingerprint
from warehouse.tables import CONTRACT_FINGERPRINT, LAKE_FINGERPRINT
from warehouse.targets import OperatorTarget

JAKARTA = ZoneInfo("Asia/Jakarta")
_MAKE_NO_ROW = frozenset({"simulation", "drafting"})
_AFTER_INGEST = frozenset({"resolve", "pseudonyms", "marts", "disclosure", "changes"})
"""What is built anew for each release; no line of a delivery depends on it."""


def business_date(scheduled: datetime) -> date:
    """The day in Jakarta at the moment a run was scheduled for (01:00 there is still the day before in UTC)."""
    return scheduled.astimezone(JAKARTA).date()


@cache
def transforms_fingerprint(apart: frozenset[str] = _MAKE_NO_ROW) -> str:
    """SHA-256 over the code that makes rows, without the folders `apart`."""
    folder = Path(__file__).parent.parent / "transforms"
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".sql", ".csv") and apart.isdisjoint(path.relative_to(folder).parts)
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def delivery_key(file: LandedFile) -> str:
    """What the result of one delivery depends on."""
    profiles = [profile.fingerprint for profile in load_profiles()]
    return fingerprint(
        file.sha256,
        LAKE_FINGERPRINT,
        RULE_BOOK_FINGERPRINT,
        profiles,
        transforms_fingerprint(_MAKE_NO_ROW | _AFTER_INGEST),
        reference_fingerprint(),
        load_corrections().fingerprint,
    )


@cache
def linkage_fingerprint() -> str:
    """What an edge depends on beside the two registrations: the code of linking and its weights."""
    folder = Path(__file__).parent.parent / "transforms" / "resolve"
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".py", ".sql", ".csv"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def due_deliveries(landed: Iterable[LandedFile], ledger: Ledger) -> list[LandedFile]:
    """Every landed file whose ledger entry is missing or was made from something else, the largest first.

    Deliveries are ingested side by side; a large one begun last would keep the rest of the machine waiting.
    """
    due = []
    for file in landed:
        entry = ledger.entry(file.sha256)
        if entry is None or entry.key != delivery_key(file):
            due.append(file)
    return sorted(due, key=lambda file: -file.path.stat().st_size)


def input_fingerprint(
    entries: Iterable[LedgerEntry],
    as_of: date,
    decisions: Iterable[LinkDecision] = (),
    targets: Iterable[OperatorTarget] = (),
    suppression_threshold: int = 5,
    identifiers: tuple[str, int] = ("", 0),
) -> str:
    """What a publication depends on; the order of the deliveries is no part of it.

    `identifiers` are the id of the key of the pseudonyms and the years that they are kept.
    """
    return fingerprint(
        sorted(entry.key for entry in entries),
        CONTRACT_FINGERPRINT,
        transforms_fingerprint(),
        reference_fingerprint(),
        macros_fingerprint(),
        as_of.isoformat(),
        *decisions,
        *targets,
        suppression_threshold,
        identifiers,
    )
