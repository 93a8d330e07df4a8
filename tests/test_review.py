"""Review: pairs in doubt go out as XLSX, come back as decisions, and what is decided can be taken back."""

from __future__ import annotations

import json
import stat
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from conftest import ingest_inbox, publish_all, published, stranger, write_sidt
from python_calamine import CalamineWorkbook

from flows import ingesting
from flows.cli import review as commands
from flows.cli import screens
from flows.reviewing import Applied, ReviewError, apply, export
from flows.reviewing.workbook import GUIDE, HEADERS, SHEET
from flows.settings import Settings
from warehouse.decisions import load_decisions
from warehouse.lock import LockHeld, single_writer

TODAY = date(2024, 3, 1)
MIDDLE = {
    "nama_kecamatan": "CITEUREUP",
    "nama_desa": "DESA Y",
    "alamat": "JL. DAHLIA 5",
    "latitude": "",
    "longitude": "",
}
"""Elsewhere in the same regency."""
OWNER = {**stranger(1), "kode_kbli": "56102", "tahun_mulai": "2015"}
ROWS = [
    {**OWNER, "nomor_registrasi": "-R1", "nama_usaha": "WARUNG BERKAH", "nama_pemilik": "=CONTOH SATU"},
    # The same owner, year and trade, but another name and place: chosen, not strict.
    {**OWNER, **MIDDLE, "nomor_registrasi": "R2", "nama_usaha": "KEDAI SENTOSA", "kode_kbli": "56103",
     "nama_pemilik": "=CONTOH SATU", "jual_media_sosial": "Ya"},
    # Another trade too: loose.
    {**OWNER, "nomor_registrasi": "R3", "nama_usaha": "BENGKEL MAJU", "kode_kbli": "45407", "nama_desa": "DESA Z",
     "nama_kecamatan": "GUNUNG PUTRI", "alamat": "JL. MELATI 8", "latitude": "", "longitude": "",
     "nama_pemilik": "=CONTOH SATU"},
    *({**stranger(place), "nomor_registrasi": f"R{place}"} for place in (7, 8)),
]  # fmt: skip
FOLLOWING = ("register.memberships", "register.businesses", "marts.attainment_national", "marts.attainment_province")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("review") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    write_sidt(settings.root.inbox / "a.csv", ROWS)
    ingest_inbox(settings)
    publish_all(settings)
    return settings


@pytest.fixture(autouse=True)
def undecided(asked: Settings) -> None:
    asked.root.link_decisions.unlink(missing_ok=True)


def pairs_in(path: Path) -> list[dict[str, Any]]:
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(SHEET).to_python()
    assert tuple(header) == HEADERS
    return [dict(zip(HEADERS, row, strict=True)) for row in rows]


def fill_in(path: Path, rows: list[dict[str, Any]], *answers: dict[str, Any]) -> Path:
    """Write `rows` as a person's program would save them, each with what is answered."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(SHEET)
        sheet.write_row(0, 0, HEADERS)
        for place, (row, answer) in enumerate(zip(rows, answers, strict=False), 1):
            sheet.write_row(place, 0, list((row | answer).values()))
    return path


def test_pairs_in_doubt_are_asked_most_uncertain_first_in_a_closed_and_safe_file(
    asked: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "pasangan.xlsx"
    assert export(asked, out).pair_count == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["pasangan.xlsx"]
    first, *others = pairs_in(out)
    assert {first["nomor 1"], first["nomor 2"]} == {"'-R1", "R2"}
    assert first["saran"] == "cenderung sama"
    assert {row["saran"] for row in others} == {"cenderung beda"}
    assert first["banding NIK"] == "sama (equal)"
    assert first["banding nama usaha"] == "berbeda (different)"
    assert {first["nama usaha 1"], first["nama usaha 2"]} == {"WARUNG BERKAH", "KEDAI SENTOSA"}
    assert first["nama pemilik 1"] == "'=CONTOH SATU"
    assert [row["pasangan"] for row in (first, *others)] == [1, 2, 3]
    book = CalamineWorkbook.from_path(out)
    everything = str([book.get_sheet_by_name(name).to_python() for name in (SHEET, GUIDE)])
    assert OWNER["nik"] not in everything and OWNER["no_telepon"].lstrip("0") not in everything
    with zipfile.ZipFile(out) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"sama,beda" in sheet
    assert export(asked, out, limit=1).remaining_count == 2
    for place in (asked.root.lake, asked.root.published, asked.root.link_decisions.parent):
        place.mkdir(exist_ok=True)
        with pytest.raises(ReviewError, match="no place for personal answers"):
            export(asked, place / "a.xlsx")


def test_a_decision_parts_a_business_and_taking_it_back_restores_every_row(asked: Settings, tmp_path: Path) -> None:
    out = tmp_path / "pasangan.xlsx"
    export(asked, out)
    before = {table: published(asked, f"SELECT * FROM {table} ORDER BY ALL") for table in FOLLOWING}
    rows = pairs_in(out)
    loose = next(place for place, row in enumerate(rows) if place and "'-R1" in (row["nomor 1"], row["nomor 2"]))
    answers: list[dict[str, Any]] = [{}, {}, {}]
    answers[0] = {"keputusan": "Beda ", "alasan": "dua toko"}
    applied = apply(asked, fill_in(out, rows, *answers), "petugas", TODAY)
    assert applied == Applied(must_link=0, cannot_link=1, unchanged=0, replaced=0, undecided=2)
    [decision] = load_decisions(asked.root.link_decisions)
    assert {decision.left_number, decision.right_number} == {"-R1", "R2"}
    assert (decision.decision, decision.reason, decision.decided_by) == ("cannot_link", "dua toko", "petugas")
    version = publish_all(asked)
    assert published(asked, "SELECT count(*) FROM register.businesses") == [(len(before["register.businesses"]) + 1,)]
    assert published(asked, "SELECT event, version FROM register.entity_history WHERE entity_kind = 'business'") == [
        ("split", version)
    ]
    counted = "SELECT observed_count FROM marts.attainment_national WHERE series = 'register_observed' AND target_year = 2024 AND definition_code = 'D1'"
    [(more,)] = published(asked, counted)
    assert published(asked, "SELECT status FROM register.link_decisions") == [("applied",)]
    assert export(asked, tmp_path / "lagi.xlsx").pair_count == 2
    asked.root.link_decisions.unlink()
    publish_all(asked)
    assert published(asked, counted) == [(more - 1,)]
    assert {table: published(asked, f"SELECT * FROM {table} ORDER BY ALL") for table in FOLLOWING} == before
    # What a person links is linked, whatever it weighs.
    answers = [{}, {}, {}]
    answers[loose] = {"keputusan": "sama"}
    assert apply(asked, fill_in(out, rows, *answers), "petugas", TODAY).must_link == 1
    publish_all(asked)
    assert published(asked, "SELECT max(registration_count) FROM register.businesses") == [(3,)]
    asked.root.link_decisions.unlink()
    publish_all(asked)


def test_a_later_decision_replaces_the_earlier_and_the_same_again_changes_nothing(
    asked: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "pasangan.xlsx"
    export(asked, out)
    rows = pairs_in(out)
    turned = {
        name: rows[1][other]
        for name, other in zip(
            ("register 1", "nomor 1", "register 2", "nomor 2"),
            ("register 2", "nomor 2", "register 1", "nomor 1"),
            strict=True,
        )
    }
    apply(asked, fill_in(out, rows, {"keputusan": "sama"}, {"keputusan": "beda"}), "satu", TODAY)
    written = asked.root.link_decisions.read_bytes()
    again = fill_in(out, rows, {"keputusan": "sama"}, {"keputusan": "beda", **turned})
    assert apply(asked, again, "dua", TODAY) == Applied(0, 0, unchanged=2, replaced=0, undecided=0)
    assert asked.root.link_decisions.read_bytes() == written
    later = fill_in(out, rows, {"keputusan": "beda", "alasan": "ditinjau lagi"}, {}, {"keputusan": "sama"})
    assert apply(asked, later, "dua", TODAY) == Applied(
        must_link=1, cannot_link=0, unchanged=0, replaced=1, undecided=1
    )
    assert [(row.decision, row.reason, row.decided_by) for row in load_decisions(asked.root.link_decisions)] == [
        ("cannot_link", "ditinjau lagi", "dua"),
        ("cannot_link", "peninjauan", "satu"),
        ("must_link", "peninjauan", "dua"),
    ]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"keputusan": "mungkin"}, "row 3, column keputusan: it must be sama or beda, or empty"),
        ({"keputusan": "sama", "nomor 1": ""}, "row 3, column nomor 1: it is empty"),
        ({"keputusan": "sama", "nomor 1": 12}, "row 3, column nomor 1: it is no longer a text"),
        ({"keputusan": "sama", "nomor 2": "R99"}, "row 3, column nomor 2: no published registration"),
        ({"keputusan": "sama", "alasan": "telepon 0812-3456-789"}, "row 3, column alasan: it is published"),
        ({"keputusan": "sama", "alasan": "=1+1"}, "row 3, column alasan: it must begin with a letter"),
    ],
)
def test_one_wrong_line_and_nothing_is_taken(
    asked: Settings, tmp_path: Path, answer: dict[str, Any], message: str
) -> None:
    out = tmp_path / "pasangan.xlsx"
    export(asked, out)
    fill_in(out, pairs_in(out), {"keputusan": "sama"}, answer)
    with pytest.raises(ReviewError, match=f"pasangan.xlsx, sheet Pasangan, {message}"):
        apply(asked, out, "petugas", TODAY)
    assert not asked.root.link_decisions.exists()


def test_the_same_pair_twice_and_a_stranger_file_are_refused(asked: Settings, tmp_path: Path) -> None:
    out = tmp_path / "pasangan.xlsx"
    export(asked, out)
    rows = pairs_in(out)
    fill_in(out, [rows[0], rows[0]], {"keputusan": "sama"}, {"keputusan": "beda"})
    with pytest.raises(ReviewError, match="row 3, column keputusan: row 2 decides the same pair"):
        apply(asked, out, "petugas", TODAY)
    out.write_text("pasangan")
    with pytest.raises(ReviewError, match="cannot be read as XLSX"):
        apply(asked, out, "petugas", TODAY)
    with pytest.raises(ReviewError, match="--by"):
        apply(asked, out, " ", TODAY)


def test_the_commands_say_what_they_did_and_hold_the_lock(
    asked: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(asked.home))
    monkeypatch.setattr(screens.console, "width", 100)
    out = tmp_path / "p.xlsx"
    assert commands.export(out=out, limit=2) == 0
    shown = capsys.readouterr().out
    assert "2 pairs" in shown and "1 more" in shown and "personal data" in shown
    fill_in(out, pairs_in(out), {"keputusan": "sama"})
    assert commands.apply(out, by="petugas", json_output=True) == 0
    assert json.loads(capsys.readouterr().out)["must_link"] == 1
    assert commands.apply(out, by="petugas") == 0
    assert "Nothing changed" in capsys.readouterr().out
    assert commands.export(out=asked.root.lake / "p.xlsx") == 2
    with single_writer(asked.root.lock, "another run"), pytest.raises(LockHeld):
        commands.apply(out, by="petugas")
