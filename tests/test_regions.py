"""Regions: one place under every code of both systems and both vintages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from conftest import as_bps, ingest_inbox, lake, publish_all, published, stranger, write_bps, write_sidt

from flows.settings import Settings

CODES = Path(__file__).parent.parent / "warehouse" / "reference" / "regency_codes.csv"


def codes(system: str, vintage: str) -> list[dict[str, str]]:
    with CODES.open(encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if (row["code_system"], row["code_vintage"]) == (system, vintage)]


@pytest.mark.parametrize("vintage", ["2022", "2025"])
def test_all_514_kemendagri_codes_are_accepted_with_their_names(settings: Settings, vintage: str) -> None:
    rows = codes("kemendagri", vintage)
    write_sidt(
        settings.root.inbox / "a.csv",
        [
            {
                "nomor_registrasi": f"R{place:04d}",
                "kode_wilayah": f"{row['source_code']}.01.2001",
                "nama_kabkota": row["source_name"],
            }
            for place, row in enumerate(rows)
        ],
    )
    (entry,) = ingest_inbox(settings)
    assert (entry.validated_count, entry.quarantined_count) == (514, 0)
    assert lake(settings, "SELECT regency_code FROM rows ORDER BY registration_number") == [
        (row["regency_code"],) for row in rows
    ]


@pytest.mark.parametrize("vintage", ["2020", "2024"])
def test_all_514_bps_codes_are_accepted_with_their_names(settings: Settings, vintage: str) -> None:
    rows = codes("bps", vintage)
    write_bps(
        settings.root.inbox / "a.csv",
        [
            {
                "idsbr": f"R{place:04d}",
                "kdprov": row["source_code"][:2],
                "kdkab": row["source_code"][2:],
                "nmkab": row["source_name"],
            }
            for place, row in enumerate(rows)
        ],
    )
    (entry,) = ingest_inbox(settings)
    assert (entry.validated_count, entry.quarantined_count) == (514, 0)
    assert lake(settings, "SELECT regency_code FROM rows ORDER BY registration_number") == [
        (row["regency_code"],) for row in rows
    ]


def test_the_same_businesses_under_either_system_give_the_same_provinces(settings: Settings) -> None:
    kemendagri = {row["regency_code"]: row for row in codes("kemendagri", "2022")}
    bps = {row["regency_code"]: row for row in codes("bps", "2020")}
    write_sidt(
        settings.root.inbox / "a.csv",
        [
            {
                **stranger(place),
                "nomor_registrasi": f"R{code}",
                "kode_wilayah": f"{row['source_code']}.01.2001",
                "nama_kabkota": row["source_name"],
            }
            for place, (code, row) in enumerate(kemendagri.items())
        ],
    )
    write_bps(
        settings.root.inbox / "b.csv",
        [
            {
                **as_bps(stranger(1000 + place)),
                "idsbr": f"R{code}",
                "kdprov": row["source_code"][:2],
                "kdkab": row["source_code"][2:],
                "nmkab": row["source_name"],
            }
            for place, (code, row) in enumerate(bps.items())
        ],
    )
    ingest_inbox(settings)
    publish_all(settings)
    by_wave = {
        wave: published(
            settings,
            f"SELECT province_code_34, province_code_38, count(*) FROM register.businesses WHERE wave = {wave} GROUP BY ALL ORDER BY ALL",
        )
        for wave in (2022, 2023)
    }
    assert by_wave[2022] == by_wave[2023]
    assert sum(count for *_, count in by_wave[2022]) == 514
    assert len({province for province, *_ in by_wave[2022]}) == 34
    assert len({province for _, province, _ in by_wave[2022]}) == 38


def test_a_code_of_the_other_system_is_quarantined_though_it_exists(settings: Settings) -> None:
    # 1103 is Aceh Selatan for BPS and Aceh Timur for Kemendagri
    rows = [{"nomor_registrasi": f"R{place}"} for place in range(9)]
    write_sidt(
        settings.root.inbox / "a.csv", [*rows, {"kode_wilayah": "11.03.01.2001", "nama_kabkota": "KAB. ACEH SELATAN"}]
    )
    ingest_inbox(settings)
    assert lake(settings, "SELECT rule_codes FROM rows", "quarantined") == [
        (["REGENCY_CODE_DISAGREES_WITH_NAME", "REGENCY_CODE_OF_OTHER_SYSTEM"],)
    ]
