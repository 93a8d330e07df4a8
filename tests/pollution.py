"""One clean invented table, and files that hold it in every state of repair, each with what is true of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

HEADER = ["TANGGAL", "JAM", "Jumlah", "KODEBARANG", "Harga", "JenisBarang", "UraianBarang", "Tautan", "Catatan"]
WIDTH = len(HEADER)
KINDS = ["Kain", "Perkakas", "Makanan ringan", "Kerajinan"]
DESCRIPTIONS = [
    "Kain batik tulis, pewarna alami, 2 m",
    'Wajan baja 12" dengan tutup kaca, tahan karat dan mudah dibersihkan setelah dipakai',
    "Keripik singkong pedas",
    'Tas anyaman "Lestari", dua warna, tali kulit; dibuat di bengkel sendiri oleh para perajin desa',
    "Sarung tenun",
    "Kopi bubuk, sangrai sedang, 250 g (isi 12), disimpan di tempat kering",
    "Meja lipat kayu jati, 60 x 90 cm, plitur, dikirim tanpa dirakit, baut dan kunci ada di dalam kotak",
]
NOTES = ["", "", "stok lama", "dipesan lewat pasar daring, dikirim esok", "", "retur"]


@dataclass(frozen=True)
class Case:
    """A polluted file: its bytes, and the header and records that a careful person would read in it."""

    name: str
    group: str
    content: bytes
    header: list[str]
    rows: list[list[str]]


def clean_rows(count: int = 80, seed: int = 7) -> list[list[str]]:
    """The rows of the clean table."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        day = date(2023, 1, 3) + timedelta(days=number * 3)
        rows.append(
            [
                day.strftime("%d/%m/%Y"),
                f"{draw.randint(7, 19):02}:{draw.randint(0, 59):02}",
                str(draw.randint(1, 400)),
                f"{draw.choice('ABKT')}{draw.choice('XYZ')}-{draw.randint(1000, 9999)}",
                f"{draw.randint(5, 900)}{draw.choice(['000', '500', '250.50'])}",
                draw.choice(KINDS),
                draw.choice(DESCRIPTIONS),
                f"http://toko.example.id/barang/{number:03}?ref={draw.choice(['a', 'b'])}",
                draw.choice(NOTES),
            ]
        )
    return rows


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    newline: str = "\n"
    quotes_all: bool = False

    def cell(self, text: str) -> str:
        marks = (self.delimiter, self.delimiter.strip() or self.delimiter, self.quote, "\n", "\r")
        if not self.quotes_all and not any(mark in text for mark in marks):
            return text
        inner = text
        if self.escape:
            inner = inner.replace(self.escape, self.escape * 2)
        return self.quote + inner.replace(self.quote, (self.escape or self.quote) + self.quote) + self.quote

    def line(self, cells: Sequence[str]) -> str:
        return self.delimiter.join(map(self.cell, cells))

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        return "".join(self.line(row) + self.newline for row in rows)


PLAIN = Style()
LF = b"\n"


def header_cases() -> Iterator[Case]:
    """The pollutions of what stands above the rows."""
    return _of_headers(clean_rows())


def cases() -> Iterator[Case]:
    """All pollutions."""
    rows = clean_rows()
    yield from _of_dialects(rows)
    yield from _of_encodings(rows)
    yield from _of_files(rows)
    yield from _of_headers(rows)
    yield from _of_tables(rows)
    yield from _of_widths(rows)
    yield from _of_quotes(rows)
    yield from _of_damaged_headers(rows)


def _case(
    group: str, name: str, text: str, rows: list[list[str]], header: list[str] = HEADER, encoding: str = "utf-8"
) -> Case:
    return Case(name, group, text.encode(encoding), header, rows)


def _of_dialects(rows: list[list[str]]) -> Iterator[Case]:
    for name, delimiter in (
        ("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|"), ("space", " "), ("comma_space", ", "),
        ("caret", "^"), ("tilde", "~"), ("semicolon_space", "; "),
    ):  # fmt: skip
        for quote in ('"', "'"):
            for escape_name, escape in (("doubled", ""), ("backslash", "\\"), ("nul", "\0")):
                for quotes_all in (False, True):
                    style = Style(delimiter, quote, escape, quotes_all=quotes_all)
                    title = f"{name}_{'double' if quote == chr(34) else 'single'}_{escape_name}_{'all' if quotes_all else 'needed'}"
                    yield _case("dialect", title, style.text([HEADER, *rows]), rows)
    for name, newline in (("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")):
        yield _case("newline", name, Style(newline=newline).text([HEADER, *rows]), rows)
    mixed = "".join(PLAIN.line(row) + ("\n", "\r\n", "\r")[place % 3] for place, row in enumerate([HEADER, *rows]))
    yield _case("newline", "mixed", mixed, rows)
    inside = [
        [*row[:6], row[6] + "\nbaris kedua, lagi", *row[7:]] if place % 5 == 0 else row
        for place, row in enumerate(rows)
    ]
    yield _case("newline", "in_quotes", PLAIN.text([HEADER, *inside]), inside)


def _of_encodings(rows: list[list[str]]) -> Iterator[Case]:
    accented = [[*row[:8], "café – “segar”" if place % 9 == 0 else row[8]] for place, row in enumerate(rows)]
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"):
        for delimiter in (",", ";", "\t"):
            text = Style(delimiter).text([HEADER, *accented])
            yield _case("encoding", f"{encoding}_{ord(delimiter)}", text, accented, encoding=encoding)
    latin = [[*row[:8], "señor"] for row in rows]
    yield _case("encoding", "latin-1", PLAIN.text([HEADER, *latin]), latin, encoding="latin-1")


def _of_files(rows: list[list[str]]) -> Iterator[Case]:
    text = PLAIN.text([HEADER, *rows])
    yield _case("file", "empty", "", [], [])
    yield _case("file", "header_only", PLAIN.text([HEADER]), [])
    yield _case("file", "one_row", PLAIN.text([HEADER, rows[0]]), rows[:1])
    yield _case("file", "two_rows", PLAIN.text([HEADER, *rows[:2]]), rows[:2])
    yield _case("file", "double_trailing_newline", text + "\n", rows)
    yield _case("file", "many_trailing_newlines", text + "\n" * 6, rows)
    yield _case("file", "no_trailing_newline", text[:-1], rows)
    yield _case("file", "delimiter_lines_below", text + ("," * (WIDTH - 1) + "\n") * 3, rows)
    yield _case("file", "sep_line", "sep=;\n" + Style(";").text([HEADER, *rows]), rows)
    yield _case("file", "nul_byte", text.replace("stok lama", "stok\0lama", 1), [
        [cell.replace("stok lama", "stok\0lama") if place == _first(rows, "stok lama") else cell for cell in row]
        for place, row in enumerate(rows)
    ])  # fmt: skip


def _first(rows: list[list[str]], text: str) -> int:
    return next(place for place, row in enumerate(rows) if text in row)


def _of_headers(rows: list[list[str]]) -> Iterator[Case]:
    body = PLAIN.text(rows)
    yield _case("header", "none", body, rows, [])
    yield _case("header", "none_one_row", PLAIN.text(rows[:1]), rows[:1], [])
    yield _case("header", "none_two_rows", PLAIN.text(rows[:2]), rows[:2], [])
    yield _case("header", "none_semicolon", Style(";").text(rows), rows, [])
    units = ["(tgl)", "(wib)", "(buah)", "(kode)", "(rupiah)", "(jenis)", "(teks)", "(url)", "(teks)"]
    joined = [f"{name} {unit}" for name, unit in zip(HEADER, units, strict=True)]
    yield _case("header", "two_rows", PLAIN.text([HEADER, units]) + body, rows, joined)
    third = ["asli"] * 4 + ["lama"] * 5
    joined3 = [f"{name} {more}" for name, more in zip(joined, third, strict=True)]
    yield _case("header", "three_rows", PLAIN.text([HEADER, units, third]) + body, rows, joined3)
    groups = ["Waktu", "", "Barang", "", "", "", "", "", ""]
    grouped = [f"{'Waktu' if place < 2 else 'Barang'} {name}" for place, name in enumerate(HEADER)]
    yield _case("header", "group_titles", PLAIN.text([groups, HEADER]) + body, rows, grouped)
    text = PLAIN.text([HEADER]) + body
    for name, above in (
        ("preamble_1", "Rekap penjualan triwulan\n"),
        ("preamble_3", "Dinas Perdagangan\nRekap penjualan 2023\nDicetak: 03/01/2024\n"),
        ("preamble_blank", "Rekap penjualan triwulan\n\n"),
        ("preamble_filled", "Rekap penjualan triwulan" + "," * (WIDTH - 1) + "\n" + "," * (WIDTH - 1) + "\n"),
        ("preamble_keys", "Laporan:,Penjualan\nTahun:,2023\n\n"),
        ("preamble_comment", "# diekspor dari aplikasi kasir\n"),
        ("blank_above", "\n\n"),
        (
            "preamble_long",
            "Data berikut adalah hasil pencatatan, dihimpun oleh dinas, dan dapat berubah sewaktu-waktu\n\n",
        ),
    ):
        yield _case("header", name, above + text, rows)
    yield _case("header", "blank_below", PLAIN.text([HEADER]) + "\n" + body, rows)
    yield _case("header", "short", PLAIN.text([HEADER[:-1]]) + PLAIN.text([[*row[:-1], "x"] for row in rows]),
                [[*row[:-1], "x"] for row in rows], HEADER[:-1])  # fmt: skip


def _of_tables(rows: list[list[str]]) -> Iterator[Case]:
    text = PLAIN.text([HEADER, *rows])
    others = {
        "fewer": [
            ["wilayah", "kode", "penduduk"],
            *[[f"Desa {place}", f"D{place:02}", str(900 + place)] for place in range(12)],
        ],
        "same": [
            [f"kolom {place}" for place in "ABCDEFGHI"],
            *[[str(place * 7 + step) for step in range(9)] for place in range(12)],
        ],
        "more": [
            [f"ukuran {place}" for place in "ABCDEFGHIJKL"],
            *[[str(place + step) for step in range(12)] for place in range(12)],
        ],
        "more_long": [
            [f"ukuran {place}" for place in "ABCDEFGHIJKL"],
            *[[str(place + step) for step in range(12)] for place in range(80)],
        ],
    }
    for name, other in others.items():
        for gap_name, gap in (("blank", "\n"), ("two_blanks", "\n\n"), ("title", "\nTabel 2\n"), ("directly", "")):
            yield _case("tables", f"{name}_{gap_name}", text + gap + PLAIN.text(other), rows)
    for name, below in (
        ("footnote", "\nSumber: Dinas Perdagangan, 2024, diolah\n"),
        ("footnote_close", "Catatan: angka sementara\n"),
        ("footnotes_filled", "\n* angka sementara" + "," * (WIDTH - 1) + "\n"),
        ("total", f"Jumlah,,{sum(int(row[2]) for row in rows)}" + "," * (WIDTH - 3) + "\n"),
        ("total_short", f"TOTAL,{sum(int(row[2]) for row in rows)}\n"),
    ):
        yield _case("below", name, text + below, rows)
    page = PLAIN.text([HEADER])
    yield _case("below", "repeated_header", page + PLAIN.text(rows[:40]) + page + PLAIN.text(rows[40:]), rows)
    yield _case(
        "below", "repeated_header_blank", page + PLAIN.text(rows[:40]) + "\n" + page + PLAIN.text(rows[40:]), rows
    )


def _changed(rows: list[list[str]], place: int, row: list[str]) -> list[list[str]]:
    return [*rows[:place], row, *rows[place + 1 :]]


@lru_cache
def _clean_lines(style: Style) -> tuple[str, ...]:
    return tuple(style.line(row) for row in [HEADER, *clean_rows()])


def _with_line(rows: list[list[str]], place: int, line: str, style: Style = PLAIN) -> str:
    lines = list(_clean_lines(style))
    assert len(lines) == len(rows) + 1
    lines[place + 1] = line
    return style.newline.join(lines) + style.newline


def _of_widths(rows: list[list[str]]) -> Iterator[Case]:
    for place, row in enumerate(rows):
        for column in range(WIDTH):
            less = row[:column] + row[column + 1 :]
            yield _case(
                "row_less", f"{place}_{column}", _with_line(rows, place, PLAIN.line(less)), _changed(rows, place, less)
            )
            more = [*row[:column], "", *row[column:]]
            if more[-1] or more[-2]:  # else it is a delimiter at the end, which is row_trailing
                line = PLAIN.line(more)
                yield _case("row_more", f"{place}_{column}", _with_line(rows, place, line), _changed(rows, place, more))
            if column and not (row[column - 1].isalnum() and row[column].isalnum()):
                pieces = [PLAIN.cell(cell) for cell in row]
                one = [*pieces[: column - 1], pieces[column - 1] + pieces[column], *pieces[column + 1 :]]
                is_quoted = PLAIN.cell(row[column]) != row[column] or PLAIN.cell(row[column - 1]) != row[column - 1]
                is_merged = not is_quoted or not row[column] or not row[column - 1]
                merged = [*row[: column - 1], row[column - 1] + row[column], *row[column + 1 :]] if is_merged else row
                yield _case(
                    "row_delimiter_lost",
                    f"{place}_{column}",
                    _with_line(rows, place, ",".join(one)),
                    _changed(rows, place, merged),
                )
        for delimiter in ";\t| ":
            line = Style(delimiter).line(row)
            yield _case("row_delimiter", f"{place}_{ord(delimiter)}", _with_line(rows, place, line), rows)
        broken = [*row[:6], row[6].replace(" ", "\n", 1), *row[7:]]
        if PLAIN.cell(row[6]) == row[6]:
            line = ",".join(PLAIN.cell(cell) if "\n" not in cell else cell for cell in broken)
            yield _case("row_broken", f"{place}", _with_line(rows, place, line), _changed(rows, place, broken))
        yield _case("row_trailing", f"{place}", _with_line(rows, place, PLAIN.line(row) + ","), rows)
    trailing = "".join(PLAIN.line(row) + ",\n" for row in rows)
    yield _case("row_trailing", "all_rows", PLAIN.text([HEADER]) + trailing, rows)
    empty = [[*row, ""] for row in rows]
    yield _case("row_trailing", "all_lines", PLAIN.text([[*HEADER, ""], *empty]), empty, [*HEADER, ""])


def _of_quotes(rows: list[list[str]]) -> Iterator[Case]:
    for quotes_all in (False, True):
        style = Style(quotes_all=quotes_all)
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                pieces = [style.cell(text) for text in row]
                is_quoted = pieces[column].startswith('"')
                for where, at in (("start", 0), ("middle", len(cell) // 2), ("end", len(cell))):
                    if not cell or (quotes_all and where != "middle") or (is_quoted and '"' in cell):
                        continue
                    dirty = cell[:at] + '"' + cell[at:]
                    line = style.delimiter.join(
                        [*pieces[:column], f'"{dirty}"' if is_quoted else dirty, *pieces[column + 1 :]]
                    )
                    name = f"{'all' if quotes_all else 'needed'}_{place}_{column}_{where}"
                    if is_quoted and where != "middle":
                        continue  # "" at an end of a quoted cell is another cell, not damage that can be seen
                    truth = _changed(rows, place, [*row[:column], dirty, *row[column + 1 :]])
                    yield _case("quote_extra", name, _with_line(rows, place, line, style), truth)
                if is_quoted and cell and '"' not in cell:
                    for where, piece in (("opening", pieces[column][1:]), ("closing", pieces[column][:-1])):
                        line = style.delimiter.join([*pieces[:column], piece, *pieces[column + 1 :]])
                        name = f"{'all' if quotes_all else 'needed'}_{place}_{column}_{where}"
                        yield _case("quote_missing", name, _with_line(rows, place, line, style), rows)


def _of_damaged_headers(rows: list[list[str]]) -> Iterator[Case]:
    for column in range(WIDTH):
        less = HEADER[:column] + HEADER[column + 1 :]
        yield _case("header_less", str(column), PLAIN.text([less, *rows]), rows, less)
        more = [*HEADER[:column], "", *HEADER[column:]]
        yield _case("header_more", str(column), PLAIN.text([more, *rows]), rows, more)
        for where, at in (("start", 0), ("middle", 3), ("end", len(HEADER[column]))):
            dirty = [*HEADER[:column], HEADER[column][:at] + '"' + HEADER[column][at:], *HEADER[column + 1 :]]
            yield _case("header_quote", f"{column}_{where}", ",".join(dirty) + "\n" + PLAIN.text(rows), rows, dirty)
    for delimiter in ";\t| ":
        yield _case("header_delimiter", str(ord(delimiter)), delimiter.join(HEADER) + "\n" + PLAIN.text(rows), rows)
