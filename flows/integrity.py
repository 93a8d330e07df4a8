"""What is kept is what was written, or it is read again or refused: before a run relies on it.

Belongs here: what is checked before it is read, and what is done about damage. Does not belong here: checksums
(`warehouse/checksums.py`), what linking keeps (`linkage.py` drops it itself) and `capaian verify`, which mends nothing.
"""

from __future__ import annotations

import logging

from flows.settings import Settings
from transforms.changes import COMPARED
from transforms.redaction.note import read_note
from warehouse.checksums import DamageError, sha256_of
from warehouse.ledger import Ledger
from warehouse.publish import check_published
from warehouse.tables.quality import SUPPRESSION_LOG
from warehouse.tables.register import ENTITY_HISTORY
from warehouse.tables.released import RELEASED_TABLES

logger = logging.getLogger("capaian")

READ_OF_PUBLISHED = (*COMPARED, ENTITY_HISTORY)
"""What a release reads of the version it is built upon."""
READ_OF_EARLIER = (*RELEASED_TABLES, SUPPRESSION_LOG)
"""What a release reads of every version that there ever was."""


def check_lake(settings: Settings) -> list[str]:
    """Take each delivery that is no longer what was written out of the ledger, so that its landed bytes are read again.

    Returns their SHA-256. Reads every byte of the lake, about 1.5 GB a second. Raises `DamageError` when the landed
    bytes of such a delivery are lost or damaged too.
    """
    root, ledger, damaged = settings.root, Ledger(settings.root), []
    for sha256, files in ledger.damaged():
        kept = [path for path in (root.landed / sha256).glob("*") if not path.name.startswith(".")]
        note = read_note(root.landed / sha256)  # of a landed file that lost the lines of an erased person
        left = note.content_sha256 if note else sha256
        if not any(sha256_of(path) == left for path in kept):
            name = kept[0].name if kept else f"delivery {sha256[:12]}"
            raise DamageError(
                f"{name}: neither its rows in {ledger.folder(sha256)} ({files}) nor its bytes in {root.landed / sha256}"
                " are what was written; restore one of them from a copy, or put the file into the inbox again"
            )
        logger.warning("%s: its rows in the lake are not what was written (%s); it is read again", kept[0].name, files)
        ledger.forget(sha256)
        damaged.append(sha256)
    return damaged


def check_versions(settings: Settings) -> None:
    """Raise `DamageError` when a file that a release reads of the versions that are kept is not as published."""
    root = settings.root
    current = int(root.current.resolve().name) if root.current.exists() else None
    for version in root.published_numbers():
        tables = (*READ_OF_EARLIER, *(READ_OF_PUBLISHED if version == current else ()))
        check_published(root.remains_of(version), [f"parquet/{one.schema}/{one.name}.parquet" for one in tables])
