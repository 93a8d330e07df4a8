"""Readers as a drawn grid: what is written, what is read; blank means that nothing could be read."""

from __future__ import annotations

import duckdb
import pytest
from conftest import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

GRID = drawn(
    """
    | reader                    | text                            | value            |
    |---------------------------|---------------------------------|------------------|
    | read_text                 | WARUNG                          | WARUNG           |
    | read_text                 | X-TRA                           | X-TRA            |
    | read_text                 | Nana                            | Nana             |
    | read_text                 | tidak ada                       |                  |
    | read_text                 | Tdk Ada                         |                  |
    | read_text                 | BELUM ADA                       |                  |
    | read_text                 | -                               |                  |
    | read_text                 | ---                             |                  |
    | read_text                 | .                               |                  |
    | read_text                 | xxx                             |                  |
    | read_text                 | NIHIL                           |                  |
    | read_text                 | #N/A                            |                  |
    | read_text                 | #REF!                           |                  |
    | read_text                 | ####                            |                  |
    | read_text                 | 'ABADI                          | ABADI            |
    | read_text                 | {NBSP}ABADI{NBSP}               | ABADI            |
    | read_text                 | ABADI{TAB}                      | ABADI            |
    | read_text                 | ABADI{ZWSP}                     | ABADI            |
    | read_upper_text           | Pakansari                       | PAKANSARI        |
    | read_identifier           | REG0001                         | REG0001          |
    | read_identifier           | reg-0001                        | REG-0001         |
    | read_identifier           | REG0001{TAB}                    | REG0001          |
    | read_identifier           | 0{ZWSP}                         |                  |
    | read_identifier           | 518.08/96/BH                    | 518.08/96/BH     |
    | read_identifier           | 0                               |                  |
    | read_identifier           | 0000                            |                  |
    | read_identifier           | xxxx                            |                  |
    | read_identifier           | 1,23E+11                        |                  |
    | read_identifier           | #VALUE!                         |                  |
    | read_boolean              | Ya                              | true             |
    | read_boolean              | YA                              | true             |
    | read_boolean              | 1. Ya                           | true             |
    | read_boolean              | 1 - Ya                          | true             |
    | read_boolean              | [1] Ya                          | true             |
    | read_boolean              | (1) Ya                          | true             |
    | read_boolean              | 1.0                             | true             |
    | read_boolean              | 01                              | true             |
    | read_boolean              | 2                               | false            |
    | read_boolean              | 0                               | false            |
    | read_boolean              | tidak                           | false            |
    | read_boolean              | tdk                             | false            |
    | read_boolean              | 2. Tidak                        | false            |
    | read_boolean              | 1. Tidak                        |                  |
    | read_boolean              | 3                               |                  |
    | read_boolean              | mungkin                         |                  |
    | read_boolean              | tidak ada                       |                  |
    | read_boolean              | #N/A                            |                  |
    | read_fixed_location       | Menetap                         | true             |
    | read_fixed_location       | 2. Tidak Menetap                | false            |
    | read_fixed_location       | keliling                        | false            |
    | read_fixed_location       | kadang-kadang                   |                  |
    | read_sex                  | 2                               | P                |
    | read_sex                  | Laki-laki                       | L                |
    | read_sex                  | 1. Laki-laki                    | L                |
    | read_sex                  | PEREMPUAN                       | P                |
    | read_sex                  | wanita                          | P                |
    | read_sex                  | 2 - Laki-laki                   |                  |
    | read_sex                  | B                               |                  |
    | read_business_kind        | 2                               | koperasi         |
    | read_business_kind        | [1] UMKM                        | umkm             |
    | read_business_kind        | BUMDes                          |                  |
    | read_legal_form           | Perorangan                      | perorangan       |
    | read_legal_form           | CV.                             | cv               |
    | read_legal_form           | PT Perorangan                   | pt_perorangan    |
    | read_legal_form           | pt_perorangan                   | pt_perorangan    |
    | read_legal_form           | perkumpulan                     |                  |
    | read_business_status      | 1                               | 1                |
    | read_business_status      | 1. Aktif                        | 1                |
    | read_business_status      | 1 - Aktif                       | 1                |
    | read_business_status      | [1] Aktif                       | 1                |
    | read_business_status      | AKTIF                           | 1                |
    | read_business_status      | 9. Duplikat                     | 9                |
    | read_business_status      | Salah Kode Wilayah              | 10               |
    | read_business_status      | 10.0                            | 10               |
    | read_business_status      | 3. Belum Beroperasi/Berproduksi | 3                |
    | read_business_status      | 4. Aktif                        |                  |
    | read_business_status      | 11                              |                  |
    | read_business_status      | 0                               |                  |
    | read_nik                  | 3201014101800001                | 3201014101800001 |
    | read_nik                  | '3201014101800001               | 3201014101800001 |
    | read_nik                  | {NBSP}3201014101800001          | 3201014101800001 |
    | read_nik                  | 32.0101.410180.0001             | 3201014101800001 |
    | read_nik                  | 3201 0141 0180 0001             | 3201014101800001 |
    | read_nik                  | 3201014101800001.0              | 3201014101800001 |
    | read_nik                  | 9471014101800001                | 9471014101800001 |
    | read_nik                  | 9271014101800001                | 9271014101800001 |
    | read_nik                  | 320101410180000                 |                  |
    | read_nik                  | 3201014101800000                |                  |
    | read_nik                  | 3201013213800001                |                  |
    | read_nik                  | 3201013002800001                |                  |
    | read_nik                  | 3201012902800001                | 3201012902800001 |
    | read_nik                  | 3201012902810001                |                  |
    | read_nik                  | 3201016902000001                | 3201016902000001 |
    | read_nik                  | 3201013104800001                |                  |
    | read_nik                  | 3201017112800001                | 3201017112800001 |
    | read_nik                  | 3201010001800001                |                  |
    | read_nik                  | 3201014001800001                |                  |
    | read_nik                  | 3201017201800001                |                  |
    | read_nik                  | 0101014101800001                |                  |
    | read_nik                  | 5501014101800001                |                  |
    | read_nik                  | 1111111111111111                |                  |
    | read_nik                  | 1234567890123456                |                  |
    | read_nik                  | 9876543210987654                |                  |
    | read_nik                  | 3333333333333333                |                  |
    | read_nik                  | 3,17E+15                        |                  |
    | read_nik                  | #N/A                            |                  |
    | is_exponent               | 3,17E+15                        | true             |
    | is_exponent               | 3.17402250385000E+15            | true             |
    | is_exponent               | 3E+15                           | true             |
    | is_exponent               | 3201014101800001                | false            |
    | read_npwp                 | 09.254.294.3-407.000            | 092542943407000  |
    | read_npwp                 | 092542943407000                 | 092542943407000  |
    | read_npwp                 | 0092542943407000                | 0092542943407000 |
    | read_npwp                 | 3201014101800001                | 3201014101800001 |
    | read_npwp                 | 3201013213800001                |                  |
    | read_npwp                 | 000000000000000                 |                  |
    | read_npwp                 | 92542943407000                  |                  |
    | read_npwp                 | 9,25E+13                        |                  |
    | read_nib                  | 0123456789012                   | 0123456789012    |
    | read_nib                  | 9123456789012                   | 9123456789012    |
    | read_nib                  | 1234567890123.0                 | 1234567890123    |
    | read_nib                  | '1234 5678 90123                | 1234567890123    |
    | read_nib                  | 0000000000000                   |                  |
    | read_nib                  | 1,23457E+12                     |                  |
    | read_nib                  | 123456789012                    |                  |
    | read_nib                  | 123                             |                  |
    | read_phone                | 081234567890                    | +6281234567890   |
    | read_phone                | +62 812-3456-7890               | +6281234567890   |
    | read_phone                | 6281234567890                   | +6281234567890   |
    | read_phone                | +62 (0)812 3456 7890            | +6281234567890   |
    | read_phone                | 81234567890                     | +6281234567890   |
    | read_phone                | 81234567890.0                   | +6281234567890   |
    | read_phone                | (0251) 8321234                  | +622518321234    |
    | read_phone                | 021-5550123                     | +62215550123     |
    | read_phone                | 0000                            |                  |
    | read_phone                | 12345                           |                  |
    | read_phone                | 8888888888                      |                  |
    | read_phone                | 08888888888                     |                  |
    | read_phone                | 1111111111                      |                  |
    | read_phone                | 081234567890/081234567891       |                  |
    | read_phone                | 081234567890, 081234567891      |                  |
    | read_phone                | 081234567890 081234567891       |                  |
    | read_phone                | 8,12346E+11                     |                  |
    | read_phone                | +65 6123 4567                   |                  |
    | read_date                 | 31/12/2022                      | 2022-12-31       |
    | read_date                 | 1/2/2022                        | 2022-02-01       |
    | read_date                 | 31-12-2022                      | 2022-12-31       |
    | read_date                 | 31.12.2022                      | 2022-12-31       |
    | read_date                 | 2023-09-20                      | 2023-09-20       |
    | read_date                 | 2023/9/20                       | 2023-09-20       |
    | read_date                 | 2023-09-20 00:00:00             | 2023-09-20       |
    | read_date                 | 2023-09-20T08:15:00Z            | 2023-09-20       |
    | read_date                 | 20/09/2023 08:15                | 2023-09-20       |
    | read_date                 | 12 Agustus 1980                 | 1980-08-12       |
    | read_date                 | 12 agustus 1980                 | 1980-08-12       |
    | read_date                 | 12-Agt-80                       | 1980-08-12       |
    | read_date                 | 12-Ags-1980                     | 1980-08-12       |
    | read_date                 | 12 August 1980                  | 1980-08-12       |
    | read_date                 | 1 Peb 1980                      | 1980-02-01       |
    | read_date                 | 1 Pebruari 1980                 | 1980-02-01       |
    | read_date                 | 5 Mei 1980                      | 1980-05-05       |
    | read_date                 | 5-May-80                        | 1980-05-05       |
    | read_date                 | 6 Okt 1980                      | 1980-10-06       |
    | read_date                 | 6 Oct 1980                      | 1980-10-06       |
    | read_date                 | 7 Nopember 1980                 | 1980-11-07       |
    | read_date                 | 8 Desember 1980                 | 1980-12-08       |
    | read_date                 | 8 Dec. 1980                     | 1980-12-08       |
    | read_date                 | 15 Sept 2022                    | 2022-09-15       |
    | read_date                 | 12-Agt-22                       | 2022-08-12       |
    | read_date                 | 12 Marxyz 1980                  |                  |
    | read_date                 | 32 Mei 1980                     |                  |
    | read_date                 | 29/02/1980                      | 1980-02-29       |
    | read_date                 | 29/02/1981                      |                  |
    | read_date                 | 31/02/1980                      |                  |
    | read_date                 | 12/31/1980                      |                  |
    | read_date                 | 12/08/80                        |                  |
    | read_date                 | 29438                           | 1980-08-05       |
    | read_date                 | 44828.0                         | 2022-09-24       |
    | read_date                 | 99999                           |                  |
    | read_date                 | 9999                            |                  |
    | read_date                 | 1980                            |                  |
    | read_date                 | 00/00/0000                      |                  |
    | read_date                 | 0000-00-00                      |                  |
    | read_date                 | #VALUE!                         |                  |
    | read_date                 | -                               |                  |
    | read_year                 | 2021                            | 2021             |
    | read_year                 | 2021.0                          | 2021             |
    | read_year                 | 21                              |                  |
    | read_year                 | 2021/2022                       |                  |
    | read_count                | 2                               | 2                |
    | read_count                | 2.0                             | 2                |
    | read_count                | 2 orang                         | 2                |
    | read_count                | -5                              | -5               |
    | read_count                | 1.500                           |                  |
    | read_count                | 1.5                             |                  |
    | read_count                | 2-3                             |                  |
    | read_count                | 99999999999                     |                  |
    | read_kbli                 | 01111                           | 01111            |
    | read_kbli                 | 56102 - Warung makan            | 56102            |
    | read_kbli                 | [56102] Warung makan            | 56102            |
    | read_kbli                 | 56102.0                         | 56102            |
    | read_kbli                 | 5610                            |                  |
    | read_kbli                 | 1111                            |                  |
    | read_kbli                 | 561021                          |                  |
    | read_kbli                 | 56102, 47112                    |                  |
    | read_decimal              | -6,48                           | -6.48            |
    | read_decimal              | 106.85                          | 106.85           |
    | read_decimal              | 0                               | 0.0              |
    | read_decimal              | -6.480.123                      |                  |
    | read_decimal              | 6°29'S                          |                  |
    | read_decimal              | 6 29 12                         |                  |
    | read_decimal              | nan                             |                  |
    | read_decimal              | inf                             |                  |
    | read_decimal              | 106,85 BT                       |                  |
    | read_region_digits        | 32.01.01.2001                   | 3201012001       |
    | read_region_digits        | 3201010001                      | 3201010001       |
    | read_region_digits        | 32.01                           | 3201             |
    | read_region_digits        | 11.10                           | 1110             |
    | read_region_digits        | [32.01] BOGOR                   | 3201             |
    | read_region_digits        | 3201.0                          | 3201             |
    | read_region_digits        | 11.1                            |                  |
    | read_region_digits        | 11                              |                  |
    | read_region_digits        | 32015                           |                  |
    | read_region_digits        | BOGOR                           |                  |
    | read_name_before_brackets | TOKO MAJU <SITI CONTOH>         | TOKO MAJU        |
    | read_name_before_brackets | TOKO (CABANG 2) <SITI>          | TOKO (CABANG 2)  |
    | read_name_before_brackets | TOKO (CABANG 2)                 | TOKO (CABANG 2)  |
    | read_name_before_brackets | TOKO MAJU <SITI                 | TOKO MAJU        |
    | read_name_before_brackets | TOKO MAJU <>                    | TOKO MAJU        |
    | read_name_before_brackets | <SITI CONTOH>                   |                  |
    | read_name_in_brackets     | TOKO MAJU <SITI CONTOH>         | SITI CONTOH      |
    | read_name_in_brackets     | TOKO MAJU (SITI CONTOH)         | SITI CONTOH      |
    | read_name_in_brackets     | TOKO MAJU {SITI CONTOH}         | SITI CONTOH      |
    | read_name_in_brackets     | TOKO (CABANG 2) <SITI>          | SITI             |
    | read_name_in_brackets     | TOKO (CABANG 2)                 |                  |
    | read_name_in_brackets     | TOKO MAJU <SITI                 | SITI             |
    | read_name_in_brackets     | TOKO MAJU <>                    |                  |
    | read_name_in_brackets     | TOKO MAJU < - >                 |                  |
    | read_name_in_brackets     | TOKO MAJU                       |                  |
    | is_something              | -                               | false            |
    | is_something              | belum ada                       | false            |
    | is_something              | #N/A                            | true             |
    | is_something              | entah                           | true             |
    | is_damaged_cell           | #DIV/0!                         | true             |
    | is_damaged_cell           | JL. #5                          | false            |
    | full_year                 | 80                              | 1980             |
    | full_year                 | 22                              | 2022             |
    """
)

RUPIAH = drawn(
    """
    | text             | mark | unit | value      |
    |------------------|------|------|------------|
    | Rp 1.500.000,00  | ,    | 1    | 1500000    |
    | Rp1.500.000      | ,    | 1    | 1500000    |
    | Rp 1.500.000,-   | ,    | 1    | 1500000    |
    | Rp   1.500.000   | ,    | 1    | 1500000    |
    | 1500000          | ,    | 1    | 1500000    |
    | 1.500.000        | ,    | 1    | 1500000    |
    | 1.500.000        | .    | 1    | 1500000    |
    | 1,500,000.00     | .    | 1    | 1500000    |
    | 1.500            | ,    | 1    | 1500       |
    | 1.500            | .    | 1    |            |
    | 1.500            | .    | 1000 |            |
    | 1,500            | .    | 1    | 1500       |
    | 1,500            | ,    | 1    |            |
    | 1.5              | .    | 1    |            |
    | 1500.50          | .    | 1000 | 1500500    |
    | 60000            | .    | 1000 | 60000000   |
    | 60000.0          | .    | 1000 | 60000000   |
    | 1,5 juta         | ,    | 1    | 1500000    |
    | 1,5 jt           | .    | 1000 | 1500000    |
    | 2 jt             | ,    | 1    | 2000000    |
    | 2jt              | ,    | 1    | 2000000    |
    | 500rb            | ,    | 1    | 500000     |
    | 500 ribu         | ,    | 1    | 500000     |
    | 2 M              | ,    | 1    | 2000000000 |
    | 1.2 miliar       | ,    | 1    | 1200000000 |
    | 1,2 milyar       | ,    | 1    | 1200000000 |
    | Rp. 3 jt         | ,    | 1    | 3000000    |
    | IDR 5000000      | ,    | 1    | 5000000    |
    | IDR 5000000      | .    | 1000 | 5000000    |
    | 5.000.000 rupiah | ,    | 1    | 5000000    |
    | Rp -5            | ,    | 1    | -5         |
    | 0                | ,    | 1    | 0          |
    | 1.50.000         | ,    | 1    |            |
    | 1,5000,00        | ,    | 1    |            |
    | 1.500.00         | ,    | 1    |            |
    | 0.500            | ,    | 1    |            |
    | 1-2 juta         | ,    | 1    |            |
    | < 5 juta         | ,    | 1    |            |
    | lebih dari 1 M   | ,    | 1    |            |
    | USD 100          | ,    | 1    |            |
    | 5 juta/bulan     | ,    | 1    |            |
    | 2 jt per bulan   | ,    | 1    |            |
    | 1,5E+11          | ,    | 1    |            |
    | #REF!            | ,    | 1    |            |
    | tidak tahu       | ,    | 1    |            |
    | banyak           | .    | 1000 |            |
    """
)


@pytest.mark.parametrize("case", GRID, ids=lambda case: f"{case['reader']} {case['text']}")
def test_a_reader_reads_what_the_grid_says(readers: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    value = readers.execute(
        f"SELECT ({case['reader']}($1))::VARCHAR",
        [case["text"].replace("{NBSP}", "\xa0").replace("{TAB}", "\t").replace("{ZWSP}", "\u200b")],
    ).fetchall()[0][0]
    assert (value or "") == case["value"]


@pytest.mark.parametrize("case", RUPIAH, ids=lambda case: f"{case['text']} {case['mark']} {case['unit']}")
def test_rupiah_are_read_in_the_unit_of_the_source(readers: duckdb.DuckDBPyConnection, case: dict[str, str]) -> None:
    value = readers.execute(
        f"SELECT read_rupiah($1, '{case['mark']}', {case['unit']})::VARCHAR", [case["text"]]
    ).fetchall()[0][0]
    assert (value or "") == case["value"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\x00\x1f\r\n", exclude_categories=["Cs"])), min_size=2, max_size=6
    )
)
def test_a_record_split_is_the_inverse_of_quoting(readers: duckdb.DuckDBPyConnection, fields: list[str]) -> None:
    line = ";".join('"' + field.replace('"', '""') + '"' for field in fields)
    assert readers.execute("SELECT split_record($1, ';')", [line]).fetchall()[0][0] == fields
