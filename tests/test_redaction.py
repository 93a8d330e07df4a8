"""Files without some of their lines: every other line keeps its number, its bytes or its text, in every form."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.land import take_census
from transforms.reading.sheets import read_sheets
from transforms.redaction.numbers import candidates_in, runs_pattern
from transforms.redaction.parquet import blank_parquet_rows
from transforms.redaction.text import blank_lines, lines_with
from transforms.redaction.workbook import blank_sheet_rows, xml_rows_with

NIK = "3201014101807777"
ENCODINGS = {"utf-8": "u1", "cp1252": "u1", "utf-16-le": "<u2", "utf-16-be": ">u2"}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lines_of_text_are_found_and_blanked_whatever_their_ends_and_encoding(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("text")
    encoding = data.draw(st.sampled_from(sorted(ENCODINGS)))
    said = st.sampled_from(["", "a;b", "é;1", "Ċ", f"x;{NIK};y", "3201.0141-0180 7777", "320101410180777"])
    texts = data.draw(st.lists(said if encoding.startswith("utf-16") else said.filter(lambda t: t != "Ċ"), max_size=9))
    ends = data.draw(st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=len(texts), max_size=len(texts)))
    lines = [text + end for text, end in zip(texts, ends, strict=True)]
    if lines and data.draw(st.booleans()):
        lines[-1] = texts[-1] or "z"
    mark = "\ufeff" if encoding != "cp1252" and data.draw(st.booleans()) else ""
    path, target = folder / "a.csv", folder / "b.csv"
    path.write_bytes((mark + "".join(lines)).encode(encoding))
    physical = re.split(r"(\r\n|\n|\r)", "".join(lines))
    wanted = {n for n, text in enumerate(physical[::2], 1) if re.sub(r"\D", "", text).endswith("7777")}
    unit = ENCODINGS[encoding]
    assert lines_with(path, unit, lambda number: number == NIK) == wanted
    blank_lines(path, target, unit, wanted)
    left = [" " if n // 2 + 1 in wanted and n % 2 == 0 else part for n, part in enumerate(physical)]
    assert target.read_bytes() == (mark + "".join(left)).encode(encoding)
    if unit == "u1":
        assert take_census(target).line_count == take_census(path).line_count


@pytest.mark.parametrize("written", [NIK, "32.01.01.410180.7777", "'3201 0141 0180 7777", f"0{NIK}1", f"+{NIK}.0"])
def test_a_nik_is_found_however_it_is_written(written: str) -> None:
    (run,) = runs_pattern().finditer(f"a;{written};b".encode())
    assert NIK in set(candidates_in(run))


def test_rows_of_a_workbook_are_blanked_and_all_others_keep_their_place(tmp_path: Path) -> None:
    path, rows, target = tmp_path / "a.xlsx", tmp_path / "rows.parquet", tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"author": NIK})
        for name in ("satu", "dua"):
            sheet = book.add_worksheet(name)
            for place, row in enumerate([["nik", "n"], ["1", 1.5], [NIK, 2], ["3", ""], [int(NIK), "last"]]):
                sheet.write_row(place, 0, row)
        sheet.write_comment("A2", NIK)
    sheets = read_sheets(path, rows)
    found = xml_rows_with(path, lambda number: number == NIK)
    assert found == {(1, 5), (2, 5)}  # the other one is a shared text
    blank_sheet_rows(rows, sheets, target, {(sheet, row) for sheet in (1, 2) for row in (3, 5)}, tmp_path)
    after = read_sheets(target, tmp_path / "after.parquet")
    assert [sheet.row_count for sheet in after] == [sheet.row_count for sheet in sheets] == [5, 5]
    told = pq.read_table(tmp_path / "after.parquet").to_pylist()
    assert [[text.strip() for text in row["fields"]] for row in told[:5]] == [
        ["nik", "n"],
        ["1", "1.5"],
        ["", ""],
        ["3", ""],
        ["", ""],
    ]
    with zipfile.ZipFile(target) as archive:
        assert not [name for name in archive.namelist() if NIK.encode() in archive.read(name)]


def test_rows_of_a_parquet_file_are_emptied_with_their_statistics_and_dictionaries(tmp_path: Path) -> None:
    path, target = tmp_path / "a.parquet", tmp_path / "b.parquet"
    numbers = [str(n) for n in range(9)] + [NIK]
    schema = pa.schema(
        [
            pa.field("nik", pa.string(), nullable=False),
            ("n", pa.int64()),
            ("kind", pa.dictionary(pa.int8(), pa.string())),
        ]
    )
    table = pa.table(
        [numbers, [int(n) for n in numbers], pa.array(numbers).dictionary_encode().cast(schema.field("kind").type)],
        schema,
    )
    pq.write_table(table.replace_schema_metadata({"note": NIK}), path, row_group_size=4)
    blank_parquet_rows(path, target, {11})
    left = pq.read_table(target).to_pylist()
    assert left[:9] == table.to_pylist()[:9] and set(left[9].values()) == {None}
    assert NIK.encode() not in target.read_bytes() and int(NIK).to_bytes(8, "little") not in target.read_bytes()
