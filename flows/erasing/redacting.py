"""Redacting: a landed file is replaced by itself without some lines, at once or not at all.

Belongs here: which form is rewritten by what, the note beside the file, archives that hold it. The order is: the new
file under a hidden name, the note, the rename; whoever starts next finishes what was cut off after the note.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flows.erasing.finding import NotRedactable, sheet_offsets
from flows.erasing.sought import Found
from flows.fingerprints import delivery_key
from flows.settings import Settings
from transforms.land import LandedFile, landed_files, take_census
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.refusal import RefusedDelivery, is_of_the_machine
from transforms.reading.sheets import read_sheets
from transforms.recognise import HEAD_BYTES, encoding_of
from transforms.redaction.archives import replace_members
from transforms.redaction.note import NOTE, Erasure, ErasureNote, read_note
from transforms.redaction.parquet import blank_parquet_rows
from transforms.redaction.text import blank_lines, unit_of
from transforms.redaction.workbook import blank_sheet_rows
from warehouse.checksums import sha256_of
from warehouse.ledger import Ledger, sync
from warehouse.vault.keys import replace_closed

_UNFINISHED = ".redacted"
_ONE_AT_A_TIME = threading.Lock()
"""Deliveries are ingested side by side, and may be members of one archive."""


class Redacted(Exception):
    """Lines of an erased person were taken out of the file that was being read; `file` is what is left."""

    def __init__(self, file: LandedFile) -> None:
        super().__init__("lines of erased persons were taken out")
        self.file = file


def redact(settings: Settings, file: LandedFile, found: Found, erased_at: str) -> LandedFile:
    """Take the lines of `found` out of `file`, in landed/ and in the archives it came in.

    Raises `NotRedactable`, and changes nothing, when the form does not allow it.
    """
    prepare(settings, file, found)
    redacted = finish(file, found, erased_at)
    renew_archives(settings)
    return redacted


def prepare(settings: Settings, file: LandedFile, found: Found) -> None:
    """Write `file` without the lines of `found` beside it, under a hidden name; raises `NotRedactable`."""
    path = file.path.resolve()
    unfinished = _unfinished(path)
    try:
        with _arrival_kept(path.parent):
            unfinished.unlink(missing_ok=True)
            _write_without(path, unfinished, found.line_numbers, settings.root.scratch)
    except (RefusedDelivery, OSError, ValueError) as error:
        unfinished.unlink(missing_ok=True)
        if is_of_the_machine(error):
            raise
        raise NotRedactable(
            f"{path.name} (landed/{path.parent.name}) cannot be written without the person's lines"
            f" ({error if isinstance(error, RefusedDelivery) else type(error).__name__}); nothing was changed"
        ) from None


def finish(file: LandedFile, found: Found, erased_at: str) -> LandedFile:
    """Put what was prepared in the place of `file`, with its note; what is left."""
    path = file.path.resolve()
    content, note = sha256_of(_unfinished(path)), read_note(path.parent)
    erasure = Erasure(erased_at, tuple(sorted(found.tombstone_ids)), tuple(sorted(found.line_numbers)), content)
    _finish(path, ErasureNote(content, (*(note.erasures if note else ()), erasure)))
    return replace(file, content_sha256=content)


def _write_without(path: Path, target: Path, lines: frozenset[int], scratch: Path) -> None:
    try:
        kind = kind_of(path)
    except RefusedDelivery:  # text of a form that is not read
        kind = Kind.TEXT
    if kind is Kind.PARQUET:
        blank_parquet_rows(path, target, lines)
    elif kind in (Kind.XLSX, Kind.XLS):
        rows = scratch / f"{path.parent.name}.redacted.parquet"
        try:
            sheets = read_sheets(path, rows)
            offsets = sheet_offsets(sheets)
            blanked = {
                (sheet.number, line - offsets[sheet.number])
                for sheet in sheets
                for line in lines
                if offsets[sheet.number] < line <= offsets[sheet.number] + sheet.row_count
            }
            blank_sheet_rows(rows, sheets, target, blanked, scratch)
        finally:
            rows.unlink(missing_ok=True)
    elif kind is Kind.TEXT:
        census = take_census(path)
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        blank_lines(path, target, unit_of(head, encoding_of(head, census)), lines)
    else:
        raise RefusedDelivery("an archive has no lines")


def finish_redactions(landed: Path) -> None:
    """Put redacted files in their places whose note was written, and throw away the others."""
    for unfinished in landed.glob(f"*/.*{_UNFINISHED}"):
        note = read_note(unfinished.parent)
        path = unfinished.with_name(unfinished.name.removeprefix(".").removesuffix(_UNFINISHED))
        with _arrival_kept(unfinished.parent):
            if note and sha256_of(unfinished) == note.content_sha256:
                _put_in_place(path)
            else:
                unfinished.unlink()


def renew_archives(settings: Settings) -> None:
    """Write archives anew that hold members as they were before lines were taken out; they are not unpacked again."""
    with _ONE_AT_A_TIME:
        ledger = Ledger(settings.root)
        files = {file.sha256: file for file in landed_files(settings.root.landed)}
        if not any(file.content_sha256 for file in files.values()):
            return
        for outcome in list(ledger.outcomes()):
            redacted = [files[one] for one in outcome.members if one in files and files[one].content_sha256]
            archive = files.get(outcome.sha256)
            if not redacted or archive is None:
                continue
            note = read_note(archive.path.parent.resolve())
            if note and {file.kept_sha256 for file in redacted} <= set(note.member_sha256s):
                continue
            renewed = _renew(archive, redacted, note)
            entry = ledger.entry(outcome.sha256)
            if entry:
                work = settings.root.scratch / f"ingest-{outcome.sha256}"
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir(parents=True)
                ledger.commit(replace(entry, key=delivery_key(renewed)), work)


def _renew(archive: LandedFile, redacted: list[LandedFile], note: ErasureNote | None) -> LandedFile:
    now: dict[str, Path] = {}
    for file in redacted:
        own = read_note(file.path.parent.resolve())
        earlier = [one.content_sha256 for one in own.erasures] if own else []
        now |= dict.fromkeys((file.sha256, *earlier), file.path)
    path = archive.path.resolve()
    unfinished = _unfinished(path)
    with _arrival_kept(path.parent):
        unfinished.unlink(missing_ok=True)
        replace_members(path, unfinished, now)
        content = sha256_of(unfinished)
        _finish(path, ErasureNote(content, note.erasures if note else (), tuple(file.kept_sha256 for file in redacted)))
    return replace(archive, content_sha256=content)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}{_UNFINISHED}")


def _finish(path: Path, note: ErasureNote) -> None:
    unfinished = _unfinished(path)
    unfinished.chmod(0o400)
    sync(unfinished)
    with _arrival_kept(path.parent):
        replace_closed(path.parent / NOTE, _writing(note.text()))
        (path.parent / NOTE).chmod(0o400)
        _put_in_place(path)


@contextmanager
def _arrival_kept(folder: Path) -> Iterator[None]:
    """The time of the folder tells when the delivery arrived."""
    arrived = folder.stat()
    try:
        yield
    finally:
        os.utime(folder, ns=(arrived.st_atime_ns, arrived.st_mtime_ns))


def _writing(text: str) -> Callable[[Path], object]:
    return lambda unfinished: unfinished.write_text(text, encoding="utf-8")


def _put_in_place(path: Path) -> None:
    _unfinished(path).replace(path)
    sync(path.parent)
