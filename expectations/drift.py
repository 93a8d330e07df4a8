"""Drift: how a delivery differs from what the same sender delivered before.

Belongs here: what is measured of each delivery, and the rules that compare. Does not belong here: fixed limits for one
file (`gates.py`).

Drift is found when a release is made, over all deliveries there are, and never when a file arrives: it is a function of
the set of deliveries, so that a shuffled order of arrival gives the same release. A sender's deliveries are put in the
order of their data date, ties by delivery number, and each is compared with those before it:

- against the previous delivery, as warnings: number of rows, empty share of each column, new codes and vanished ones;
- against all earlier ones together: the share of quarantined rows. Far above the sender's usual share, the delivery is
  held: it stays out of the release, with its reason, until rules or history say otherwise. A held delivery is no
  history for those after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from expectations.gates import quarantined_count_sql
from warehouse.contract import Severity
from warehouse.registration import REGISTRATION

ROW_COUNT_LIMIT_FACTOR = 2.0
"""Twice or half the rows is another scope of the export; the census grows by less between two deliveries."""
LEAST_ROW_COUNT = 20
"""Two deliveries of fewer rows than this are samples, and their sizes mean nothing."""
NULL_SHARE_LIMIT = 0.1
"""A question left empty by one more respondent in ten is a changed form, not a changed public."""
CODE_CHANCE_LIMIT = 1e-4
"""A code is new or vanished where chance would put all its rows on one side once in ten thousand times: a delivery is
asked about some hundred codes, of which many are rare, and is not to be warned each time of another one."""
QUARANTINED_LIMIT = 0.2
"""Points above the sender's usual share from which repairing at the source is worth more than counting the rest."""
MARGIN_DEVIATIONS = 3.0
"""Shares are compared with so many standard deviations of chance on top, so that small files do not flap."""
CODES_SHOWN_LIMIT = 10

CODED = {
    "kbli_code": "substr(kbli_code, 1, 2)",
    "business_status_code": "CAST(business_status_code AS VARCHAR)",
    "legal_form_code": "legal_form_code",
    "regency_code": "regency_code",
}
"""Coded columns and the code that is followed; of KBLI the division, since five digits are as many as trades."""
_COUNTED = tuple(column.name for column in REGISTRATION if column.reader or column.name in CODED)

_GIVEN_COUNTS = ", ".join(f"'{name}': count({name})" for name in _COUNTED)
_CODE_COUNTS = ", ".join(f"'{name}': histogram({code})" for name, code in CODED.items())
MEASURES_SQL = (
    f"{{'row_count': count(*), 'quarantined_count': {quarantined_count_sql()},"
    # The middle record's day: the last one is as often a typing error as the last day.
    " 'data_date': CAST(quantile_disc(greatest(enumerated_date, updated_date), 0.5) AS VARCHAR),"
    f" 'given_counts': {{{_GIVEN_COUNTS}}}, 'code_counts': {{{_CODE_COUNTS}}}}}"
)
"""SQL aggregate: what is remembered of a delivery for comparison, as one struct; counts and codes only."""


@dataclass(frozen=True)
class DriftRule:
    """One comparison with earlier deliveries, the `limit` beyond which it is found, and its sentences."""

    code: str
    severity: Severity
    limit: float
    sentence_id: str
    sentence_en: str


ROW_COUNT = DriftRule(
    "DRIFT_ROW_COUNT",
    "warn",
    ROW_COUNT_LIMIT_FACTOR,
    "jumlah baris jauh berbeda dari kiriman sebelumnya; pastikan cakupan ekspor tidak berubah",
    "the number of rows is far from that of the previous delivery; make sure that the scope of the export is the same",
)
NULL_SHARE = DriftRule(
    "DRIFT_NULL_SHARE",
    "warn",
    NULL_SHARE_LIMIT,
    "bagian kolom yang kosong jauh berbeda dari kiriman sebelumnya; periksa kolom itu pada ekspor",
    "the empty share of the column is far from that of the previous delivery; check the column in the export",
)
NEW_CODES = DriftRule(
    "DRIFT_NEW_CODES",
    "warn",
    CODE_CHANCE_LIMIT,
    "ada kode yang tidak muncul pada kiriman sebelumnya; pastikan daftar kode tidak berubah",
    "there are codes that the previous delivery did not have; make sure that the code list is the same",
)
VANISHED_CODES = DriftRule(
    "DRIFT_VANISHED_CODES",
    "warn",
    CODE_CHANCE_LIMIT,
    "ada kode pada kiriman sebelumnya yang tidak muncul lagi; pastikan daftar kode dan cakupan ekspor tidak berubah",
    "codes of the previous delivery are gone; make sure that the code list and the scope of the export are the same",
)
QUARANTINED_SHARE = DriftRule(
    "DRIFT_QUARANTINED_SHARE",
    "refuse_file",
    QUARANTINED_LIMIT,
    "bagian baris yang dikarantina jauh di atas kebiasaan pengirim; perbaiki dan kirim ulang hasil ekspor",
    "the share of quarantined rows is far above the sender's usual one; repair the export and send it again",
)
DRIFT_RULES = (ROW_COUNT, NULL_SHARE, NEW_CODES, VANISHED_CODES, QUARANTINED_SHARE, LEAST_ROW_COUNT, MARGIN_DEVIATIONS)


@dataclass(frozen=True)
class Measured:
    """One delivery as drift sees it: who sent it, and what `MEASURES_SQL` yielded."""

    delivery_id: int
    sender: str
    row_count: int
    quarantined_count: int
    data_date: str | None
    given_counts: Mapping[str, int]
    code_counts: Mapping[str, Mapping[str, int] | None]

    @property
    def place(self) -> tuple[str, int]:
        """Its place among the sender's deliveries."""
        return self.data_date or "", self.delivery_id


@dataclass(frozen=True)
class Drift:
    """The findings of drift as records of `quality.drift`, and the deliveries that are held, each with its reason."""

    findings: list[dict[str, Any]]
    held: dict[int, str]


def find_drift(deliveries: Iterable[Measured]) -> Drift:
    """Compare each delivery with the earlier ones of its sender; the order of `deliveries` is of no consequence."""
    drift = Drift([], {})
    ordered = sorted(deliveries, key=lambda delivery: (delivery.sender, delivery.place))
    for _, of_sender in groupby(ordered, key=lambda delivery: delivery.sender):
        history: list[Measured] = []
        for delivery in of_sender:
            if history:
                drift.findings.extend(_against_previous(delivery, history[-1]))
            usual_count = sum(earlier.quarantined_count for earlier in history)
            usual_rows = sum(earlier.row_count for earlier in history)
            if _is_far_above(delivery.quarantined_count, delivery.row_count, usual_count, usual_rows):
                share, usual = delivery.quarantined_count / delivery.row_count, usual_count / usual_rows
                drift.findings.append(_finding(QUARANTINED_SHARE, delivery, None, None, usual, share))
                drift.held[delivery.delivery_id] = (
                    f"{share:.1%} of its records are quarantined, {usual:.1%} of those delivered before by its sender;"
                    " repair the export and send it again"
                )
            else:
                history.append(delivery)
    return drift


def margin(part: int, whole: int, other_part: int, other_whole: int) -> float:
    """How far two shares may be apart by chance: so many standard deviations of their difference.

    One success and one failure are added, so that a share of none in few rows is not taken for certain.
    """
    pooled = (part + other_part + 1) / (whole + other_whole + 2)
    variance = pooled * (1 - pooled) * (1 / whole + 1 / other_whole)
    return float(MARGIN_DEVIATIONS * variance**0.5)


def _is_far_above(part: int, whole: int, usual_part: int, usual_whole: int) -> bool:
    if not whole or not usual_whole:
        return False
    return part / whole - usual_part / usual_whole > QUARANTINED_LIMIT + margin(part, whole, usual_part, usual_whole)


def _against_previous(delivery: Measured, previous: Measured) -> Iterable[dict[str, Any]]:
    rows, rows_before = delivery.row_count, previous.row_count
    larger, smaller = max(rows, rows_before), min(rows, rows_before)
    if larger >= LEAST_ROW_COUNT and larger > ROW_COUNT_LIMIT_FACTOR * smaller:
        yield _finding(ROW_COUNT, delivery, previous, None, rows_before, rows)
    if not smaller:
        return
    for column, given in delivery.given_counts.items():
        empty, empty_before = rows - given, rows_before - previous.given_counts.get(column, 0)
        limit = NULL_SHARE_LIMIT + margin(empty, rows, empty_before, rows_before)
        if abs(empty / rows - empty_before / rows_before) > limit:
            yield _finding(NULL_SHARE, delivery, previous, column, empty_before / rows_before, empty / rows)
    for column, counts in delivery.code_counts.items():
        now, before = counts or {}, previous.code_counts.get(column) or {}
        if codes := _on_one_side(now, rows, before, rows_before):
            yield _finding(NEW_CODES, delivery, previous, column, 0, sum(now[code] for code in codes), _shown(codes))
        if codes := _on_one_side(before, rows_before, now, rows):
            gone = sum(before[code] for code in codes)
            yield _finding(VANISHED_CODES, delivery, previous, column, gone, 0, _shown(codes))


def _on_one_side(counts: Mapping[str, int], rows: int, others: Mapping[str, int], other_rows: int) -> list[str]:
    """The codes of `counts` that `others` lack by more than chance.

    Had nothing changed, each row of a code would be in `counts` with the share of its rows in both deliveries together.
    """
    share = rows / (rows + other_rows)
    return sorted(code for code, count in counts.items() if code not in others and share**count < CODE_CHANCE_LIMIT)


def _shown(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - CODES_SHOWN_LIMIT} more" if len(codes) > CODES_SHOWN_LIMIT else ""
    return ", ".join(codes[:CODES_SHOWN_LIMIT]) + more


def _finding(
    rule: DriftRule,
    delivery: Measured,
    previous: Measured | None,
    column: str | None,
    before: float,
    now: float,
    evidence: str | None = None,
) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "previous_delivery_id": previous.delivery_id if previous else None,
        "rule_code": rule.code,
        "severity": rule.severity,
        "column_name": column,
        "previous_value": float(before),
        "current_value": float(now),
        "evidence": evidence,
        "sentence_id": rule.sentence_id,
        "sentence_en": rule.sentence_en,
    }
