"""Quarantine as a workflow: what waits, the answer to a sender, and a replay shown before it is applied."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import AS_OF, ingest_inbox, lake, publish_all, published, stranger, write_bps, write_sidt
from python_calamine import CalamineWorkbook
from test_flow import capaian

from flows import ingesting, releasing
from flows.cli import quarantine as screens
from flows.quarantine import QuarantineError, export, list_waiting, preview
from flows.settings import Settings
from transforms.answer import FINDING_HEADERS, safe_cell, write_workbook
from transforms.land import landed_files
from warehouse import corrections
from warehouse.lock import LockHeld, single_writer

BAD_REGION = {"kode_wilayah": "99.99"}
MALANG = {"kode_wilayah": "35.07", "nama_kabkota": "KABUPATEN MALANG"}


def names(count: int, **values: str) -> list[dict[str, str]]:
    """Registrations without defect, each of another business."""
    return [
        {
            "nomor_registrasi": f"REG{9000 + place}",
            **stranger(place),
            **values,
        }
        for place in range(1, count + 1)
    ]


def history(settings: Settings) -> list[tuple[object, ...]]:
    """`quality.quarantine_history` of the version that is due, with file lines."""
    release = releasing.plan_release(settings, AS_OF, AS_OF)
    assert release
    releasing.resolve_register(settings, release)
    releasing.record_quality(settings, release)
    with duckdb.connect() as con:
        return con.execute(
            f"""
            SELECT own.file_name, line_number, history.status, repairing.file_name, repaired_by_row_id & 134217727
            FROM read_parquet('{release.folder}/quality/quarantine_history.parquet') AS history
            JOIN read_parquet('{release.folder}/quality/deliveries.parquet') AS own USING (delivery_id)
            LEFT JOIN read_parquet('{release.folder}/quality/deliveries.parquet') AS repairing
                ON repairing.delivery_id = repaired_by_delivery_id
            ORDER BY 1, 2"""
        ).fetchall()


def sheets(path: Path) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def findings_in(path: Path) -> list[dict[str, object]]:
    header, *rows = sheets(path)["Temuan"]
    assert tuple(header) == FINDING_HEADERS
    return [dict(zip(FINDING_HEADERS, row, strict=True)) for row in rows]


def test_what_waits_is_listed_by_sender_rule_age_and_share(settings: Settings) -> None:
    inbox = settings.root.inbox
    write_sidt(
        inbox / "jabar.csv",
        [*names(6), {"nomor_registrasi": "REG0001", **BAD_REGION}, {"nomor_registrasi": "", "nama_usaha": ""}],
    )
    with (inbox / "jabar.csv").open("a", encoding="utf-8") as file:
        file.write("baris;yang;terpotong\nlagi;satu\n")
    write_sidt(inbox / "jatim.csv", [*names(3, **MALANG), {"nomor_registrasi": "REG0002", **MALANG, "nama_usaha": ""}])
    write_sidt(inbox / "bersih.csv", [{"nomor_registrasi": "REG0003"}])
    # As many rows in two provinces: the smaller code is the sender's.
    write_sidt(
        inbox / "seri.csv", [{"nomor_registrasi": "REG0004", **MALANG}, {"nomor_registrasi": "REG0005"}, BAD_REGION]
    )
    ingest_inbox(settings)
    now = datetime(2024, 3, 10, 20, 0, tzinfo=UTC)  # the 11th in Jakarta
    for file in landed_files(settings.root.landed):
        days = 5 if file.path.name == "jabar.csv" else 1
        os.utime(file.path.parent, ((now - timedelta(days=days)).timestamp(),) * 2)
    waiting = list_waiting(settings, now)
    assert [
        (row.sender.code, row.file_name, row.rule_code, row.row_count, row.share_ratio, row.age_days) for row in waiting
    ] == [
        ("sidt-2022/32", "jabar.csv", "BUSINESS_NAME_MISSING", 1, 0.1, 5),
        ("sidt-2022/32", "jabar.csv", "FIELD_COUNT", 2, 0.2, 5),
        ("sidt-2022/32", "jabar.csv", "REGENCY_CODE_UNKNOWN", 1, 0.1, 5),
        ("sidt-2022/32", "jabar.csv", "REGISTRATION_NUMBER_MISSING", 1, 0.1, 5),
        ("sidt-2022/32", "seri.csv", "REGENCY_CODE_UNKNOWN", 1, pytest.approx(1 / 3), 1),
        ("sidt-2022/35", "jatim.csv", "BUSINESS_NAME_MISSING", 1, 0.25, 1),
    ]
    assert waiting[0].landed_date == date(2024, 3, 6)


def test_the_answer_tells_each_finding_in_the_senders_own_words(settings: Settings, tmp_path: Path) -> None:
    write_sidt(
        settings.root.inbox / "kiriman.csv",
        [
            *names(3),
            {"nomor_registrasi": "REG0001", "kode_wilayah": "11.01", "omzet": "=1+1", "tanggal_lahir": "31/02/1980"},
            {"nomor_registrasi": "REG0002", "omzet": "-5", "nama_pemilik": '=HYPERLINK("x")'},
            {"nomor_registrasi": "REG0003", "kode_kbli": "usaha"},
        ],
    )
    with (settings.root.inbox / "kiriman.csv").open("a", encoding="utf-8") as file:
        file.write("=cmd|' /C calc'!A0;x\n")
    [entry] = ingest_inbox(settings)
    out = tmp_path / "jawaban.xlsx"
    assert export(settings, out, sender="sidt-2022/32") == 5
    told = findings_in(out)
    assert [
        (row["baris"], row["nomor registrasi"], row["kolom"], row["terbaca"], row["kode aturan"], row["kekuatan"])
        for row in told
    ] == [
        (5, "REG0001", "tanggal_lahir", "31/02/1980", "OWNER_BIRTH_DATE_UNREAD", "peringatan"),
        (5, "REG0001", "omzet", "'=1+1", "OMZET_IDR_UNREAD", "peringatan"),
        (5, "REG0001", "kode_wilayah + nama_kabkota", "11.01 | KABUPATEN BOGOR", "REGENCY_CODE_DISAGREES_WITH_NAME", "wajib diperbaiki"),
        (6, "REG0002", "omzet", "'-5", "OMZET_IDR_OUT_OF_RANGE", "wajib diperbaiki"),
        (8, "", "(seluruh baris)", "'=cmd|' /C calc'!A0;x", "FIELD_COUNT", "tidak terbaca"),
    ]  # fmt: skip
    assert told[0]["seharusnya"] == "tanggal_lahir harus terbaca sebagai tanggal"
    summary = sheets(out)["Ringkasan"]
    assert summary[4][:2] == ["kiriman.csv", entry.delivery_id]
    assert summary[4][4:] == [7, 2]
    assert [(row[1], row[3]) for row in summary[7:]] == [
        ("FIELD_COUNT", 1),
        ("OWNER_BIRTH_DATE_UNREAD", 1),
        ("OMZET_IDR_UNREAD", 1),
        ("REGENCY_CODE_DISAGREES_WITH_NAME", 1),
        ("OMZET_IDR_OUT_OF_RANGE", 1),
    ]
    with_warnings = tmp_path / "semua.xlsx"
    export(settings, with_warnings, delivery_id=entry.delivery_id, with_warnings=True)
    assert ("REG0003", "kode_kbli", "usaha", "KBLI_CODE_UNREAD") in [
        (row["nomor registrasi"], row["kolom"], row["terbaca"], row["kode aturan"])
        for row in findings_in(with_warnings)
    ]


def test_a_lake_that_an_earlier_version_wrote_can_still_be_listed_and_answered(
    settings: Settings, tmp_path: Path
) -> None:
    write_sidt(settings.root.inbox / "a.csv", [*names(2), {"nomor_registrasi": "REG0001", **BAD_REGION}])
    ingest_inbox(settings)
    with duckdb.connect() as con:
        for path in settings.root.lake.glob("*/verdict=*/*.parquet"):
            con.execute(
                f"COPY (SELECT * EXCLUDE (corrected_columns, fixed_texts) FROM read_parquet('{path}')) TO '{path}.new'"
                " (FORMAT parquet)"
            )
            Path(f"{path}.new").replace(path)
    assert [row.row_count for row in list_waiting(settings, datetime.now(UTC))] == [1]
    assert export(settings, tmp_path / "a.xlsx", sender="sidt-2022/32") == 1


def test_the_answer_is_safe_closed_and_leaves_no_copy(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_bps(
        settings.root.inbox / "a.csv", [{"idsbr": "SBR0002"}, {"kdkab": "99", "nama_usaha": "@SUM(A1) <RAHASIA>"}]
    )
    ingest_inbox(settings)
    out = tmp_path / "jawaban.xlsx"
    with caplog.at_level(logging.DEBUG):
        assert export(settings, out, sender="bps-2023/32") == 1
    [finding] = findings_in(out)
    assert (finding["kolom"], finding["terbaca"]) == (
        "kdprov + kdkab + kdkec + kddesa",
        "32 | 99 | 010 | 001",
    )
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as archive:
        for member in archive.namelist():
            if member.startswith("xl/worksheets"):
                assert b"<f>" not in archive.read(member)
    assert "99" not in caplog.text and "RAHASIA" not in caplog.text
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["jawaban.xlsx"]
    assert [path.name for path in settings.root.scratch.iterdir()] == []


def test_an_answer_has_no_place_in_the_data_root_and_needs_a_sender(settings: Settings, tmp_path: Path) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}])
    ingest_inbox(settings)
    for place in (settings.root.published, settings.root.versions, settings.root.inbox, settings.root.lake):
        with pytest.raises(QuarantineError, match="no place for personal answers"):
            export(settings, place / "a.xlsx", sender="sidt-2022/32")
    with pytest.raises(QuarantineError, match="no validated delivery is of that sender"):
        export(settings, tmp_path / "a.xlsx", sender="sidt-2022/11")
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize("text", ["=1", "+62811", "-5", "@x", "\tx", "\rx", "\n=1", "＝1"])
def test_a_cell_that_could_become_a_formula_is_disarmed(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_other_cells_stay_and_long_ones_are_cut_with_a_word() -> None:
    assert safe_cell("JL. MAWAR = 1") == "JL. MAWAR = 1"
    assert len(safe_cell("x" * 40_000)) < 32_767
    assert safe_cell("x" * 40_000).endswith("(dipotong)")


def test_findings_go_on_in_another_sheet_where_one_is_full(tmp_path: Path) -> None:
    out = tmp_path / "a.xlsx"
    with out.open("wb") as stream:
        write_workbook(stream, tmp_path, [("x",)], [(str(place),) * 8 for place in range(7)], sheet_rows=4)
    found = sheets(out)
    assert list(found) == ["Ringkasan", "Temuan", "Temuan 2", "Temuan 3"]
    assert [row[0] for name in list(found)[1:] for row in found[name][1:]] == [str(place) for place in range(7)]


@pytest.mark.parametrize("order", [["lama.csv", "baru.csv"], ["baru.csv", "lama.csv"]])
def test_rows_leave_quarantine_with_their_history_in_any_order_of_arrival(
    settings: Settings, tmp_path: Path, order: list[str]
) -> None:
    later = {"tanggal_pembaruan": "01/08/2022"}
    written = {
        "lama.csv": write_sidt(
            tmp_path / "lama.csv",
            [
                *names(4),
                {"nomor_registrasi": "REG0001", **BAD_REGION},
                {"nomor_registrasi": "REG0002", **BAD_REGION},
                {"nomor_registrasi": "", **BAD_REGION},
                {"nomor_registrasi": "REG0004", "tanggal_pendataan": "15/06/2202", "tanggal_pembaruan": ""},
            ],
        ),
        "baru.csv": write_sidt(
            tmp_path / "baru.csv",
            [
                {"nomor_registrasi": "REG0001"},
                {"nomor_registrasi": "REG0004", **later},
                # A broken later state is not repaired by an earlier one that was sound.
                {"nomor_registrasi": "REG9001", **later, **BAD_REGION},
            ],
        ),
    }
    for name in order:
        written[name].rename(settings.root.inbox / name)
        ingest_inbox(settings)
    assert history(settings) == [
        ("baru.csv", 4, "waiting", None, None),
        ("lama.csv", 6, "repaired", "baru.csv", 2),
        ("lama.csv", 7, "waiting", None, None),
        ("lama.csv", 8, "waiting", None, None),
        ("lama.csv", 9, "repaired", "baru.csv", 3),
    ]
    assert sum(row.row_count for row in list_waiting(settings, datetime.now(UTC)) if "REGENCY" in row.rule_code) == 3


def test_a_corrected_file_is_shown_before_it_is_applied(settings: Settings) -> None:
    write_sidt(settings.root.inbox / "lama.csv", [*names(2), {"nomor_registrasi": "REG0001", **BAD_REGION}])
    ingest_inbox(settings)
    publish_all(settings)
    assert preview(settings).due_count == 0
    correct = write_sidt(
        settings.root.inbox / "baru.csv",
        [{"nomor_registrasi": "REG0001"}, {"nomor_registrasi": "REG0002", **BAD_REGION}],
    )
    correct.chmod(0o640)
    before = {path: path.stat().st_mtime_ns for path in settings.root.home.rglob("*") if "tmp" not in path.parts}
    shown = preview(settings)
    after = {path: path.stat().st_mtime_ns for path in settings.root.home.rglob("*") if "tmp" not in path.parts}
    assert before == after
    assert stat.S_IMODE(correct.stat().st_mode) == 0o640
    assert list(settings.root.scratch.iterdir()) == []
    assert shown.as_of == AS_OF
    assert [
        (row.file_name, row.origin, row.is_due, row.leaving_count, row.entering_count) for row in shown.deliveries
    ] == [("baru.csv", "inbox", True, 0, 1), ("lama.csv", "landed", False, 1, 0)]
    [effect] = [row for row in shown.attainment if (row.target_year, row.definition_code) == (2024, "D1")]
    assert (effect.published_count, effect.replayed_count) == (2, 3)
    ingest_inbox(settings)
    assert [row[2:4] for row in history(settings) if row[0] == "lama.csv"] == [("repaired", "baru.csv")]
    release = releasing.plan_release(settings, AS_OF, AS_OF)
    assert release
    releasing.resolve_register(settings, release)
    releasing.build_attainment(settings, release)
    with duckdb.connect() as con:
        applied = con.execute(
            f"SELECT observed_count FROM read_parquet('{release.folder}/marts/attainment_national.parquet')"
            " WHERE series = 'register_observed' AND target_year = 2024 AND definition_code = 'D1'"
        ).fetchall()
    assert applied == [(effect.replayed_count,)]


def test_a_decision_is_shown_before_it_is_applied_and_the_lake_stays_as_it_was(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sidt(
        settings.root.inbox / "a.csv", [*names(2), {"nomor_registrasi": "REG0001", "tanggal_pendataan": "15/06/2202"}]
    )
    ingest_inbox(settings)
    for name in ("corrections", "code_fixes"):
        text = (corrections.FOLDER / f"{name}.csv").read_text(encoding="utf-8")
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    with (tmp_path / "code_fixes.csv").open("a", encoding="utf-8") as file:
        file.write("sidt-2022,enumerated_date,15/06/2202,15/06/2022,typed wrongly,letter,2024-02-01\n")
    monkeypatch.setattr(corrections, "FOLDER", tmp_path)
    shown = preview(settings, AS_OF)
    assert [(row.file_name, row.origin, row.leaving_count) for row in shown.deliveries] == [("a.csv", "landed", 1)]
    assert {row.published_count for row in shown.attainment} == {None}
    assert len(lake(settings, "SELECT 1 FROM rows", "quarantined")) == 1


def test_the_screens_fit_and_speak_plainly(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(settings.home))
    monkeypatch.setenv("CAPAIAN_MEMORY", "1GB")
    monkeypatch.setattr(screens.screens.console, "width", 100)
    assert screens.list_() == 0
    assert "Nothing waits" in capsys.readouterr().out
    write_sidt(settings.root.inbox / "lama [2022].csv", [*names(3), {"nomor_registrasi": "REG0001", **BAD_REGION}])
    ingest_inbox(settings)
    write_sidt(settings.root.inbox / "baru.csv", [{"nomor_registrasi": "REG0001"}])
    assert screens.list_() == 0
    assert screens.replay() == 0
    shown = capsys.readouterr().out
    for words in (
        "sidt-2022/32  Jawa Barat",
        "lama _2022_.csv",
        "REGENCY_CODE_UNKNOWN",
        "25.0%",
        "nothing is changed yet",
    ):
        assert words in shown
    assert re.search(r"baru.csv +inbox +0 +0 +taken", shown)
    assert max(map(len, shown.splitlines())) <= 100
    assert screens.list_(json_output=True) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["sender"], row["rule_code"], row["row_count"]) == ("sidt-2022/32", "REGENCY_CODE_UNKNOWN", 1)
    assert screens.export(out=settings.home / "a.xlsx") == 2
    assert "CONTOH" not in shown
    with single_writer(settings.root.lock, "another run"), pytest.raises(LockHeld):
        screens.replay(apply=True)
    with single_writer(settings.root.lock, "another run"), pytest.raises(LockHeld):
        screens.export(out=settings.home / "a.xlsx", sender="sidt-2022/32")
    (settings.root.inbox / "baru.csv").unlink()
    assert screens.replay(apply=True) == 0
    assert "Nothing to replay" in capsys.readouterr().out


@pytest.mark.flow
def test_a_replay_is_applied_by_the_nightly_flow_and_does_what_was_shown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings(home=home, memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    write_sidt(settings.root.inbox / "lama.csv", [*names(2), {"nomor_registrasi": "REG0001", **BAD_REGION}])
    ingest_inbox(settings)
    publish_all(settings)
    write_sidt(settings.root.inbox / "baru.csv", [{"nomor_registrasi": "REG0001"}])
    outcome = capaian(home, "quarantine", "replay", "--apply", "--json")
    assert outcome.returncode == 0, outcome.stderr
    shown, done = map(json.loads, outcome.stdout.splitlines())
    assert (shown["due_count"], shown["deliveries"][1]["leaving_count"]) == (1, 1)
    assert (done["version"], done["as_of_date"]) == (2, AS_OF.isoformat())
    assert published(settings, "SELECT status FROM quality.quarantine_history") == [("repaired",)]
    assert published(
        settings,
        "SELECT target_year, definition_code, observed_count FROM marts.attainment_national"
        " WHERE indicator_code = 'umkm_digital' AND series = 'register_observed' ORDER BY ALL",
    ) == [(row["target_year"], row["definition_code"], row["replayed_count"]) for row in shown["attainment"]]
