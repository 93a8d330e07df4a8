"""Small awkward texts and what a careful person reads in them; any text is read, and its lines balance."""

from __future__ import annotations

import codecs
import gzip
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transforms.reading.dialect import propose_dialect
from transforms.reading.fields import Dialect
from transforms.reading.front import open_table
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.text import TextTable, UnreadableText, open_text
from warehouse.profiles import load_profiles


def read(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> tuple[list[str], list[list[str]], TextTable]:
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    table = open_text(path)
    return table.names, list(table.rows()), table


AWKWARD = {
    # name: (text, header, rows)
    "plain": ("id,nama\n1,Ani\n2,Budi\n", "id|nama", ["1|Ani", "2|Budi"]),
    "semicolon with decimal commas": ("a;b\n1,5;2\n3,5;4\n", "a|b", ["1,5|2", "3,5|4"]),
    "tab": ("id\tnama\n1\tAni, S.E.\n2\tBudi\n", "id|nama", ["1|Ani, S.E.", "2|Budi"]),
    "space after the delimiter": ('id, nama\n1, "Ani, S.E."\n2, Budi\n', "id|nama", ["1|Ani, S.E.", "2|Budi"]),
    "two or more spaces": ("id  nama kota\n1   Kota Bogor\n2   Kota Depok\n", "id|nama kota", ["1|Kota Bogor", "2|Kota Depok"]),
    "single quotes": ("id;nama\n1;'a;b'\n2;'c'\n", "id|nama", ["1|a;b", "2|c"]),
    "backslash escape": ('id,n\n1,"a \\"b\\", c"\n2,"d"\n', "id|n", ['1|a "b", c', "2|d"]),
    "apostrophes are no quotes": ("id,nama\n1,'t Hooft\n2,Ja'far\n3,O'\n", "id|nama", ["1|'t Hooft", "2|Ja'far", "3|O'"]),
    "inches are no quotes": ('id,ukuran\n1,12"\n2,5" x 3"\n', "id|ukuran", ['1|12"', '2|5" x 3"']),
    "line break in quotes": ('id,n\n1,"a\nb"\n2,c\n', "id|n", ["1|a\nb", "2|c"]),
    "windows line break in quotes": ('id,n\r\n1,"a\r\nb"\r\n2,c\r\n', "id|n", ["1|a\r\nb", "2|c"]),
    "mixed line ends": ("id,n\r\n1,a\r2,b\n3,c", "id|n", ["1|a", "2|b", "3|c"]),
    "sep line": ("sep=;\nid;n\n1;a,b\n2;c\n", "id|n", ["1|a,b", "2|c"]),
    "title and blank lines": ("Rekap UMKM\n\nid,kota,nilai\n1,A,2\n2,B,3\n", "id|kota|nilai", ["1|A|2", "2|B|3"]),
    "title filled up": ("Rekap,,\n,,\nid,kota,nilai\n1,A,2\n2,B,3\n", "id|kota|nilai", ["1|A|2", "2|B|3"]),
    "group titles": (
        "Usaha,,Tenaga kerja,\nid,nama,pria,wanita\n1,Ani,2,3\n2,Budi,4,5\n",
        "Usaha id|Usaha nama|Tenaga kerja pria|Tenaga kerja wanita",
        ["1|Ani|2|3", "2|Budi|4|5"],
    ),
    "no header": ("1,Ani,2023-01-02\n2,Budi,2023-01-03\n", "", ["1|Ani|2023-01-02", "2|Budi|2023-01-03"]),
    "no header, texts of one shape": ("Ani,JalanA,K1\nBudi,JalanB,K2\n", "", ["Ani|JalanA|K1", "Budi|JalanB|K2"]),
    "years as names": ("kota,2019,2020,2021\nBogor,5,6,7\nDepok,8,9,10\n", "kota|2019|2020|2021", ["Bogor|5|6|7", "Depok|8|9|10"]),
    "one column": ("nilai\n1\n22\n333\n", "nilai", ["1", "22", "333"]),
    "one column with thousands": ("100,000.00\n300,000.20\n300,000,000.40\n50\n", "", ["100,000.00", "300,000.20", "300,000,000.40", "50"]),
    "one row of values": ("1,2,3\n", "", ["1|2|3"]),
    "header only": ("id,nama,alamat\n", "id|nama|alamat", []),
    "empty": ("", "", []),
    "blank": ("\n\n", "", []),
    "short and long rows stay": ("id,n,m\n1,a\n2,b,c,d\n3,e,f\n4,g,h\n", "id|n|m", ["1|a", "2|b|c|d", "3|e|f", "4|g|h"]),
    "trailing delimiter": ("id,n\n1,a,\n2,b\n3,c\n", "id|n", ["1|a", "2|b", "3|c"]),
    "total and footnote": (
        "kota,usaha,tenaga\nBogor,5,6\nDepok,7,8\nJumlah,12,14\n\nSumber: dinas, 2023\n",
        "kota|usaha|tenaga",
        ["Bogor|5|6", "Depok|7|8"],
    ),
    "one line with another delimiter": ("id,n,t\n1,a,2023-01-01\n2;b;2023-01-02\n3,c,2023-01-03\n", "id|n|t", ["1|a|2023-01-01", "2|b|2023-01-02", "3|c|2023-01-03"]),
    "broken record": ("id,n,t\n1,a,2023-01-01\n2,b\nb,2023-01-02\n3,c,2023-01-03\n", "id|n|t", ["1|a|2023-01-01", "2|b\nb|2023-01-02", "3|c|2023-01-03"]),
    "missing delimiter between quotes": ('"1","a","b"\n"2","c""d"\n"3","e","f"\n"4","g","h"\n', "", ["1|a|b", "2|c|d", "3|e|f", "4|g|h"]),
    "repeated header": ("id,n\n1,a\n2,b\nid,n\n3,c\n", "id|n", ["1|a", "2|b", "3|c"]),
    "comment among the rows": ("id,n\n1,a\n# periksa\n2,b\n", "id|n", ["1|a", "2|b"]),
    "other table below": ("id,n,m\n1,a,2\n2,b,3\n3,c,4\n\nkode,jumlah\nX1,7\nX2,8\n", "id|n|m", ["1|a|2", "2|b|3", "3|c|4"]),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_text_is_read_as_a_person_would(tmp_path: Path, name: str) -> None:
    text, header, rows = AWKWARD[name]
    names, found, table = read(tmp_path, text)
    assert names == (header.split("|") if header else [])
    assert found == [row.split("|") for row in rows]
    assert table.lines.total() == len(
        text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    ) * bool(text)


@pytest.mark.parametrize(
    ("text", "line", "kind"),
    [
        ("id,n,m\n1,a\n2,b,c\n3,d,e\n", 2, "too_few_fields"),
        ("id,n\n1,a,b\n2,c\n3,d\n", 2, "too_many_fields"),
        ("id,n\n1,a,\n2,c\n3,d\n", 2, "trailing_delimiters"),
        ('id,n\n1,"a"b\n2,c\n3,d\n', 2, "stray_quote"),
        ("id,n,t\n1,a,2023-01-01\n2;b;2023-01-02\n3,c,2023-01-03\n", 3, "other_delimiter"),
        ("id,n\n1,a\n,\n2,b\n", 3, "no_values"),
        ("id,n\n1,a\n2,b\nid,n\n3,c\n", 4, "repeated_header"),
    ],
)
def test_each_irregular_line_is_named(tmp_path: Path, text: str, line: int, kind: str) -> None:
    _, _, table = read(tmp_path, text)
    assert [(notice.line_number, notice.kind) for notice in table.irregular] == [(line, kind)]


def test_rejected_lines_keep_number_reason_and_text(tmp_path: Path) -> None:
    _, _, table = read(tmp_path, "id,n,m\n1,a,2\n2,b,3\n# x\n3,c,4\n\nkode,jumlah\nX1,7\nX2,8\n")
    assert [(entry["line"], entry["reason"], entry["text"]) for entry in table.report()["rejected"]] == [
        (4, "comment", "# x"),
        (7, "other_table", "kode,jumlah"),
        (8, "other_table", "X1,7"),
        (9, "other_table", "X2,8"),
    ]
    assert table.report()["blank_lines"] == [[6, 6]]
    assert table.report()["lines"] == {
        "all": 9, "header": 1, "title": 0, "blank": 1, "data": 3, "total": 0, "footnote": 0, "rejected": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("id,n\n1,é\n".encode("utf-8-sig"), "utf-8-sig"),
        ("id,n\n1,é\n".encode(), "utf-8"),
        ("id,n\n1,é\n".encode("utf-16"), "utf-16"),
        ("id,n\n1,é\n2,nama panjang\n".encode("utf-16-le"), "utf-16-le"),
        ("id,n\n1,é\n2,nama panjang\n".encode("utf-16-be"), "utf-16-be"),
        ("id,n\n1,é\n".encode("utf-32"), "utf-32"),
        ("id,n\n1,é\n".encode("cp1252"), "cp1252"),
        (b"id,n\n1,\xe9\n2,\x81\n", "cp1252"),
    ],
)
def test_encoding_is_decided_by_evidence(tmp_path: Path, content: bytes, name: str) -> None:
    _, rows, table = read(tmp_path, content)
    assert table.encoding.name == name
    assert rows[0] == ["1", "é"]
    assert len(rows) < 2 or rows[1][1] in ("nama panjang", "\x81")


def test_damaged_bytes_are_named_with_their_line(tmp_path: Path) -> None:
    _, rows, table = read(tmp_path, "id,n\n1,é\n2,ü\n3,ö\n4,é\n5,".encode() + b"\xff\n")
    assert rows[-1] == ["5", "\ufffd"]
    assert [(notice.line_number, notice.kind) for notice in table.irregular] == [(6, "damaged_character")]


def test_one_nul_byte_makes_no_binary(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b,c\n\x00,2,3\n")[1] == [["\x00", "2", "3"]]


@pytest.mark.parametrize(
    "content", [gzip.compress(b"a,b\n1,2\n", mtime=0), b"PK\x03\x04....", b"PAR1....", bytes(range(256)) * 40]
)
def test_what_is_no_text_is_refused_with_the_reason(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableText, match=r"^a\.csv: .*; deliver the table as CSV$"):
        read(tmp_path, content)


def test_a_tie_is_said(tmp_path: Path) -> None:
    assert propose_dialect(["a;b,c;d,e\n"]).confidence == "low"
    assert "almost equally well" in read(tmp_path, "a;b,c;d,e\n")[2].report()["dialect"]["reason"]


def test_with_a_profile_nothing_is_proposed(tmp_path: Path) -> None:
    profile = next(profile for profile in load_profiles() if profile.header_rows == 1)
    names = [aliases[0] for _, aliases in profile.columns]
    names = list(dict.fromkeys(names))
    path = tmp_path / "a.csv"
    path.write_text(
        f"Ekspor\n{profile.delimiter.join(names)}\n{profile.delimiter.join('1' for _ in names)}\n", encoding="utf-8"
    )
    table = open_table(path, profile, tmp_path)
    assert list(table.rows()) == [["1"] * len(names)]
    assert table.names == names
    assert table.report()["dialect"]["origin"] == "profile"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(RefusedDelivery, match=profile.name):
        open_table(path, profile, tmp_path)


def test_what_is_no_row_is_listed_with_its_text(tmp_path: Path) -> None:
    text = "Rekap 2023\n\n\nkota,usaha,tenaga\nBogor,5,6\nDepok,7,8\nJumlah,12,14\n\nSumber: dinas\n"
    _, _, table = read(tmp_path, text)
    document = table.report()
    assert [tuple(entry.values()) for entry in document["rejected"]] == [
        (1, "title", "Rekap 2023"),
        (7, "total", "Jumlah,12,14"),
        (9, "footnote", "Sumber: dinas"),
    ]
    assert document["blank_lines"] == [[2, 3], [8, 8]]
    assert document["lines"]["rejected"] == 0


def test_the_work_for_too_many_columns_grows_with_their_number_and_no_faster(tmp_path: Path) -> None:
    def seconds_for(columns: int) -> float:
        path = tmp_path / "a.csv"
        row = ",".join(f"kolom{number}" for number in range(columns))
        path.write_text(f"{row}\n{row}\n", encoding="utf-8")
        started = time.process_time()
        with pytest.raises(RefusedDelivery, match=f"{columns:,} columns"):
            open_text(path)
        return time.process_time() - started

    few, many = (min(seconds_for(columns) for _ in range(3)) for columns in (20_000, 320_000))
    assert many < 4 * 16 * few  # as many columns squared would take 256 times as long


def test_open_quotes_in_wide_lines_take_bounded_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters that are cut or searched for an open quote; without a limit it is a hundred times the text."""
    searched = []
    for name in ("split", "is_open"):
        work = getattr(Dialect, name)
        monkeypatch.setattr(Dialect, name, lambda self, text, work=work: searched.append(len(text)) or work(self, text))
    header = ",".join(f"kolom{number}" for number in range(1_900))
    sound, is_open = "a" + ',""' * 1_899, "a" + ',""' * 1_898 + ',"'
    lines = [header, *(sound if number % 100 else is_open for number in range(300))]
    text = "\n".join(lines) + "\n"
    _, _, table = read(tmp_path, text)
    assert len(text) < sum(searched) < 30 * len(text)
    assert table.lines.total() == 301
    assert {notice.kind for notice in table.rejected} <= {"unmended"}


def test_damage_beyond_the_effort_is_rejected_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.reading.records.EFFORT_LIMIT", -1_000)
    _, rows, table = read(tmp_path, 'id,n,t\n1,"a"b,c",d\n2,e,f\n3,g,h\n4,i,j\n')
    assert [(notice.line_number, notice.kind, notice.raw) for notice in table.rejected] == [
        (2, "unmended", '1,"a"b,c",d')
    ]
    assert rows == [["2", "e", "f"], ["3", "g", "h"], ["4", "i", "j"]]


def test_a_table_below_is_taken_up_again(tmp_path: Path) -> None:
    text = "id,n,m\n1,a,2\n2,b,3\n\nkode,jumlah\nX1,7\nX2,8\n\nid,n,m\n3,c,4\n"
    assert read(tmp_path, text)[1] == [["1", "a", "2"], ["2", "b", "3"], ["3", "c", "4"]]


MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
"""Byte-order marks: a file that holds nothing else has no line."""
PIECES = st.sampled_from(
    [
        ",",
        ";",
        "\t",
        "|",
        '"',
        "'",
        "\\",
        "\n",
        "\r\n",
        "\r",
        " ",
        "a",
        "1",
        "2023-01-02",
        "Jumlah",
        "\0",
        "é",
        "#",
        "=",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=80)),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_any_text_is_read_and_every_line_is_counted(tmp_path: Path, text: str, encoding: str) -> None:
    content = text.encode(encoding, errors="replace")
    try:
        _, rows, table = read(tmp_path, content)
    except UnreadableText:
        assert b"\0" in content or any(byte < 32 for byte in content)
        return
    assert table.record_count == len(rows)
    plain = content.decode(table.encoding.name, errors="replace").removeprefix("\ufeff")
    ends = plain.replace("\r\n", "\n").replace("\r", "\n")
    assert table.lines.total() == ends.count("\n") + (ends[-1:] not in ("", "\n"))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        _, _, table = read(tmp_path, content)
    except UnreadableText as refusal:
        assert str(refusal).startswith("a.csv: ")
    else:
        assert table.lines.total() >= (bool(content) and content not in MARKS)
