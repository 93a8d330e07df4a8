"""Blocking rules: which pairs of prepared registrations are compared at all.

Belongs here: the keys, how large a block may be, and what is told apart at a glance. A pair is compared when it shares
any key. Never block on the name of a shop or of a person alone: such blocks grow with the country.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transforms.resolve.comparisons import NEAR_NIK

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
    unless: str = "false"
    """A symmetric predicate over two registrations `l` and `r` of `keys`: such a pair of a block is not compared."""

    @property
    def key(self) -> str:
        """The column of `keys` that holds the key."""
        return f"{self.name}_block"

    @property
    def glanced_at(self) -> tuple[str, ...]:
        """The columns of `keys` that `unless` asks for."""
        return tuple(dict.fromkeys(re.findall(r"\b[lr]\.(\w+)", self.unless)))

    @property
    def key_sql(self) -> str:
        """The key of a prepared registration: its only column as it is, several as a hash."""
        if len(self.columns) == 1:
            return f"{self.columns[0]}::UBIGINT"
        given = " AND ".join(f"{column} IS NOT NULL" for column in self.columns)
        return f"CASE WHEN {given} THEN hash({', '.join(self.expressions or self.columns)}) END"


# Neighbours and namesakes share a place or a name by chance. Two sound NIKs that no typing error makes one tell them
# apart, and a guard would part what is linked in spite of them; what also begins otherwise is not compared. Where
# anything is missing, everything is compared.
_OTHER_NAME = "l.name_beginning <> r.name_beginning"
_OTHER_OWNER_NAME = "l.owner_beginning <> r.owner_beginning"
_FAR_NIKS = f"NOT {NEAR_NIK}"
BLOCKING_RULES = (
    BlockingRule("nik", ("nik15",)),
    BlockingRule("nib", ("nib",)),
    BlockingRule("phone", ("phone",), cap=SHARED_PHONE),
    BlockingRule("birth", ("birth_date", "owner_first_word", "regency")),
    BlockingRule("owner", ("village", "owner_key"), unless=f"{_OTHER_NAME} AND {_FAR_NIKS}"),
    BlockingRule("name", ("village", "full_name_key"), unless=f"{_OTHER_OWNER_NAME} AND {_FAR_NIKS}"),
    BlockingRule(
        "address",
        ("village", "house_number", "kbli"),
        ("village", "house_number", "left(kbli, 2)"),
        unless=f"{_OTHER_OWNER_NAME} AND {_OTHER_NAME} AND {_FAR_NIKS}",
    ),
    BlockingRule(
        "point",
        ("latitude", "longitude"),
        ("(latitude * 10000)::INTEGER", "(longitude * 10000)::INTEGER"),
        unless=f"{_OTHER_OWNER_NAME} AND {_OTHER_NAME} AND {_FAR_NIKS}",
    ),
    BlockingRule("cooperative", ("cooperative_number",)),
    BlockingRule("legal_entity", ("legal_entity",)),
)
PARTED_BY = "hash(owner_first_word, name_beginning)"
"""What an over-full block is keyed by anew: the owner's first word and how the name of the business begins."""
KEYS = ", ".join(
    (
        "row_id", "nik", "owner_beginning", "name_beginning", f"{PARTED_BY} AS part",
        *(f"{rule.key_sql} AS {rule.key}" for rule in BLOCKING_RULES),
    )
)  # fmt: skip
"""The columns of `keys`, of a prepared registration: what tells which registrations are compared, and its sound NIK."""
