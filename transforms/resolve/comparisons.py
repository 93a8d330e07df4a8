"""Comparisons: how two prepared registrations are held against each other, one after the other, as levels.

Belongs here: what is compared and what its levels mean. Does not belong here: what a level is worth (`weights.csv`).
The terms are those of Fellegi and Sunter (1969): a pair's pattern is the level of each comparison; level 0 is always
"one side is missing", which is evidence for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["owner", "business"]


@dataclass(frozen=True)
class Level:
    """One level: its name and the SQL predicate over the prepared records `l` and `r`; the first that holds is it."""

    name: str
    holds_when: str


@dataclass(frozen=True)
class Comparison:
    """One comparison: levels from the best agreement to `different`, which holds whenever both sides are given."""

    name: str
    side: Side
    levels: tuple[Level, ...]
    missing_when: str

    @property
    def level_names(self) -> tuple[str, ...]:
        """Names by digit: 0 is missing, 1 the first level."""
        return ("missing", *(level.name for level in self.levels), "different")

    @property
    def digit_sql(self) -> str:
        """The level of a pair as a digit."""
        levels = " ".join(f"WHEN {level.holds_when} THEN {digit}" for digit, level in enumerate(self.levels, 1))
        return f"CASE WHEN {self.missing_when} THEN 0 {levels} ELSE {len(self.levels) + 1} END"


def _either_null(*columns: str) -> str:
    return " OR ".join(f"{side}.{column} IS NULL" for column in columns for side in ("l", "r"))


NEAR_NIK_DISTANCE = 2
"""Digits in which two NIKs may differ and still be one, mistyped."""
NEAR_NIK = f"hamming(l.nik::VARCHAR, r.nik::VARCHAR) <= {NEAR_NIK_DISTANCE}"
NEAR_BIRTH = (
    "(year(l.birth_date) = year(r.birth_date))::INT + (month(l.birth_date) = month(r.birth_date))::INT"
    " + (day(l.birth_date) = day(r.birth_date))::INT >= 2"
)
_SHARED_PHONE = "phone IN (SELECT key FROM over_full WHERE blocking_rule = 'phone')"
COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "nik",
        "owner",
        (
            Level("equal", "l.nik = r.nik"),
            Level("equal_15_digits", "l.nik15 = r.nik15 AND (l.nik IS NULL OR r.nik IS NULL)"),
            Level("near", f"l.nik IS NOT NULL AND r.nik IS NOT NULL AND {NEAR_NIK}"),
        ),
        _either_null("nik15"),
    ),
    Comparison("nib", "owner", (Level("equal", "l.nib = r.nib"),), _either_null("nib")),
    Comparison(
        "owner_name",
        "owner",
        (
            Level("equal", "l.owner_key = r.owner_key OR l.owner_name = r.owner_name"),
            Level("close", "jaro_winkler_similarity(l.owner_name, r.owner_name) >= 0.94"),
            Level("first_word", "l.owner_first_word = r.owner_first_word"),
        ),
        _either_null("owner_name"),
    ),
    Comparison(
        # The birth date is in the NIK: where the NIKs agree, or nearly, it says nothing more.
        "birth_date",
        "owner",
        (
            Level("equal", "l.birth_date = r.birth_date"),
            Level("near", NEAR_BIRTH),
        ),
        f"{_either_null('birth_date')} OR coalesce(l.nik = r.nik OR {NEAR_NIK}, false)",
    ),
    Comparison(
        "phone",
        "owner",
        (
            Level("equal_shared", f"l.phone = r.phone AND l.{_SHARED_PHONE}"),
            Level("equal", "l.phone = r.phone"),
        ),
        _either_null("phone"),
    ),
    Comparison(
        "business_name",
        "business",
        (
            Level("equal", "l.full_name = r.full_name AND l.core_name IS NOT NULL"),
            Level("equal_core", "l.core_name = r.core_name"),
            Level("equal_generic", "l.full_name = r.full_name"),
            Level(
                "close",
                "jaro_winkler_similarity(l.core_name, r.core_name) >= 0.94 OR (l.core_name IS NOT NULL"
                " AND r.core_name IS NOT NULL AND length(l.full_name) >= 8"
                " AND abs(length(l.full_name) - length(r.full_name)) <= 2"  # as in what follows, and cheap to tell
                " AND jaro_winkler_similarity(l.full_name, r.full_name) > 0.8"
                " AND levenshtein(l.full_name, r.full_name) <= 2)",
            ),
            Level(
                "contained",
                "(length(l.core_name) >= 5 AND contains(r.full_name, l.core_name)) OR"
                " (length(r.core_name) >= 5 AND contains(l.full_name, r.core_name))",
            ),
            Level("generic", "l.core_name IS NULL OR r.core_name IS NULL"),
        ),
        _either_null("full_name"),
    ),
    Comparison(
        "branch",
        "business",
        (Level("equal", "l.branch = r.branch"),),
        f"{_either_null('branch')} OR (l.branch = '' AND r.branch = '')",
    ),
    Comparison(
        "location",
        "business",
        (
            Level("same_point", "abs(l.latitude - r.latitude) < 0.001 AND abs(l.longitude - r.longitude) < 0.001"),
            Level(
                "same_address",
                "l.house_number = r.house_number AND (l.place = r.place OR l.district = r.district)"
                " AND jaro_winkler_similarity(street_of(l.address), street_of(r.address)) >= 0.9",
            ),
            Level(
                "same_village_no_address",
                "l.village = r.village AND (l.latitude IS NULL OR r.latitude IS NULL)"
                " AND (l.house_number IS NULL OR r.house_number IS NULL)",
            ),
            Level("same_village", "l.village = r.village"),
            Level("same_district", "l.district = r.district"),
            Level("same_regency", "l.regency = r.regency"),
        ),
        _either_null("regency"),
    ),
    Comparison(
        "kbli",
        "business",
        (
            Level("equal", "l.kbli = r.kbli"),
            Level("same_group", "left(l.kbli, 3) = left(r.kbli, 3)"),
            Level("same_division", "left(l.kbli, 2) = left(r.kbli, 2)"),
        ),
        _either_null("kbli"),
    ),
    Comparison(
        "started_year",
        "business",
        (Level("equal", "l.started_year = r.started_year"), Level("near", "abs(l.started_year - r.started_year) <= 2")),
        _either_null("started_year"),
    ),
    Comparison(
        "cooperative_number",
        "business",
        (Level("equal", "l.cooperative_number = r.cooperative_number"),),
        _either_null("cooperative_number"),
    ),
    Comparison(
        "legal_entity", "business", (Level("equal", "l.legal_entity = r.legal_entity"),), _either_null("legal_entity")
    ),
)


def pattern_sql(comparisons: Sequence[Comparison] = COMPARISONS) -> str:
    """The pattern of a pair as one number, a decimal digit for each comparison, the first one highest."""
    return " + ".join(
        f"({comparison.digit_sql})::BIGINT * {10 ** (len(comparisons) - 1 - place)}"
        for place, comparison in enumerate(comparisons)
    )
