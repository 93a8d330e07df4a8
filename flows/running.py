"""A run: the one writer of the data root, from its first step to its last, with its journal.

Belongs here: what every run does before and after its own work. Does not belong here: that work, and Prefect.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as package_version

from expectations.judge import RULE_BOOK_FINGERPRINT
from flows import ingesting
from flows.fingerprints import transforms_fingerprint
from flows.settings import Settings
from transforms.land import LandedFile
from warehouse.journal import RunJournal
from warehouse.ledger import LedgerEntry
from warehouse.lock import single_writer

logger = logging.getLogger("capaian")


@contextmanager
def running(settings: Settings, purpose: str, flow_run_id: str | None = None) -> Iterator[RunJournal]:
    """Hold the lock of the data root and keep the journal of the run; raises `LockHeld` when another run is at work."""
    root = settings.root.create()
    with single_writer(root.lock, purpose) as died:
        if died:
            logger.warning("the run before (%s) ended without a word; what it left undone is done now", died)
        journal = RunJournal.begin(
            root.runs,
            purpose=purpose,
            code_version=package_version("capaian"),
            rules_fingerprint=RULE_BOOK_FINGERPRINT,
            transforms_fingerprint=transforms_fingerprint(),
            flow_run_id=flow_run_id,
        )
        try:
            yield journal
        except BaseException as error:
            journal.end("failed", reason_of(error))
            raise
        journal.end("done")


def reason_of(error: BaseException) -> str:
    """Why a run stopped, without any personal value: our own sentence, or else the kind of fault only."""
    own = type(error).__module__.split(".")[0] in ("flows", "transforms", "expectations", "warehouse")
    return str(error) if own else type(error).__name__


def attempt(settings: Settings, journal: RunJournal, file: LandedFile) -> LedgerEntry:
    """Ingest one delivery, and write down that it was tried and what came of it."""
    with journal.attempt(file.sha256) as told:
        entry = ingesting.ingest(settings, file)
        told |= {"outcome": entry.status, "line_count": entry.line_count}
    return entry
