"""Disguises: simulated exports under other headers, in other codes and another order, as no profile knows them."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from transforms.recognise import normalised_header
from warehouse.profiles import SourceProfile, load_profiles

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
AS_QUESTIONS = {
    "idsbr": "Nomor ID Unit",
    "jenis_pelaku": "UMKM/Koperasi",
    "sumber_data": "Asal Data",
    "tanggal_cacah": "Tgl. Wawancara",
    "kdprov": "prov_id",
    "kdkab": "kab_id",
    "kdkec": "kec_id",
    "kddesa": "desa_id",
    "nmprov": "prov_nama",
    "nmkab": "kab_nama",
    "nmkec": "kec_nama",
    "nmdesa": "desa_nama",
    "alamat_usaha": "Alamat (Jalan, RT/RW)",
    "kode_pos": "Pos",
    "latitude": "Y",
    "longitude": "X",
    "nama_usaha": "Nama Usaha / Perusahaan",
    "nama_komersial_usaha": "Merk",
    "nik_pemilik": "No. KTP Pengusaha",
    "nib": "NIB (13 digit)",
    "nomor_telepon": "Telp/WA",
    "jenis_kelamin_pemilik": "L/P",
    "tanggal_lahir_pemilik": "Tanggal Lahir Pengusaha",
    "keberadaan_usaha": "Kondisi Perusahaan",
    "usaha_menetap": "Tetap/Keliling",
    "bentuk_badan_hukum_usaha": "Badan Hukum",
    "skala_usaha": "Skala",
    "tahun_berdiri": "Thn. Mulai Usaha",
    "kegiatan_usaha": "Uraian Kegiatan",
    "kode_kbli": "KBLI (5 digit)",
    "jumlah_tenaga_kerja": "Banyaknya Pekerja",
    "aset": "Total Aset (ribu Rp)",
    "pendapatan_setahun": "Omset 1 Tahun (ribu Rp)",
    "tahun_data": "Tahun Acuan Omset",
    "internet": "Pakai Internet?",
    "marketplace": "Jualan di E-Commerce?",
    "media_sosial": "Jualan di FB/IG?",
    "pesan_instan": "Jualan lewat WA?",
    "website": "Punya Situs Web?",
    "pesan_antar": "Ikut Go-Food/GrabFood?",
    "ekatalog": "Terdaftar E-Katalog LKPP?",
    "pembayaran_digital": "Terima QRIS/E-Wallet?",
    "tahun_digital": "Sejak Tahun Berapa Online",
    "nomor_induk_koperasi": "NIK Koperasi",
    "nomor_badan_hukum": "No. Badan Hukum Koperasi",
    "jumlah_anggota": "Banyaknya Anggota",
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


def bare_region_numbers(record: dict[str, str]) -> dict[str, str]:
    """As a spreadsheet keeps them: without their leading zeros."""
    return {name: text.lstrip("0") if name in ("kdkab", "kdkec", "kddesa") else text for name, text in record.items()}


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
    "as questions": Disguise(
        "bps_2023_64_kalimantan-timur.csv",
        "bps-2023",
        AS_QUESTIONS,
        ";",
        "%d/%m/%Y",
        {"1": "TRUE", "2": "FALSE"},
        bare_region_numbers,
    ),
}
CHANNEL_HEADERS = {
    profile.name: {aliases[0] for name, aliases in profile.columns if name.startswith(("uses_", "sells_", "accepts_"))}
    for profile in load_profiles()
}


def records_of(path: Path, profile: SourceProfile) -> tuple[list[list[str]], list[dict[str, str]]]:
    """Header rows, and the records that have the header's width."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter=profile.delimiter))
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
