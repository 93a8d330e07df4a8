"""The workbook of pairs: its words, what a row says, and how it looks.

Belongs here: what a person sees. Does not belong here: which pairs are asked (`asking.py`), what answers do
(`answering.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from transforms.answer import safe_cell
from transforms.resolve.comparisons import COMPARISONS
from transforms.resolve.link import THRESHOLDS
from warehouse.report.workbook import PLAIN_TEXT

SHEET = "Pasangan"
GUIDE = "Petunjuk"
ANSWERS = {"sama": "must_link", "beda": "cannot_link"}
CHOSEN = THRESHOLDS[1]
_ASKED = ("pasangan", "keputusan", "alasan", "saran")
NAMED = ("register 1", "nomor 1", "register 2", "nomor 2")
SHOWN = {
    "nama pemilik": "owner_name",
    "nama usaha": "business_name",
    "alamat": "address",
    "desa/kelurahan": "village_name",
    "kecamatan": "district_name",
}
"""What a person needs to decide; NIK and phone are only told as a level, never in digits."""
_COMPARED = {
    "nik": "NIK",
    "nib": "NIB",
    "owner_name": "pemilik",
    "birth_date": "tanggal lahir",
    "phone": "telepon",
    "business_name": "nama usaha",
    "branch": "cabang",
    "location": "lokasi",
    "kbli": "KBLI",
    "started_year": "tahun mulai",
    "cooperative_number": "nomor induk koperasi",
    "legal_entity": "badan hukum",
}
_LEVELS = {
    "missing": "tidak ada",
    "equal": "sama",
    "equal_15_digits": "sama 15 digit",
    "near": "hampir sama",
    "close": "mirip",
    "first_word": "kata pertama sama",
    "equal_shared": "sama, nomor bersama",
    "equal_core": "sama tanpa kata umum",
    "equal_generic": "sama, nama umum",
    "contained": "satu termuat di lain",
    "generic": "nama umum",
    "same_point": "titik sama",
    "same_address": "alamat sama",
    "same_village_no_address": "desa sama, tanpa alamat",
    "same_village": "desa sama",
    "same_district": "kecamatan sama",
    "same_regency": "kabupaten/kota sama",
    "same_group": "golongan pokok sama",
    "same_division": "divisi sama",
    "different": "berbeda",
}
_REACHED = {"strict": "ketat (strict)", "chosen": "dipakai (chosen)", "loose": "longgar (loose)"}
_GUARDS = {
    "cannot_link": "bertentangan dengan keputusan (cannot_link)",
    "one_phone": "hanya bertumpu pada satu nomor telepon (one_phone)",
    "size": "usaha menjadi terlalu besar (size)",
    "far_niks": "dua NIK yang jauh berbeda (far_niks)",
}
HEADERS = (
    *_ASKED,
    *(f"{name} {side}" for name in SHOWN for side in (1, 2)),
    *(f"banding {name}" for name in _COMPARED.values()),
    "bobot terhadap usaha lain",
    "bobot terhadap usaha sepemilik",
    "ambang",
    "dipisahkan oleh",
    *NAMED,
)
_GUIDE = (
    ("Peninjauan pasangan pendaftaran",),
    ("Lembar Pasangan memuat satu pasangan per baris, yang paling meragukan lebih dahulu.",),
    ("Berkas ini berisi data pribadi: jangan diteruskan, dan hapus sesudah diterapkan.",),
    (),
    ("kolom", "arti"),
    ("keputusan", "Diisi: sama (satu usaha), beda (dua usaha), atau dikosongkan bila belum dapat diputuskan."),
    ("alasan", "Diisi: mengapa. Ikut diterbitkan, jadi tanpa nama, NIK, telepon atau alamat. Kosong: peninjauan."),
    ("saran", "Menurut bobotnya; keputusan tetap pada peninjau."),
    ("banding ...", "Apa yang ditemukan saat kedua pendaftaran dibandingkan; istilah sistem di dalam kurung."),
    ("bobot terhadap usaha lain", f"Dalam bit; satu usaha mulai {CHOSEN.stranger_weight:g}."),
    ("bobot terhadap usaha sepemilik", f"Dalam bit; satu usaha mulai {CHOSEN.sibling_weight:g}."),
    ("ambang", "Ambang yang dicapai: ketat, dipakai atau longgar. Hanya ketat dan dipakai yang menyatukan."),
    ("dipisahkan oleh", "Penjaga yang memisahkan pasangan ini walaupun bobotnya cukup."),
    ("register dan nomor", "Pengenal kedua pendaftaran; jangan diubah."),
    (),
    ("Sesudah diisi:", "capaian review apply BERKAS.xlsx --by NAMA"),
)


def pair_row(
    place: int, pair: Sequence[Any], texts: dict[int, tuple[str | None, ...]], levels: dict[tuple[int, int], str]
) -> tuple[Any, ...]:
    """The row of a pair under `HEADERS`; `texts` is what is `SHOWN` of each registration, `levels` by place, digit."""
    left, right, threshold, cut_by, pattern, stranger, sibling, *ends = pair
    found = [
        levels.get((at, pattern // 10 ** (len(COMPARISONS) - 1 - at) % 10), "missing") for at in range(len(COMPARISONS))
    ]
    nothing = (None,) * len(SHOWN)
    shown = zip(texts.get(left, nothing), texts.get(right, nothing), strict=True)
    return (
        place,
        None,
        None,
        _suggestion(threshold, cut_by),
        *(text for both in shown for text in both),
        *(f"{_LEVELS.get(level, level)} ({level})" for level in found),
        stranger,
        sibling,
        _REACHED[threshold],
        _GUARDS[cut_by] if cut_by else None,
        *ends,
    )


def _suggestion(threshold: str, cut_by: str | None) -> str:
    if cut_by:
        return "periksa: dipisahkan penjaga"
    return "cenderung sama" if threshold == CHOSEN.name else "cenderung beda"


def write_book(stream: IO[bytes], scratch: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write the workbook of `rows` (`pair_row`) to `stream`; no cell becomes a formula, a link or a number."""
    with xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": str(scratch), **PLAIN_TEXT}) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        asked = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF7D6", "num_format": "@"})
        sheet = book.add_worksheet(SHEET)
        sheet.freeze_panes(1, len(_ASKED))
        shown = len(_ASKED) + 2 * len(SHOWN)
        sheet.set_column(0, 1, 11)
        sheet.set_column(2, len(_ASKED) - 1, 24)
        sheet.set_column(len(_ASKED), shown - 1, 26)
        sheet.set_column(shown, len(HEADERS) - 1, 18)
        sheet.autofilter(0, 0, max(len(rows), 1), len(HEADERS) - 1)
        if rows:
            sheet.data_validation(
                1,
                HEADERS.index("keputusan"),
                len(rows),
                HEADERS.index("keputusan"),
                {
                    "validate": "list",
                    "source": list(ANSWERS),
                    "ignore_blank": True,
                    "error_title": "keputusan",
                    "error_message": "Isi sama atau beda, atau kosongkan.",
                },
            )
        for column, text in enumerate(HEADERS):
            sheet.write_string(0, column, text, bold)
        for place, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                _write_cell(sheet, place, column, value, asked if HEADERS[column] in _ASKED[1:3] else plain)
        guide = book.add_worksheet(GUIDE)
        guide.set_column(0, 0, 34)
        guide.set_column(1, 1, 110)
        for place, texts in enumerate(_GUIDE):
            for column, text in enumerate(texts):
                guide.write_string(place, column, text, bold if place == 0 or texts == ("kolom", "arti") else None)


def _write_cell(sheet: Any, place: int, column: int, value: Any, style: Any) -> None:
    if value is None:
        sheet.write_blank(place, column, None, style)
    elif isinstance(value, (int, float)):
        sheet.write_number(place, column, value, style)
    else:
        sheet.write_string(place, column, safe_cell(value), style)
