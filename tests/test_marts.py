"""Marts: the figures against counts made by hand, and sums that agree exactly."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, published, stranger, write_sidt

from flows import ingesting
from flows.settings import Settings

NO_CHANNEL = {"pakai_internet": "Tidak", "jual_marketplace": "Tidak", "tahun_go_digital": ""}


def census(settings: Settings) -> None:
    rows = [
        {},  # marketplace since 2021
        {"tahun_go_digital": "2023"},
        {**NO_CHANNEL, "pakai_internet": "Ya", "jual_media_sosial": "Ya", "tahun_go_digital": "2020"},
        {**NO_CHANNEL, "terima_qris": "Ya"},  # no year: counts from the interview, 2022
        {**NO_CHANNEL, "pakai_internet": "Ya", "tahun_go_digital": "2022"},
        NO_CHANNEL,
        {"status_usaha": "Tutup"},
        {"status_usaha": "Duplikat"},
        {"omzet": "Rp 60.000.000.000,00"},  # large: no UMKM
        {"jenis_pelaku": "Koperasi", "nomor_induk_koperasi": "3201"},
        {"kode_wilayah": "", "nama_kabkota": ""},  # no region
        {"kode_wilayah": "91.01.01.2001", "nama_kabkota": "KAB. MERAUKE"},  # Papua, since 2022 Papua Selatan
    ]
    write_sidt(
        settings.root.inbox / "a.csv",
        [
            {
                "nomor_registrasi": f"R{place:02d}",
                **stranger(place),
                **row,
            }
            for place, row in enumerate(rows)
        ],
    )
    ingest_inbox(settings)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The census published as of the last day of 2024; only read from."""
    settings = Settings(home=tmp_path_factory.mktemp("marts") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    census(settings)
    publish_all(settings)
    return settings


def observed(settings: Settings) -> dict[tuple[int, str], int]:
    return {
        (year, definition): count
        for year, definition, count in published(
            settings,
            "SELECT target_year, definition_code, observed_count FROM marts.attainment_national WHERE indicator_code = 'umkm_digital' AND series = 'register_observed'",
        )
    }


def test_observed_counts_are_year_end_stocks_of_nested_definitions(counted: Settings) -> None:
    assert observed(counted) == {
        (2022, "D1"): 3,
        (2022, "D2"): 4,
        (2022, "D3"): 5,
        (2022, "D4"): 6,
        (2023, "D1"): 4,
        (2023, "D2"): 5,
        (2023, "D3"): 6,
        (2023, "D4"): 7,
        (2024, "D1"): 4,
        (2024, "D2"): 5,
        (2024, "D3"): 6,
        (2024, "D4"): 7,
    }
    assert published(counted, "SELECT count(*), count(*) FILTER (is_counted) FROM register.businesses") == [(12, 8)]


def test_targets_stand_beside_both_series_and_coverage_carries_no_verdict(counted: Settings) -> None:
    rows = published(
        counted,
        """
        SELECT target_year, institution, target_count, observed_count, round(100 * attainment_ratio, 1), gap_count, verdict
        FROM marts.attainment_national WHERE indicator_code = 'umkm_digital' AND series = 'official_reported' ORDER BY ALL""",
    )
    assert rows == [
        (2022, "KemenKopUKM", 20_000_000, 20_760_000, 103.8, -760_000, "met"),
        (2022, "Kemenko Perekonomian", 20_000_000, None, None, None, "not_assessable"),
        (2023, "KemenKopUKM", 24_000_000, 25_292_701, 105.4, -1_292_701, "met"),
        (2023, "Kemenko Perekonomian", 24_000_000, 27_000_000, 112.5, -3_000_000, "met"),
        (2024, "KemenKopUKM", 30_000_000, None, None, None, "not_assessable"),
        (2024, "Kemenko Perekonomian", 30_000_000, None, None, None, "not_assessable"),
    ]
    assert published(
        counted,
        "SELECT DISTINCT verdict, regency_coverage_ratio, coverage_ratio < 0.001 FROM marts.attainment_national WHERE indicator_code = 'umkm_digital' AND series = 'register_observed'",
    ) == [("not_assessable", 2 / 514, True)]


def test_provinces_sum_to_the_nation_in_both_frames_and_targets_are_allocations(counted: Settings) -> None:
    national = observed(counted)
    rows = published(
        counted,
        """
        SELECT frame_code, target_year, definition_code, sum(observed_count)::BIGINT, sum(target_count)::BIGINT, sum(business_count)::BIGINT, count(*)
        FROM marts.attainment_province GROUP BY ALL ORDER BY ALL""",
    )
    assert len(rows) == 2 * 3 * 4
    for frame, year, definition, count, target, businesses, provinces in rows:
        assert count == national[year, definition]
        assert target == {2022: 20_000_000, 2023: 24_000_000, 2024: 30_000_000}[year]
        assert (businesses, provinces) == (8, int(frame) + 1)
    assert published(
        counted,
        """
        SELECT frame_code, province_code, observed_count FROM marts.attainment_province
        WHERE target_year = 2024 AND definition_code = 'D1' AND observed_count > 0 ORDER BY ALL""",
    ) == [
        ("34", "32", 2),
        ("34", "91", 1),
        ("34", "unknown", 1),
        ("38", "32", 2),
        ("38", "93", 1),
        ("38", "unknown", 1),
    ]
    assert published(counted, "SELECT DISTINCT target_basis, verdict FROM marts.attainment_province") == [
        ("indicative_allocation", "not_assessable")
    ]


def test_an_earlier_as_of_date_sees_only_what_had_happened(settings: Settings) -> None:
    census(settings)
    publish_all(settings, date(2022, 5, 31))
    assert set(observed(settings).values()) == {0}
    assert published(
        settings,
        "SELECT target_year, institution, observed_count, verdict FROM marts.attainment_national WHERE indicator_code = 'umkm_digital' AND observed_count > 0 ORDER BY ALL",
    ) == [(2022, "KemenKopUKM", 19_000_000, "not_assessable")]
    assert publish_all(settings, date(2022, 12, 31)) == 2
    assert observed(settings)[2022, "D1"] == 3


def test_channels_and_definitions_of_the_sql_are_those_of_the_reference(
    settings: Settings, readers: duckdb.DuckDBPyConnection
) -> None:
    channels = readers.execute(
        "SELECT channel_code, definition_rank FROM reference.channels JOIN reference.definitions USING (definition_code)"
    ).fetchall()
    rows = []
    for place, (channel, _) in enumerate(channels):
        header = {
            "uses_internet": "pakai_internet",
            "sells_on_marketplace": "jual_marketplace",
            "sells_on_social_media": "jual_media_sosial",
            "sells_on_instant_messaging": "jual_pesan_instan",
            "sells_on_own_website": "punya_website",
            "sells_on_food_delivery": "jual_pesan_antar",
            "sells_on_ekatalog": "terdaftar_ekatalog",
            "accepts_epayment": "terima_qris",
        }[channel]
        rows.append({**stranger(place), **NO_CHANNEL, "nomor_registrasi": channel, header: "Ya"})
    write_sidt(settings.root.inbox / "a.csv", rows)
    ingest_inbox(settings)
    publish_all(settings)
    ranks = published(
        settings,
        "SELECT lower(registration_number), digital_rank FROM register.businesses JOIN register.memberships USING (business_id)",
    )
    assert sorted(ranks) == sorted(channels)
