"""A draft for an export never seen: renamed, recoded and shuffled, it is to be read as under its own profile."""

from __future__ import annotations

import csv
import random
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from conftest import ingest_inbox, lake
from flows import steps
from flows.settings import Settings
from transforms.drafting.draft import Draft, draft_profile
from transforms.drafting.sample import sample_file
from transforms.drafting.toml_text import toml_text
from transforms.recognise import normalised_header
from transforms.simulation import simulate
from warehouse.columns import REGISTRATION
from warehouse.profiles import SourceProfile, load_profiles, parse_profile
from warehouse.reference_data import load_reference

COMPARED = [column.name for column in REGISTRATION if column.name != "registration_number"]

ENGLISH = {
    "nomor_registrasi": "Registration No",
    "jenis_pelaku": "Actor Type",
    "tanggal_pendataan": "Survey Date",
    "tanggal_pembaruan": "Last Modified",
    "kdprov": "Prov Code",
    "kdkab": "Regency Code",
    "kdkec": "District Code",
    "kddesa": "Village Code",
    "nama_provinsi": "Province",
    "nama_kabkota": "Regency/City",
    "nama_kecamatan": "Sub-District",
    "nama_desa": "Village",
    "alamat": "Street Address",
    "kode_pos": "ZIP",
    "latitude": "GPS Lat",
    "longitude": "GPS Lng",
    "nama_usaha": "Name of Business",
    "nama_pemilik": "Proprietor",
    "nik": "National ID No.",
    "nib": "Business Licence Number",
    "no_telepon": "Mobile",
    "email": "E-mail",
    "jenis_kelamin": "Gender",
    "tanggal_lahir": "DOB",
    "status_usaha": "Operating Status",
    "tempat_usaha": "Premises",
    "bentuk_usaha": "Legal Form",
    "tahun_mulai": "Year Established",
    "kode_kbli": "Industry Code",
    "jumlah_tenaga_kerja": "Headcount",
    "modal_usaha": "Capital",
    "omzet": "Annual Turnover",
    "tahun_omzet": "Turnover Year",
    "pakai_internet": "Internet User",
    "jual_marketplace": "Sells on Marketplace",
    "jual_media_sosial": "Sells via Social Media",
    "jual_pesan_instan": "Sells via Chat App",
    "punya_website": "Has Website",
    "jual_pesan_antar": "Food Delivery Partner",
    "terdaftar_ekatalog": "e-Catalogue Listed",
    "terima_qris": "Accepts QRIS Payment",
    "tahun_go_digital": "Digital Since",
    "nomor_induk_koperasi": "Coop Number",
    "nomor_badan_hukum": "Legal Entity Reg. No.",
    "jumlah_anggota": "Member Count",
}
ABBREVIATED = {
    "idsbr": "noreg_ush",
    "jenis_pelaku": "jns_plk",
    "sumber_data": "smbr_dt",
    "tanggal_cacah": "tgl_ccah",
    "kode_wilayah": "kd_wil",
    "nmprov": "prop",
    "nmkab": "kabko",
    "nmkec": "kec",
    "nmdesa": "kel_ds",
    "alamat_usaha": "almt_ush",
    "kode_pos": "kdpos",
    "latitude": "koord_lat",
    "longitude": "koord_long",
    "nama_usaha": "nm_ush",
    "nama_komersial_usaha": "nm_dgng",
    "nik_pemilik": "no_ktp",
    "nib": "no_induk_brsh",
    "nomor_telepon": "hp_pmlk",
    "jenis_kelamin_pemilik": "jk",
    "tanggal_lahir_pemilik": "tgl_lhr",
    "keberadaan_usaha": "sts_ush",
    "usaha_menetap": "lok_ttp",
    "bentuk_badan_hukum_usaha": "bdn_hkm",
    "skala_usaha": "skl",
    "tahun_berdiri": "thn_brdr",
    "kegiatan_usaha": "uraian_ush",
    "kode_kbli": "kd_kbli5",
    "jumlah_tenaga_kerja": "jml_tk",
    "aset": "nilai_ast",
    "pendapatan_setahun": "omzt_thn",
    "tahun_data": "thn_ref",
    "internet": "inet",
    "marketplace": "mp",
    "media_sosial": "medsos",
    "pesan_instan": "jual_wa",
    "website": "web_sndr",
    "pesan_antar": "ojol",
    "ekatalog": "ekat_lkpp",
    "pembayaran_digital": "byr_digital",
    "tahun_digital": "thn_digi",
    "nomor_induk_koperasi": "nik_kop",
    "nomor_badan_hukum": "no_bh",
    "jumlah_anggota": "jml_agt",
}
CAPITALISED = {
    "nomor_registrasi": "NoPendaftaran",
    "jenis_pelaku": "KelompokPelaku",
    "tanggal_pendataan": "TglKunjunganPetugas",
    "tanggal_pembaruan": "WaktuUbahTerakhir",
    "kode_wilayah": "KodeKelurahanDesa",
    "nama_provinsi": "Propinsi",
    "nama_kabkota": "KabupatenKota",
    "nama_kecamatan": "NamaKec",
    "nama_desa": "DesaKelurahan",
    "alamat": "AlamatLengkapUsaha",
    "kode_pos": "KodePos",
    "latitude": "TitikLintang",
    "longitude": "TitikBujur",
    "nama_usaha": "NamaTempatUsaha",
    "nama_pemilik": "NamaPengusaha",
    "nik": "NIKPengusaha",
    "nib": "NIBUsaha",
    "no_telepon": "NoHandphone",
    "email": "AlamatEmail",
    "jenis_kelamin": "JenisKelaminPengusaha",
    "tanggal_lahir": "TglLahirPengusaha",
    "status_usaha": "KondisiUsahaSaatIni",
    "tempat_usaha": "SifatTempatUsaha",
    "bentuk_usaha": "BentukBadanHukum",
    "tahun_mulai": "TahunMulaiBeroperasi",
    "kode_kbli": "KBLI2020",
    "jumlah_tenaga_kerja": "JmlPekerja",
    "modal_usaha": "ModalAwalRupiah",
    "omzet": "OmsetPerTahun",
    "tahun_omzet": "TahunOmset",
    "pakai_internet": "MenggunakanInternet",
    "jual_marketplace": "JualDiLokapasar",
    "jual_media_sosial": "JualDiMedsos",
    "jual_pesan_instan": "JualDiWhatsapp",
    "punya_website": "WebsiteSendiri",
    "jual_pesan_antar": "LayananPesanAntar",
    "terdaftar_ekatalog": "MasukEKatalog",
    "terima_qris": "MenerimaNonTunai",
    "tahun_go_digital": "MulaiOnlineTahun",
    "nomor_induk_koperasi": "NomorIndukKop",
    "nomor_badan_hukum": "NoBadanHukumKoperasi",
    "jumlah_anggota": "JmlAnggotaKoperasi",
}


@dataclass(frozen=True)
class Disguise:
    """How a simulated export is made into one that no profile knows."""

    source: str
    profile: str
    vocabulary: dict[str, str]
    delimiter: str
    date_style: str
    booleans: dict[str, str]
    reshape: Callable[[dict[str, str]], dict[str, str]]


def split_region(record: dict[str, str]) -> dict[str, str]:
    parts = (record["kode_wilayah"].split(".") + [""] * 4)[:4]
    kept = {name: text for name, text in record.items() if name != "kode_wilayah"}
    return {**kept, **dict(zip(("kdprov", "kdkab", "kdkec", "kddesa"), parts, strict=True))}


def join_region(record: dict[str, str]) -> dict[str, str]:
    parts = ("kdprov", "kdkab", "kdkec", "kddesa")
    kept = {name: text for name, text in record.items() if name not in parts}
    return {**kept, "kode_wilayah": "".join(record[part] for part in parts)}


def undotted_region(record: dict[str, str]) -> dict[str, str]:
    return {**record, "kode_wilayah": record["kode_wilayah"].replace(".", "")}


DISGUISES = {
    "english": Disguise(
        "sidt_2022_12_sumatera-utara.csv",
        "sidt-2022",
        ENGLISH,
        "|",
        "%Y-%m-%d",
        {"Ya": "Y", "Tidak": "T"},
        split_region,
    ),
    "abbreviated": Disguise(
        "bps_2023_73_sulawesi-selatan.csv", "bps-2023", ABBREVIATED, "\t", "%d-%m-%Y", {"1": "1", "2": "0"}, join_region
    ),
    "capitalised": Disguise(
        "sidt_2022_51_bali.csv", "sidt-2022", CAPITALISED, ",", "%d-%b-%Y", {"Ya": "1", "Tidak": "0"}, undotted_region
    ),
}
CHANNEL_HEADERS = {
    profile.name: {aliases[0] for name, aliases in profile.columns if name.startswith(("uses_", "sells_", "accepts_"))}
    for profile in load_profiles()
}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    with duckdb.connect() as con:
        load_reference(con)
        simulate(con, 24_000, 65, folder)
    return folder


def records_of(path: Path, profile: SourceProfile) -> tuple[list[list[str]], list[dict[str, str]]]:
    """Header rows, and the records that have the header's width."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.reader(stream, delimiter=profile.delimiter)]
    header = rows[profile.header_rows - 1]
    records = [dict(zip(header, row, strict=True)) for row in rows[profile.header_rows :] if len(row) == len(header)]
    return rows[: profile.header_rows], records


def write_records(path: Path, header_rows: list[list[str]], records: list[list[str]], delimiter: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([*header_rows, *records])


def restyled(text: str, style: str) -> str:
    for known in ("%d/%m/%Y", "%Y-%m-%d"):
        if re.fullmatch(r"\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d", text):
            try:
                return datetime.strptime(text, known).strftime(style)
            except ValueError:
                continue
    return text


def disguised(records: list[dict[str, str]], disguise: Disguise) -> tuple[list[str], list[list[str]]]:
    """The header and the records in another order, under other names, in other codes."""
    shaped = [disguise.reshape(record) for record in records]
    order = sorted(shaped[0])
    random.Random(65).shuffle(order)
    channels = CHANNEL_HEADERS[disguise.profile]

    def cell(name: str, text: str) -> str:
        return disguise.booleans.get(text, text) if name in channels else restyled(text, disguise.date_style)

    return [disguise.vocabulary[name] for name in order], [[cell(name, row[name]) for name in order] for row in shaped]


def drafted(path: Path, readers: duckdb.DuckDBPyConnection) -> Draft:
    return draft_profile(readers, sample_file(path), path.name, load_profiles())


def profile_of(draft: Draft) -> SourceProfile:
    return parse_profile(tomllib.loads(toml_text(draft)), "draft.toml")


def mapping_of(profile: SourceProfile) -> dict[str, str]:
    """Our column to the header it is read from; the parts of a region code are columns of their own here."""
    whole = {name: aliases[0] for name, aliases in profile.columns}
    return whole | {f"region part {place}": header for place, (header, _) in enumerate(profile.region_code_parts, 1)}


def expected_mapping(disguise: Disguise) -> dict[str, str]:
    """What the original profile reads, under the names of the disguise."""
    (profile,) = [known for known in load_profiles() if known.name == disguise.profile]
    new_name = {old: normalised_header(new) for old, new in disguise.vocabulary.items()}
    expected = {}
    for name, aliases in profile.columns:
        renamed = [new_name[alias] for alias in aliases if alias in new_name]
        if renamed:
            expected[name] = renamed[0]
    parts = [new_name[part] for part in ("kdprov", "kdkab", "kdkec", "kddesa") if part in new_name]
    if parts:
        return expected | {f"region part {place}": header for place, header in enumerate(parts, 1)}
    return expected | {"source_region_code": new_name["kode_wilayah"]}


@pytest.mark.parametrize("name", DISGUISES)
def test_draft_reads_a_disguised_export_as_its_own_profile_does(
    name: str,
    simulated: Path,
    tmp_path: Path,
    readers: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disguise = DISGUISES[name]
    (own,) = [known for known in load_profiles() if known.name == disguise.profile]
    header_rows, records = records_of(simulated / disguise.source, own)
    homes = {}
    for home in ("own", "drafted"):
        homes[home] = Settings(home=tmp_path / home, memory="1GB", threads=2)
        steps.open_data_root(homes[home])
    # One header row in both, so that a registration has one line number.
    write_records(
        homes["own"].root.inbox / "export.csv",
        header_rows,
        [list(record.values()) for record in records],
        own.delimiter,
    )
    unseen = homes["drafted"].root.inbox / f"dinas_{name}.csv"
    header, cells = disguised(records, disguise)
    blank_title = [[""] * len(header)] * (own.header_rows - 1)
    write_records(unseen, [*blank_title, header], cells, disguise.delimiter)

    draft = drafted(unseen, readers)
    found, expected = mapping_of(profile_of(draft)), expected_mapping(disguise)
    right = {column for column in expected if found.get(column) == expected[column]}
    wrong = {column: found[column] for column in found if found[column] != expected.get(column)}
    missing = sorted(set(expected) - set(found))
    print(f"\n{name}: {len(right)} right, wrong {wrong}, missing {missing} of {len(expected)}; {draft.checks}")

    ingest_inbox(homes["own"])
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "draft.toml").write_text(toml_text(draft), encoding="utf-8")
    monkeypatch.setattr(steps, "load_profiles", lambda: load_profiles(folder))
    (entry,) = ingest_inbox(homes["drafted"])
    assert entry.status == "validated", entry.reason
    query = f"SELECT line_number, {', '.join(COMPARED)} FROM rows ORDER BY line_number"
    originals = {row[0]: row[1:] for row in lake(homes["own"], query)}
    readings = {row[0]: row[1:] for row in lake(homes["drafted"], query)}
    agreement = {}
    for place, column in enumerate(COMPARED):
        read = [line for line, row in originals.items() if row[place] is not None]
        same = sum(line in readings and readings[line][place] == originals[line][place] for line in read)
        agreement[column] = (same, len(read))
        print(f"  {column:28} {same:6,} of {len(read):6,}")
    total = [sum(counts) for counts in zip(*agreement.values(), strict=True)]
    print(f"  {'all':28} {total[0]:6,} of {total[1]:6,} = {total[0] / total[1]:.4f}")

    assert not wrong
    assert len(right) >= 0.9 * len(expected), missing
    assert total[0] >= 0.95 * total[1]


@pytest.mark.parametrize("name", DISGUISES)
def test_values_alone_put_nothing_in_the_wrong_place(
    name: str, simulated: Path, tmp_path: Path, readers: duckdb.DuckDBPyConnection
) -> None:
    """Under headers that say nothing, what cannot be told from its values is left to the engineer."""
    disguise = DISGUISES[name]
    (own,) = [known for known in load_profiles() if known.name == disguise.profile]
    _, records = records_of(simulated / disguise.source, own)
    header, cells = disguised(records, disguise)
    nameless = {new: f"f_{place:02}" for place, new in enumerate(header)}
    write_records(tmp_path / "export.csv", [list(nameless.values())], cells, disguise.delimiter)
    found = mapping_of(profile_of(drafted(tmp_path / "export.csv", readers)))
    in_words = {normalised_header(new): old for new, old in nameless.items()}
    expected = {column: in_words[header] for column, header in expected_mapping(disguise).items()}
    wrong = {column: header for column, header in found.items() if header != expected.get(column)}
    print(f"\n{name} without headers: {len(found)} of {len(expected)} found, wrong {wrong}: {sorted(found)}")
    assert not wrong
    assert {"source_regency_name", "latitude", "longitude", "business_name", "nik", "phone", "kbli_code"} <= set(found)
