"""Resolving, drawn: which registrations are one business, and what the business then is."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import AS_OF, as_bps, drawn, ingest_inbox, publish_all, published, stranger, write_bps, write_sidt

from flows import ingesting, releasing
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
    "telp": "no_telepon",
    "mulai": "tahun_mulai",
    "mp": "jual_marketplace",
    "sejak": "tahun_go_digital",
    "sex": "jenis_kelamin",
    "jenis": "jenis_pelaku",
    "nik_kop": "nomor_induk_koperasi",
    "badan": "nomor_badan_hukum",
}


def located(row: dict[str, str]) -> dict[str, str]:
    """Column `di` of a drawing is the address: a street and a number, and coordinates that go with it."""
    place = row.pop("di", None)
    if place is None:
        return row
    if not place:
        return {**row, "alamat": "", "latitude": "", "longitude": ""}
    number = int(place.split()[-1])
    return {**row, "alamat": f"JL. {place}", "latitude": f"-6,{400 + number}", "longitude": f"106,{700 + number}"}


def deliver(settings: Settings, table: str, name: str = "a.csv") -> list[dict[str, str]]:
    """Write, ingest and resolve what is drawn; returns its rows without the expected column `usaha`."""
    rows = [
        located({SHORT.get(name, name): text for name, text in row.items() if name != "usaha"}) for row in drawn(table)
    ]
    write_sidt(settings.root.inbox / name, rows)
    ingest_inbox(settings)
    release = releasing.plan_release(settings, AS_OF, AS_OF)
    assert release
    releasing.resolve_register(settings, release)
    return rows


def resolved(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the register as it was resolved, still to be published."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA register")
        for path in settings.root.scratch.glob("release/register/*.parquet"):
            con.execute(f"CREATE VIEW register.{path.stem} AS FROM read_parquet('{path}')")
        return con.execute(query).fetchall()


def businesses(settings: Settings, table: str) -> dict[str, str]:
    """Registration number to a letter for its business, in the order of the drawing."""
    rows = deliver(settings, table)
    ids = dict(
        resolved(settings, "SELECT registration_number, business_id FROM register.memberships ORDER BY is_current")
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
        | no | nik              | nama             | kbli  | di       | kec       | desa   | mulai | usaha |
        |----|------------------|------------------|-------|----------|-----------|--------|-------|-------|
        | R1 | 3201014101800001 | WARUNG BERKAH    | 56102 | MAWAR 1  | CIBINONG  | DESA X | 2015  | A     |
        | R2 | 3201014101800001 | Waroeng  Berkah. | 56103 | MAWAR 1  | CIBINONG  | DESA X | 2015  | A     |
        | R3 | 3201014101800001 | BENGKEL MAJU     | 45407 | MELATI 8 | CIBINONG  | DESA X | 2009  | B     |
        | R4 | 3201014101800001 | WARUNG BERKAH    | 56102 | DAHLIA 5 | CITEUREUP | DESA Y | 2015  | A     |
        | R5 | 3201014101800001 | WR. BERKAH II    | 56102 | DAHLIA 6 | CIBINONG  | DESA X | 2018  | C     |
        | R6 | 3201014101800001 | KEDAI SENTOSA    | 56102 | MAWAR 1  | CIBINONG  | DESA X | 2015  | A     |
        """,
        """
        | no | nik              | pemilik             | lahir      | telp         | nama        | di      | mulai | usaha |
        |----|------------------|---------------------|------------|--------------|-------------|---------|-------|-------|
        | R1 | 3201014101800001 | H. MOCH. CONTOH DUA | 01/01/1980 | 081234567890 | KIOS MAKMUR | MAWAR 1 | 2015  | A     |
        | R2 |                  | Muhammad Tjontoh Doea | 01/01/1980 | 081234567899 | KIOS MAKMUR | MAWAR 1 | 2015 | A   |
        | R3 | 3201012505700003 | KENARI SAWO         | 25/05/1970 | 081298765432 | KIOS MAKMUR | MAWAR 9 | 2003  | B     |
        | R4 | 3201014101800002 | RANDU DUA           | 01/01/1980 |              | KIOS LANCAR | MAWAR 4 | 2011  | C     |
        """,
        """
        | no | nik | pemilik | lahir | sex | telp         | nama              | kbli  | di        | mulai | usaha |
        |----|-----|---------|-------|-----|--------------|-------------------|-------|-----------|-------|-------|
        | R1 |     |         |       |     |              | TOKO MEBEL JATI   | 31001 | MAWAR 1   | 2001  | A     |
        | R2 |     |         |       |     |              | Toko Meubel Djati | 31001 | MAWAR 1   | 2001  | A     |
        | R3 |     |         |       |     |              | TOKO MEBEL JATI   | 31001 | KENANGA 7 |       | B     |
        | R4 |     |         |       |     |              | WARUNG            | 56102 | KENANGA 8 | 2010  | C     |
        | R5 |     |         |       |     |              | WARUNG            | 56102 | MELATI 9  | 2012  | D     |
        """,
        """
        | no | jenis    | nik | sex | lahir | pemilik | telp | nama           | nik_kop | badan       | di      | usaha |
        |----|----------|-----|-----|-------|---------|------|----------------|---------|-------------|---------|-------|
        | R1 | Koperasi |     |     |       |         |      | KSP MAJU       | 3201234 |             | MAWAR 1 | A     |
        | R2 | Koperasi |     |     |       |         |      | Koperasi Madju | 3201234 |             | MAWAR 1 | A     |
        | R3 | Koperasi |     |     |       |         |      | KSP MAJU       | 3209999 |             | MAWAR 5 | B     |
        | R4 | Koperasi |     |     |       |         |      | KUD TANI       |         | 518/7/BH/X  | MAWAR 7 | C     |
        | R5 | Koperasi |     |     |       |         |      | KUD TANI       |         | 518/7/BH/X. | MAWAR 7 | C     |
        """,
    ],
    ids=["one owner", "no NIK, and a namesake's shop", "no owner", "cooperatives"],
)
def test_registrations_are_linked_as_drawn(settings: Settings, table: str) -> None:
    assert businesses(settings, table) == {row["no"]: row["usaha"] for row in drawn(table)}


TWO_SHOPS = """
    | no | nik              | nama          | kbli  | di       | mulai |
    | R1 | 3201014101800001 | WARUNG BERKAH | 56102 | MAWAR 1  | 2015  |
    | R2 | 3201014101800001 | BENGKEL MAJU  | 45407 | MELATI 8 | 2009  |
"""


def test_one_owner_of_two_businesses_stays_one_owner(settings: Settings) -> None:
    deliver(settings, TWO_SHOPS)
    assert resolved(settings, "SELECT count(*), count(DISTINCT owner_id) FROM register.businesses") == [(2, 1)]


def test_a_superseded_registration_gives_way_to_the_later_and_keeps_its_place(settings: Settings) -> None:
    businesses(
        settings,
        """
        | no | ubah       | nama   | mp    | sejak |
        | R1 | 20/06/2022 | KIOS A | Tidak | 2020  |
        | R1 | 25/06/2022 | KIOS B | Ya    | 2021  |
    """,
    )
    assert resolved(
        settings, "SELECT is_current, count(DISTINCT business_id) FROM register.memberships GROUP BY ALL ORDER BY ALL"
    ) == [(False, 1), (True, 1)]
    assert resolved(
        settings, "SELECT registration_count, sells_on_marketplace, digital_since_year FROM register.businesses"
    ) == [(1, True, 2021)]
    assert resolved(settings, "SELECT level, decided_by FROM register.edges") == [
        ("registration", "registration_number")
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
    assert resolved(
        settings,
        "SELECT registration_count, sells_on_marketplace, digital_since_year, digital_rank, enumerated_date::VARCHAR FROM register.businesses",
    ) == [(2, True, 2019, 1, "2022-06-01")]


def test_the_order_of_deliveries_changes_no_published_row(tmp_path: Path) -> None:
    def nights(home: Path, order: list[int]) -> dict[str, list[tuple[object, ...]]]:
        settings = Settings(home=home, memory="1GB", threads=1 + order[0] % 2)
        ingesting.open_data_root(settings)
        for number in order:
            rows = [
                {
                    **stranger(row),
                    "nomor_registrasi": f"R{number}{row}",
                    "tanggal_pendataan": f"{number + 1:02d}/06/2022",
                }
                for row in range(1, 9)
            ]
            if number % 2:
                write_sidt(settings.root.inbox / f"{number}.csv", rows)
            else:
                write_bps(
                    settings.root.inbox / f"{number}.csv",
                    [{**as_bps(row), "idsbr": row["nomor_registrasi"]} for row in rows],
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
    first, second = (nights(tmp_path / str(place), order) for place, order in enumerate(orders))
    assert first == second
    assert len(first["register.businesses"]) == 8


def test_size_classes_follow_the_reference() -> None:
    con = duckdb.connect()
    load_reference(con)
    con.execute(
        (Path(ingesting.__file__).parent.parent / "transforms" / "resolve" / "counting.sql").read_text(encoding="utf-8")
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
