"""Standardising: every physical line is accounted for, whatever is in it; the profile decides how values are read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import xlsxwriter
from conftest import BPS_DEFAULTS, SIDT_DEFAULTS, ingest_inbox, lake, write_bps, write_sidt

from flows import ingesting
from flows.settings import Settings
from warehouse.ledger import LedgerEntry
from warehouse.profiles import ProfileError, load_profiles, parse_profile


def lines_of(entry: LedgerEntry) -> dict[str, int]:
    balance = next(row for row in entry.row_balance if row["seam"] == "lines")
    assert balance["residual_count"] == 0
    return {name: count for name, count in balance["parts"].items() if count}


def only(settings: Settings, text: str | bytes, name: str = "export.csv") -> LedgerEntry:
    (settings.root.inbox / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (entry,) = ingest_inbox(settings)
    return entry


HEADER = ";".join(SIDT_DEFAULTS)


def record(**values: str) -> str:
    return ";".join({**SIDT_DEFAULTS, **values}[name] for name in SIDT_DEFAULTS)


def test_each_kind_of_line_is_counted_and_keeps_its_number(settings: Settings) -> None:
    text = "\n".join(
        [
            HEADER,
            record(nomor_registrasi="R2"),
            "",
            record(nomor_registrasi="R4") + ";one too many",
            record(nomor_registrasi="R5", alamat='"JL. MAWAR; NO. ""5"""'),
            record(nomor_registrasi="R6", alamat='"JL. MAWAR').split(" MAWAR")[0] + " MAWAR",
            "",
            'LANTAI 2"' + record().split(SIDT_DEFAULTS["alamat"])[1],
            record(nomor_registrasi="R9", alamat='JL. "RUSAK'),
            "   ",
            record(nomor_registrasi="R11"),
        ]
    )
    entry = only(settings, text)
    assert lines_of(entry) == {"header": 1, "blank": 2, "unparsable": 2, "continuation": 2, "parsed": 4}
    assert lake(
        settings, "SELECT registration_number, line_number, row_id % 134217728, address FROM rows ORDER BY line_number"
    ) == [
        ("R2", 2, 2, "JL. MAWAR NO. 1"),
        ("R5", 5, 5, 'JL. MAWAR; NO. "5"'),
        ("R6", 6, 6, "JL. MAWAR\n\nLANTAI 2"),
        ("R11", 11, 11, "JL. MAWAR NO. 1"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_line_ends_and_encodings_give_the_same_rows(settings: Settings, end: str, encoding: str) -> None:
    text = end.join([HEADER, record(nama_usaha="CAFÉ – ANDRÉ"), record(nomor_registrasi="R2")])
    entry = only(settings, text.encode(encoding))
    assert entry.status == "validated", entry.reason
    assert lines_of(entry) == {"header": 1, "parsed": 2}
    assert lake(settings, "SELECT registration_number, business_name FROM rows ORDER BY line_number") == [
        ("REG0001", "CAFÉ – ANDRÉ"),
        ("R2", "WARUNG BERKAH"),
    ]


def test_shuffled_and_renamed_columns_change_nothing(settings: Settings) -> None:
    names = list(reversed(SIDT_DEFAULTS))
    aliases = {"kode_kbli": "KBLI", "no_telepon": "nomor_te", "nomor_registrasi": " Nomor Registrasi "}
    text = "\n".join(
        [";".join(aliases.get(name, name) for name in names), ";".join(SIDT_DEFAULTS[name] for name in names)]
    )
    assert only(settings, text).status == "validated"
    assert lake(settings, "SELECT registration_number, kbli_code, phone, omzet_idr FROM rows") == [
        ("REG0001", "56102", "+6281234567890", 60_000_000)
    ]


def test_an_unread_text_is_kept_and_never_becomes_a_value(settings: Settings) -> None:
    only(settings, "\n".join([HEADER, record(omzet="banyak sekali", tanggal_lahir="31/02/1980", nib="-")]))
    assert lake(settings, "SELECT omzet_idr, owner_birth_date, nib, unread, rule_codes FROM rows") == [
        (
            None,
            None,
            None,
            {"omzet_idr": "banyak sekali", "owner_birth_date": "31/02/1980"},
            ["OWNER_BIRTH_DATE_UNREAD", "OMZET_IDR_UNREAD"],
        )
    ]


def test_a_bps_export_is_read_with_its_two_header_rows_owner_and_unit(settings: Settings) -> None:
    write_bps(
        settings.root.inbox / "bps.csv", [{}, {"idsbr": "SBR2", "keberadaan_usaha": "Tutup", "nama_usaha": "KIOS"}]
    )
    ingest_inbox(settings)
    assert lake(
        settings,
        "SELECT registration_number, business_name, owner_name, omzet_idr, regency_code, business_status_code, line_number FROM rows ORDER BY line_number",
    ) == [
        ("SBR0001", "WARUNG BERKAH", "CONTOH SATU", 60_000_000, "32.01", 1, 3),
        ("SBR2", "KIOS", None, 60_000_000, "32.01", 4, 4),
    ]


def test_a_sheet_is_read_like_the_text_and_a_number_typed_as_nik_is_known_as_damaged(settings: Settings) -> None:
    path = settings.root.inbox / "bps.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["IDENTITAS"])
        sheet.write_row(1, 0, list(BPS_DEFAULTS))
        for row, values in enumerate([BPS_DEFAULTS, {**BPS_DEFAULTS, "idsbr": "SBR2"}], 2):
            for place, (name, text) in enumerate(values.items()):
                if name == "nik_pemilik" and row == 3:
                    sheet.write_number(row + 1, place, float(text))
                else:
                    sheet.write_string(row + (row == 3), place, text)
    (entry,) = ingest_inbox(settings)
    assert lines_of(entry) == {"header": 2, "blank": 1, "parsed": 2}
    assert lake(
        settings,
        "SELECT registration_number, line_number, nik, is_nik_precision_lost, omzet_idr FROM rows ORDER BY line_number",
    ) == [
        ("SBR0001", 3, "3201014101800001", False, 60_000_000),
        ("SBR2", 5, None, True, 60_000_000),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02 binary", "a binary file"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"a,b,c\n1,2,3\n", "fit no source profile"),
        ((HEADER + "\n").encode(), "no line below the header"),
        ("\n".join([HEADER, record(), "x;y", "x;y"]).encode(), "number of fields"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_reason_and_stops_nothing(
    settings: Settings, content: bytes, words: str
) -> None:
    write_sidt(settings.root.inbox / "good.csv", [{}])
    (settings.root.inbox / "bad.csv").write_bytes(content)
    entries = {entry.file_name: entry for entry in ingest_inbox(settings)}
    assert entries["good.csv"].status == "validated"
    assert entries["bad.csv"].status == "refused"
    assert words in (entries["bad.csv"].reason or "")


def test_a_third_kind_of_export_needs_one_toml_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    document = tomllib.loads(readme.split("```toml\n")[1].split("```")[0])
    monkeypatch.setattr(
        ingesting, "load_profiles", lambda: (*load_profiles(), parse_profile(document, "dinas-2024.toml"))
    )
    entry = only(settings, "NOMOR|Nama Usaha|Kode Wilayah|KBLI|catatan\nD1|KIOS MAJU|32.01|47112|x\n")
    assert (entry.status, entry.profile) == ("validated", "dinas-2024")
    assert lake(settings, "SELECT registration_number, business_name, regency_code, kbli_code FROM rows") == [
        ("D1", "KIOS MAJU", "32.01", "47112")
    ]


def test_a_profile_with_an_unknown_column_names_file_and_cure() -> None:
    with pytest.raises(ProfileError, match=r"x\.toml.*colour.*dictionary"):
        parse_profile({"columns": {"colour": ["warna"]}}, "x.toml")
