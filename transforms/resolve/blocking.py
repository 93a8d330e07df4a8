"""Blocking rules: which pairs of prepared registrations are compared at all.

Belongs here: the keys, how large a block may be, and what is told apart at a glance. A pair is compared when it shares
any key. Never block on the name of a shop or of a person alone: such blocks grow with the country.
"""

from __future__ import annotations

from dataclasses import dataclass

from transforms.resolve.comparisons import NEAR_BIRTH, NEAR_NIK

BLOCK_CAP = 60
"""Most registrations of one block. A larger block is parted by `PARTED_BY`; what is still too large is not compared,
and counted in `register.stop_list`. So a registration is compared with at most 59 others by each rule, whatever
arrives."""
SHARED_PHONE = 8
"""A number on more registrations than this is a facilitator's or a place's, not a person's."""


@dataclass(frozen=True)
class Glance:
    """What tells a pair of a block apart before it is compared: a symmetric predicate over `columns` of two `keys`."""

    columns: tuple[str, ...]
    tells_apart: str


_OTHER_PERSON = f"NOT coalesce({NEAR_NIK}, {NEAR_BIRTH}, true)"
NO_GLANCE = Glance((), "false")
AT_PERSONS = Glance(("nik", "birth_date"), _OTHER_PERSON)
AT_PERSONS_AND_NAMES = Glance(
    ("nik", "birth_date", "name_beginning"),
    f"CASE WHEN l.name_beginning <> r.name_beginning THEN {_OTHER_PERSON} ELSE false END",
)


@dataclass(frozen=True)
class BlockingRule:
    """A key over the columns of a prepared registration; a registration that lacks any of them is in no block of it."""

    name: str
    columns: tuple[str, ...]
    expressions: tuple[str, ...] = ()
    cap: int = BLOCK_CAP
    glance: Glance = NO_GLANCE

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


# A place is the village, an area the district; what is not given is the next larger one. Neighbours and namesakes share
# them by chance. Two sound NIKs that no typing error makes one tell such a pair apart, and a guard would part what is
# linked in spite of them; where a NIK is missing, the birth dates do. Only what bears one name beside, as a business
# that changed hands may, is for people to see. Where neither is given, everything is compared.
BLOCKING_RULES = (
    BlockingRule("nik", ("nik15",)),
    BlockingRule("nib", ("nib",)),
    BlockingRule("phone", ("phone",), cap=SHARED_PHONE),
    BlockingRule("birth", ("birth_date", "owner_first_word", "regency")),
    BlockingRule("owner", ("area", "owner_key"), glance=AT_PERSONS_AND_NAMES),
    BlockingRule("name", ("place", "name_stem"), glance=AT_PERSONS),
    BlockingRule(
        "address",
        ("area", "house_number"),
        ("area", "house_number", "street_end"),
        glance=AT_PERSONS_AND_NAMES,
    ),
    BlockingRule(
        "point",
        ("latitude", "longitude"),
        ("(latitude * 10000)::INTEGER", "(longitude * 10000)::INTEGER"),
        glance=AT_PERSONS_AND_NAMES,
    ),
    BlockingRule("cooperative", ("cooperative_number",)),
    BlockingRule("legal_entity", ("legal_entity",)),
)
PARTED_BY = "hash(owner_first_word, name_beginning)"
"""What an over-full block is keyed by anew: the owner's first word and how the name of the business begins."""
KEYS = ", ".join(
    (
        "row_id", "nik", "birth_date", "name_beginning", f"{PARTED_BY} AS part",
        *(f"{rule.key_sql} AS {rule.key}" for rule in BLOCKING_RULES),
    )
)  # fmt: skip
"""The columns of `keys`, of a prepared registration: what tells which registrations are compared, and its sound NIK."""
