"""Drift: what a sender delivers is compared with what it delivered before, whatever the order of arrival."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import ingest_inbox, publish_all, published, write_sidt

from expectations.drift import Measured, find_drift, margin
from flows import ingesting
from flows.settings import Settings


def delivery(number: int, rows: int = 1000, quarantined: int = 0, sender: str = "s/32", **other: Any) -> Measured:
    """A delivery of day `number`; by default every row gives `nik`, and the KBLI division 56."""
    measured: dict[str, Any] = {
        "data_date": f"2022-06-{number:02d}",
        "given_counts": {"nik": rows},
        "code_counts": {"kbli_code": {"56": rows}},
    }
    return Measured(number, sender, rows, quarantined, **(measured | other))


def codes(*deliveries: Measured) -> list[tuple[int, str, str | None]]:
    return [(row["delivery_id"], row["rule_code"], row["column_name"]) for row in find_drift(deliveries).findings]


def test_a_sender_that_delivers_as_before_does_not_drift() -> None:
    assert codes(delivery(1), delivery(2, 1100), delivery(3, 900)) == []


@pytest.mark.parametrize(
    ("second", "code", "column", "before", "now"),
    [
        (delivery(2, 2001), "DRIFT_ROW_COUNT", None, 1000, 2001),
        (delivery(2, 499), "DRIFT_ROW_COUNT", None, 1000, 499),
        (delivery(2, given_counts={"nik": 800}), "DRIFT_NULL_SHARE", "nik", 0, 0.2),
        (delivery(2, code_counts={"kbli_code": {"56": 980, "47": 20}}), "DRIFT_NEW_CODES", "kbli_code", 0, 20),
    ],
)
def test_each_kind_of_drift_is_a_warning_with_both_figures(
    second: Measured, code: str, column: str | None, before: float, now: float
) -> None:
    (finding,) = find_drift([delivery(1), second]).findings
    assert finding["severity"] == "warn"
    assert (finding["delivery_id"], finding["previous_delivery_id"]) == (2, 1)
    assert (finding["rule_code"], finding["column_name"]) == (code, column)
    assert (finding["previous_value"], finding["current_value"]) == pytest.approx((before, now))
    assert finding["sentence_id"] != finding["sentence_en"]


def test_a_code_that_vanished_is_a_warning_with_both_figures() -> None:
    before = delivery(1, code_counts={"kbli_code": {"56": 960, "47": 40}})
    (finding,) = find_drift([before, delivery(2)]).findings
    assert (finding["rule_code"], finding["severity"], finding["column_name"]) == (
        "DRIFT_VANISHED_CODES",
        "warn",
        "kbli_code",
    )
    assert (finding["previous_value"], finding["current_value"], finding["evidence"]) == (40, 0, "47")


def drawn_codes(random: Random, weights: list[float], rows: int, day: int) -> Measured:
    """A delivery whose codes are drawn by `weights`: the same public each time."""
    codes = Counter(random.choices([f"{code:02d}" for code in range(len(weights))], weights, k=rows))
    return delivery(day, rows, given_counts={}, code_counts={"kbli_code": codes})


@pytest.mark.parametrize(("before", "now"), [(50, 50), (1000, 1000), (1000, 1900), (1900, 1000)])
def test_rare_codes_of_an_unchanged_public_come_and_go_without_a_warning(before: int, now: int) -> None:
    random = Random(65)
    rare = [1 / (place + 1) ** 1.3 for place in range(60)]  # many codes, most of them rare: as trades are
    warned = sum(
        bool(codes(drawn_codes(random, rare, before, 1), drawn_codes(random, rare, now, 2))) for _ in range(200)
    )
    assert warned <= 4


def test_what_is_within_the_limits_or_within_chance_is_no_drift() -> None:
    assert codes(delivery(1), delivery(2, 2000)) == []
    assert codes(delivery(1), delivery(2, given_counts={"nik": 910})) == []
    assert codes(delivery(1), delivery(2, code_counts={"kbli_code": {"56": 998, "47": 2}})) == []
    few = {"given_counts": {"nik": 5}, "code_counts": {"kbli_code": {"56": 8, "47": 2}}}
    assert codes(delivery(1, 10), delivery(2, 10, **few)) == []
    assert codes(delivery(1, 3), delivery(2, 12)) == []


def test_only_deliveries_of_one_sender_are_compared_each_with_the_one_before_it() -> None:
    assert codes(delivery(1), delivery(2, 9000, sender="s/11")) == []
    assert codes(delivery(3, 5000), delivery(1), delivery(2, 5000)) == [(2, "DRIFT_ROW_COUNT", None)]
    same_day = {"data_date": "2022-06-01"}
    assert codes(delivery(5, 9000, **same_day), delivery(4, **same_day)) == [(5, "DRIFT_ROW_COUNT", None)]


def test_a_share_of_quarantine_far_above_the_usual_one_holds_the_delivery() -> None:
    drift = find_drift([delivery(1, quarantined=20), delivery(2, quarantined=40), delivery(3, quarantined=300)])
    assert list(drift.held) == [3]
    assert "30.0% of its records are quarantined, 3.0%" in drift.held[3]
    (finding,) = drift.findings
    assert (finding["rule_code"], finding["severity"]) == ("DRIFT_QUARANTINED_SHARE", "refuse_file")
    assert (finding["previous_value"], finding["current_value"]) == pytest.approx((0.03, 0.3))


def test_a_held_delivery_is_no_history() -> None:
    bad = [delivery(day, quarantined=500) for day in (2, 3, 4)]
    assert list(find_drift([delivery(1), *bad]).held) == [2, 3, 4]


def test_a_small_file_does_not_flap() -> None:
    assert find_drift([delivery(1, 10), delivery(2, 10, quarantined=5)]).held == {}
    assert list(find_drift([delivery(1, 1000), delivery(2, 1000, quarantined=500)]).held) == [2]
    assert margin(0, 10, 0, 10) > 5 * margin(0, 1000, 0, 1000)


def test_the_order_in_which_deliveries_are_given_is_of_no_consequence() -> None:
    deliveries = [
        delivery(1, 500),
        delivery(2, 2000, quarantined=900),
        delivery(2, 3000, sender="s/11"),
        delivery(3, 600, quarantined=10),
        delivery(4, 300, sender="s/11"),
    ]
    outcomes = [find_drift(order) for order in itertools.permutations(deliveries)]
    assert (len(outcomes[0].findings), list(outcomes[0].held)) == (3, [2])
    assert all(outcome == outcomes[0] for outcome in outcomes)


def exports(folder: Path) -> list[Path]:
    """Three deliveries of one sender on three days; half of the last one is to be quarantined."""
    folder.mkdir()
    return [
        write_sidt(
            folder / f"{day}.csv",
            [
                {
                    "nomor_registrasi": f"R{day}-{place}",
                    "nik": f"32010141018{place:03d}{day:02d}",
                    "tanggal_pendataan": f"{day}/06/2022",
                    "tanggal_pembaruan": f"{day}/06/2022",
                    "nama_usaha": "" if day == 3 and place % 2 else f"KIOS {day} {place}",
                    "kode_kbli": "47112" if day == 2 else "56102",
                }
                for place in range(60)
            ],
        )
        for day in (1, 2, 3)
    ]


def test_a_shuffled_arrival_gives_the_same_release_and_what_is_held_stays_out_of_it(tmp_path: Path) -> None:
    releases = []
    for name, order in (("first", (0, 1, 2)), ("second", (2, 0, 1))):
        settings = Settings(home=tmp_path / name, memory="1GB", threads=2)
        ingesting.open_data_root(settings)
        for place in order:  # one night each
            path = exports(tmp_path / f"{name}-{place}")[place]
            path.rename(settings.root.inbox / path.name)
            ingest_inbox(settings)
        publish_all(settings)
        tables = [
            "quality.drift",
            "quality.deliveries",
            "quality.findings",
            "quality.row_balance",
            "quality.quarantined_rows",
            "marts.attainment_province",
            "register.memberships",
        ]
        releases.append({table: published(settings, f"SELECT * FROM {table} ORDER BY ALL") for table in tables})
    assert releases[0] == releases[1]
    assert published(settings, "SELECT file_name, status, data_date::VARCHAR FROM quality.deliveries ORDER BY 1") == [
        ("1.csv", "validated", "2022-06-01"),
        ("2.csv", "validated", "2022-06-02"),
        ("3.csv", "held", "2022-06-03"),
    ]
    assert published(settings, "SELECT count(*) FROM register.memberships") == [(120,)]
    assert published(settings, "SELECT count(*) FROM quality.quarantined_rows") == [(30,)]
    assert published(settings, "SELECT delivery_count, held_count, refused_count FROM meta.publication") == [(2, 1, 0)]
    assert published(
        settings,
        "SELECT file_name, rule_code, drift.column_name, evidence FROM quality.drift JOIN quality.deliveries USING (delivery_id)"
        " ORDER BY ALL",
    ) == [
        ("2.csv", "DRIFT_NEW_CODES", "kbli_code", "47"),
        ("2.csv", "DRIFT_VANISHED_CODES", "kbli_code", "56"),
        ("3.csv", "DRIFT_NEW_CODES", "kbli_code", "56"),
        ("3.csv", "DRIFT_NULL_SHARE", "business_name", None),
        ("3.csv", "DRIFT_QUARANTINED_SHARE", None, None),
        ("3.csv", "DRIFT_VANISHED_CODES", "kbli_code", "47"),
    ]
