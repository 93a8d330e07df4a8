"""Blocking rules: which pairs of prepared registrations are compared at all.

Belongs here: the keys, and how large a block may be. A pair is compared when it shares any key. Never block on the name
of a shop or of a person alone: such blocks grow with the country.
"""

from __future__ import annotations

from dataclasses import dataclass

BLOCK_CAP = 60
"""Most registrations of one block. A larger block is parted by `PARTED_BY`; what is still too large is not compared,
and counted in `register.stop_list`. So a registration is compared with at most 59 others by each rule, whatever
arrives."""
SHARED_PHONE = 8
"""A number on more registrations than this is a facilitator's or a place's, not a person's."""


@dataclass(frozen=True)
class BlockingRule:
    """A key over the columns of a prepared registration; a registration that lacks any of them is in no block of it."""

    name: str
    columns: tuple[str, ...]
    expressions: tuple[str, ...] = ()
    cap: int = BLOCK_CAP

    @property
    def key(self) -> str:
        """The column of `keys` that holds the key."""
        return f"{self.name}_block"

    @property
    def key_sql(self) -> str:
        """The key of a prepared registration: its only column as it is, several as a hash."""
        if len(self.columns) == 1:
            return f"{self.columns[0]}::UBIGINT"
        given = " AND ".join(f"{column} IS NOT NULL" for column in self.columns)
        return f"CASE WHEN {given} THEN hash({', '.join(self.expressions or self.columns)}) END"


BLOCKING_RULES = (
    BlockingRule("nik", ("nik15",)),
    BlockingRule("nib", ("nib",)),
    BlockingRule("phone", ("phone",), cap=SHARED_PHONE),
    BlockingRule("birth", ("birth_date", "owner_first_word", "regency")),
    BlockingRule("owner", ("village", "owner_key")),
    BlockingRule("name", ("village", "full_name_key")),
    BlockingRule("address", ("village", "house_number", "kbli"), ("village", "house_number", "left(kbli, 2)")),
    BlockingRule("point", ("latitude", "longitude"), ("(latitude * 10000)::INTEGER", "(longitude * 10000)::INTEGER")),
    BlockingRule("cooperative", ("cooperative_number",)),
    BlockingRule("legal_entity", ("legal_entity",)),
)
PARTED_BY = "hash(owner_first_word, name_beginning)"
"""What an over-full block is keyed by anew: the owner's first word and how the name of the business begins."""
KEYS = ", ".join(
    ("row_id", "nik", f"{PARTED_BY} AS part", *(f"{rule.key_sql} AS {rule.key}" for rule in BLOCKING_RULES))
)
"""The columns of `keys`, of a prepared registration: what tells which registrations are compared, and its sound NIK."""
