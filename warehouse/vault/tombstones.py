"""Tombstones: who was erased, as keyed pseudonyms, so that a later delivery does not bring the person back.

Belongs here: the file `vault/tombstones.csv`. A tombstone cannot be turned back into the person; whether a value is
erased can only be asked with the value at hand and the key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from warehouse.vault.keys import Vault, VaultError, write_closed

Kind = Literal["nik", "registration"]
KINDS = ("nik", "registration")


@dataclass(frozen=True)
class Tombstone:
    """`pseudonym` is over the NIK, or over `<register>:<registration number>`; `erased_at` is a moment in ISO form."""

    kind: Kind
    key_id: str
    pseudonym: str
    erased_at: str
    reason: str

    @property
    def tombstone_id(self) -> str:
        """What other records name it by."""
        return f"{self.key_id}-{self.pseudonym[:16]}"


_HEADER = tuple(field.name for field in fields(Tombstone))


def _file(vault: Vault) -> Path:
    return vault.folder / "tombstones.csv"


def load_tombstones(vault: Vault) -> list[Tombstone]:
    """All tombstones, none without a file. Raises `VaultError` for a file that is not whole."""
    path = _file(vault)
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        if tuple(next(reader, ())) != _HEADER:
            raise VaultError(f"{path}, line 1: the header must be {','.join(_HEADER)}; restore the file")
        return [_tombstone(path, reader.line_num, row) for row in reader]


def _tombstone(path: Path, line: int, row: list[str]) -> Tombstone:
    if len(row) != len(_HEADER) or row[0] not in KINDS or len(row[1]) != 8 or len(row[2]) != 64:
        raise VaultError(f"{path}, line {line}: this is no tombstone; restore the file")
    kind: Kind = "nik" if row[0] == "nik" else "registration"
    return Tombstone(kind, *row[1:])


def add_tombstones(vault: Vault, added: Iterable[Tombstone]) -> None:
    """Add those that are not there yet; on disk when this returns, and from then on the persons are erased."""
    known = {(one.kind, one.key_id, one.pseudonym): one for one in (*added, *load_tombstones(vault))}
    tombstones = sorted(known.values(), key=lambda one: (one.erased_at, one.kind, one.pseudonym))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(astuple(one) for one in tombstones)
    vault.create()
    write_closed(_file(vault), text.getvalue().encode())
