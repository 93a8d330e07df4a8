"""One content, delivered in another way, changes nothing in validated rows but their provenance."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from conftest import SIDT_DEFAULTS, ingest_inbox, lake, publish_all, published

from flows.settings import Settings
from warehouse.profiles import load_profiles
from warehouse.registration import PROVENANCE
from warehouse.tables.lake import VALIDATED

NAMES = [*SIDT_DEFAULTS]
ROWS = [
    [{**SIDT_DEFAULTS, "nomor_registrasi": f"R{place}", **values}[name] for name in NAMES]
    for place, values in enumerate(
        [
            {},
            {"nik": "'3201014101800002", "omzet": "1,5 juta", "tanggal_lahir": "1 Januari 1980"},
            {"alamat": 'JL. "MELATI", NO. 2; RT 1', "kode_kbli": "5610", "latitude": "0", "longitude": "0"},
            {"omzet": "banyak", "status_usaha": "[4] Tutup", "no_telepon": "81234567890"},
            {"kode_wilayah": "31.71.01.1001", "nama_kabkota": "KOTA ADM. JAKARTA PUSAT", "nib": "0123456789012"},
            {"nama_usaha": ""},
        ]
    )
]


def as_csv(names: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows([names, *rows])
    return text.getvalue().encode()


def as_workbook(*sheets: tuple[str, list[list[str]], bool]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        for name, rows, is_hidden in sheets:
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
            if is_hidden:
                sheet.hide()
    return stream.getvalue()


def plain(inbox: Path) -> None:
    (inbox / "a.csv").write_bytes(as_csv(NAMES, ROWS))


def shuffled(inbox: Path) -> None:
    order = sorted(range(len(NAMES)), key=lambda place: (place * 17) % len(NAMES))
    names, rows = [NAMES[place] for place in order], [[row[place] for place in order] for row in ROWS]
    (inbox / "a.csv").write_bytes(as_csv(names, rows))


def renamed(inbox: Path) -> None:
    (profile,) = (profile for profile in load_profiles() if profile.name == "sidt-2022")
    last = {aliases[0]: aliases[-1] for _, aliases in profile.columns}
    names = [last.get(name, name).replace("_", " ").title() for name in NAMES]
    assert sum(name.replace(" ", "_").lower() != old for name, old in zip(names, NAMES, strict=True)) > 10
    (inbox / "a.csv").write_bytes(as_csv(names, ROWS))


def split(inbox: Path) -> None:
    for place in range(3):
        (inbox / f"{place}.csv").write_bytes(as_csv(NAMES, ROWS[place * 2 : place * 2 + 2]))


def zipped(inbox: Path) -> None:
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        archive.writestr("satu/a.csv", as_csv(NAMES, ROWS[:3]))
        archive.writestr("dua/a.csv", as_csv(NAMES, ROWS[3:]))


def gzipped(inbox: Path) -> None:
    (inbox / "a.csv.gz").write_bytes(gzip.compress(as_csv(NAMES, ROWS)))


def workbook(inbox: Path) -> None:
    (inbox / "a.xlsx").write_bytes(as_workbook(("Data", [NAMES, *ROWS], False)))


def workbook_of_sheets(inbox: Path) -> None:
    """Two sheets of data below titles, a guide, and a hidden copy that must not be counted again."""
    title = [["REKAP PENDATAAN"], []]
    content = as_workbook(
        ("Petunjuk", [["Isi kolom sesuai petunjuk"], ["Terima kasih"]], False),
        ("Satu", [*title, NAMES, *ROWS[:3]], False),
        ("Salinan", [NAMES, *ROWS], True),
        ("Dua", [NAMES, *ROWS[3:]], False),
    )
    (inbox / "a.xlsx").write_bytes(content)


def parquet(inbox: Path) -> None:
    table = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(NAMES)})
    pq.write_table(table, inbox / "a.parquet")


def rows_without_provenance(settings: Settings) -> list[tuple[Any, ...]]:
    columns = [column.name for column in VALIDATED if column not in PROVENANCE]
    return [
        row
        for verdict in ("validated", "quarantined")
        for row in lake(
            settings, f"SELECT '{verdict}', {', '.join(columns)} FROM rows ORDER BY registration_number", verdict
        )
    ]


CONVERSIONS = (shuffled, renamed, split, zipped, gzipped, workbook, workbook_of_sheets, parquet)


@pytest.mark.parametrize("convert", CONVERSIONS, ids=lambda convert: convert.__name__)
def test_a_converted_delivery_gives_the_same_rows(
    settings: Settings, tmp_path: Path, convert: Callable[[Path], None]
) -> None:
    other = Settings(home=tmp_path / "other", memory="1GB", threads=2)
    other.root.create()
    plain(other.root.inbox)
    ingest_inbox(other)
    expected = rows_without_provenance(other)
    assert len(expected) == len(ROWS)
    convert(settings.root.inbox)
    entries = ingest_inbox(settings)
    assert {entry.status for entry in entries} <= {"validated", "unpacked"}, [entry.reason for entry in entries]
    assert rows_without_provenance(settings) == expected
    balances = [balance for entry in entries for balance in entry.row_balance]
    assert balances and all(balance["residual_count"] == 0 for balance in balances)


def test_an_archive_is_published_as_what_it_is(settings: Settings) -> None:
    zipped(settings.root.inbox)
    ingest_inbox(settings)
    publish_all(settings)
    told = published(
        settings,
        "SELECT file_name, status, archive_id = (SELECT delivery_id FROM quality.deliveries WHERE status = 'unpacked')"
        " FROM quality.deliveries ORDER BY file_name",
    )
    assert told == [("a.csv", "validated", True), ("a.csv", "validated", True), ("a.zip", "unpacked", None)]
    (settings.root.inbox / "again.csv").write_bytes(as_csv(NAMES, ROWS[:3]))
    ingest_inbox(settings)
    assert publish_all(settings) is None
