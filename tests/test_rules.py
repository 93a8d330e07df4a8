"""Rules: what a spreadsheet or a hasty hand does to a value has a finding of its own, through the real ingest."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, lake, write_bps, write_sidt

from expectations.rules import ROW_RULES
from flows.settings import Settings
from warehouse.registration import REGISTRATION


def findings(settings: Settings, rows: list[dict[str, str]], write: Any = write_sidt) -> dict[str, set[str]]:
    """Registration number to the codes its row breaks, for rows added to nine ordinary ones."""
    number = "nomor_registrasi" if write is write_sidt else "idsbr"
    ordinary = [{number: f"GOOD{place}"} for place in range(30)]
    write(
        settings.root.inbox / "a.csv", [*ordinary, *({number: f"ROW{place}", **row} for place, row in enumerate(rows))]
    )
    (entry,) = ingest_inbox(settings)
    assert entry.status == "validated"
    found = {
        name: set(codes or [])
        for verdict in ("validated", "quarantined")
        for name, codes in lake(settings, "SELECT registration_number, rule_codes FROM rows", verdict)
    }
    assert {name: codes for name, codes in found.items() if name.startswith("GOOD") and codes} == {}
    return found


SIDT = [
    ({"nik": "3,17E+15"}, {"IS_NIK_PRECISION_LOST", "NIK_UNREAD"}),
    ({"nik": "3.17402250385000E+15"}, {"IS_NIK_PRECISION_LOST", "NIK_UNREAD"}),
    ({"nik": "#N/A"}, {"NIK_UNREAD"}),
    ({"tanggal_lahir": "29221"}, {"OWNER_BIRTH_DATE_AS_SERIAL"}),
    ({"tanggal_pendataan": "44727"}, {"ENUMERATED_DATE_AS_SERIAL"}),
    ({"tanggal_pembaruan": "44732.0"}, {"UPDATED_DATE_AS_SERIAL"}),
    ({"kode_kbli": "9900"}, {"KBLI_CODE_UNREAD", "KBLI_CODE_LOST_ZERO"}),
    ({"kode_kbli": "5610"}, {"KBLI_CODE_UNREAD"}),
    ({"nib": "123456789012"}, {"NIB_UNREAD", "NIB_LOST_ZERO"}),
    ({"nib": "1,23457E+12"}, {"NIB_UNREAD", "NIB_PRECISION_LOST"}),
    ({"no_telepon": "81234567890"}, {"PHONE_LOST_ZERO"}),
    ({"no_telepon": "081234567890/081234567891"}, {"PHONE_UNREAD"}),
    ({"kode_wilayah": "11.1"}, {"SOURCE_REGION_CODE_UNREAD", "SOURCE_REGION_CODE_LOST_ZERO"}),
    (
        {"kode_wilayah": "11.03.01.2001", "nama_kabkota": "KAB. ACEH SELATAN"},
        {"REGENCY_CODE_DISAGREES_WITH_NAME", "REGENCY_CODE_OF_OTHER_SYSTEM"},
    ),
    ({"kode_wilayah": "11.03.01.2001", "nama_kabkota": "KAB. BOGOR"}, {"REGENCY_CODE_DISAGREES_WITH_NAME"}),
    ({"latitude": "0", "longitude": "0"}, {"COORDINATES_ZERO", "LONGITUDE_OUT_OF_RANGE"}),
    (
        {"latitude": "106,85", "longitude": "-6,48"},
        {"COORDINATES_SWAPPED", "LATITUDE_OUT_OF_RANGE", "LONGITUDE_OUT_OF_RANGE"},
    ),
    ({"omzet": "5 juta/bulan"}, {"OMZET_IDR_UNREAD", "OMZET_IDR_PER_MONTH"}),
    ({"omzet": "60"}, {"OMZET_IDR_IN_THOUSANDS"}),
    ({"omzet": "0"}, set()),
    ({"omzet": "#REF!"}, {"OMZET_IDR_UNREAD"}),
    ({"alamat": "#VALUE!"}, {"ADDRESS_UNREAD"}),
    ({"nama_usaha": "#N/A"}, {"BUSINESS_NAME_UNREAD"}),
    ({"alamat": "-"}, set()),
    ({"nomor_induk_koperasi": "0"}, set()),
    ({"nomor_induk_koperasi": "1,23E+11"}, {"COOPERATIVE_NUMBER_UNREAD"}),
    ({"jenis_pelaku": "Koperasi", "nomor_induk_koperasi": "-"}, {"COOPERATIVE_NUMBER_MISSING"}),
    ({"jenis_kelamin": "L"}, {"OWNER_SEX_CODE_DISAGREES_WITH_NIK"}),
    ({"tanggal_lahir": "02/01/1980"}, {"OWNER_BIRTH_DATE_DISAGREES_WITH_NIK"}),
]


def test_each_damage_has_its_own_finding(settings: Settings) -> None:
    found = findings(settings, [row for row, _ in SIDT])
    assert [(row, found[f"ROW{place}"]) for place, (row, _) in enumerate(SIDT)] == SIDT


def test_an_owner_in_brackets_and_a_code_of_the_other_system_in_a_bps_export(settings: Settings) -> None:
    cases = [
        ({"nama_usaha": "TOKO (CABANG 2) <BUDI>"}, set()),
        ({"nama_usaha": "TOKO MAJU"}, set()),
        (
            {"kdprov": "11", "kdkab": "01", "nmkab": "ACEH SELATAN"},
            {"REGENCY_CODE_DISAGREES_WITH_NAME", "REGENCY_CODE_OF_OTHER_SYSTEM"},
        ),
        ({"pendapatan_setahun": "1.500"}, {"OMZET_IDR_UNREAD"}),
        ({"keberadaan_usaha": "1 - Aktif"}, set()),
    ]
    found = findings(settings, [row for row, _ in cases], write_bps)
    assert [(row, found[f"ROW{place}"]) for place, (row, _) in enumerate(cases)] == cases


@pytest.mark.parametrize(("is_rounded", "flagged"), [(True, 40), (False, 0)])
def test_a_rounded_nik_is_told_by_its_neighbours_and_never_repaired(
    settings: Settings, is_rounded: bool, flagged: int
) -> None:
    niks = [f"320101410180{place:04d}" for place in range(11, 51)]
    niks = [f"{nik[:15]}0" if is_rounded else nik for nik in niks]
    rows = [{"nomor_registrasi": f"R{place}", "nik": nik} for place, nik in enumerate(niks)]
    write_sidt(settings.root.inbox / "a.csv", rows)
    ingest_inbox(settings)
    assert lake(
        settings,
        "SELECT count(*) FILTER (is_nik_precision_lost), count(*) FILTER (list_contains(rule_codes, 'IS_NIK_PRECISION_LOST')) FROM rows",
    ) == [(flagged, flagged)]
    assert lake(settings, "SELECT nik FROM rows ORDER BY line_number") == [(nik,) for nik in niks]


def test_every_column_that_is_read_has_a_rule_for_what_could_not_be_read() -> None:
    unread = {f"{column.name}_unread".upper() for column in REGISTRATION if column.reader}
    assert unread == {rule.code for rule in ROW_RULES if rule.code.endswith("_UNREAD")}


def test_the_provinces_of_a_nik_are_those_of_every_vintage(readers: duckdb.DuckDBPyConnection) -> None:
    read = readers.execute(
        "SELECT list(lpad(code::VARCHAR, 2, '0') ORDER BY code) FROM range(100) AS t(code)"
        " WHERE read_nik(lpad(code::VARCHAR, 2, '0') || '01014101800001') IS NOT NULL"
    ).fetchall()
    known = readers.execute(
        "SELECT list(DISTINCT province ORDER BY province) FROM ("
        " SELECT substr(source_code, 1, 2) AS province FROM reference.regency_codes WHERE code_system = 'kemendagri')"
    ).fetchall()
    assert read == known
