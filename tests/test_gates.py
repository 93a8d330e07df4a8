"""File gates: a delivery that is wrong as a whole is refused with its cause and cure, and told so in one scan."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from conftest import SIDT_DEFAULTS, ingest_inbox, publish_all, published, write_sidt

from expectations import judge as judging
from expectations import suite
from expectations.gates import FILE_GATES, LEAST_COUNT, sender_of, shown_headers
from expectations.rules import ROW_RULES
from expectations.suite import ExpectationError
from flows import ingesting
from flows.settings import Settings
from warehouse.ledger import LedgerEntry


def rows(count: int, **values: str) -> list[dict[str, str]]:
    return [{"nomor_registrasi": f"R{place}", **values} for place in range(count)]


def only(settings: Settings, delivered: list[dict[str, str]]) -> LedgerEntry:
    write_sidt(settings.root.inbox / "a.csv", delivered)
    (entry,) = ingest_inbox(settings)
    return entry


def codes(entry: LedgerEntry) -> set[str]:
    return {finding["rule_code"] for finding in entry.findings}


def test_codes_are_unique_and_say_in_both_languages_what_must_hold() -> None:
    all_codes = [rule.code for rule in (*FILE_GATES, *ROW_RULES)]
    assert len(set(all_codes)) == len(all_codes)
    assert all(gate.sentence_id and gate.sentence_en and gate.sentence_id != gate.sentence_en for gate in FILE_GATES)
    assert {gate.severity for gate in FILE_GATES} == {"refuse_file", "warn"}


def test_a_sound_delivery_passes_every_gate(settings: Settings) -> None:
    entry = only(settings, rows(LEAST_COUNT))
    assert (entry.status, entry.findings) == ("validated", [])


@pytest.mark.parametrize(
    ("spoiled", "status", "code", "words"),
    [
        ({"omzet": "entah"}, "refused", "OMZET_IDR_MOSTLY_UNREAD", "of 20 texts of omzet_idr"),
        ({"jual_marketplace": "entah"}, "refused", "SELLS_ON_MARKETPLACE_MOSTLY_UNREAD", "sells_on_marketplace"),
        ({"no_telepon": "tidak ada nomor"}, "validated", "PHONE_MOSTLY_UNREAD", ""),
        ({"kode_wilayah": "32.71.01.2001"}, "refused", "FILE_IN_OTHER_CODE_SYSTEM", "region_code_system"),
        ({"nama_usaha": ""}, "refused", "FILE_MOSTLY_QUARANTINED", "18 of 20 records"),
    ],
)
def test_what_is_wrong_in_most_rows_is_wrong_with_the_file(
    settings: Settings, spoiled: dict[str, str], status: str, code: str, words: str
) -> None:
    delivered = rows(20)
    for row in delivered[:18]:
        row.update(spoiled)
    entry = only(settings, delivered)
    assert (entry.status, code in codes(entry)) == (status, True), entry.reason
    assert words in (entry.reason or "")
    finding = next(finding for finding in entry.findings if finding["rule_code"] == code)
    assert (finding["finding_count"], finding["evaluated_count"]) == (18, 20)


@pytest.mark.parametrize(
    ("spoiled", "code", "warning"),
    [
        ({"omzet": "entah"}, "OMZET_IDR_MOSTLY_UNREAD", None),
        ({"kode_wilayah": "32.71.01.2001"}, "FILE_IN_OTHER_CODE_SYSTEM", "FILE_PARTLY_IN_OTHER_CODE_SYSTEM"),
    ],
)
def test_half_of_the_rows_is_not_most_of_them(
    settings: Settings, spoiled: dict[str, str], code: str, warning: str | None
) -> None:
    delivered = rows(20)
    for row in delivered[:10]:
        row.update(spoiled)
    entry = only(settings, delivered)
    assert entry.status == "validated", entry.reason
    assert code not in codes(entry)
    assert warning is None or warning in codes(entry)


def test_a_gate_about_a_part_of_the_rows_stays_open_for_few_of_them(settings: Settings) -> None:
    entry = only(settings, rows(LEAST_COUNT - 1, omzet="entah"))
    assert entry.status == "validated", entry.reason


def test_a_misread_column_that_few_records_fill_does_not_refuse_the_others(settings: Settings) -> None:
    delivered = rows(200, tahun_go_digital="")
    for place, row in enumerate(delivered[:12]):
        row["tahun_go_digital"] = "entah" if place < 9 else "2021"
    entry = only(settings, delivered)
    assert entry.status == "validated", entry.reason
    (finding,) = [finding for finding in entry.findings if finding["rule_code"] == "DIGITAL_SINCE_YEAR_UNREAD"]
    assert finding["finding_count"] == 9


def test_what_a_refused_delivery_is_to_repair_is_published(settings: Settings) -> None:
    only(settings, [*rows(18, nama_usaha=""), *rows(2)])
    publish_all(settings)
    assert published(
        settings, "SELECT rule_code, severity, finding_count, evaluated_count FROM quality.findings ORDER BY 1"
    ) == [
        ("BUSINESS_NAME_MISSING", "quarantine_row", 18, 20),
        ("FILE_MOSTLY_QUARANTINED", "refuse_file", 18, 20),
    ]
    assert published(settings, "SELECT status, sender FROM quality.deliveries") == [("refused", "sidt-2022/32")]


def test_unknown_headers_are_named_where_they_look_like_names(settings: Settings) -> None:
    header = ";".join([*SIDT_DEFAULTS, "catatan", "3201014101807777", "omzet_2021"])
    record = ";".join([*SIDT_DEFAULTS.values(), "", "", ""])
    (settings.root.inbox / "a.csv").write_text(f"{header}\n{record}\n", encoding="utf-8")
    (entry,) = ingest_inbox(settings)
    (finding,) = [finding for finding in entry.findings if finding["rule_code"] == "FILE_UNKNOWN_HEADERS"]
    assert finding["evidence"] == "catatan, omzet_2021, 1 headers that do not look like names"
    assert (finding["finding_count"], finding["evaluated_count"]) == (3, len(SIDT_DEFAULTS) + 3)
    assert entry.status == "validated"
    assert "3201014101807777" not in json.dumps(entry.__dict__, default=str)


def test_shown_headers_never_show_numbers_addresses_or_many() -> None:
    assert shown_headers(["3201014101800001", "jl_mawar_no_1_rt_02", "081234567890"]) == (
        "3 headers that do not look like names"
    )
    assert shown_headers([f"kolom_{place}" for place in range(12)]).endswith("kolom_9, 2 more")


def test_a_sender_is_a_profile_and_its_most_frequent_province_ties_by_code() -> None:
    assert sender_of("sidt-2022", {"32.01": 2, "32.71": 1, "11.01": 2}) == "sidt-2022/32"
    assert sender_of("sidt-2022", {"32.01": 2, "11.01": 2}) == "sidt-2022/11"
    assert sender_of("sidt-2022", {}) == "sidt-2022/unknown"


def test_great_expectations_sends_one_query_to_the_rows_of_a_delivery(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ingesting.JUDGING, "call", lambda function, *arguments: function(*arguments)
    )  # where it is seen
    only(settings, rows(1))  # the context and its view are checked once in a process
    sent: list[str] = []
    execute = suite._BufferedCursor.execute
    monkeypatch.setattr(
        suite._BufferedCursor,
        "execute",
        lambda self, operation, parameters=None: sent.append(operation) or execute(self, operation, parameters),
    )
    write_sidt(settings.root.inbox / "b.csv", rows(30))
    (entry,) = ingest_inbox(settings)
    (statement,) = sent
    assert all(rule.fails_when in statement for rule in ROW_RULES)
    assert all(gate.part_sql in statement and gate.whole_sql in statement for gate in FILE_GATES)
    assert judging.MEASURES_SQL in statement
    assert "rule_codes" not in statement and "verdict" not in statement  # counted from values, never from the marks
    assert entry.measures["row_count"] == 30


def test_deliveries_judged_side_by_side_are_each_judged_by_their_own_rows(settings: Settings) -> None:
    sizes = {f"{place}.csv": size for place, size in enumerate((3, 12, 7, 30, 5, 18))}
    for name, size in sizes.items():
        write_sidt(settings.root.inbox / name, rows(size, nama_pemilik=f"CONTOH {name}", nama_usaha=""))
    ingesting.land_inbox(settings)
    with ThreadPoolExecutor(3) as pool:
        entries = list(pool.map(lambda file: ingesting.ingest(settings, file), ingesting.plan_deliveries(settings)))
    assert {entry.file_name: entry.measures["row_count"] for entry in entries} == sizes
    assert {entry.file_name: entry.measures["quarantined_count"] for entry in entries} == sizes


def test_an_error_in_a_gate_stops_the_run_and_shows_no_value(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(
        ingesting.JUDGING, "call", lambda function, *arguments: function(*arguments)
    )  # where it is seen
    broken = replace(FILE_GATES[0], code="BROKEN", part_sql="max(CAST(owner_name AS INTEGER))")
    monkeypatch.setattr(judging.judge, "__defaults__", (ROW_RULES, (*FILE_GATES, broken)))
    write_sidt(settings.root.inbox / "a.csv", rows(2, nama_pemilik="KENARI SATU"))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ExpectationError, match="nothing was published") as raised:
        ingest_inbox(settings)
    output = capsys.readouterr()
    assert "KENARI" not in str(raised.value) + output.out + output.err + caplog.text


def test_a_delivery_without_any_row_is_refused_through_the_same_query(tmp_path: Path) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE none_at_all (digit INTEGER)")
    empty = FILE_GATES[0]
    observed = suite.observe(con, "none_at_all", [], [empty])
    assert (observed.counts["FILE_EMPTY"].is_failed, observed.is_refused) == (True, True)
