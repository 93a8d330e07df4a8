"""Answering: a filled-in workbook becomes decisions, all of its lines or none.

Belongs here: how answers are read, checked and taken. Does not belong here: the decisions file
(`warehouse/decisions.py`) and what decisions do (`transforms/resolve/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import python_calamine

from flows.reviewing.registered import ReviewError, hold_registers
from flows.reviewing.workbook import ANSWERS, NAMED, SHEET
from flows.settings import Settings
from transforms.answer import safe_cell
from warehouse.decisions import LinkDecision, load_decisions, save_decisions

DEFAULT_REASON = "peninjauan"
_DIGITS = re.compile(r"\d(?:[ .()-]?\d){8,}")
"""Nine digits or more: a phone number, a NIK or a NIB, however it is spaced."""
_Key = frozenset[tuple[str, str]]


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
    for header in ("keputusan", "alasan", *NAMED):
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
    for header in NAMED:
        if not texts[header]:
            raise ReviewError(f"{where}, column {header}: it is empty; copy it from the exported file")
        if not isinstance(cells[header], str):
            raise ReviewError(f"{where}, column {header}: it is no longer a text; copy it from the exported file")
    numbers = [_without_mark(texts[header]) for header in NAMED]
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
        hold_registers(con)
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
