"""File gates: what must hold for a delivery as a whole before its rows are worth judging one by one.

Belongs here: the gates, each with its code, strength, limit and sentences, and what a sender is. Does not belong here:
rules about rows (`rules.py`), comparison with a sender's other deliveries (`drift.py`), how gates are run (`suite.py`).

A gate compares two aggregates of the delivery's rows with a fixed limit, never with other deliveries: what becomes of a
file must not depend on what arrived before it. A code is never reused for another meaning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expectations.rules import ROW_RULES, Rule
from warehouse.contract import Severity
from warehouse.registration import CHANNELS

UNPARSABLE_LIMIT_RATIO = 0.5
"""With more lines broken than whole, delimiter or quotes are wrong; nobody should repair them one by one."""
QUARANTINED_LIMIT_RATIO = 0.8
"""Where four of five records cannot be used, the rest is more likely luck than truth."""
MISNAMED_LIMIT_RATIO = 0.5
"""With more region names against their codes than for them, nothing says that the others are right."""
MISNAMED_WARNING_RATIO = 0.1
"""Where the two code systems differ in a province, they do for a sixth of its kabupaten/kota or more; typing errors are
rarer. The rows in question are quarantined, and the others agree with their names, so that they may stay."""
UNREAD_LIMIT_RATIO = 0.5
"""With more texts unread than read, the column is another one, or written in another form than the profile says."""
UNREAD_ROWS_RATIO = 0.1
"""A column that few records fill may be misread whole and still spoil few of them: their findings are enough, and the
other records are not to wait for it."""
LEAST_COUNT = 10
"""Below so many texts, one clerk's habit is half a column; a gate about a part of the rows then stays open."""
HEADERS_SHOWN_LIMIT = 10


@dataclass(frozen=True)
class FileFacts:
    """What reading a delivery told and its rows cannot: its broken lines and its headers."""

    unparsable_count: int
    header_count: int
    unknown_headers: tuple[str, ...]

    @property
    def variables(self) -> dict[str, int]:
        """The facts as the SQL variables that gates speak of."""
        return {
            "unparsable_count": self.unparsable_count,
            "header_count": self.header_count,
            "unknown_header_count": len(self.unknown_headers),
        }


@dataclass(frozen=True)
class Gate:
    """One judgement on a delivery: it fails when `part_sql` exceeds `limit_ratio` times `whole_sql`.

    Both are SQL aggregates over `lake.standardised` that may use `FileFacts.variables`. `seen_en` says what was found,
    with `{part}` and `{whole}`; the sentences say what must hold and how to get there.
    """

    code: str
    column_name: str | None
    part_sql: str
    whole_sql: str
    limit_ratio: float
    severity: Severity
    seen_en: str
    sentence_id: str
    sentence_en: str
    least_count: int = 1

    def reason(self, part: int, whole: int) -> str:
        """Why a delivery is refused here: what was seen, and what must hold."""
        return f"{self.seen_en.format(part=f'{part:,}', whole=f'{whole:,}')}; {self.sentence_en}"


def count_sql(predicate: str) -> str:
    """SQL aggregate: the rows for which `predicate` is true."""
    return f"count(CASE WHEN ({predicate}) THEN 1 END)"


def quarantined_count_sql(rules: Sequence[Rule] = ROW_RULES) -> str:
    """SQL aggregate: the rows that break a quarantining rule, counted from their values."""
    return count_sql(" OR ".join(f"({rule.fails_when})" for rule in rules if rule.severity == "quarantine_row"))


def sender_of(profile: str, regency_counts: Mapping[str, int]) -> str:
    """Who sent a delivery: its profile and the province of most of its regency codes, ties by code.

    `regency_counts` maps regency codes to their number of rows; without any, the province is `unknown`.
    """
    provinces: dict[str, int] = {}
    for regency, count in regency_counts.items():
        provinces[regency[:2]] = provinces.get(regency[:2], 0) + count
    province = min(provinces, key=lambda code: (-provinces[code], code), default="unknown")
    return f"{profile}/{province}"


def shown_headers(headers: Sequence[str]) -> str:
    """Headers as they may be shown: a text that does not look like a name may be a row's value and is only counted."""
    names = [header for header in headers if re.fullmatch(r"[a-z]+(_[a-z]+)*(_?[0-9]{1,4})?", header[:60])]
    parts = names[:HEADERS_SHOWN_LIMIT]
    if len(names) > HEADERS_SHOWN_LIMIT:
        parts.append(f"{len(names) - HEADERS_SHOWN_LIMIT} more")
    if len(headers) > len(names):
        parts.append(f"{len(headers) - len(names)} headers that do not look like names")
    return ", ".join(parts)


_BASE_OF_ATTAINMENT = {
    "business_kind",
    "enumerated_date",
    "business_status_code",
    "capital_idr",
    "omzet_idr",
    "digital_since_year",
    *(column.name for column in CHANNELS),
}
"""An unread value here changes the count itself (an unread channel counts as not digital), not only a row's quality."""


def _unread_gate(rule: Rule) -> Gate:
    column, unread = rule.column_name, count_sql(rule.fails_when)
    refuses = column in _BASE_OF_ATTAINMENT or rule.severity == "quarantine_row"
    return Gate(
        f"{column}_MOSTLY_UNREAD".upper(),
        column,
        f"CASE WHEN {unread} > {UNREAD_ROWS_RATIO} * count(*) THEN {unread} ELSE 0 END" if refuses else unread,
        f"count({column}) + {unread}",
        UNREAD_LIMIT_RATIO,
        "refuse_file" if refuses else "warn",
        f"{{part}} of {{whole}} texts of {column} cannot be read",
        f"{rule.sentence_id}; periksa apakah kolom dan tanda desimalnya benar, lalu ekspor ulang",
        f"{rule.sentence_en}; check whether it is the right column with the right decimal mark, and export again",
        LEAST_COUNT,
    )


def _code_system_gate(code: str, limit_ratio: float, severity: Severity) -> Gate:
    disagrees = next(rule for rule in ROW_RULES if rule.code == "REGENCY_CODE_DISAGREES_WITH_NAME")
    return Gate(
        code,
        "source_region_code",
        count_sql(disagrees.fails_when),
        "count(is_regency_name_agreed)",
        limit_ratio,
        severity,
        "{part} of {whole} region codes name another kabupaten/kota than the name beside them",
        "kode wilayah harus memakai sistem kode profil; ekspor ulang dengan sistem itu, atau ubah region_code_system"
        " pada profil (kemendagri atau bps)",
        "region codes must be of the profile's code system, export again in that system, or correct region_code_system"
        " in the profile (kemendagri or bps)",
        LEAST_COUNT,
    )


UNKNOWN_HEADERS = Gate(
    "FILE_UNKNOWN_HEADERS",
    None,
    "getvariable('unknown_header_count')",
    "getvariable('header_count')",
    0,
    "warn",
    "{part} of {whole} headers are unknown to the profile",
    "setiap kolom harus dikenal oleh profil; tambahkan nama lain atau ignored_headers pada profil",
    "each header must be known to the profile, name it there as an alias or among ignored_headers",
)

FILE_GATES = (
    Gate(
        "FILE_EMPTY",
        None,
        "CASE WHEN count(*) = 0 THEN 1 ELSE 0 END",
        "1",
        0,
        "refuse_file",
        "no line below the header is a record of this kind",
        "harus ada baris data di bawah kepala tabel; kirim ulang hasil ekspor",
        "there must be records below the header, send the export again",
    ),
    Gate(
        "FILE_MOSTLY_UNPARSABLE",
        None,
        "getvariable('unparsable_count')",
        "count(*) + getvariable('unparsable_count')",
        UNPARSABLE_LIMIT_RATIO,
        "refuse_file",
        "{part} of {whole} lines do not have the header's number of fields",
        "setiap baris harus memiliki jumlah kolom yang sama dengan kepala tabel; periksa pemisah kolom dan tanda kutip,"
        " lalu ekspor ulang",
        "each line must have as many fields as the header, check delimiter and quotes and export again",
    ),
    _code_system_gate("FILE_IN_OTHER_CODE_SYSTEM", MISNAMED_LIMIT_RATIO, "refuse_file"),
    _code_system_gate("FILE_PARTLY_IN_OTHER_CODE_SYSTEM", MISNAMED_WARNING_RATIO, "warn"),
    *(_unread_gate(rule) for rule in ROW_RULES if rule.code == f"{rule.column_name}_UNREAD".upper()),
    Gate(
        "FILE_MOSTLY_QUARANTINED",
        None,
        quarantined_count_sql(),
        "count(*)",
        QUARANTINED_LIMIT_RATIO,
        "refuse_file",
        "{part} of {whole} records break a quarantining rule",
        "sebagian besar baris harus dapat dipakai; periksa kolom dan sistem kode wilayah, lalu ekspor ulang",
        "most records must be usable, check the columns and the region code system and export again",
    ),
    UNKNOWN_HEADERS,
)
