"""What is taken away beside the page: XLSX with typed cells and no formula, tidy CSV and Parquet, and the command."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from flows.cli.main import app
from flows.settings import Settings
from warehouse.report import write_files, write_workbook
from warehouse.report.tables import EXPORTS, exports_of
from warehouse.report.words import Words
from warehouse.report.workbook import sheet_name

HIDE_BOGOR = (
    "UPDATE released.regions SET is_suppressed = true, business_count = NULL, d1_count = NULL, d2_count = NULL,"
    " d3_count = NULL, d4_count = NULL WHERE region_code IN ('32', '32.01')"
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example","y")', "http://x.example", "0012", "\t=1")


@contextmanager
def copied(settings: Settings, *statements: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the published version in memory, after `statements`."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{settings.root.database.resolve()}' AS published (READ_ONLY)")
        con.execute("COPY FROM DATABASE published TO memory")
        con.execute("DETACH published")
        for statement in statements:
            con.execute(statement)
        yield con


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    head, *body = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    return [dict(zip(head, row, strict=True)) for row in body]


def test_the_workbook_has_notes_columns_and_one_table_a_sheet(reported: Settings, tmp_path: Path) -> None:
    with copied(reported) as con:
        write_workbook(con, tmp_path / "r.xlsx")
        names = CalamineWorkbook.from_path(tmp_path / "r.xlsx").sheet_names
        assert names == ["Catatan", "Kolom", *(sheet_name(export, Words("id")) for export in EXPORTS)]
        for export in exports_of(con):
            expected = con.execute(export.select).fetchall()
            found = sheet(tmp_path / "r.xlsx", sheet_name(export, Words("id")))
            assert len(found) == len(expected), export.name
            assert not found or list(found[0]) == [column.name for column in export.table]
    notes = {row["Catatan"]: row["Arti"] for row in sheet(tmp_path / "r.xlsx", "Catatan")}
    assert "bukan nol" in notes["c"] and notes["Keadaan per"] == "31 Desember 2024"
    assert "Lokapasar" in notes["D1"]
    assert all(row["Arti"] for row in sheet(tmp_path / "r.xlsx", "Kolom"))


def test_numbers_dates_and_truths_of_the_workbook_are_typed(reported: Settings, tmp_path: Path) -> None:
    with copied(reported) as con:
        write_workbook(con, tmp_path / "r.xlsx", "en")
    official = [
        row
        for row in sheet(tmp_path / "r.xlsx", "National")
        if row["institution"] == "KemenKopUKM" and row["target_year"] == 2023
    ]
    assert [(row["observed_count"], row["observed_date"]) for row in official] == [(25_292_701, date(2023, 12, 31))]
    assert official[0]["attainment_ratio"] == pytest.approx(1.05386, abs=1e-5)
    kabkota = {row["regency_code"]: row for row in sheet(tmp_path / "r.xlsx", "Kab-kota")}
    assert kabkota["32.01"]["is_suppressed"] is False and kabkota["11.01"]["business_count"] == 0


def test_a_hidden_count_is_c_in_the_workbook_and_empty_with_its_mark_in_csv(reported: Settings, tmp_path: Path) -> None:
    with copied(reported, HIDE_BOGOR) as con:
        write_workbook(con, tmp_path / "r.xlsx")
        write_files(con, tmp_path / "csv", "csv")
        write_files(con, tmp_path / "parquet", "parquet")
    counts = ("business_count", "d1_count", "d2_count", "d3_count", "d4_count")
    found = {row["regency_code"]: row for row in sheet(tmp_path / "r.xlsx", "Kab-kota")}
    assert [found["32.01"][name] for name in counts] == ["c"] * 5
    assert [found["32.02"][name] for name in counts] == [0] * 5
    with (tmp_path / "csv" / "regencies.csv").open(encoding="utf-8", newline="") as stream:
        written = {row["regency_code"]: row for row in csv.DictReader(stream)}
    assert [written["32.01"][name] for name in (*counts, "is_suppressed")] == [""] * 5 + ["true"]
    assert [written["32.02"][name] for name in (*counts, "is_suppressed")] == ["0"] * 5 + ["false"]
    query = f"SELECT count(*), count(business_count) FROM '{tmp_path}/parquet/provinces.parquet' WHERE is_suppressed"
    assert duckdb.sql(query).fetchall() == [(2, 0)]


def test_texts_that_look_like_formulas_stay_texts(reported: Settings, tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    with copied(reported) as con:
        ids = [
            row[0] for row in con.execute("SELECT report_id FROM reference.official_reports ORDER BY ALL").fetchall()
        ]
        for report_id, text in zip(ids, FORMULAS, strict=False):
            con.execute("UPDATE reference.official_reports SET statement = $2 WHERE report_id = $1", [report_id, text])
        write_workbook(con, path)
    found = {row["report_id"]: row["statement"] for row in sheet(path, "Angka resmi")}
    assert [found[report_id] for report_id in ids[: len(FORMULAS)]] == list(FORMULAS)
    with zipfile.ZipFile(path) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert len(sheets) == len(EXPORTS) + 2
    assert not [part for part in sheets if "<f>" in part or "hyperlink" in part.lower()]


def test_csv_holds_the_tables_and_is_described_column_by_column(reported: Settings, tmp_path: Path) -> None:
    with copied(reported) as con:
        written = write_files(con, tmp_path, "csv")
        described = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
        assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
        assert {row["path"] for row in described["resources"]} == {f"{export.name}.csv" for export in EXPORTS}
        for export, resource in zip(exports_of(con), described["resources"], strict=True):
            fields = resource["schema"]["fields"]
            assert [field["name"] for field in fields] == [column.name for column in export.table]
            assert all(field["description"] for field in fields)
            types = {column.name: column.type for column in export.table}
            read = f"read_csv('{tmp_path}/{resource['path']}', header = true, columns = {types}, strict_mode = true)"
            there = con.execute(f"SELECT * FROM {read}").fetchall()
            assert sorted(map(repr, there)) == sorted(map(repr, con.execute(export.select).fetchall())), export.name
            key = ", ".join(resource["schema"]["primaryKey"])
            if key:
                twice = con.execute(f"SELECT count(*) FROM (SELECT 1 FROM {read} GROUP BY {key} HAVING count(*) > 1)")
                assert twice.fetchall() == [(0,)], export.name
    assert described["version"] == "2" and described["as_of_date"] == "2024-12-31"
    text = (tmp_path / "attainment_national.csv").read_text(encoding="utf-8")
    assert "2023-12-31,25292701,1.05386" in text


def test_nothing_below_the_nation_is_read_past_the_released_tables() -> None:
    """Counts by place may come from `released.*` only; of the marts with places only national sums are taken."""
    for export in EXPORTS:
        exact = [
            name
            for name in ("attainment_province", "attainment_kabkota", "by_size_sector", "by_owner", "register.")
            if name in export.select
        ]
        assert exact == [], export.name
        places = {column.name for column in export.table} & {"province_code", "regency_code", "region_code"}
        assert not places or "released." in export.select, export.name


def test_the_command_writes_every_form_where_it_says(
    reported: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(reported.home))
    arguments = [
        "report",
        "--lang",
        "en",
        "--version",
        "1",
        "--out",
        str(tmp_path),
        "--xlsx",
        "--csv",
        "--parquet",
        "--json",
    ]
    assert _run(arguments) == 0
    written = [Path(path) for path in json.loads(capsys.readouterr().out)["written"]]
    assert {path.relative_to(tmp_path) for path in written} == {
        path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()
    }
    assert "version 1" in (tmp_path / "report-en.html").read_text(encoding="utf-8")
    assert (tmp_path / "report-en.xlsx").exists()


def test_the_command_writes_the_published_version_into_the_data_root_unless_told_otherwise(
    reported: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(reported.home))
    assert _run(["report"]) == 0
    path = reported.root.reports / "000002" / "report-id.html"
    assert capsys.readouterr().out.split() == [str(path)]
    assert path.read_bytes() == reported.root.report.read_bytes()


@pytest.mark.parametrize(("home", "message"), [("reported", "are: 1, 2"), ("empty", "nothing is published yet")])
def test_a_version_that_is_not_there_is_named(
    reported: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    home: str,
    message: str,
) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", str(reported.home if home == "reported" else tmp_path))
    assert _run(["report", "--version", "7"]) == 2
    assert message in capsys.readouterr().err


def _run(arguments: list[str]) -> int:
    return int(app(arguments, result_action="return_value"))
