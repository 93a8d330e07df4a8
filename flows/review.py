"""Review: pairs that no threshold settles go out to a person as XLSX, and come back as decisions.

Belongs here: which pairs are asked, the workbook, and how it is read back. Does not belong here: screens
(`cli/review.py`), the decisions file (`warehouse/decisions.py`) and what decisions do (`transforms/resolve/`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import python_calamine
import xlsxwriter

from flows import releasing
from flows.closed_files import PlaceError, check_place, write_closed
from flows.settings import Settings
from transforms.answer import safe_cell
from transforms.land import LINE_BITS
from transforms.resolve.comparisons import COMPARISONS
from transforms.resolve.link import THRESHOLDS
from warehouse.decisions import LinkDecision, load_decisions, save_decisions
from warehouse.ledger import Ledger
from warehouse.profiles import load_profiles

SHEET = "Pasangan"
GUIDE = "Petunjuk"
DEFAULT_REASON = "peninjauan"
ANSWERS = {"sama": "must_link", "beda": "cannot_link"}
_CHOSEN = THRESHOLDS[1]
_ROWS_LIMIT = 100_000
_ASKED = ("pasangan", "keputusan", "alasan", "saran")
_NAMED = ("register 1", "nomor 1", "register 2", "nomor 2")
_SHOWN = {
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
    *(f"{name} {side}" for name in _SHOWN for side in (1, 2)),
    *(f"banding {name}" for name in _COMPARED.values()),
    "bobot terhadap usaha lain",
    "bobot terhadap usaha sepemilik",
    "ambang",
    "dipisahkan oleh",
    *_NAMED,
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
    ("bobot terhadap usaha lain", f"Dalam bit; satu usaha mulai {_CHOSEN.stranger_weight:g}."),
    ("bobot terhadap usaha sepemilik", f"Dalam bit; satu usaha mulai {_CHOSEN.sibling_weight:g}."),
    ("ambang", "Ambang yang dicapai: ketat, dipakai atau longgar. Hanya ketat dan dipakai yang menyatukan."),
    ("dipisahkan oleh", "Penjaga yang memisahkan pasangan ini walaupun bobotnya cukup."),
    ("register dan nomor", "Pengenal kedua pendaftaran; jangan diubah."),
    (),
    ("Sesudah diisi:", "capaian review apply BERKAS.xlsx --by NAMA"),
)
_MOST_UNCERTAIN_FIRST = f"""
    abs(least(stranger_weight - {_CHOSEN.stranger_weight}, sibling_weight - {_CHOSEN.sibling_weight})),
    left_row_id, right_row_id"""
_ASK = """
    SELECT left_row_id, right_row_id, threshold, cut_by, pattern, stranger_weight, sibling_weight,
        l.source_register AS left_register, l.registration_number AS left_number,
        r.source_register AS right_register, r.registration_number AS right_number,
        (left_register || left_number || right_register || right_number) IS NOT NULL AS is_numbered
    FROM register.edges
    JOIN named AS l ON l.row_id = left_row_id
    JOIN named AS r ON r.row_id = right_row_id
    ANTI JOIN decided
        ON decided.left_register = l.source_register AND decided.left_number = l.registration_number
        AND decided.right_register = r.source_register AND decided.right_number = r.registration_number
    WHERE level = 'business' AND decided_by = 'weight' AND (threshold IN ('loose', 'chosen') OR cut_by IS NOT NULL)
        AND NOT (l.business_id = r.business_id AND (threshold = 'loose' OR cut_by IS NOT NULL))"""
"""The pairs that are in doubt. What is loose or cut, and yet one business by other links, asks nothing."""
_DIGITS = re.compile(r"\d(?:[ .()-]?\d){8,}")
"""Nine digits or more: a phone number, a NIK or a NIB, however it is spaced."""
_Key = frozenset[tuple[str, str]]


class ReviewError(ValueError):
    """Pairs cannot be asked or answers cannot be taken; names the place and the cure."""


@dataclass(frozen=True)
class Asked:
    """What was written: pairs, and those left out for want of a registration number."""

    pair_count: int
    unnumbered_count: int
    remaining_count: int
    """Pairs beyond the limit."""


@dataclass(frozen=True)
class Applied:
    """What the answers changed: new decisions by kind; the same again; another in place of an earlier; left empty."""

    must_link: int
    cannot_link: int
    unchanged: int
    replaced: int
    undecided: int


@dataclass(frozen=True)
class _Answer:
    """One filled-in row of the sheet; a reason of None was not given."""

    row: int
    decision: str
    ends: tuple[tuple[str, str], tuple[str, str]]
    reason: str | None

    @property
    def key(self) -> _Key:
        return frozenset(self.ends)


def export(settings: Settings, out: Path, *, limit: int | None = None) -> Asked:
    """Write the undecided pairs to `out` (mode 0600), the most uncertain first.

    The file holds personal data. Raises `ReviewError` before anything is written.
    """
    root = settings.root
    if limit is not None and limit < 1:
        raise ReviewError("--limit must be 1 or more")
    _check_out(settings, out)
    if not root.database.exists():
        raise ReviewError("nothing is published yet; run: capaian run")
    if not os.access(root.lake, os.R_OK | os.X_OK):
        who = root.lake.owner() if root.lake.exists() else "whoever runs capaian"
        raise ReviewError(f"the names and addresses to compare are in {root.lake}; only {who} can read it: ask there")
    with settings.resources.connect(root.database.resolve(), read_only=True) as con:
        levels = {
            (place, digit): level
            for place, digit, level in con.execute(
                "SELECT place, digit, level FROM register.match_weights WHERE place IS NOT NULL"
            ).fetchall()
        }
        _hold_registers(con)
        _hold_decided(con, load_decisions(root.link_decisions))
        con.execute(f"CREATE TEMP TABLE asked AS {_ASK}")
        ((pair_count, unnumbered),) = con.execute(
            "SELECT count(*) FILTER (is_numbered), count(*) FILTER (NOT is_numbered) FROM asked"
        ).fetchall()
        pairs = con.execute(
            f"SELECT * EXCLUDE (is_numbered) FROM asked WHERE is_numbered ORDER BY {_MOST_UNCERTAIN_FIRST}"
            f" LIMIT {min(limit or _ROWS_LIMIT, _ROWS_LIMIT)}"
        ).fetchall()
    texts = _lake_texts(settings, {row for pair in pairs for row in pair[:2]})
    rows = [_line(place, pair, texts, levels) for place, pair in enumerate(pairs, 1)]
    write_closed(out, partial(_write_book, rows=rows), settings)
    return Asked(len(pairs), unnumbered, pair_count - len(pairs))


def _hold_registers(con: duckdb.DuckDBPyConnection) -> None:
    """Make `named`, the published memberships with the register of each."""
    con.execute("CREATE TEMP TABLE registers (profile VARCHAR, source_register VARCHAR)")
    for profile in load_profiles():
        con.execute("INSERT INTO registers VALUES (?, ?)", [profile.name, profile.register])
    con.execute(
        "CREATE TEMP VIEW named AS SELECT row_id, business_id, registration_number, source_register"
        " FROM register.memberships JOIN quality.deliveries USING (delivery_id) LEFT JOIN registers USING (profile)"
    )


def _hold_decided(con: duckdb.DuckDBPyConnection, decisions: Iterable[LinkDecision]) -> None:
    """Make `decided`, each decided pair both ways round."""
    names = ("left_register", "left_number", "right_register", "right_number")
    ways = [[getattr(decision, name) for name in names] for decision in decisions]
    ways += [[*way[2:], *way[:2]] for way in ways]
    columns = {name: pa.array([way[place] for way in ways], pa.string()) for place, name in enumerate(names)}
    con.register("decided", pa.table(columns))


def _check_out(settings: Settings, out: Path) -> None:
    try:
        check_place(settings, out)
    except PlaceError as error:
        raise ReviewError(str(error)) from None


def _lake_texts(settings: Settings, row_ids: set[int]) -> dict[int, tuple[str | None, ...]]:
    """What of each row is shown, out of the lake."""
    wanted = {row_id >> LINE_BITS for row_id in row_ids}
    entries = [entry for entry in Ledger(settings.root) if entry.is_judged and entry.delivery_id in wanted]
    paths = releasing.rows_of(settings, entries)
    if not paths:
        return {}
    with settings.resources.connect() as con:
        rows = con.execute(
            f"SELECT row_id, {', '.join(_SHOWN.values())} FROM read_parquet({paths}, union_by_name = true)"
            " SEMI JOIN (SELECT unnest(?::BIGINT[]) AS row_id) USING (row_id) WHERE verdict = 'validated'",
            [sorted(row_ids)],
        ).fetchall()
    return {row_id: tuple(values) for row_id, *values in rows}


def _line(
    place: int, pair: Sequence[Any], texts: dict[int, tuple[str | None, ...]], levels: dict[tuple[int, int], str]
) -> tuple[Any, ...]:
    left, right, threshold, cut_by, pattern, stranger, sibling, *ends = pair
    found = [
        levels.get((at, pattern // 10 ** (len(COMPARISONS) - 1 - at) % 10), "missing") for at in range(len(COMPARISONS))
    ]
    nothing = (None,) * len(_SHOWN)
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
    return "cenderung sama" if threshold == _CHOSEN.name else "cenderung beda"


def _write_book(stream: IO[bytes], scratch: Path, rows: Sequence[Sequence[Any]]) -> None:
    options = {
        "constant_memory": True,
        "tmpdir": str(scratch),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(stream, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        asked = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#FFF7D6", "num_format": "@"})
        sheet = book.add_worksheet(SHEET)
        sheet.freeze_panes(1, len(_ASKED))
        shown = len(_ASKED) + 2 * len(_SHOWN)
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


def apply(settings: Settings, file: Path, decided_by: str, today: date) -> Applied:
    """Take the answers of a filled-in workbook into the decisions file; the next run links by them.

    Raises `ReviewError` when one line cannot be taken, and then takes none. To be called under the lock.
    """
    decided_by = " ".join(decided_by.split())
    if not decided_by or not decided_by.isprintable():
        raise ReviewError("--by must name who decided")
    answers, undecided = _read_answers(file)
    _check_known(settings, file, answers)
    path = settings.root.link_decisions
    decisions = load_decisions(path)
    places = {_key(decision): place for place, decision in enumerate(decisions)}
    counts = dict.fromkeys(("must_link", "cannot_link", "unchanged", "replaced"), 0)
    for answer in answers:
        (left_register, left_number), (right_register, right_number) = answer.ends
        place = places.get(answer.key)
        earlier = decisions[place] if place is not None else None
        if earlier and earlier.decision == answer.decision and answer.reason in (None, earlier.reason):
            counts["unchanged"] += 1
            continue
        new = LinkDecision(
            answer.decision,
            left_register,
            left_number,
            right_register,
            right_number,
            answer.reason or DEFAULT_REASON,
            decided_by,
            today,
        )
        if place is None:
            places[answer.key] = len(decisions)
            decisions.append(new)
            counts[answer.decision] += 1
        else:
            decisions[place] = new
            counts["replaced"] += 1
    if counts["unchanged"] < len(answers):
        save_decisions(path, decisions)
    return Applied(**counts, undecided=undecided)


def _read_answers(file: Path) -> tuple[list[_Answer], int]:
    """The rows that decide something, and how many decide nothing."""
    name = file.name
    try:
        book = python_calamine.CalamineWorkbook.from_path(file)
    except (OSError, python_calamine.CalamineError):
        raise ReviewError(f"{name}: cannot be read as XLSX; name the file that review export wrote") from None
    if SHEET not in book.sheet_names:
        raise ReviewError(f"{name}: there is no sheet {SHEET}; name the file that review export wrote")
    sheet = book.get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    headers = [str(cell).strip().lower() for cell in sheet[0]] if sheet else []
    columns = {}
    for header in ("keputusan", "alasan", *_NAMED):
        if headers.count(header) != 1:
            raise ReviewError(
                f"{name}, sheet {SHEET}, row 1: the column {header} must be there once; restore its title"
            )
        columns[header] = headers.index(header)
    answers: dict[_Key, _Answer] = {}
    undecided = 0
    for number, cells in enumerate(sheet[1:], 2):
        cell = {header: cells[column] for header, column in columns.items()}
        texts = {header: " ".join(_text(value).split()) for header, value in cell.items()}
        if not any(texts.values()):
            continue
        if not texts["keputusan"]:
            undecided += 1
            continue
        answer = _answer(f"{name}, sheet {SHEET}, row {number}", number, texts, cell)
        earlier = answers.setdefault(answer.key, answer)
        if earlier.decision != answer.decision:
            raise ReviewError(
                f"{name}, sheet {SHEET}, row {number}, column keputusan: row {earlier.row} decides the same pair"
                " otherwise; leave one of them"
            )
    return list(answers.values()), undecided


def _answer(where: str, row: int, texts: dict[str, str], cells: dict[str, Any]) -> _Answer:
    word = texts["keputusan"].lower()
    if word not in ANSWERS:
        raise ReviewError(f"{where}, column keputusan: it must be {' or '.join(ANSWERS)}, or empty")
    for header in _NAMED:
        if not texts[header]:
            raise ReviewError(f"{where}, column {header}: it is empty; copy it from the exported file")
        if not isinstance(cells[header], str):
            raise ReviewError(f"{where}, column {header}: it is no longer a text; copy it from the exported file")
    numbers = [_without_mark(texts[header]) for header in _NAMED]
    left, right = (numbers[0], numbers[1]), (numbers[2], numbers[3])
    if left == right:
        raise ReviewError(f"{where}, column nomor 2: both are one registration; copy it from the exported file")
    reason = texts["alasan"]
    if _DIGITS.search(reason):
        raise ReviewError(
            f"{where}, column alasan: it is published, and must hold no NIK, NIB or phone number; take the digits out"
        )
    if reason and (safe_cell(reason) != reason or not reason.isprintable()):
        raise ReviewError(f"{where}, column alasan: it must begin with a letter and hold plain text only")
    return _Answer(row, ANSWERS[word], (left, right), reason or None)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _without_mark(text: str) -> str:
    """A text without the apostrophe that `safe_cell` put before it."""
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


def _check_known(settings: Settings, file: Path, answers: Iterable[_Answer]) -> None:
    """Raise unless each answer names registrations of the published version."""
    root = settings.root
    if not root.database.exists():
        raise ReviewError("nothing is published yet; run: capaian run")
    named = [(answer.row, *end, side) for answer in answers for side, end in enumerate(answer.ends, 1)]
    with settings.resources.connect(root.database.resolve(), read_only=True) as con:
        _hold_registers(con)
        known = set(
            con.execute(
                "SELECT DISTINCT source_register, registration_number FROM named"
                " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS registration_number) USING (registration_number)",
                [[number for _, _, number, _ in named]],
            ).fetchall()
        )
    for row, register, number, side in named:
        if (register, number) not in known:
            raise ReviewError(
                f"{file.name}, sheet {SHEET}, row {row}, column nomor {side}: no published registration bears this"
                f" number in that register; copy it from the exported file, or export the pairs anew"
            )


def _key(decision: LinkDecision) -> _Key:
    return frozenset(((decision.left_register, decision.left_number), (decision.right_register, decision.right_number)))
