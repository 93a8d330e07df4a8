"""Sought: the persons that tombstones speak of, as keyed pseudonyms; a value is asked for, never told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from warehouse.vault import PseudonymKey, Tombstone, Vault, load_tombstones


@dataclass(frozen=True)
class Found:
    """Numbers of the lines of one file in which a person is, and the tombstones they were found by."""

    line_numbers: frozenset[int] = frozenset()
    tombstone_ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.line_numbers)


@dataclass(frozen=True)
class Sought:
    """Tombstones with the keys they were made with."""

    tombstones: tuple[Tombstone, ...]
    keys: tuple[PseudonymKey, ...] = field(repr=False)

    @classmethod
    def of(cls, vault: Vault, tombstones: Iterable[Tombstone]) -> Sought:
        """Raises `VaultError` when a key is no longer there: then nobody could be kept out."""
        tombstones = tuple(tombstones)
        key_ids = sorted({one.key_id for one in tombstones})
        return cls(tombstones, tuple(vault.key_named(key_id) for key_id in key_ids))

    @cached_property
    def ids(self) -> dict[tuple[str, str], str]:
        """Kind and pseudonym to the tombstone's id."""
        return {(one.kind, one.pseudonym): one.tombstone_id for one in self.tombstones}

    def pseudonyms(self, kind: str) -> list[str]:
        return [one.pseudonym for one in self.tombstones if one.kind == kind]

    def tombstone_of(self, nik: str) -> str | None:
        """The id of the tombstone of the person with this NIK, None when there is none."""
        made = (("nik", key.pseudonym("nik", nik)) for key in self.keys)
        return next((self.ids[one] for one in made if one in self.ids), None)


def everybody_erased(vault: Vault) -> Sought | None:
    """All who were ever erased; None when nobody was."""
    tombstones = load_tombstones(vault)
    return Sought.of(vault, tombstones) if tombstones else None
