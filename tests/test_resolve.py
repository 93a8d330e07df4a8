"""Resolving, drawn: which registrations are one business, and what the business then is."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest
from conftest import drawn, ingest_inbox, publish_all, published, write_bps, write_sidt

from flows import steps
from flows.settings import Settings
from warehouse.reference_data import load_reference

SHORT = {
    "no": "nomor_registrasi",
    "nama": "nama_usaha",
    "pemilik": "nama_pemilik",
    "kbli": "kode_kbli",
    "kec": "nama_kecamatan",
    "desa": "nama_desa",
    "lahir": "tanggal_lahir",
    "ubah": "tanggal_pembaruan",
    "data": "tanggal_pendataan",
    "mp": "jual_marketplace",
    "sejak": "tahun_go_digital",
    "sex": "jenis_kelamin",
    "jenis": "jenis_pelaku",
    "nik_kop": "nomor_induk_koperasi",
}


def businesses(settings: Settings, table: str) -> dict[str, str]:
    """Registration number to a letter for its business, in the order of the drawing."""
    rows = [{SHORT.get(name, name): text for name, text in row.items() if name != "usaha"} for row in drawn(table)]
    write_sidt(settings.root.inbox / "a.csv", rows)
    ingest_inbox(settings)
    publish_all(settings)
    ids = dict(
        published(settings, "SELECT registration_number, business_id FROM register.memberships ORDER BY is_current")
    )
    letters: dict[int, str] = {}
    return {
        row["nomor_registrasi"]: letters.setdefault(ids[row["nomor_registrasi"]], "ABCDEFGH"[len(letters)])
        for row in rows
    }


@pytest.mark.parametrize(
    "table",
    [
        """
        | no | nik              | nama            | kbli  | kec      | usaha |
        |----|------------------|-----------------|-------|----------|-------|
        | R1 | 3201014101800001 | WARUNG BERKAH   | 56102 | CIBINONG | A     |
        | R2 | 3201014101800001 | Warung  Berkah. | 56103 | CIBINONG | A     |
        | R3 | 3201014101800001 | BENGKEL MAJU    | 45407 | CIBINONG | B     |
        | R4 | 3201014101800001 | WARUNG BERKAH   | 56102 | CITEUREUP| C     |
        | R5 | 3201014101800002 | WARUNG BERKAH   | 56102 | CIBINONG | D     |
        """,
        """
        | no | nik              | nib           | nama    | pemilik  | usaha |
        |----|------------------|---------------|---------|----------|-------|
        | R1 |                  | 1234567890123 | KIOS A  | CONTOH 1 | A     |
        | R2 |                  | 1234567890123 | KIOS A  | CONTOH 2 | A     |
        | R3 |                  | 1234567890123 | KIOS B  | CONTOH 3 | B     |
        | R4 | 3201014101800010 |               | KIOS C  | CONTOH 4 | C     |
        | R5 | 3201014101800010 |               | KIOS C  | CONTOH 5 | D     |
        """,
        """
        | no | nik | pemilik    | lahir      | nama   | desa   | usaha |
        |----|-----|------------|------------|--------|--------|-------|
        | R1 |     | CONTOH SATU| 01/01/1980 | KIOS A | DESA X | A     |
        | R2 |     | Contoh Satu| 01/01/1980 | KIOS A | DESA X | A     |
        | R3 |     | CONTOH SATU| 02/01/1980 | KIOS A | DESA X | B     |
        | R4 |     | CONTOH SATU| 01/01/1980 | KIOS A | DESA Y | C     |
        """,
        """
        | no | jenis    | nik | sex | lahir | pemilik | nama     | nik_kop | usaha |
        |----|----------|-----|-----|-------|---------|----------|---------|-------|
        | R1 | Koperasi |     |     |       |         | KSP MAJU | 3201234 | A     |
        | R2 | Koperasi |     |     |       |         | KSP MAJOE| 3201234 | A     |
        | R3 | Koperasi |     |     |       |         | KSP MAJU | 3209999 | B     |
        """,
    ],
    ids=["nik", "nib, and a NIK ending in 0 is no key", "owner, birth and village", "cooperatives"],
)
def test_exact_keys_link_as_drawn(settings: Settings, table: str) -> None:
    assert businesses(settings, table) == {row["no"]: row["usaha"] for row in drawn(table)}


def test_one_owner_of_two_businesses_stays_one_owner(settings: Settings) -> None:
    businesses(
        settings,
        """
        | no | nik              | nama          | kbli  |
        | R1 | 3201014101800001 | WARUNG BERKAH | 56102 |
        | R2 | 3201014101800001 | BENGKEL MAJU  | 45407 |
    """,
    )
    assert published(settings, "SELECT count(*), count(DISTINCT owner_id) FROM register.businesses") == [(2, 1)]


def test_a_superseded_registration_gives_way_to_the_later_and_keeps_its_place(settings: Settings) -> None:
    businesses(
        settings,
        """
        | no | ubah       | nama   | mp    | sejak |
        | R1 | 20/06/2022 | KIOS A | Tidak | 2020  |
        | R1 | 25/06/2022 | KIOS B | Ya    | 2021  |
    """,
    )
    assert published(
        settings, "SELECT is_current, count(DISTINCT business_id) FROM register.memberships GROUP BY ALL ORDER BY ALL"
    ) == [(False, 1), (True, 1)]
    assert published(
        settings, "SELECT registration_count, sells_on_marketplace, digital_since_year FROM register.businesses"
    ) == [(1, True, 2021)]
    assert published(settings, "SELECT level, link_rule FROM register.edges") == [
        ("registration", "REGISTRATION_NUMBER")
    ]


def test_a_business_keeps_its_earliest_digital_year_and_any_channel(settings: Settings) -> None:
    businesses(
        settings,
        """
        | no | data       | mp    | sejak |
        | R1 | 01/06/2022 | Ya    | 2021  |
        | R2 | 01/07/2022 | Tidak | 2019  |
    """,
    )
    assert published(
        settings,
        "SELECT registration_count, sells_on_marketplace, digital_since_year, digital_rank, enumerated_date::VARCHAR FROM register.businesses",
    ) == [(2, True, 2019, 1, "2022-06-01")]


def test_the_order_of_deliveries_changes_no_published_row(tmp_path: Path) -> None:
    def deliver(home: Path, order: list[int]) -> dict[str, list[tuple[object, ...]]]:
        settings = Settings(home=home, memory="1GB", threads=1 + order[0] % 2)
        steps.open_data_root(settings)
        for number in order:
            rows = [
                {
                    "nomor_registrasi": f"R{number}{row}",
                    "nik": f"32010141018000{row:02d}",
                    "tanggal_pendataan": f"{number + 1:02d}/06/2022",
                }
                for row in range(1, 9)
            ]
            if number % 2:
                write_sidt(settings.root.inbox / f"{number}.csv", rows)
            else:
                write_bps(
                    settings.root.inbox / f"{number}.csv",
                    [{"idsbr": row["nomor_registrasi"], "nik_pemilik": row["nik"]} for row in rows],
                )
            ingest_inbox(settings)
        publish_all(settings)
        return {
            table: published(settings, f"SELECT * FROM {table} ORDER BY ALL")
            for table in (
                "marts.attainment_national",
                "marts.attainment_province",
                "register.businesses",
                "register.memberships",
                "register.edges",
                "quality.row_balance",
            )
        }

    orders = [[0, 1, 2, 3], [3, 1, 0, 2]]
    random.Random(1).shuffle(orders[1])
    first, second = (deliver(tmp_path / str(place), order) for place, order in enumerate(orders))
    assert first == second
    assert len(first["register.businesses"]) == 8


def test_size_classes_follow_the_reference() -> None:
    con = duckdb.connect()
    load_reference(con)
    con.execute(
        (Path(steps.__file__).parent.parent / "transforms" / "resolve" / "keys.sql")
        .read_text(encoding="utf-8")
        .split("-- Size classes")[1]
        .split("\n", 1)[1]
    )
    for rule in ("sales", "capital"):
        wrong = con.execute(
            f"""SELECT amount, size_class_by_{rule}(amount), size_class_code
            FROM (SELECT unnest([0, 1, 1e9, 1e9+1, 2e9, 2e9+1, 5e9, 5e9+1, 1e10, 1e10+1, 15e9, 15e9+1, 5e10, 5e10+1])::BIGINT AS amount)
            JOIN reference.size_classes ON size_rule = '{rule}'
                AND (lower_exclusive_idr IS NULL OR amount > lower_exclusive_idr) AND (upper_inclusive_idr IS NULL OR amount <= upper_inclusive_idr)
            WHERE size_class_by_{rule}(amount) <> size_class_code"""
        ).fetchall()
        assert wrong == []
