"""Readers as a drawn grid: what is written, what is read; blank means that nothing could be read."""

from __future__ import annotations

import duckdb
import pytest
from conftest import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

GRID = drawn(
    """
    | reader                    | text                     | value                  |
    |---------------------------|--------------------------|------------------------|
    | read_text                 | WARUNG                   | WARUNG                 |
    | read_text                 | tidak ada                |                        |
    | read_text                 | -                        |                        |
    | read_boolean              | Ya                       | true                   |
    | read_boolean              | 2                        | false                  |
    | read_boolean              | tidak                    | false                  |
    | read_boolean              | mungkin                  |                        |
    | read_sex                  | 2                        | P                      |
    | read_sex                  | Laki-laki                | L                      |
    | read_business_kind        | 2                        | koperasi               |
    | read_business_status      | 1                        | 1                      |
    | read_business_status      | 9. Duplikat              | 9                      |
    | read_business_status      | Salah Kode Wilayah       | 10                     |
    | read_business_status      | 11                       |                        |
    | read_nik                  | 3201014101800001         | 3201014101800001       |
    | read_nik                  | '3201014101800001        | 3201014101800001       |
    | read_nik                  | 32.0101.410180.0001      | 3201014101800001       |
    | read_nik                  | 320101410180000          |                        |
    | read_nik                  | 3201014101800000         |                        |
    | read_nik                  | 3201013213800001         |                        |
    | read_nik                  | 3,17E+15                 |                        |
    | is_precision_lost         | 3,17E+15                 | true                   |
    | is_precision_lost         | 3.20101410180000E+15     | true                   |
    | is_precision_lost         | 3201014101800001         | false                  |
    | read_nib                  | 0123456789012            | 0123456789012          |
    | read_nib                  | 123                      |                        |
    | read_phone                | 081234567890             | +6281234567890         |
    | read_phone                | +62 812-3456-7890        | +6281234567890         |
    | read_phone                | 81234567890              | +6281234567890         |
    | read_phone                | 0000                     |                        |
    | read_date                 | 31/12/2022               | 2022-12-31             |
    | read_date                 | 1/2/2022                 | 2022-02-01             |
    | read_date                 | 2023-09-20               | 2023-09-20             |
    | read_date                 | 2023-09-20 00:00:00      | 2023-09-20             |
    | read_date                 | 12 Agustus 1980          | 1980-08-12             |
    | read_date                 | 12-Agt-80                | 1980-08-12             |
    | read_date                 | 31/02/1980               |                        |
    | read_year                 | 2021                     | 2021                   |
    | read_year                 | 21                       |                        |
    | read_kbli                 | 01111                    | 01111                  |
    | read_kbli                 | 56102 - Warung makan     | 56102                  |
    | read_kbli                 | 5610                     |                        |
    | read_decimal              | -6,48                    | -6.48                  |
    | read_decimal              | 106.85                   | 106.85                 |
    | read_region_digits        | 32.01.01.2001            | 3201012001             |
    | read_name_before_brackets | TOKO MAJU <SITI CONTOH>  | TOKO MAJU              |
    | read_name_in_brackets     | TOKO MAJU <SITI CONTOH>  | SITI CONTOH            |
    | read_name_in_brackets     | TOKO MAJU {SITI CONTOH}  | SITI CONTOH            |
    | read_name_in_brackets     | TOKO MAJU                |                        |
    | full_year                 | 80                       | 1980                   |
    """
)

RUPIAH = drawn(
    """
    | text              | mark | unit | value         |
    |-------------------|------|------|---------------|
    | Rp 1.500.000,00   | ,    | 1    | 1500000       |
    | Rp1.500.000       | ,    | 1    | 1500000       |
    | Rp 1.500.000,-    | ,    | 1    | 1500000       |
    | 1500000           | ,    | 1    | 1500000       |
    | 1.500.000         | ,    | 1    | 1500000       |
    | 1500.50           | .    | 1000 | 1500500       |
    | 60000             | .    | 1000 | 60000000      |
    | 1,5 juta          | ,    | 1    | 1500000       |
    | 1,5 jt            | .    | 1000 | 1500000       |
    | 500rb             | ,    | 1    | 500000        |
    | 2 M               | ,    | 1    | 2000000000    |
    | tidak tahu        | ,    | 1    |               |
    | banyak            | .    | 1000 |               |
    """
)


@pytest.mark.parametrize("case", GRID, ids=lambda case: f"{case['reader']} {case['text']}")
def test_a_reader_reads_what_the_grid_says(readers: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    value = readers.execute(f"SELECT ({case['reader']}($1))::VARCHAR", [case["text"]]).fetchall()[0][0]
    assert (value or "") == case["value"]


@pytest.mark.parametrize("case", RUPIAH, ids=lambda case: case["text"])
def test_rupiah_are_read_in_the_unit_of_the_source(readers: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    value = readers.execute(
        f"SELECT read_rupiah($1, '{case['mark']}', {case['unit']})::VARCHAR", [case["text"]]
    ).fetchall()[0][0]
    assert (value or "") == case["value"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_every_reader_is_total(readers: duckdb.DuckDBPyConnection, text: str) -> None:
    names = sorted({case["reader"] for case in GRID} - {"full_year"})
    readers.execute(
        f"SELECT {', '.join(f'{name}($text)' for name in names)}, read_rupiah($text, ',', 1)",
        {"text": text.replace("\x00", "")},
    )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\x00\x1f\r\n", exclude_categories=["Cs"])), min_size=2, max_size=6
    )
)
def test_a_record_split_is_the_inverse_of_quoting(readers: duckdb.DuckDBPyConnection, fields: list[str]) -> None:
    line = ";".join('"' + field.replace('"', '""') + '"' for field in fields)
    assert readers.execute("SELECT split_record($1, ';')", [line]).fetchall()[0][0] == fields
