"""Writes simulated exports delivery by delivery, chunk by chunk, so that memory does not grow with the census.

Belongs here: which deliveries there are, and their bytes. Does not belong here: what a registration says
(`registrations.sql`) and how an export shows it (`sidt_2022.sql`, `bps_2023.sql`).

Case classes (column `case_class` of the truth), each told apart from an ordinary registration (`single`):

| class | what the row is |
|---|---|
| duplicate | the same business again, another number, names, phone and address written by another hand |
| exact_duplicate | the same business again, another number, same NIK and names |
| superseded | the same registration number again, updated later |
| renamed, moved | the same business under another name, at another address in another village |
| two_businesses, branch | another business of the same owner: another trade, or the same trade a second time |
| namesake | another person of the same name and village, with another business |
| father_son | a father and a son at one address, of one family name or "bin", with two businesses |
| twins | two persons whose NIKs differ in the last digit only, with two businesses |
| generic_name | a shop called just WARUNG or KIOS |
| facilitator_phone | the phone number of the enumerator's helper, on dozens of rows |
| cooperative | a cooperative with its number and legal entity, no NIK |
| cross_wave | a business of the wave of 2022 that moved and was enumerated again in 2023 |

Column `defects` names what is wrong with the line itself; a line without defects is truly clean.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

_HERE = Path(__file__).parent
CHUNK_ROWS = 100_000
SMALL_CENSUS_ROWS = 1_000_000
"""Up to here a census is a dozen deliveries; above, every province delivers."""
SHEET_ROWS = 2_000

_SMALL_CENSUS = {(2022, code) for code in ("12", "31", "32", "33", "35", "51", "91")} | {
    (2023, code) for code in ("33", "64", "73")
}
_SHEET_PROVINCE = "82"
_CP1252_PROVINCE = "91"
"""This province's office of 2022 still exports in the encoding of its old spreadsheet."""
_FACTS = (
    "i",
    "registration_number",
    "business_key",
    "owner_key",
    "case_class",
    "defects",
    "line_defect",
    "has_blank_line_after",
)
_FREE_TEXT = {
    "alamat",
    "nama_usaha",
    "nama_pemilik",
    "alamat_usaha",
    "nama_komersial_usaha",
    "aset",
    "pendapatan_setahun",
    "nik_pemilik",
}
"""Fields that may hold a delimiter, a quote or a line break; testing all of them would cost a third of the time."""
_GROUP_TITLES = {
    "idsbr": "IDENTITAS",
    "kdprov": "WILAYAH",
    "nama_usaha": "USAHA DAN PEMILIK",
    "tahun_berdiri": "KEGIATAN",
    "internet": "DIGITAL",
    "nomor_induk_koperasi": "KOPERASI",
}
_JAVA = ("31", "32", "33", "34", "35", "36")
_TRUTH_SCHEMA = pa.schema(
    [
        ("file_name", pa.string()),
        ("line_number", pa.int32()),
        ("registration_number", pa.string()),
        ("business_key", pa.int64()),
        ("owner_key", pa.int64()),
        ("case_class", pa.string()),
        ("defects", pa.list_(pa.string())),
    ]
)
_RECAP_HEADER = (
    "id,kode_provinsi,nama_provinsi,kode_kabupaten_kota,nama_kabupaten_kota,jenis_usaha,jumlah_umkm,satuan,tahun"
)


class NoiseOutOfRange(ValueError):
    """Noise that would leave no damage, or more damage of one kind than there are rows."""


@dataclass(frozen=True)
class SimulatedFile:
    """One delivery: `row_count` registrations; `wave` and `profile` are None for the table that was sent by mistake."""

    file_name: str
    row_count: int
    wave: int | None
    profile: str | None


@dataclass(frozen=True)
class _Delivery:
    number: int
    province_code: str
    province_name: str
    wave: int
    is_sheet: bool
    row_count: int
    first_key: int

    @property
    def profile(self) -> str:
        return "sidt-2022" if self.wave == 2022 else "bps-2023"

    @property
    def file_name(self) -> str:
        place = self.province_name.lower().replace(" ", "-")
        form = self.profile.replace("-", "_")
        return f"{form}_{self.province_code}_{place}.{'xlsx' if self.is_sheet else 'csv'}"

    @property
    def encoding(self) -> str:
        return "cp1252" if (self.wave, self.province_code) == (2022, _CP1252_PROVINCE) else "utf-8"

    @property
    def delimiter(self) -> str:
        return ";" if self.wave == 2022 else ","

    @property
    def group_count(self) -> int:
        return -(-self.row_count // 4)


def simulate(
    con: duckdb.DuckDBPyConnection,
    rows: int,
    seed: int,
    out: Path,
    truth: Path | None = None,
    progress: Callable[[str, int], None] | None = None,
    *,
    noise: float = 1.0,
) -> list[SimulatedFile]:
    """Write exports with `rows` registrations in total to `out`, and what is true of each line to the Parquet `truth`.

    `con` is a connection with `reference.*` loaded. The same rows and seed give the same bytes. The truth holds
    `file_name, line_number, registration_number, business_key, owner_key, case_class` and `defects` (sorted names).
    `noise` multiplies the share of every kind of damage, never who or what is registered. Raises `NoiseOutOfRange`
    outside (0, 2].
    """
    if not 0 < noise <= 2:
        raise NoiseOutOfRange(f"noise must be above 0 and at most 2, not {noise:g}")
    out.mkdir(parents=True, exist_ok=True)
    _prepare(con, seed, noise)
    deliveries = list(_plan(con, rows))
    unfinished = truth.with_name(f".{truth.name}") if truth else None
    writer = pq.ParquetWriter(unfinished, _TRUTH_SCHEMA) if unfinished else None
    files: list[SimulatedFile] = []
    headers: dict[str, list[str]] = {}
    try:
        for delivery in deliveries:
            _set_variables(con, delivery, _earlier(delivery, deliveries))
            if delivery.profile not in headers:  # to bind the views takes as long as to fill a small delivery
                headers[delivery.profile] = _open_export(con, delivery.profile)
            _write_delivery(con, delivery, headers[delivery.profile], out, writer)
            files.append(SimulatedFile(delivery.file_name, delivery.row_count, delivery.wave, delivery.profile))
            if progress:
                progress(delivery.file_name, delivery.row_count)
    finally:
        if writer:
            writer.close()
    if truth and unfinished:
        os.replace(unfinished, truth)
    files.append(_write_recap(con, out))
    return files


def _sql(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


def _rows_of(name: str) -> list[dict[str, str]]:
    with (_HERE / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _prepare(con: duckdb.DuckDBPyConnection, seed: int, noise: float) -> None:
    con.execute(_sql("macros"))
    con.execute(f"SET VARIABLE seed = {int(seed)}")
    con.execute("SET VARIABLE noise = $noise", {"noise": float(noise)})
    for kind, parts in _name_parts("").items():
        con.execute(f"SET VARIABLE {kind} = $parts", {"parts": parts})
    # A trade of weight 3 is in the list three times, so that a place in the list is a fair draw.
    con.execute(
        "SET VARIABLE trades ="
        " (SELECT list({'kbli_code': kbli_code, 'word': trade_word} ORDER BY kbli_code, trade_word)"
        " FROM read_csv($trades, all_varchar = true), range(weight::BIGINT))",
        {"trades": str(_HERE / "trades.csv")},
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE regency_waves AS {_sql('regency_waves')}")


def _name_parts(culture: str) -> dict[str, list[str]]:
    """The parts of names by kind (male, female, family, fancy, place, street); `""` is of the whole country."""
    parts: dict[str, list[str]] = {}
    for row in _rows_of("name_parts"):
        if row["culture"] == culture:
            parts.setdefault(row["kind"], []).append(row["part"])
    return parts


def _plan(con: duckdb.DuckDBPyConnection, rows: int) -> Iterator[_Delivery]:
    """The deliveries of a census of `rows` registrations; row counts are shared out by province weight, exactly."""
    names = dict(
        con.execute(
            "SELECT province_code, province_name FROM reference.provinces WHERE frame_code = '34' ORDER BY 1"
        ).fetchall()
    )
    weights = {
        # 9.11 million records of the wave of 2022 to 4.3 of 2023
        (wave, row["province_code"]): float(row[f"weight_{wave}"]) * factor
        for wave, factor in ((2022, 2.1), (2023, 1.0))
        for row in _rows_of("provinces")
        if float(row[f"weight_{wave}"]) > 0
    }
    if rows <= SMALL_CENSUS_ROWS:
        weights = {place: weight for place, weight in weights.items() if place in _SMALL_CENSUS}
    sheet_rows = min(SHEET_ROWS, rows // 25)
    total = sum(weights.values())
    counts = {place: int((rows - sheet_rows) * weight / total) for place, weight in weights.items()}
    counts[next(iter(counts))] += rows - sheet_rows - sum(counts.values())
    first_key = 0
    for number, ((wave, code), count) in enumerate(counts.items()):
        yield _Delivery(number, code, names[code], wave, False, count, first_key)
        first_key += count + -count % 4  # groups of four rows never reach into the next delivery
    yield _Delivery(len(counts), _SHEET_PROVINCE, names[_SHEET_PROVINCE], 2023, True, sheet_rows, first_key)


def _earlier(delivery: _Delivery, deliveries: list[_Delivery]) -> _Delivery | None:
    """The delivery of 2022 of the same province, for the businesses that are in both waves."""
    if delivery.wave == 2022:
        return None
    found = [other for other in deliveries if (other.wave, other.province_code) == (2022, delivery.province_code)]
    return found[0] if found and found[0].row_count else None


def _set_variables(con: duckdb.DuckDBPyConnection, delivery: _Delivery, earlier: _Delivery | None) -> None:
    """Tell the SQL which delivery it is to make."""
    is_sidt = delivery.wave == 2022
    province = next(row for row in _rows_of("provinces") if row["province_code"] == delivery.province_code)
    local, national = _name_parts(province["culture"]), _name_parts("")
    variables: dict[str, object] = {
        "delivery_number": delivery.number,
        "first_key": delivery.first_key,
        "wave": delivery.wave,
        "province_name": delivery.province_name,
        "is_sheet": delivery.is_sheet,
        "register": "REG" if is_sidt else "SBR",
        "decimal_mark": "," if is_sidt else ".",
        # 2022: April to September; 2023: 15 September to 14 October
        "field_start": dt.date(2022, 4, 1) if is_sidt else dt.date(2023, 9, 15),
        "field_days": 180 if is_sidt else 27,
        "earlier_first_key": earlier.first_key if earlier else 0,
        "earlier_groups": earlier.group_count if earlier else 0,
        **{f"{kind}_local": local.get(kind, national[kind]) for kind in ("male", "female", "family")},
    }
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $value", {"value": value})
    for name, wave in (("regencies", delivery.wave), ("earlier_regencies", 2022)):
        con.execute(
            f"""
            SET VARIABLE {name} = (
                SELECT list({{
                    'kemendagri': replace(kemendagri, '.', ''), 'bps': bps, 'name': name,
                    'is_java': province_code IN {_JAVA},
                    'latitude': $latitude::DOUBLE + (hash(regency_code, 'latitude') % 1000)::DOUBLE / 1250 - 0.4,
                    'longitude': $longitude::DOUBLE + (hash(regency_code, 'longitude') % 1000)::DOUBLE / 1250 - 0.4
                }} ORDER BY regency_code)
                FROM regency_waves WHERE province_code = $province_code AND wave = $wave)""",
            {
                "latitude": province["latitude"],
                "longitude": province["longitude"],
                "province_code": delivery.province_code,
                "wave": wave,
            },
        )


def _open_export(con: duckdb.DuckDBPyConnection, profile: str) -> list[str]:
    """Make the view of the profile, which shows the delivery that the variables name; returns its headers."""
    con.execute(f"CREATE OR REPLACE TEMP VIEW registrations AS {_sql('registrations')}")
    con.execute(f'CREATE OR REPLACE TEMP VIEW "{profile}" AS {_sql(profile.replace("-", "_"))}')
    return [str(row[0]) for row in con.execute(f'DESCRIBE "{profile}"').fetchall() if row[0] not in _FACTS]


def _write_delivery(
    con: duckdb.DuckDBPyConnection,
    delivery: _Delivery,
    headers: list[str],
    out: Path,
    truth: pq.ParquetWriter | None,
) -> None:
    header_rows = [headers] if delivery.wave == 2022 else [[_GROUP_TITLES.get(name, "") for name in headers], headers]
    line_number = len(header_rows)
    with (out / delivery.file_name).open("wb") as stream:
        sheet = _Sheet(stream, header_rows) if delivery.is_sheet else None
        if not sheet:
            stream.writelines(f"{delivery.delimiter.join(row)}\n".encode() for row in header_rows)
        for first in range(0, delivery.row_count, CHUNK_ROWS):
            con.execute(f"SET VARIABLE first = {first}")
            con.execute(f"SET VARIABLE last = {min(first + CHUNK_ROWS, delivery.row_count)}")
            con.execute(f"CREATE OR REPLACE TEMP TABLE chunk AS {_chunk_sql(headers, delivery)}")
            if sheet:
                for cells, defects in con.execute("SELECT fields, defects FROM chunk ORDER BY i").fetchall():
                    sheet.write(cells, "nik_excel_rounded" in defects)
            else:
                _write_text(con.sql("SELECT line FROM chunk ORDER BY i").to_arrow_table(), stream, delivery.encoding)
            if truth:
                found = con.sql(_truth_sql(delivery, line_number)).to_arrow_table()
                truth.write_table(found.cast(_TRUTH_SCHEMA), row_group_size=CHUNK_ROWS)
            line_number += con.execute("SELECT sum(line_count)::BIGINT FROM chunk").fetchall()[0][0]
        if sheet:
            sheet.close()


def _chunk_sql(headers: list[str], delivery: _Delivery) -> str:
    """The facts of the chunk's rows with their finished text lines or, for a sheet, their cells."""
    facts = "i, registration_number, business_key, owner_key, case_class, defects"
    texts = [f"coalesce(\"{name}\", '')" for name in headers]
    if delivery.is_sheet:
        return f'SELECT {facts}, 1 AS line_count, [{", ".join(texts)}] AS fields FROM "{delivery.profile}"'
    mark = delivery.delimiter
    quoted = [
        f"csv_field({text}, '{mark}')" if name in _FREE_TEXT else text
        for text, name in zip(texts, headers, strict=True)
    ]
    # A broken line has one delimiter too many, or its last fields were cut off.
    return f"""
        SELECT {facts}, 1 + (line_defect IS NOT DISTINCT FROM 'quoted_newline')::INTEGER + has_blank_line_after::INTEGER
                AS line_count,
            CASE
                WHEN line_defect IS DISTINCT FROM 'unparsable_line' THEN text
                WHEN i % 2 = 0 THEN text || '{mark}sisa'
                ELSE regexp_replace(text, '({mark}[^{mark}]*){{2}}$', '')
            END || CASE WHEN has_blank_line_after THEN chr(10) || chr(10) ELSE chr(10) END AS line
        FROM (
            SELECT {facts}, line_defect, has_blank_line_after, concat_ws('{mark}', {", ".join(quoted)}) AS text
            FROM "{delivery.profile}"
        )"""


def _truth_sql(delivery: _Delivery, line_number: int) -> str:
    """What is true of the chunk's rows; a row begins behind the lines of all rows before it."""
    return f"""
        SELECT '{delivery.file_name}' AS file_name,
            ({line_number} + 1 + coalesce(
                sum(line_count) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0
            ))::INTEGER AS line_number,
            registration_number, business_key, owner_key, case_class, defects
        FROM chunk ORDER BY i"""


def _write_text(table: pa.Table, stream: BinaryIO, encoding: str) -> None:
    """Write a column of finished lines: the data buffer of an Arrow string column is the text of the file."""
    for chunk in table.column(0).cast(pa.large_string()).chunks:
        offsets = memoryview(chunk.buffers()[1]).cast("q")
        start, end = offsets[chunk.offset], offsets[chunk.offset + len(chunk)]
        text = memoryview(chunk.buffers()[2])[start:end]
        stream.write(text if encoding == "utf-8" else bytes(text).decode().encode(encoding))


class _Sheet:
    """An XLSX sheet as a clerk leaves it: some NIKs were typed as numbers and have lost their last digit."""

    def __init__(self, stream: BinaryIO, header_rows: list[list[str]]) -> None:
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(stream, options)
        self._book.set_properties({"created": dt.datetime(2023, 10, 14)})  # the same bytes on every day
        self._sheet = self._book.add_worksheet("data")
        self._nik_place = header_rows[-1].index("nik_pemilik")
        self._row = 0
        for row in header_rows:
            self.write(row, False)

    def write(self, cells: list[str], is_nik_number: bool) -> None:
        for place, text in enumerate(cells):
            if place == self._nik_place and is_nik_number:
                self._sheet.write_number(self._row, place, float(text))
            elif text:
                self._sheet.write_string(self._row, place, text)
        self._row += 1

    def close(self) -> None:
        self._book.close()


def _write_recap(con: duckdb.DuckDBPyConnection, out: Path) -> SimulatedFile:
    """A table of counts that somebody sent instead of the registrations; it fits no profile."""
    rows = con.execute(
        """
        SELECT code, name, kind, 10 + pick_number('recap', hash(code, kind), 900)
        FROM (
            SELECT replace(regency_code, '.', '') AS code, upper(regency_name) AS name,
                unnest(['BATIK', 'KULINER', 'KRIYA']) AS kind
            FROM reference.regencies WHERE province_code_38 = '32'
        )
        ORDER BY code, kind"""
    ).fetchall()
    lines = [
        f"{place},32,JAWA BARAT,{code},{name},{kind},{count},UNIT,2022"
        for place, (code, name, kind, count) in enumerate(rows, 1)
    ]
    file_name = "rekap_umkm_jawa-barat_2022.csv"
    (out / file_name).write_text("\n".join([_RECAP_HEADER, *lines]) + "\n", encoding="utf-8")
    return SimulatedFile(file_name, 0, None, None)
