"""What the tests share: a data root, drawn tables, exports written row by row, and a run without Prefect."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("CAPAIAN_PSEUDONYM_KEY", "5e" * 32)  # so that two data roots can be compared table by table

from flows import ingesting, integrity, releasing
from flows.settings import Settings
from transforms.standardise import load_readers
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.reference_data import load_reference

AS_OF = date(2024, 12, 31)

SIDT_DEFAULTS = {
    "nomor_registrasi": "REG0001",
    "jenis_pelaku": "UMKM",
    "tanggal_pendataan": "15/06/2022",
    "tanggal_pembaruan": "20/06/2022",
    "kode_wilayah": "32.01.01.2001",
    "nama_kabkota": "KABUPATEN BOGOR",
    "nama_kecamatan": "CIBINONG",
    "nama_desa": "PAKANSARI",
    "alamat": "JL. MAWAR NO. 1",
    "latitude": "-6,48",
    "longitude": "106,85",
    "nama_usaha": "WARUNG BERKAH",
    "nama_pemilik": "CONTOH SATU",
    "nik": "3201014101800001",
    "nib": "",
    "no_telepon": "081234567890",
    "jenis_kelamin": "P",
    "tanggal_lahir": "01/01/1980",
    "status_usaha": "Aktif",
    "tempat_usaha": "Menetap",
    "bentuk_usaha": "Perorangan",
    "tahun_mulai": "2015",
    "kode_kbli": "56102",
    "jumlah_tenaga_kerja": "2",
    "modal_usaha": "Rp 10.000.000,00",
    "omzet": "Rp 60.000.000,00",
    "tahun_omzet": "2021",
    "pakai_internet": "Ya",
    "jual_marketplace": "Ya",
    "jual_media_sosial": "Tidak",
    "jual_pesan_instan": "Tidak",
    "punya_website": "Tidak",
    "jual_pesan_antar": "Tidak",
    "terdaftar_ekatalog": "Tidak",
    "terima_qris": "Tidak",
    "tahun_go_digital": "2021",
    "nomor_induk_koperasi": "",
    "nomor_badan_hukum": "",
    "jumlah_anggota": "",
}
BPS_DEFAULTS = {
    "idsbr": "SBR0001",
    "jenis_pelaku": "1",
    "tanggal_cacah": "2023-09-20",
    "kdprov": "32",
    "kdkab": "01",
    "kdkec": "010",
    "kddesa": "001",
    "nmkab": "BOGOR",
    "nmkec": "CIBINONG",
    "nmdesa": "PAKANSARI",
    "alamat_usaha": "JL. MAWAR NO. 1",
    "latitude": "-6.48",
    "longitude": "106.85",
    "nama_usaha": "WARUNG BERKAH <CONTOH SATU>",
    "nik_pemilik": "3201014101800001",
    "nib": "",
    "nomor_telepon": "081234567890",
    "jenis_kelamin_pemilik": "2",
    "tanggal_lahir_pemilik": "1980-01-01",
    "keberadaan_usaha": "1. Aktif",
    "usaha_menetap": "1",
    "bentuk_badan_hukum_usaha": "Perorangan",
    "tahun_berdiri": "2015",
    "kode_kbli": "56102",
    "jumlah_tenaga_kerja": "2",
    "aset": "10000",
    "pendapatan_setahun": "60000",
    "tahun_data": "2022",
    "internet": "1",
    "marketplace": "1",
    "media_sosial": "2",
    "pesan_instan": "2",
    "website": "2",
    "pesan_antar": "2",
    "ekatalog": "2",
    "pembayaran_digital": "2",
    "tahun_digital": "2021",
    "nomor_induk_koperasi": "",
    "nomor_badan_hukum": "",
    "jumlah_anggota": "",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that mostly wait for a clock or a server: the others fill the time."""
    first = {"test_server.py": 0, "test_flow.py": 1, "test_chaos.py": 2}
    items.sort(key=lambda item: first.get(item.path.name, len(first)))


def drawn(table: str) -> list[dict[str, str]]:
    """A table drawn with bars as one dict per row; an empty cell is an empty text."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.strip().splitlines()]
    header, *rows = [line for line in lines if not set("".join(line)) <= set("-: ")]
    return [dict(zip(header, row, strict=True)) for row in rows]


NAMES = [
    "ANGGREK",
    "BERINGIN",
    "CEMPAKA",
    "DAMAR",
    "ENAU",
    "FLAMBOYAN",
    "GAHARU",
    "HANJUANG",
    "IPIL",
    "JATI",
    "KENARI",
    "LONTAR",
    "MAHONI",
    "NANGKA",
    "RANDU",
    "SAWO",
]


def stranger(place: int) -> dict[str, str]:
    """What a registration of SIDT shows of another owner and place than any other `place` below 4096 shows."""
    name, family, further = NAMES[place % 16], NAMES[place // 16 % 16], NAMES[place // 256]
    day, month, year = 1 + place % 28, 1 + place % 12, 1950 + place % 50
    return {
        "nik": f"3201{1 + place // 100:02d}{day:02d}{month:02d}{year % 100}{place * 37 % 900:03d}{1 + place % 9}",
        "tanggal_lahir": f"{day:02d}/{month:02d}/{year}",
        "nama_pemilik": f"{name} {family} {further}",
        "jenis_kelamin": "L",
        "no_telepon": f"0813{place:04d}5678",
        "nama_usaha": f"KIOS {family} {name} {further}",
        "alamat": f"JL. {name} NO. {place + 1}",
        "latitude": f"-6,{1000 + place}",
        "longitude": f"106,{1000 + place}",
        "tahun_mulai": str(1990 + place % 30),
    }


def as_bps(row: dict[str, str]) -> dict[str, str]:
    """The same `stranger` as the exports of 2023 show one."""
    return {
        "nik_pemilik": row["nik"],
        "nama_usaha": f"{row['nama_usaha']} <{row['nama_pemilik']}>",
        "tanggal_lahir_pemilik": "-".join(reversed(row["tanggal_lahir"].split("/"))),
        "jenis_kelamin_pemilik": "1",
        "nomor_telepon": row["no_telepon"],
        "alamat_usaha": row["alamat"],
        "latitude": row["latitude"].replace(",", "."),
        "longitude": row["longitude"].replace(",", "."),
        "tahun_berdiri": row["tahun_mulai"],
    }


def write_sidt(path: Path, rows: list[dict[str, str]]) -> Path:
    """An export of 2022; each row states only what differs from the ordinary registration."""
    lines = [
        ";".join(SIDT_DEFAULTS),
        *(";".join({**SIDT_DEFAULTS, **row}[name] for name in SIDT_DEFAULTS) for row in rows),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_bps(path: Path, rows: list[dict[str, str]]) -> Path:
    """An export of 2023 with its two header rows."""
    groups = ["IDENTITAS", *([""] * (len(BPS_DEFAULTS) - 1))]
    lines = [
        ",".join(groups),
        ",".join(BPS_DEFAULTS),
        *(",".join({**BPS_DEFAULTS, **row}[name] for name in BPS_DEFAULTS) for row in rows),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    return settings


@pytest.fixture(scope="session")
def readers() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the reader macros and the reference tables."""
    with duckdb.connect() as con:
        load_reference(con)
        load_readers(con)
        yield con


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two versions of a small register to report on, which no test changes: 40 businesses in Bogor, then 8 more."""
    settings = Settings(home=tmp_path_factory.mktemp("reported") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    first = [{"nomor_registrasi": f"R{place}", **stranger(place)} for place in range(40)]
    write_sidt(settings.root.inbox / "a.csv", first)
    ingest_inbox(settings)
    publish_all(settings)
    later = [{"nomor_registrasi": f"S{place}", **stranger(place)} for place in range(60, 68)]
    write_sidt(settings.root.inbox / "b.csv", later)
    (settings.root.inbox / "<b onmouseover=alert(1)>.csv").write_bytes(b"a,b\n1,2\n")
    ingest_inbox(settings)
    publish_all(settings)
    return settings


@pytest.fixture
def kept(reported: Settings, tmp_path: Path) -> Settings:
    """A copy of the two versions of `reported`, which a test may change."""
    home = tmp_path / "kept"
    shutil.copytree(reported.home, home, symlinks=True)
    return reported.model_copy(update={"home": home})


def ingest_inbox(settings: Settings) -> list[LedgerEntry]:
    """Land what is in the inbox, unpack it and ingest what is due."""
    ingesting.land_inbox(settings)
    integrity.check_lake(settings)
    unpacked = ingesting.unpack_archives(settings)
    return unpacked + [ingesting.ingest(settings, file) for file in ingesting.plan_deliveries(settings)]


def publish_all(settings: Settings, as_of: date = AS_OF, known: date | None = None) -> int | None:
    """The rest of a run on the day `known`, by default `as_of`; returns the version, or None when nothing was new."""
    release = releasing.plan_release(settings, as_of, known or as_of)
    if release is None:
        return None
    for build in releasing.BUILD_STEPS.values():
        build(settings, release)
    releasing.publish_release(settings, release)
    return release.version


def published(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the published file."""
    with duckdb.connect(str(settings.root.database), read_only=True) as con:
        return con.execute(query).fetchall()


def lake(settings: Settings, query: str, verdict: str = "validated") -> list[tuple[Any, ...]]:
    """Rows of a query over `rows`, the validated or quarantined rows of all deliveries."""
    paths = releasing.rows_of(settings, [entry for entry in Ledger(settings.root) if entry.is_judged])
    with duckdb.connect() as con:
        if paths:
            con.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet({paths}) WHERE verdict = '{verdict}'")
            return con.execute(query).fetchall()
    return []
