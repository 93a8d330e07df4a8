"""The rule book: every rule that judges a row, with its code, strength and sentence.

Belongs here: what is acceptable. Most rules are the contract's column constraints under their stable codes; rules that
speak of several columns stand here. Does not belong here: how rules are run (`suite.py`, `judge.py`). A code is never
reused for another meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.contract import Severity, fingerprint
from warehouse.registration import REGISTRATION

WAS_UNREAD = "coalesce(map_contains(unread, '{name}'), false)"
WAS_UNREAD_PATTERN = r"coalesce\(map_contains\(unread, '\w+'\), false\)"


@dataclass(frozen=True)
class Rule:
    """One judgement on a row of `lake.standardised`: it fails when the SQL predicate is true (NULL is no failure)."""

    code: str
    column_name: str
    fails_when: str
    sentence_id: str
    sentence_en: str
    severity: Severity


def _column_rules() -> list[Rule]:
    rules = []
    for column in REGISTRATION:
        for constraint in column.constraints:
            predicate = constraint.sql(column.name).replace(
                f"was_unread('{column.name}')", WAS_UNREAD.replace("{name}", column.name)
            )
            rules.append(
                Rule(
                    f"{column.name}_{constraint.suffix}".upper().rstrip("_"),
                    column.name,
                    predicate,
                    f"{column.name} {constraint.description_id}",
                    f"{column.name} {constraint.description}",
                    constraint.severity,
                )
            )
    return sorted(rules, key=lambda rule: (not _reports_unread_text(rule), not _needs_unread_text(rule)))


def _reports_unread_text(rule: Rule) -> bool:
    return re.fullmatch(WAS_UNREAD_PATTERN, rule.fails_when) is not None


def _needs_unread_text(rule: Rule) -> bool:
    return re.match(WAS_UNREAD_PATTERN, rule.fails_when) is not None


ROW_RULES = (
    *_column_rules(),
    Rule(
        "COOPERATIVE_NUMBER_MISSING",
        "cooperative_number",
        "business_kind = 'koperasi' AND cooperative_number IS NULL AND legal_entity_number IS NULL",
        "koperasi harus menyebut Nomor Induk Koperasi atau nomor badan hukum",
        "a cooperative must give its cooperative number or its legal-entity number",
        "warn",
    ),
    Rule(
        "DIGITAL_SINCE_YEAR_WITHOUT_CHANNEL",
        "digital_since_year",
        "digital_since_year IS NOT NULL AND uses_internet = false",
        "tahun_go_digital hanya diisi bila usaha memakai internet",
        "digital_since_year is only given where the business uses the internet",
        "warn",
    ),
    Rule(
        "COORDINATES_SWAPPED",
        "latitude",
        "latitude BETWEEN 94.9 AND 141.1 AND longitude BETWEEN -11.1 AND 6.1",
        "lintang dan bujur tertukar",
        "latitude and longitude must not be swapped",
        "warn",
    ),
    Rule(
        "COORDINATES_ZERO",
        "latitude",
        "latitude = 0 AND longitude = 0",
        "lintang dan bujur 0 bukan tempat di Indonesia; kosongkan bila tidak diukur",
        "latitude and longitude 0 are no place in Indonesia; leave them empty where none was measured",
        "warn",
    ),
)

RULES_FINGERPRINT = fingerprint(ROW_RULES)


def rule_codes_sql() -> str:
    """SQL for `rule_codes`: the codes of all rules a row breaks, NULL when none.

    Each rule is asked only of rows that may break it: the many rules about unread text, which stand first in the book,
    of rows that have one, and the others of rows that break at least one of them or have unread text.
    """
    of_unread = [rule for rule in ROW_RULES if _needs_unread_text(rule) and not _reports_unread_text(rule)]
    others = [rule for rule in ROW_RULES if not _needs_unread_text(rule)]
    unread = f"list_transform(map_keys(unread), lambda name: upper(name) || '_UNREAD') || {_broken(of_unread)}"
    suspect = " OR ".join(f"({re.sub(WAS_UNREAD_PATTERN, 'false', rule.fails_when)})" for rule in others)
    found = f"CASE WHEN unread IS NOT NULL THEN {unread} ELSE [] END || {_broken(others)}"
    return f"CASE WHEN unread IS NOT NULL OR {suspect} THEN nullif({found}, []) END"


def _broken(rules: Sequence[Rule]) -> str:
    codes = ", ".join(f"CASE WHEN {rule.fails_when} THEN '{rule.code}' END" for rule in rules)
    return f"list_filter([{codes}], lambda code: code IS NOT NULL)"


def is_quarantined_sql() -> str:
    """SQL that is true for a row whose `rule_codes` hold at least one quarantining rule."""
    codes = [rule.code for rule in ROW_RULES if rule.severity == "quarantine_row"]
    return f"list_has_any(rule_codes, {codes})"
