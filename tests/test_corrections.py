"""Decisions about wrong values: applied while they hold, reported once they do not, and never about a person."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from conftest import AS_OF, ingest_inbox, lake, write_bps, write_sidt

from flows import ingesting, releasing
from flows.settings import Settings
from warehouse import corrections
from warehouse.corrections import CorrectionError, Corrections, load_corrections

CORRECTIONS = "source_register,registration_number,column_name,expect,replacement,reason,source,decided_date\n"
CODE_FIXES = "profile,column_name,wrong_text,right_text,reason,source,decided_date\n"
Decide = Callable[..., Path]
WHY = "typed wrongly,letter of the district office,2024-02-01"


@pytest.fixture
def decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decide:
    """Puts other files of corrections in the place of the committed ones."""
    folder = tmp_path / "decided"
    folder.mkdir()

    def write(records: str = "", code_fixes: str = "") -> Path:
        (folder / "corrections.csv").write_text(CORRECTIONS + records, encoding="utf-8")
        (folder / "code_fixes.csv").write_text(CODE_FIXES + code_fixes, encoding="utf-8")
        return folder

    write()
    monkeypatch.setattr(corrections, "FOLDER", folder)
    return write


def statuses(settings: Settings) -> list[tuple[str, int, str, int]]:
    """What `quality.corrections` of the version that is due says."""
    release = releasing.plan_release(settings, AS_OF, AS_OF)
    assert release
    releasing.resolve_register(settings, release)
    releasing.record_quality(settings, release)
    with settings.resources.connect() as con:
        return con.execute(
            "SELECT decision_file, decision_line, status, row_count"
            f" FROM read_parquet('{release.folder}/quality/corrections.parquet') ORDER BY ALL"
        ).fetchall()


def test_the_committed_files_decide_nothing_about_a_real_record() -> None:
    assert load_corrections() == Corrections()


def test_a_correction_is_applied_before_judging_and_what_follows_from_it_follows(
    settings: Settings, decide: Decide
) -> None:
    decide(
        f"sidt,REG0001,omzet_idr,-5,60000000,{WHY}\n"
        f"sidt,REG0002,enumerated_date,2202-06-15,2022-06-15,{WHY}\n"
        f"sidt,REG0003,source_region_code,9999,3201,{WHY}\n"
        f"sidt,REG0004,started_year,dua ribu,2000,{WHY}\n"
        f"sidt,REG0005,worker_count,2,,{WHY}\n"
        f"sidt,REG0006,uses_internet,true,false,{WHY}\n"
    )
    write_sidt(
        settings.root.inbox / "a.csv",
        [
            {"nomor_registrasi": "REG0001", "omzet": "-5"},
            {"nomor_registrasi": "REG0002", "tanggal_pendataan": "15/06/2202"},
            {"nomor_registrasi": "REG0003", "kode_wilayah": "99.99"},
            {"nomor_registrasi": "REG0004", "tahun_mulai": "dua ribu"},
            {"nomor_registrasi": "REG0005"},
            {"nomor_registrasi": "REG0006"},
            {"nomor_registrasi": "REG0007"},
        ],
    )
    [entry] = ingest_inbox(settings)
    assert (entry.validated_count, entry.quarantined_count) == (7, 0)
    assert lake(
        settings,
        "SELECT registration_number, omzet_idr, enumerated_date, regency_code, started_year, worker_count,"
        " uses_internet, unread::VARCHAR, corrected_columns FROM rows ORDER BY 1",
    ) == [
        ("REG0001", 60000000, date(2022, 6, 15), "32.01", 2015, 2, True, None, ["omzet_idr"]),
        ("REG0002", 60000000, date(2022, 6, 15), "32.01", 2015, 2, True, None, ["enumerated_date"]),
        ("REG0003", 60000000, date(2022, 6, 15), "32.01", 2015, 2, True, None, ["source_region_code"]),
        ("REG0004", 60000000, date(2022, 6, 15), "32.01", 2000, 2, True, None, ["started_year"]),
        ("REG0005", 60000000, date(2022, 6, 15), "32.01", 2015, None, True, None, ["worker_count"]),
        ("REG0006", 60000000, date(2022, 6, 15), "32.01", 2015, 2, False, None, ["uses_internet"]),
        ("REG0007", 60000000, date(2022, 6, 15), "32.01", 2015, 2, True, None, None),
    ]
    assert statuses(settings) == [("corrections.csv", line, "applied", 1) for line in range(2, 8)]


def test_a_correction_is_stale_once_the_provider_repaired_the_value(
    settings: Settings, decide: Decide, caplog: pytest.LogCaptureFixture
) -> None:
    decide(
        f"sidt,REG0001,started_year,2051,2015,{WHY}\n"
        f"sidt,REG0404,started_year,2051,2015,{WHY}\n"
        f"bps,REG0001,started_year,2051,2015,{WHY}\n"
    )
    row = {"nomor_registrasi": "REG0001"}
    write_sidt(settings.root.inbox / "a.csv", [{**row, "tahun_mulai": "2051"}])
    ingest_inbox(settings)
    assert [status for _, _, status, _ in statuses(settings)] == ["applied", "unmatched", "unmatched"]
    write_sidt(settings.root.inbox / "b.csv", [{**row, "tahun_mulai": "2014", "tanggal_pembaruan": "20/07/2022"}])
    ingest_inbox(settings)
    with caplog.at_level(logging.WARNING, "capaian"):
        assert statuses(settings)[0] == ("corrections.csv", 2, "stale", 1)
    assert "corrections.csv, line 2: the decision on started_year is stale" in caplog.text
    assert lake(settings, "SELECT started_year FROM rows ORDER BY 1") == [(2014,), (2015,)]


def test_a_code_fix_replaces_a_text_of_its_profile_only_and_reports_when_nothing_holds_it(
    settings: Settings, decide: Decide
) -> None:
    decide(
        code_fixes=f"sidt-2022,kbli_code,5610,56102,{WHY}\n"
        f"sidt-2022,kbli_code,9999,56102,{WHY}\n"
        f"sidt-2022,omzet_idr,se puluh juta,10 juta,{WHY}\n"
        f"dinas-2024,kbli_code,5610,56102,{WHY}\n"
    )
    write_sidt(
        settings.root.inbox / "a.csv",
        [
            {"nomor_registrasi": "REG0001", "kode_kbli": "5610 "},
            {"nomor_registrasi": "REG0002", "kode_kbli": "5610", "omzet": "se puluh juta"},
        ],
    )
    write_bps(settings.root.inbox / "b.csv", [{"kode_kbli": "5610"}])
    ingest_inbox(settings)
    assert lake(
        settings, "SELECT registration_number, kbli_code, omzet_idr, unread, fixed_texts FROM rows ORDER BY 1"
    ) == [
        ("REG0001", "56102", 60000000, None, {"kbli_code": "5610"}),
        ("REG0002", "56102", 10000000, None, {"kbli_code": "5610", "omzet_idr": "se puluh juta"}),
        ("SBR0001", None, 60000000, {"kbli_code": "5610"}, None),
    ]
    assert statuses(settings) == [
        ("code_fixes.csv", 2, "applied", 2),
        ("code_fixes.csv", 3, "stale", 0),
        ("code_fixes.csv", 4, "applied", 1),
        ("code_fixes.csv", 5, "unmatched", 0),
    ]


def test_a_code_fix_and_a_correction_of_one_value_answer_each_for_itself(settings: Settings, decide: Decide) -> None:
    decide(f"sidt,REG0001,kbli_code,5610,47111,{WHY}\n", f"sidt-2022,kbli_code,5610,56102,{WHY}\n")
    write_sidt(settings.root.inbox / "a.csv", [{"kode_kbli": "5610"}])
    ingest_inbox(settings)
    assert lake(settings, "SELECT kbli_code FROM rows") == [("56102",)]
    assert [status for _, _, status, _ in statuses(settings)] == ["applied", "stale"]


def test_a_new_decision_makes_deliveries_due_again(settings: Settings, decide: Decide) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}])
    ingest_inbox(settings)
    assert ingesting.plan_deliveries(settings) == []
    decide(f"sidt,REG0001,started_year,2015,2014,{WHY}\n")
    assert [file.path.name for file in ingesting.plan_deliveries(settings)] == ["a.csv"]
    [entry] = ingest_inbox(settings)
    assert lake(settings, "SELECT started_year FROM rows") == [(2014,)]
    decide(code_fixes=f"sidt-2022,started_year,2015,2013,{WHY}\n")
    assert [entry.sha256] == [file.sha256 for file in ingesting.plan_deliveries(settings)]


@pytest.mark.parametrize(
    ("records", "code_fixes", "says"),
    [
        (f"sidt,R1,nik,317,318,{WHY}\n", "", "corrections.csv, line 2: column nik holds personal data"),
        ("", f"sidt-2022,owner_name,A,B,{WHY}\n", "code_fixes.csv, line 2: column owner_name holds personal data"),
        (f"sidt,R1,omset,1,2,{WHY}\n", "", "line 2: column omset is not read from a source"),
        (f"sidt,R1,regency_code,11.01,11.02,{WHY}\n", "", "line 2: column regency_code is not read from a source"),
        (f"sidt,R1,registration_number,R1,R2,{WHY}\n", "", "is the address of a correction"),
        (f"sidt,R1,started_year,1,rahasia,{WHY}\n", "", "line 2: the replacement is no SMALLINT"),
        (f"sidt,R1,worker_count,1,2147483648,{WHY}\n", "", "line 2: the replacement is no INTEGER"),
        (f"sidt,R1,updated_date,1,2022-02-30,{WHY}\n", "", "line 2: the replacement is no DATE"),
        (f"sidt,R1,uses_internet,1,ya,{WHY}\n", "", "line 2: the replacement is no BOOLEAN"),
        (f"sidt,R1,started_year,1,2,{WHY}\nsidt,R1,started_year,3,4,{WHY}\n", "", "line 3: line 2 decides on the same"),
        ("sidt,R1,started_year,1,2,,letter,2024-02-01\n", "", "line 2: reason is empty"),
        ("sidt,R1,started_year,1,2,why,letter,1 Feb 2024\n", "", "line 2: decided_date must be a day"),
        ("sidt,R1,started_year\n", "", "line 2: 3 fields, the header has 8"),
    ],
)
def test_a_decision_that_cannot_be_taken_names_file_line_and_column_and_no_value(
    decide: Decide, records: str, code_fixes: str, says: str
) -> None:
    folder = decide(records, code_fixes)
    with pytest.raises(CorrectionError) as error:
        load_corrections(folder)
    assert says in str(error.value)
    assert not any(value in str(error.value) for value in ("317", "rahasia"))
