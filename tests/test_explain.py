"""Explain: why registrations are one business or not, without a personal value unless it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from conftest import as_bps, drawn, ingest_inbox, publish_all, published, stranger, write_bps, write_sidt
from test_resolve import SHORT, located

from flows import ingesting
from flows.cli import screens
from flows.cli.explain import explain
from flows.explaining import ExplainError, hold_together
from flows.explaining import register as explaining
from flows.explaining.explain import _shortest
from flows.settings import Settings
from warehouse.decisions import LinkDecision, save_decisions

CANARY = {
    "nik": "3201014101807777",
    "pemilik": "KENARI SATU",
    "telp": "081255512345",
    "lahir": "07/07/1977",
}
WORDS = ("KENARI", "3201014101807777", "81255512345", "PURNAMA", "1977-07-07", "-6.401")
"""Of owner, NIK, phone, business name and address, birth date and latitude."""

SHOPS = """
    | no | nama           | kbli  | di        | kec      | desa   | mulai | ubah       |
    | R1 | WARUNG PURNAMA | 56102 | PURNAMA 1 | CIBINONG | DESA X | 2015  | 20/06/2022 |
    | R1 | WARUNG PURNAMA | 56102 | PURNAMA 1 | CIBINONG | DESA X | 2015  | 25/06/2022 |
    | R2 | Waroeng Poernama | 56103 | PURNAMA 1 | CIBINONG | DESA X | 2015  | 20/06/2022 |
    | R3 | BENGKEL PURNAMA JAYA | 45407 | PURNAMA 8 | CIBINONG | DESA X | 2009  | 20/06/2022 |
"""
DECIDED = [
    LinkDecision("must_link", "sidt", "R5", "sidt", "R4", "surat desa", "petugas", date(2024, 2, 1)),
    LinkDecision("must_link", "sidt", "R5", "sidt", "R7", "surat desa", "petugas", date(2024, 2, 1)),
    LinkDecision("cannot_link", "sidt", "R10", "sidt", "R11", "dua kios", "petugas", date(2024, 2, 1)),
]
Tell = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Two versions: in the second a person links three strangers, whose ids merge, and parts what was one."""
    settings = Settings(home=tmp_path_factory.mktemp("explain") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    inbox = settings.root.inbox
    shops = [located({SHORT.get(name, name): text for name, text in (row | CANARY).items()}) for row in drawn(SHOPS)]
    strangers = [{**stranger(place), "nomor_registrasi": f"R{place}"} for place in (4, 5, 6, 7)]
    alike = [{**stranger(10), "nomor_registrasi": f"R1{place}"} for place in range(3)]
    write_sidt(inbox / "a.csv", [*shops, *strangers, *alike])
    write_bps(inbox / "b.csv", [{**as_bps(stranger(9)), "idsbr": "R3"}])
    ingest_inbox(settings)
    publish_all(settings)
    save_decisions(settings.root.link_decisions, DECIDED)
    publish_all(settings)
    yield settings


@pytest.fixture
def tell(told: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tell:
    monkeypatch.setenv("CAPAIAN_HOME", str(told.home))
    monkeypatch.setattr(screens.console, "width", 100)
    monkeypatch.setattr(screens.errors, "width", 300)

    def command(*ids: str, **options: bool) -> tuple[int, str, str]:
        code = explain(*ids, **options)
        return code, *capsys.readouterr()

    return command


def gone(told: Settings) -> tuple[int, int]:
    """An id that merged and the one it means today."""
    return published(
        told,
        "SELECT entity_id, current_entity_id FROM register.entity_history"
        " WHERE entity_kind = 'business' AND event = 'merged' ORDER BY ALL",
    )[0]


def test_no_personal_value_is_shown_unless_it_is_asked_for(told: Settings, tell: Tell) -> None:
    [(business, row)] = published(
        told,
        "SELECT business_id, row_id FROM register.memberships WHERE registration_number = 'R1' AND is_current",
    )
    for ids in (
        ["R1"],
        [f"business:{business}"],
        [str(row)],
        ["R1", "R2"],
        ["R1", "sidt:R3"],
        ["R1", "R6"],
        ["R10", "R11"],
        ["R9"],
    ):
        for json_output in (False, True):
            code, out, err = tell(*ids, json_output=json_output)
            assert code == (2 if ids == ["R9"] else 0), err
            assert not [word for word in WORDS if word in out + err], ids
            assert max(map(len, out.splitlines()), default=0) <= 100 or json_output
    code, out, _ = tell("R1", "R2", unmask=True)
    assert code == 0
    assert not [word for word in WORDS if word not in out]
    [one, other] = json.loads(tell("R1", "R2", unmask=True, json_output=True)[1])["registrations"]
    assert (one["values"]["nik"], other["values"]["business_name"]) == (CANARY["nik"], "Waroeng Poernama")


def test_a_business_tells_its_registrations_links_fields_and_owner(tell: Tell) -> None:
    document = json.loads(tell("R1", json_output=True)[1])
    assert [(row["registration_number"], row["superseded_by_row_id"] is None) for row in document["registrations"]] == [
        ("R1", True),
        ("R2", True),
        ("R1", False),
    ]
    assert {row["file_name"] for row in document["registrations"]} == {"a.csv"}
    assert {row["enumerated_date"] for row in document["registrations"]} == {"2022-06-15"}
    [weighed] = [edge for edge in document["edges"] if edge["decided_by"] == "weight"]
    points = weighed["evidence"]["points"]
    assert [(point["comparison"], point["level"]) for point in points[:2]] == [("prior", "prior"), ("nik", "equal")]
    assert sum(point["match_weight"] for point in points) == pytest.approx(weighed["evidence"]["stranger_weight"])
    assert sum(point["sibling_weight"] or 0 for point in points) == pytest.approx(weighed["evidence"]["sibling_weight"])
    fields = {choice["field"]: (choice["value"], choice["why"]) for choice in document["fields"]}
    assert fields["kbli_code"] == ("56103", "latest interview that gives it") or fields["kbli_code"][0] == "56102"
    assert fields["digital_since_year"] == (2021, "earliest year that any gives")
    assert fields["omzet_idr"] == (None, "latest interview that gives it")
    assert [owned["kbli_code"] for owned in document["owned"]] == ["45407"]
    assert json.loads(tell("R1", json_output=True, unmask=True)[1])["fields"][8]["value"] == 60_000_000


def test_an_id_that_merged_still_means_something(told: Settings, tell: Tell) -> None:
    old, current = gone(told)
    code, out, _ = tell(str(old))
    assert code == 0
    assert f"business {old} was merged in version 2; today it is {current}" in out
    assert "must_link" in out and "surat desa" in out
    document = json.loads(tell(str(old), json_output=True)[1])
    assert (document["business_id"], document["history"][0]["event"]) == (current, "merged")
    code, out, _ = tell("R4", "R5")
    assert "one business: a person decided so" in " ".join(out.split())
    led = json.loads(tell("R4", "R7", json_output=True)[1])
    assert [row["registration_number"] for row in led["registrations"]] == ["R4", "R5", "R7"]
    assert [edge["decided_by"] for edge in led["path"]] == ["must_link", "must_link"]
    assert led["pair"] is None


def test_what_a_person_parted_says_who_and_what_that_cut(told: Settings, tell: Tell) -> None:
    code, out, _ = tell("R10", "R11")
    assert code == 0
    assert "sidt:R10 and sidt:R11 are never one business: petugas, 2024-02-01 (dua kios); applied" in " ".join(
        out.split()
    )
    held = [json.loads(tell(number, "R12", json_output=True)[1]) for number in ("R10", "R11")]
    assert sorted(one["is_one_business"] for one in held) == [False, True]
    [apart] = [one for one in held if not one["is_one_business"]]
    assert apart["pair"]["cut_by"] == "cannot_link"
    assert any("a guard cuts it" in why for why in apart["why"])


def test_two_businesses_say_what_they_lack_and_what_keeps_them_apart(told: Settings, tell: Tell) -> None:
    one_owner = json.loads(tell("R2", "sidt:R3", json_output=True)[1])
    assert (one_owner["is_one_business"], one_owner["is_one_owner"]) == (False, True)
    chosen = one_owner["pair"]["evidence"]["shortfalls"][1]
    assert chosen["stranger_bits"] == 0 and chosen["sibling_bits"] > 0
    # Nothing links these two: they are prepared and compared now.
    strangers = json.loads(tell("R1", "R6", json_output=True)[1])
    assert (strangers["pair"]["level"], strangers["is_one_owner"]) == ("none", False)
    assert {entry["rule"]: entry["outcome"] for entry in strangers["blocking"]}["nik"] == "different"
    assert any("no blocking rule brings them together" in why for why in strangers["why"])
    new = LinkDecision("cannot_link", "sidt", "R6", "sidt", "R2", "dua toko", "petugas", date(2024, 2, 2))
    save_decisions(told.root.link_decisions, [*DECIDED, new])
    waiting = json.loads(tell("R2", "R6", json_output=True)[1])
    assert [entry["status"] for entry in waiting["decisions"]] == ["waiting for the next run"]


def test_what_is_unknown_ambiguous_or_closed_ends_with_a_sentence(
    told: Settings, tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = tell("R3")
    assert (code, out) == (2, "")
    assert "say which: sbr:R3, sidt:R3" in err
    code, _, err = tell("12345")
    assert code == 2 and "no business, no row and no registration" in err
    with pytest.raises(ExplainError, match="both mean the same"):
        hold_together(told, "R6", "sidt:R6")
    monkeypatch.setattr(explaining.os, "access", lambda *_: False)
    code, out, err = tell("R1", unmask=True)
    assert (code, out) == (2, "")
    assert f"only {told.root.lake.owner()} can read it" in err
    code, out, _ = tell("R1")
    assert code == 0 and "the lake is closed to you" in out
    monkeypatch.setenv("CAPAIAN_HOME", str(tmp_path / "empty"))
    code, _, err = tell("R1")
    assert code == 2 and "nothing is published yet" in err


def test_the_way_between_two_is_the_shortest_and_avoids_what_a_guard_cut() -> None:
    def edge(left: int, right: int, threshold: str = "strict", cut_by: str | None = None) -> explaining.Edge:
        return explaining.Edge(left, right, "business", threshold, "weight", cut_by, None)

    links = [edge(1, 2), edge(2, 3), edge(3, 4), edge(1, 4, cut_by="size"), edge(2, 4, "loose")]
    assert [(step.left_row_id, step.right_row_id) for step in _shortest(links, {1}, {4})] == [(1, 2), (2, 3), (3, 4)]
    assert _shortest([edge(1, 4, cut_by="size")], {1}, {4}) == (edge(1, 4, cut_by="size"),)
    assert _shortest([edge(1, 4, "loose")], {1}, {4}) == ()
