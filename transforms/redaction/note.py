"""The note beside a landed file from which lines were taken: what it holds now, and what is no longer in it.

Belongs here: the file `.erasure.json` and its form. The folder keeps the SHA-256 of what arrived, so that the same
bytes arriving again are a duplicate; results of the delivery depend on what is left. It names nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

NOTE = ".erasure.json"


@dataclass(frozen=True)
class Erasure:
    """Lines that were blanked in one go, for which tombstones, when (ISO form), and the SHA-256 of what was left."""

    erased_at: str
    tombstone_ids: tuple[str, ...]
    line_numbers: tuple[int, ...]
    content_sha256: str


@dataclass(frozen=True)
class ErasureNote:
    """SHA-256 of the file as it is now, and what was done to it.

    Of an archive, `member_sha256s` are those of its redacted members as they are in it now.
    """

    content_sha256: str
    erasures: tuple[Erasure, ...] = ()
    member_sha256s: tuple[str, ...] = ()

    def text(self) -> str:
        """The note as JSON."""
        return json.dumps(asdict(self), indent=1)


def read_note(folder: Path) -> ErasureNote | None:
    """The note in the folder of a landed file; None where nothing was ever taken out of it."""
    try:
        noted = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    erasures = tuple(
        Erasure(one["erased_at"], tuple(one["tombstone_ids"]), tuple(one["line_numbers"]), one["content_sha256"])
        for one in noted["erasures"]
    )
    return ErasureNote(noted["content_sha256"], erasures, tuple(noted["member_sha256s"]))


def tombstone_lines(note: ErasureNote, tombstone_ids: Iterable[str]) -> set[int]:
    """The lines that were blanked for any of these tombstones."""
    wanted = set(tombstone_ids)
    return {line for one in note.erasures if wanted & set(one.tombstone_ids) for line in one.line_numbers}
