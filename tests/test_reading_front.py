"""One table in every form of file: the same rows, and every line of it accounted for."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from flows.cli.read import read
from transforms.reading import text as reading_text

TABLE = [["id", "nama", "nilai"], ["1", "Contoh\nSatu", "5"], ["2", "Contoh, Dua", "6"]]
OUT = 'id,nama,nilai\n1,"Contoh\nSatu",5\n2,"Contoh, Dua",6\n'
CSV = b'id;nama;nilai\n1;"Contoh\nSatu";5\n2;Contoh, Dua;6\n'


def workbook(path: Path, sheets: dict[str, list[list[str]]], hidden: str = "") -> Path:
    with xlsxwriter.Workbook(path, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if name == hidden:
                sheet.hide()
    return path


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def read_whole(path: Path, **options: str) -> tuple[str, dict[str, Any]]:
    out, report = path.with_suffix(".out"), path.with_suffix(".json")
    assert read(path, out=out, report=report, **options) == 0
    document = json.loads(report.read_text(encoding="utf-8"))
    lines = document["lines"]
    assert lines["all"] == sum(count for sort, count in lines.items() if sort != "all")
    return out.read_text(encoding="utf-8"), document


def test_every_form_gives_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV))
    (tmp_path / "a.zip").write_bytes(zipped(a=CSV))
    workbook(tmp_path / "a.xlsx", {"Data": TABLE})
    (tmp_path / "b.zip").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(tmp_path / "a.xlsx", "dalam.xlsx")
    columns = {name: [row[place] for row in TABLE[1:]] for place, name in enumerate(TABLE[0])}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    for name in ("a.csv", "a.csv.gz", "a.zip", "b.zip", "a.xlsx", "a.parquet"):
        found, document = read_whole(tmp_path / name)
        assert found == OUT, name
        assert document["file"] == name
        assert document["header"]["lines"] == [1]


def test_a_messy_sheet_is_read_as_a_messy_text(tmp_path: Path) -> None:
    rows = [
        ["Rekap UMKM", "", ""],
        [],
        ["kota", "usaha", "tenaga"],
        ["Bogor", "5", "6"],
        [],
        ["Depok", "7", "8\n"],
        ["Garut", "9", "9"],
        ["Jumlah", "21", "23"],
        [],
        ["Sumber: dinas, 2023"],
    ]
    found, document = read_whole(workbook(tmp_path / "a.xlsx", {"Data": rows}))
    assert found == 'kota,usaha,tenaga\nBogor,5,6\nDepok,7,"8\n"\nGarut,9,9\n'
    assert [(entry["line"], entry["reason"], entry["text"].strip()) for entry in document["rejected"]] == [
        (1, "title", "Rekap UMKM"),
        (8, "total", "Jumlah\t21\t23"),
        (10, "footnote", "Sumber: dinas, 2023"),
    ]
    assert document["blank_lines"] == [[2, 2], [5, 5], [9, 9]]
    assert "delimiter" not in document["dialect"]


def test_group_titles_in_a_sheet_are_header_rows(tmp_path: Path) -> None:
    rows = [
        ["Usaha", "", "Tenaga kerja", ""],
        ["id", "nama", "pria", "wanita"],
        ["1", "A", "2", "3"],
        ["2", "B", "4", "5"],
    ]
    assert read_whole(workbook(tmp_path / "a.xlsx", {"Data": rows}))[0].startswith(
        "Usaha id,Usaha nama,Tenaga kerja pria,Tenaga kerja wanita\n1,A,2,3\n"
    )


def test_lines_of_all_other_sheets_are_accounted_for(tmp_path: Path) -> None:
    notes = [["Petunjuk pengisian nomor dan nama"]] * 5
    sheets = {"Petunjuk": notes, "Kecil": TABLE[:2], "Lama": [["x", "y", "z"]] * 9, "Data": TABLE}
    found, document = read_whole(workbook(tmp_path / "a.xlsx", sheets, hidden="Lama"))
    assert found == OUT
    assert document["lines"]["all"] == 5 + 2 + 9 + 3
    assert document["header"]["lines"] == [17]
    reasons = [(entry["line"], entry["reason"]) for entry in document["rejected"]]
    assert reasons == [(line, "other_sheet" if line < 8 else "hidden_sheet") for line in range(1, 17)]
    assert document["rejected"][6]["text"] == "1\tContoh\nSatu\t5"


def test_a_profile_finds_its_sheet_and_header(tmp_path: Path) -> None:
    from warehouse.profiles import load_profiles

    (profile,) = [known for known in load_profiles() if known.name == "sidt-2022"]
    names = list(dict.fromkeys(aliases[0] for _, aliases in profile.columns))
    rows = [["Ekspor"], names, ["1"] * len(names)]
    found, document = read_whole(workbook(tmp_path / "a.xlsx", {"Lain": TABLE * 3, "Data": rows}), profile="sidt-2022")
    assert found == f"{','.join(names)}\n{','.join(['1'] * len(names))}\n"
    assert document["header"]["lines"] == [11]
    assert document["lines"]["rejected"] == 9


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.zip", zipped(satu=CSV, dua=CSV), "2 files (satu.csv, dua.csv); unpack it"),
        ("a.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("a.csv", b"", "empty"),
        ("a.gz", gzip.compress(CSV, mtime=0)[:-9], "cut off"),
        ("a.parquet", b"PAR1....", "footer"),
    ],
)
def test_what_cannot_be_read_ends_in_4_with_file_and_cause(
    tmp_path: Path, name: str, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name, out=tmp_path / "out.csv") == 4
    error = " ".join(capsys.readouterr().err.split())
    assert name in error
    assert said in error
    assert not (tmp_path / "out.csv").exists()


def test_a_late_endless_line_leaves_no_partial_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("transforms.reading.encoding.LINE_LIMIT", 1_000)
    path, out = tmp_path / "a.csv", tmp_path / "out.csv"
    path.write_text("id,n\n" + "1,a\n" * 2 * reading_text.SAMPLE_LINES + "x" * 2_000, encoding="utf-8")
    out.write_text("old", encoding="utf-8")
    assert read(path, out=out) == 4
    assert "longer than" in " ".join(capsys.readouterr().err.split())
    assert out.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == [path, out]
