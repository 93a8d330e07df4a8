"""Forms of delivery: one content in every encoding, line end, delimiter, quoting and form of header is one set of records."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import SIDT_DEFAULTS, ingest_inbox, lake

from flows.settings import Settings
from transforms.land import take_census
from transforms.recognise import recognise
from transforms.standardise import (
    account_for_lines,
    join_broken_records,
    load_lines,
    load_readers,
    records_sql,
)
from warehouse.profiles import load_profiles

ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with BOM": ("utf-8", b"\xef\xbb\xbf"),
    "utf-16 le with BOM": ("utf-16-le", b"\xff\xfe"),
    "utf-16 be with BOM": ("utf-16-be", b"\xfe\xff"),
    "utf-16 le": ("utf-16-le", b""),
    "windows-1252": ("cp1252", b""),
}
LINE_ENDS = {"LF": ("\n",), "CRLF": ("\r\n",), "CR": ("\r",), "mixed": ("\n", "\r\n", "\r")}
DELIMITERS = {"semicolon": ";", "comma": ",", "tab": "\t", "pipe": "|"}
QUOTINGS = {"where needed": csv.QUOTE_MINIMAL, "everywhere": csv.QUOTE_ALL}
HEADERS = ("plain", "titles above", "sep line", "two rows", "trailing delimiters", "totals below")

RECORDS = [
    {**SIDT_DEFAULTS, "nomor_registrasi": "R1", "nama_usaha": "CAFÉ ANDRÉ"},
    {**SIDT_DEFAULTS, "nomor_registrasi": "R2", "alamat": 'GANG "BUNTU"; NO. 2, RT 1|2\tKIRI'},
    {**SIDT_DEFAULTS, "nomor_registrasi": "R3", "alamat": "JL. MAWAR\nLANTAI 2"},
    {**SIDT_DEFAULTS, "nomor_registrasi": "R4", "nib": "", "jumlah_anggota": ""},
]


def delivered(encoding: str, ends: str, delimiter: str, quoting: str, header: str) -> bytes:
    """`RECORDS` in one form; a record's own line break ends as the file's lines do."""
    mark = DELIMITERS[delimiter]
    names = [*SIDT_DEFAULTS]
    rows: list[list[str]] = [[record[name] for name in names] for record in RECORDS]
    above: list[list[str]] = []
    below: list[list[str]] = []
    if header == "titles above":
        above = [["REKAP PENDATAAN LENGKAP"], [], ["Provinsi", "CONTOH"], []]
    if header == "two rows":
        above = [["IDENTITAS", *[""] * (len(names) - 2), "KOPERASI"]]
    if header == "trailing delimiters":
        names, rows = [*names, "", ""], [[*row, "", ""] for row in rows[:2]] + [[*row, "", "", ""] for row in rows[2:]]
    if header == "totals below":
        below = [["", "TOTAL", "4", *[""] * (len(names) - 3)], [], ["Sumber: dinas"]]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, quoting=QUOTINGS[quoting], lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([*above, names, *rows, *below])
    lines = (f"sep={mark}\n" if header == "sep line" else "") + text.getvalue()
    pieces = lines.split("\n")[:-1]
    kinds = LINE_ENDS[ends]
    codec, mark_bytes = ENCODINGS[encoding]
    return mark_bytes + "".join(piece + kinds[place % len(kinds)] for place, piece in enumerate(pieces)).encode(codec)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        load_readers(con)
        yield con


def records_of(con: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> tuple[str, list[dict[str, Any]], int]:
    """The profile, the records by our column names, and how many lines are unaccounted for."""
    census = take_census(path)
    file = recognise(path, census, load_profiles(), scratch)
    (table,) = file.tables
    line_count = load_lines(con, file, census, scratch)
    join_broken_records(con, table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS {records_sql(table)}")
    account = account_for_lines(con, file, 1, "parsed", scratch / "unparsable.parquet")
    fields = con.execute("SELECT fields FROM parsed ORDER BY line_number").fetchall()
    rows = [{column: row[place] for column, (place,) in table.positions.items()} for (row,) in fields]
    return file.profile.name, rows, line_count - sum(account.parts.values())


AXES = (ENCODINGS, LINE_ENDS, DELIMITERS, QUOTINGS, HEADERS)
GRID = [
    tuple(form[1::2])
    for form in (sum(steps, ()) for steps in product(*(list(enumerate(axis)) for axis in AXES)))
    if sum(form[::2]) % 3 == 0
]
"""A third of the 1,152 forms, so chosen that each pair of properties meets."""


def test_every_form_gives_the_same_records_or_a_refusal(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert len(GRID) >= 300
    path = tmp_path / "export.csv"
    path.write_bytes(delivered("utf-8", "LF", "semicolon", "where needed", "plain"))
    _, expected, _ = records_of(con, path, tmp_path)
    assert [row["registration_number"] for row in expected] == ["R1", "R2", "R3", "R4"]
    assert expected[1]["address"] == RECORDS[1]["alamat"]
    assert expected[2]["address"] == RECORDS[2]["alamat"]
    differing = []
    for form in GRID:
        path.write_bytes(delivered(*form))
        profile, rows, lost = records_of(con, path, tmp_path)
        if (profile, rows, lost) != ("sidt-2022", expected, 0):
            differing.append((form, profile, lost, [row for row in rows if row not in expected][:1]))
    assert differing == []


@pytest.mark.parametrize(
    "form",
    [
        ("utf-16 le", "mixed", "pipe", "everywhere", "titles above"),
        ("windows-1252", "CR", "tab", "where needed", "totals below"),
        ("utf-8 with BOM", "CRLF", "comma", "everywhere", "sep line"),
    ],
)
def test_such_a_form_passes_the_whole_ingest(settings: Settings, form: tuple[str, ...]) -> None:
    (settings.root.inbox / "export.csv").write_bytes(delivered(*form))
    (entry,) = ingest_inbox(settings)
    assert (entry.status, entry.validated_count) == ("validated", 4)
    assert lake(settings, "SELECT registration_number, business_name, address FROM rows ORDER BY 1")[:2] == [
        ("R1", "CAFÉ ANDRÉ", "JL. MAWAR NO. 1"),
        ("R2", "WARUNG BERKAH", RECORDS[1]["alamat"]),
    ]


def test_every_pair_of_properties_meets_in_the_grid() -> None:
    for left, right in combinations(range(len(AXES)), 2):
        assert {(form[left], form[right]) for form in GRID} == set(product(AXES[left], AXES[right]))
