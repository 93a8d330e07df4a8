"""Every row of every sheet, and of Parquet, as text that says what a person sees."""

from __future__ import annotations

import contextlib
import io
import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attacks
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from transforms.reading.confined import Limits
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.parquet import read_parquet_rows, write_parquet_rows
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheets import SHEET_LIMITS, Sheet, cell_text, read_sheets, write_sheets

CORPORA = Path(os.environ.get("CAPAIAN_CORPORA", Path(__file__).parent.parent.parent / "shared" / "data" / "corpora"))


def rows_of(path: Path, sheet_number: int = 1) -> list[list[str]]:
    with duckdb.connect() as con:
        found = con.execute(
            "SELECT line_number, fields FROM read_parquet(?) WHERE sheet_number = ? ORDER BY line_number",
            [str(path), sheet_number],
        ).fetchall()
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return [fields for _, fields in found]


def read(tmp_path: Path, content: bytes) -> tuple[tuple[Sheet, ...], list[list[str]]]:
    (tmp_path / "export.xlsx").write_bytes(content)
    return read_sheets(tmp_path / "export.xlsx", tmp_path / "rows.parquet"), rows_of(tmp_path / "rows.parquet")


def workbook(fill: Any, **options: Any) -> bytes:
    with xlsxwriter.Workbook(buffer := io.BytesIO(), {"in_memory": True, **options}) as book:
        fill(book)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0081", "0081"),
        (" a\nb ", " a\nb "),
        ("m\x00p\x00g\x00", "mpg"),
        (2015.0, "2015"),
        (-3.0, "-3"),
        (0.1 + 0.2, "0.3"),
        (-6.48, "-6.48"),
        (999999999999999.0, "999999999999999"),
        (3201014101800001.0, "3.20101410180000E+15"),
        (3201014101800010.0, "3.20101410180001E+15"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2021, 5, 6), "2021-05-06"),
        (datetime(2021, 5, 6, 7, 8, 9), "2021-05-06 07:08:09"),
        (datetime(2021, 5, 6, 7, 8, 9, 500_000), "2021-05-06 07:08:09.5"),
        (datetime(2021, 5, 6), "2021-05-06"),
        (time(7, 8), "07:08:00"),
        (timedelta(hours=30, minutes=2), "30:02:00"),
        (timedelta(hours=-1), "-1:00:00"),
        ("", ""),
    ],
)
def test_a_cell_says_what_a_person_sees(cell: object, text: str) -> None:
    assert cell_text(cell) == text


@pytest.mark.parametrize("nik", [3201014101800001, 3201014101800010, 3201014101800000])
def test_a_nik_that_a_sheet_kept_as_a_number_is_recognised_as_rounded(
    readers: duckdb.DuckDBPyConnection, nik: int
) -> None:
    assert readers.execute("SELECT is_exponent(?)", [cell_text(float(nik))]).fetchall() == [(True,)]


@pytest.mark.parametrize("is_1904", [False, True])
def test_all_sheets_are_read_with_blank_rows_errors_and_dates(tmp_path: Path, is_1904: bool) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        first, second, third = (book.add_worksheet(name) for name in ("Isi", "Catatan & isi", "Kode"))
        second.hide()
        third.very_hidden()
        first.merge_range(1, 1, 1, 3, "IDENTITAS")
        first.write_row(2, 1, ["nik", "tanggal", "omzet"])
        first.write_string(4, 1, "0001")
        first.write_datetime(4, 2, datetime(1980, 8, 12), day)
        first.write_formula(4, 3, "=1/0", None, "#DIV/0!")
        first.write_number(5, 1, 3201014101800001)
        first.write_formula(5, 2, "=NA()", None, "#N/A")
        first.write_string(5, 3, "baris\nkedua")
        first.write_blank(9, 30, None, day)  # formatted, but empty
        second.write(0, 0, "x")

    sheets, rows = read(tmp_path, workbook(fill, date_1904=is_1904))
    assert rows == [
        ["", "", "", ""],
        ["", "IDENTITAS", "", ""],
        ["", "nik", "tanggal", "omzet"],
        ["", "", "", ""],
        ["", "0001", "1980-08-12", "#DIV/0!"],
        ["", "3.20101410180000E+15", "#N/A", "baris\nkedua"],
    ]
    assert [(sheet.name, sheet.visibility, sheet.row_count, sheet.column_count) for sheet in sheets] == [
        ("Isi", "visible", 6, 4),
        ("Catatan & isi", "hidden", 1, 1),
        ("Kode", "very hidden", 0, 0),
    ]
    assert sheets[0].merged == ((2, 2, 2, 4),)
    assert rows_of(tmp_path / "rows.parquet", 2) == [["x"]]


def test_an_error_beyond_all_other_cells_is_kept(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "nomor")
        sheet.write_formula(2, 2, "=NA()", None, "#N/A")

    sheets, rows = read(tmp_path, workbook(fill))
    assert rows == [["nomor", "", ""], ["", "", ""], ["", "", "#N/A"]]
    assert sheets[0].row_count == 3


def test_more_rows_than_are_written_at_once(tmp_path: Path) -> None:
    sheets, rows = read(tmp_path, attacks.xlsx([["nomor", "nilai"], *([str(n), n] for n in range(9_999))]))
    assert sheets[0].row_count == 10_000
    assert rows[-1] == ["9998", "9998"]


@pytest.mark.parametrize("part", [b'<row r="%d"', b'<row dummy="%d"'])
def test_rows_without_a_number_follow_each_other(tmp_path: Path, part: bytes) -> None:
    def renumber(xml: bytes) -> bytes:
        return xml.replace(b'<row r="1"', part % 1).replace(b'<row r="2"', part % 2)

    sheets, rows = read(tmp_path, attacks.xlsx_with(attacks.SHEET, renumber))
    assert rows == [["nomor", "nama"], ["1", "CONTOH"]]
    assert sheets[0].row_count == 2


def test_a_sheet_whose_two_counts_disagree_is_refused(tmp_path: Path) -> None:
    def hide(xml: bytes) -> bytes:
        return xml.replace(b"</sheetData>", b'<row r="9"><nonsense><v>7</v></nonsense></row></sheetData>')

    with pytest.raises(RefusedDelivery, match="9 rows by its own account and 2 by the sheet parser"):
        read(tmp_path, attacks.xlsx_with(attacks.SHEET, hide))


def test_a_sheet_that_needs_too_much_memory_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "export.xlsx").write_bytes(attacks.xlsx([["a"] * 50] * 1_000))
    with pytest.raises(RefusedDelivery, match="send it as CSV"):
        read_sheets(tmp_path / "export.xlsx", tmp_path / "rows.parquet", Limits(memory_mb=2))


def test_parquet_says_the_same_as_the_text_it_could_have_been(tmp_path: Path) -> None:
    table = pa.table(
        {
            "nomor": pa.array(["0001", None]),
            "tahun": pa.array([2015.0, None]),
            "nik": pa.array([3201014101800001, 3201014101800002], pa.int64()),
            "omzet": pa.array([Decimal("1500000.50"), Decimal("0.00")], pa.decimal128(18, 2)),
            "kecil": pa.array([Decimal("0.0000001"), None], pa.decimal128(18, 7)),
            "bulat": pa.array([1e15, 3.2e18]),
            "tanggal": pa.array([date(2021, 5, 6), None]),
            "waktu": pa.array([datetime(2021, 5, 6), datetime(2021, 5, 6, 7, 8, 9)], pa.timestamp("us")),
            "aktif": pa.array([True, False]),
            "status": pa.array(["Aktif", "Tutup"]).dictionary_encode(),
            "kosong": pa.nulls(2),
        }
    )
    pq.write_table(table, tmp_path / "export.parquet")
    assert kind_of(tmp_path / "export.parquet") is Kind.PARQUET
    found = read_parquet_rows(tmp_path / "export.parquet", tmp_path / "rows.parquet")
    assert (found.row_count, found.column_count) == (3, 11)
    assert rows_of(tmp_path / "rows.parquet") == [
        table.column_names,
        ["0001", "2015", "3201014101800001", "1500000.50", "0.0000001", "1000000000000000", "2021-05-06", "2021-05-06",
         "TRUE", "Aktif", ""],
        ["", "", "3201014101800002", "0.00", "", "3.20000000000000E+18", "", "2021-05-06 07:08:09",
         "FALSE", "Tutup", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("values", [[b"x"], [[1]], [{"a": 1}], [timedelta(1)]])
def test_parquet_that_is_no_table_of_plain_values_is_refused_with_the_column(tmp_path: Path, values: list[Any]) -> None:
    pq.write_table(pa.table({"nomor": ["1"], "isi": values}), tmp_path / "export.parquet")
    with pytest.raises(RefusedDelivery, match="column isi"):
        read_parquet_rows(tmp_path / "export.parquet", tmp_path / "rows.parquet")


def test_many_rows_of_parquet_keep_their_order(tmp_path: Path) -> None:
    pq.write_table(pa.table({"nomor": list(range(20_000))}), tmp_path / "export.parquet", row_group_size=7_000)
    read_parquet_rows(tmp_path / "export.parquet", tmp_path / "rows.parquet")
    assert rows_of(tmp_path / "rows.parquet") == [["nomor"], *([str(number)] for number in range(20_000))]


@pytest.mark.corpus
@pytest.mark.skipif(not CORPORA.exists(), reason=f"no corpora at {CORPORA}; set CAPAIAN_CORPORA")
def test_error_cells_of_an_xls_file_are_kept(tmp_path: Path) -> None:
    read_sheets(CORPORA / "readxl" / "types.xls", tmp_path / "rows.parquet")
    found = {field for row in rows_of(tmp_path / "rows.parquet", 3) for field in row if field.startswith("#")}
    assert found == {"#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#REF!", "#NUM!", "#NULL!"}


@pytest.mark.corpus
@pytest.mark.skipif(not CORPORA.exists(), reason=f"no corpora at {CORPORA}; set CAPAIAN_CORPORA")
@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_xls_file_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    content = (CORPORA / "readxl" / "types.xls").read_bytes()
    damaged = attacks.flipped(content, 8, len(content), seed) if seed % 2 else content[: len(content) * seed // 7]
    (tmp_path / "export.xls").write_bytes(damaged or b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with contextlib.suppress(RefusedDelivery):
        sheets = read_sheets(tmp_path / "export.xls", tmp_path / "rows.parquet")
        assert pq.read_metadata(tmp_path / "rows.parquet").num_rows == sum(sheet.row_count for sheet in sheets)


@pytest.mark.corpus
@pytest.mark.skipif(not CORPORA.exists(), reason=f"no corpora at {CORPORA}; set CAPAIAN_CORPORA")
def test_every_sheet_and_parquet_of_the_corpora_is_read_whole_or_refused(tmp_path: Path) -> None:
    files = [path for path in sorted(CORPORA.rglob("*")) if path.suffix in (".xls", ".xlsx", ".parquet")]
    assert len(files) > 45
    refused = {}
    for path in files:
        try:
            if kind_of(path) is Kind.PARQUET:
                expected = write_parquet_rows(str(path), str(tmp_path / "rows.parquet"))["row_count"]
            else:
                sheets = write_sheets(str(path), str(tmp_path / "rows.parquet"), SHEET_LIMITS.memory_mb)
                expected = sum(sheet["row_count"] for sheet in sheets)
        except RefusedDelivery as reason:
            refused[path.name] = reason.reason
        else:
            assert pq.read_metadata(tmp_path / "rows.parquet").num_rows == expected
    assert refused == {
        name: f"column {column} of the Parquet file is of type {kind}, which is no plain value; flatten it or leave it out"
        for name, column, kind in (
            ("ARROW-GH-41317.parquet", "binary", "binary"),
            ("ARROW-GH-47662.parquet", "flba_field", "fixed_size_binary_4_"),
            ("ARROW-RS-GH-6229-LEVELS.parquet", "outer", "list"),
        )
    }
