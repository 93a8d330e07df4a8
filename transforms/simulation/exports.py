"""Writes simulated exports delivery by delivery, chunk by chunk, so that memory does not grow with the census.

Case classes (column `case_class` of the truth), each told apart from an ordinary registration (`single`):

| class | what the row is |
|---|---|
| duplicate | the same business again, another number, names and address written by another hand |
| exact_duplicate | the same business again, another number, same names |
| superseded | the same registration number again, updated later |
| renamed, moved | the same business under another name, at another address |
| two_businesses, branch | another business of the same owner |
| namesake, father_son, twins | another person with the same name, family and address, or birth date |
| generic_name | a shop called just WARUNG |
| facilitator_phone | the phone number of the enumerator's helper |
| cooperative | a cooperative with its number and legal entity, no NIK |
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import xlsxwriter

_HERE = Path(__file__).parent
CHUNK_ROWS = 100_000
SMALL_CENSUS_ROWS = 1_000_000
"""Up to here a census is a dozen deliveries; above, every province delivers."""
SHEET_ROWS = 2_000


@dataclass(frozen=True)
class SimulatedFile:
    """One delivery: `row_count` registrations; `profile` is None for the table that was sent by mistake."""

    file_name: str
    row_count: int
    profile: str | None


@dataclass(frozen=True)
class _Delivery:
    number: int
    province_code: str
    province_name: str
    wave: int
    is_sheet: bool
    row_count: int
    offset: int

    @property
    def file_name(self) -> str:
        sender = "sidt" if self.wave == 2022 else "bps"
        place = self.province_name.lower().replace(" ", "-")
        return f"{sender}_{self.wave}_{self.province_code}_{place}.{'xlsx' if self.is_sheet else 'csv'}"


# Header and SQL of each field; a True marks text that may need quotes.
_SIDT: tuple[tuple[str, str, bool], ...] = (
    ("nomor_registrasi", "CASE WHEN list_contains(defects, 'registration_number_missing') THEN '' ELSE registration_number END", False),
    ("jenis_pelaku", "CASE WHEN is_cooperative THEN 'Koperasi' ELSE 'UMKM' END", False),
    ("tanggal_pendataan", "strftime(enumerated_date, '%d/%m/%Y')", False),
    ("tanggal_pembaruan", "strftime(updated_date, '%d/%m/%Y')", False),
    (
        "kode_wilayah",
        "CASE region_defect WHEN 'region_missing' THEN '' WHEN 'region_unknown_code' THEN '99.88' WHEN 'region_other_system'"
        " THEN regency.bps[1:2] || '.' || regency.bps[3:4] ELSE regency.kemendagri[1:2] || '.' || regency.kemendagri[3:4] END"
        " || CASE WHEN region_defect = 'region_missing' THEN '' ELSE '.' || lpad(district_number::VARCHAR, 2, '0') || '.'"
        " || (2000 + village_number) END",
        False,
    ),
    ("nama_provinsi", "getvariable('province_name')", False),
    ("nama_kabkota", "regency.name", False),
    ("nama_kecamatan", "district_name", False),
    ("nama_desa", "village_name", False),
    ("alamat", "address", True),
    ("latitude", "replace((CASE WHEN is_swapped THEN longitude ELSE latitude END)::VARCHAR, '.', ',')", False),
    ("longitude", "replace((CASE WHEN is_swapped THEN latitude ELSE longitude END)::VARCHAR, '.', ',')", False),
    ("nama_usaha", "business_name", True),
    ("nama_pemilik", "owner_name", True),
    ("nik", "nik", False),
    ("nib", "nib", False),
    ("no_telepon", "phone", False),
    ("email", "''", False),
    ("jenis_kelamin", "CASE WHEN shows_female THEN 'P' WHEN shows_female = false THEN 'L' END", False),
    ("tanggal_lahir", "CASE WHEN NOT is_cooperative THEN day_text(birth_date, date_defect, '%d/%m/%Y') END", False),
    ("status_usaha", "['Aktif', '', '', 'Tutup', '', 'Tidak Ditemukan', '', '', 'Duplikat', 'Salah Kode Wilayah'][status]", False),
    ("tempat_usaha", "CASE WHEN is_fixed THEN 'Menetap' ELSE 'Tidak Menetap' END", False),
    ("bentuk_usaha", "legal_form", False),
    ("tahun_mulai", "started_year::VARCHAR", False),
    ("kode_kbli", "kbli_code", False),
    ("jumlah_tenaga_kerja", "worker_count::VARCHAR", False),
    ("modal_usaha", "rupiah_text(capital, NULL)", False),
    ("omzet", "rupiah_text(omzet, money_defect)", False),
    ("tahun_omzet", "omzet_year::VARCHAR", False),
    ("pakai_internet", "yes_no(has_internet)", False),
    ("jual_marketplace", "yes_no(on_marketplace)", False),
    ("jual_media_sosial", "yes_no(on_social_media)", False),
    ("jual_pesan_instan", "yes_no(on_messaging)", False),
    ("punya_website", "yes_no(on_website)", False),
    ("jual_pesan_antar", "yes_no(on_food_delivery)", False),
    ("terdaftar_ekatalog", "yes_no(on_ekatalog)", False),
    ("terima_qris", "yes_no(with_qris)", False),
    ("tahun_go_digital", "digital_since_year::VARCHAR", False),
    ("nomor_induk_koperasi", "cooperative_number", False),
    ("nomor_badan_hukum", "legal_entity_number", False),
    ("jumlah_anggota", "member_count::VARCHAR", False),
)
_BPS: tuple[tuple[str, str, bool], ...] = (
    ("idsbr", _SIDT[0][1], False),
    ("jenis_pelaku", "CASE WHEN is_cooperative THEN '2' ELSE '1' END", False),
    ("sumber_data", "'PL-KUMKM 2023'", False),
    ("tanggal_cacah", "strftime(enumerated_date, '%Y-%m-%d')", False),
    ("kdprov", "shown_bps[1:2]", False),
    ("kdkab", "shown_bps[3:4]", False),
    ("kdkec", "CASE WHEN region_defect = 'region_missing' THEN '' ELSE lpad((district_number * 10)::VARCHAR, 3, '0') END", False),
    ("kddesa", "CASE WHEN region_defect = 'region_missing' THEN '' ELSE lpad(village_number::VARCHAR, 3, '0') END", False),
    ("nmprov", "upper(getvariable('province_name'))", False),
    ("nmkab", "regency.name", False),
    ("nmkec", "district_name", False),
    ("nmdesa", "village_name", False),
    ("alamat_usaha", "address", True),
    ("latitude", "(CASE WHEN is_swapped THEN longitude ELSE latitude END)::VARCHAR", False),
    ("longitude", "(CASE WHEN is_swapped THEN latitude ELSE longitude END)::VARCHAR", False),
    (
        "nama_usaha",
        "business_name || CASE WHEN owner_name <> '' THEN ' ' || ['<', '(', '{'][bracket] || owner_name || ['>', ')', '}'][bracket] ELSE '' END",
        True,
    ),
    ("nik_pemilik", "nik", False),
    ("nib", "nib", False),
    ("nomor_telepon", "phone", False),
    ("jenis_kelamin_pemilik", "CASE WHEN shows_female THEN '2' WHEN shows_female = false THEN '1' END", False),
    ("tanggal_lahir_pemilik", "CASE WHEN NOT is_cooperative THEN day_text(birth_date, date_defect, '%Y-%m-%d') END", False),
    (
        "keberadaan_usaha",
        "CASE row_key % 3 WHEN 0 THEN status::VARCHAR WHEN 1 THEN status || '. ' || status_text ELSE status_text END",
        False,
    ),
    ("usaha_menetap", "one_two(is_fixed)", False),
    ("bentuk_badan_hukum_usaha", "legal_form", False),
    ("skala_usaha", "'Mikro'", False),
    ("tahun_berdiri", "started_year::VARCHAR", False),
    ("kode_kbli", "kbli_code", False),
    ("jumlah_tenaga_kerja", "worker_count::VARCHAR", False),
    ("aset", "thousands_text(capital, NULL)", True),
    ("pendapatan_setahun", "thousands_text(omzet, money_defect)", True),
    ("tahun_data", "omzet_year::VARCHAR", False),
    ("internet", "one_two(has_internet)", False),
    ("marketplace", "one_two(on_marketplace)", False),
    ("media_sosial", "one_two(on_social_media)", False),
    ("pesan_instan", "one_two(on_messaging)", False),
    ("website", "one_two(on_website)", False),
    ("pesan_antar", "one_two(on_food_delivery)", False),
    ("ekatalog", "one_two(on_ekatalog)", False),
    ("pembayaran_digital", "one_two(with_qris)", False),
    ("tahun_digital", "digital_since_year::VARCHAR", False),
    ("nomor_induk_koperasi", "cooperative_number", False),
    ("nomor_badan_hukum", "legal_entity_number", False),
    ("jumlah_anggota", "member_count::VARCHAR", False),
)
_BPS_GROUPS = {0: "IDENTITAS", 4: "WILAYAH", 15: "USAHA DAN PEMILIK", 26: "KEGIATAN", 31: "DIGITAL", 40: "KOPERASI"}
_RECAP_HEADER = "id,kode_provinsi,nama_provinsi,kode_kabupaten_kota,nama_kabupaten_kota,jenis_usaha,jumlah_umkm,satuan,tahun"


def simulate(
    con: duckdb.DuckDBPyConnection,
    rows: int,
    seed: int,
    out: Path,
    truth: Path | None = None,
    progress: Callable[[str, int], None] = lambda file_name, rows: None,
) -> list[SimulatedFile]:
    """Write exports with `rows` registrations in total to `out`, and what is true of each line to the Parquet `truth`.

    `con` is a connection with `reference.*` loaded. The same rows and seed give the same bytes. The truth holds
    `file_name, line_number, registration_number, business_key, owner_key, case_class` and `defects` (sorted names).
    """
    out.mkdir(parents=True, exist_ok=True)
    _prepare(con, seed)
    parts = out / ".truth"
    if truth:
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir()
    files = []
    for delivery in _plan(con, rows):
        _write_delivery(con, delivery, out, parts if truth else None)
        files.append(SimulatedFile(delivery.file_name, delivery.row_count, "sidt-2022" if delivery.wave == 2022 else "bps-2023"))
        progress(delivery.file_name, delivery.row_count)
    files.append(_write_recap(con, out))
    if truth:
        con.execute(f"COPY (SELECT * FROM read_parquet('{parts}/*.parquet')) TO '{truth}' (FORMAT parquet)")
        shutil.rmtree(parts)
    return files


def _prepare(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    con.execute((_HERE / "macros.sql").read_text(encoding="utf-8"))
    con.execute(f"SET VARIABLE seed = {int(seed)}")
    for row in csv.DictReader((_HERE / "name_parts.csv").open(encoding="utf-8")):
        con.execute(f"SET VARIABLE {row['kind']} = string_split(?, ' ')", [row["parts"]])
    con.execute(
        f"SET VARIABLE trades = (SELECT list({{'kbli_code': kbli_code, 'word': trade_word}} ORDER BY kbli_code, trade_word)"
        f" FROM read_csv('{_HERE / 'trades.csv'}', all_varchar = true), range(weight::BIGINT))"
    )
    # 240 regencies were enumerated in 2022, 215 in 2023 (none of them in 34 or 51), 59 never, all of these off Java.
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE regency_waves AS
        WITH regencies AS (
            SELECT province_code_34 AS province_code, regency_code, old.source_code AS kemendagri, bps.source_code AS bps,
                upper(regencies.regency_name) AS name, md5(regency_code) AS lot
            FROM reference.regencies
            JOIN (FROM reference.regency_codes WHERE code_system = 'kemendagri' AND code_vintage = '2022') AS old USING (regency_code)
            JOIN (FROM reference.regency_codes WHERE code_system = 'bps' AND code_vintage = '2020') AS bps USING (regency_code)
        ), left_out AS (
            SELECT regency_code FROM regencies
            WHERE province_code IN ('12', '13', '21', '53', '62', '65', '71', '74', '81', '82', '91', '92')
            QUALIFY row_number() OVER (PARTITION BY province_code ORDER BY lot) > 2
            ORDER BY regency_code <> '13.09', lot LIMIT 59
        ), dealt AS (
            SELECT *, province_code IN ('34', '51') AS is_first_wave_only,
                row_number() OVER (PARTITION BY province_code ORDER BY lot) AS place, count(*) OVER (PARTITION BY province_code) AS size
            FROM regencies ANTI JOIN left_out USING (regency_code)
        )
        SELECT *, CASE WHEN row_number() OVER (ORDER BY is_first_wave_only DESC, place / size, lot) <= 240 THEN 2022 ELSE 2023 END AS wave
        FROM dealt"""
    )


def _plan(con: duckdb.DuckDBPyConnection, rows: int) -> Iterator[_Delivery]:
    """The deliveries of a census of `rows` registrations; row counts are shared out by province weight, exactly."""
    small = rows <= SMALL_CENSUS_ROWS
    chosen = (
        "(wave = 2022 AND province_code IN ('12', '31', '32', '33', '35', '51', '91')) OR (wave = 2023 AND province_code IN ('33', '64', '73'))"
        if small
        else "true"
    )
    sheet_rows = min(SHEET_ROWS, rows // 25)
    shares = con.execute(
        f"""
        WITH weights AS (UNPIVOT (
            SELECT province_code, weight_2022::DOUBLE AS "2022", weight_2023::DOUBLE AS "2023"
            FROM read_csv('{_HERE / "provinces.csv"}', all_varchar = true)
        ) ON "2022", "2023" INTO NAME wave VALUE weight),
        deliveries AS (
            SELECT province_code, province_name, wave::INTEGER AS wave, weight * CASE WHEN wave = '2022' THEN 2.1 ELSE 1 END AS weight
            FROM weights JOIN reference.provinces USING (province_code)
            WHERE frame_code = '34' AND weight > 0
        )
        SELECT province_code, province_name, wave, weight FROM deliveries
        WHERE {chosen} AND (province_code, wave) IN (SELECT province_code, wave FROM regency_waves)
        ORDER BY wave, province_code"""
    ).fetchall()
    total = sum(weight for *_, weight in shares)
    left, offset = rows - sheet_rows, 0
    counts = [int((rows - sheet_rows) * weight / total) for *_, weight in shares]
    counts[0] += left - sum(counts)
    for number, ((code, name, wave, _), count) in enumerate(zip(shares, counts, strict=True)):
        yield _Delivery(number, code, name, wave, False, count, offset)
        offset += count - count % -4  # groups of four rows never reach into the next delivery
    name = con.execute("SELECT province_name FROM reference.provinces WHERE frame_code = '34' AND province_code = '82'").fetchall()[0][0]
    yield _Delivery(len(shares), "82", name, 2023, True, sheet_rows, offset)


def _write_delivery(con: duckdb.DuckDBPyConnection, delivery: _Delivery, out: Path, truth: Path | None) -> None:
    is_sidt = delivery.wave == 2022
    fields, delimiter = (_SIDT, ";") if is_sidt else (_BPS, ",")
    variables: dict[str, object] = {
        "delivery_number": delivery.number, "first_key": delivery.offset, "wave": delivery.wave,
        "province_name": delivery.province_name, "register": "REG" if is_sidt else "SBR",
        "field_start": dt.date(2022, 4, 1) if is_sidt else dt.date(2023, 9, 15), "field_days": 170 if is_sidt else 26,
        "decimal_mark": "," if is_sidt else ".",
    }
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $value", {"value": value})
    con.execute(
        "SET VARIABLE regencies = (SELECT list({'kemendagri': replace(kemendagri, '.', ''), 'bps': bps, 'name': name, 'is_java': province_code IN ('31', '32', '33', '34', '35', '36')} ORDER BY regency_code)"
        " FROM regency_waves WHERE province_code = $province AND wave = $wave)",
        {"province": delivery.province_code, "wave": delivery.wave},
    )
    header_lines = 1 if is_sidt else 2
    line_number = header_lines
    with (out / delivery.file_name).open("wb") as stream:
        sheet = _Sheet(stream) if delivery.is_sheet else None
        for row in _header_rows(fields, is_sidt):
            if sheet:
                sheet.write(row)
            else:
                stream.write((delimiter.join(row) + "\n").encode())
        for first in range(0, delivery.row_count, CHUNK_ROWS):
            last = min(first + CHUNK_ROWS, delivery.row_count)
            con.execute(f"SET VARIABLE first = {first}")
            con.execute(f"SET VARIABLE last = {last}")
            con.execute(f"CREATE OR REPLACE TEMP TABLE chunk AS {_chunk_sql(fields, delimiter, delivery.is_sheet)}")
            if sheet:
                for row in con.execute("SELECT fields FROM chunk ORDER BY i").fetchall():
                    sheet.write(row[0])
            else:
                _write_text(con.sql("SELECT line FROM chunk ORDER BY i").to_arrow_table(), stream)
            if truth:
                con.execute(_truth_sql(delivery, line_number, truth / f"{delivery.number:04d}-{first:010d}.parquet"))
            line_number += con.execute("SELECT sum(line_count)::BIGINT FROM chunk").fetchall()[0][0]
        if sheet:
            sheet.close()


def _header_rows(fields: tuple[tuple[str, str, bool], ...], is_sidt: bool) -> list[list[str]]:
    names = [name for name, _, _ in fields]
    return [names] if is_sidt else [[_BPS_GROUPS.get(place, "") for place in range(len(names))], names]


def _chunk_sql(fields: tuple[tuple[str, str, bool], ...], delimiter: str, is_sheet: bool) -> str:
    """The chunk with its text lines (a broken line has one delimiter too many) or, for a sheet, its cells."""
    registrations = (_HERE / "registrations.sql").read_text(encoding="utf-8")
    texts = [f"coalesce({sql}, '')" for _, sql, _ in fields]
    shown = f"""
        SELECT *, 1 + (row_key % 10 = 8)::INTEGER + (row_key % 10 = 9)::INTEGER * 2 AS bracket,
            ['Aktif', '', '', 'Tutup', '', 'Tidak Ditemukan', '', '', 'Duplikat', 'Salah Kode Wilayah'][status] AS status_text,
            CASE region_defect WHEN 'region_missing' THEN '' WHEN 'region_unknown_code' THEN '9988'
                WHEN 'region_other_system' THEN regency.kemendagri ELSE regency.bps END AS shown_bps
        FROM ({registrations})"""
    if is_sheet:
        return (
            f"SELECT i, registration_number, business_key, owner_key, case_class,"
            f" list_filter(defects, lambda d: d NOT IN ('unparsable_line', 'quoted_newline')) AS defects,"
            f" 1 AS line_count, [{', '.join(texts)}] AS fields FROM ({shown})"
        )
    quoted = [
        f"csv_field({text}, '{delimiter}')" if needs_quotes else text
        for text, (_, _, needs_quotes) in zip(texts, fields, strict=True)
    ]
    broken_address = "CASE WHEN line_defect = 'quoted_newline' THEN address || chr(10) || 'LANTAI 2' ELSE address END AS address"
    return f"""
        SELECT i, registration_number, business_key, owner_key, case_class, defects,
            1 + (line_defect IS NOT DISTINCT FROM 'quoted_newline')::INTEGER + has_blank_line_after::INTEGER AS line_count,
            concat_ws('{delimiter}', {", ".join(quoted)})
                || CASE WHEN line_defect = 'unparsable_line' THEN '{delimiter}sisa' ELSE '' END || chr(10)
                || CASE WHEN has_blank_line_after THEN chr(10) ELSE '' END AS line
        FROM (SELECT * REPLACE ({broken_address}) FROM ({shown}))"""


def _truth_sql(delivery: _Delivery, line_number: int, path: Path) -> str:
    return f"""
        COPY (
            SELECT '{delivery.file_name}' AS file_name,
                ({line_number} + 1 + coalesce(sum(line_count) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::INTEGER AS line_number,
                registration_number, business_key, owner_key, case_class, list_sort(defects) AS defects
            FROM chunk ORDER BY i
        ) TO '{path}' (FORMAT parquet)"""


def _write_text(table: pa.Table, stream: BinaryIO) -> None:
    """Write a column of finished lines: the data buffer of an Arrow string column is the text of the file."""
    for chunk in table.column(0).cast(pa.large_string()).chunks:
        offsets = memoryview(chunk.buffers()[1]).cast("q")
        start, end = offsets[chunk.offset], offsets[chunk.offset + len(chunk)]
        stream.write(memoryview(chunk.buffers()[2])[start:end])


class _Sheet:
    """An XLSX sheet as a clerk leaves it: every third NIK was typed as a number and has lost its last digit."""

    def __init__(self, stream: BinaryIO) -> None:
        self._book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
        self._book.set_properties({"created": dt.datetime(2023, 10, 14)})
        self._sheet = self._book.add_worksheet("data")
        self._nik_place = [name for name, _, _ in _BPS].index("nik_pemilik")
        self._row = 0

    def write(self, cells: list[str]) -> None:
        for place, text in enumerate(cells):
            if place == self._nik_place and self._row % 3 == 2 and len(text) == 16 and text.isdigit():
                self._sheet.write_number(self._row, place, float(text))
            elif text:
                self._sheet.write_string(self._row, place, text)
        self._row += 1

    def close(self) -> None:
        self._book.close()


def _write_recap(con: duckdb.DuckDBPyConnection, out: Path) -> SimulatedFile:
    """A table of counts that somebody sent instead of the registrations; it fits no profile."""
    rows = con.execute(
        "SELECT code, name, kind, 10 + pick_number('recap', hash(code, kind), 900) FROM ("
        "SELECT replace(regency_code, '.', '') AS code, upper(regency_name) AS name, unnest(['BATIK', 'KULINER', 'KRIYA']) AS kind"
        " FROM reference.regencies WHERE province_code_38 = '32') ORDER BY code, kind"
    ).fetchall()
    lines = [f"{place},32,JAWA BARAT,{code},{name},{kind},{count},UNIT,2022" for place, (code, name, kind, count) in enumerate(rows, 1)]
    file_name = "rekap_umkm_jawa-barat_2022.csv"
    (out / file_name).write_text("\n".join([_RECAP_HEADER, *lines]) + "\n", encoding="utf-8")
    return SimulatedFile(file_name, 0, None)
