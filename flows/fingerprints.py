"""What results depend on, as hashes: equal fingerprint, nothing to do.

A delivery is done when its ledger entry was made from the same bytes, contract, rules, profiles and transforms. A
publication is current when it was made from the same entries, reference data and as-of date. Belongs here: those
hashes. Does not belong here: what follows from them (`plan.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from expectations.judge import RULE_BOOK_FINGERPRINT
from transforms.land import LandedFile
from warehouse.contract import fingerprint
from warehouse.corrections import load_corrections
from warehouse.decisions import LinkDecision
from warehouse.ledger import Outcome
from warehouse.profiles import load_profiles
from warehouse.publish import macros_fingerprint
from warehouse.reference_data import reference_fingerprint
from warehouse.tables import CONTRACT_FINGERPRINT, LAKE_FINGERPRINT
from warehouse.targets import OperatorTarget

_MAKE_NO_ROW = frozenset({"simulation", "drafting", "redaction"})
_AFTER_INGEST = frozenset({"resolve", "pseudonyms", "marts", "disclosure", "changes"})
"""What is built anew for each release; no line of a delivery depends on it."""


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


def delivery_key(file: LandedFile, of_code: str | None = None) -> str:
    """What the result of one delivery depends on; `of_code`, if it is known already, is the `ingest_fingerprint()`."""
    return fingerprint(file.kept_sha256, of_code or ingest_fingerprint())


def ingest_fingerprint() -> str:
    """What the result of every delivery depends on beside its bytes."""
    profiles = [profile.fingerprint for profile in load_profiles()]
    return fingerprint(
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


def input_fingerprint(
    entries: Iterable[Outcome],
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
