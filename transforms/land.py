"""Land: keep the bytes of a delivery under their SHA-256, and count its lines without parsing them.

Belongs here: what may be taken out of the inbox, bytes, hashes, physical lines. Does not belong here: encodings'
meaning, headers, fields (`recognise.py`). The inbox is open to others: nothing but a regular file is ever opened, no
link is followed, and a file's name is used only after it was made safe.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from transforms.reading.names import is_system_name, safe_name
from transforms.reading.refusal import RefusedDelivery
from transforms.redaction.note import NOTE, read_note

CHUNK = 1 << 22
FIELD_MARK = b"\x01"
"""Stands for a delimiter where lines are to be cut and nothing else; a file that holds it is rewritten first."""
LINE_BITS = 27
"""A row_id holds the delivery number above 27 bits of line number: files of up to 134 million lines."""
_VANISHED = "it vanished while it was read; it is taken when it is back"


@dataclass(frozen=True)
class Census:
    """What the bytes of a file are, counted in one read.

    `longest_line_bytes` is exact for lines longer than `CHUNK`; shorter ones count only when they cross two chunks.
    """

    sha256: str
    byte_count: int
    line_count: int
    is_utf8: bool
    has_nul: bool
    longest_line_bytes: int
    is_uniform: bool
    """All lines end alike, in LF or in CRLF, and no byte is one that a line-cutting reader takes for its own."""


@dataclass(frozen=True)
class LandedFile:
    """A delivery in its place: `path` is `<landed>/<sha256>/<safe name>`, read-only.

    `sha256` is that of what arrived; where lines of an erased person were taken out, `content_sha256` is that of what
    is left.
    """

    path: Path
    sha256: str
    is_duplicate: bool = False
    content_sha256: str | None = None

    @property
    def kept_sha256(self) -> str:
        """What the bytes at `path` must have."""
        return self.content_sha256 or self.sha256

    @property
    def delivery_id(self) -> int:
        return delivery_number(self.sha256)

    @property
    def arrived_at(self) -> datetime:
        return arrived_at(self.path.parent)


def arrived_at(folder: Path) -> datetime:
    """When the file in `folder` was landed, UTC.

    It is the folder's time: a file keeps the time its provider wrote it, and links to it change no folder of ours.
    """
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC)


def delivery_number(sha256: str) -> int:
    """The number of a delivery: the first 36 bits of the SHA-256 of its bytes."""
    return int(sha256[:9], 16)


@dataclass(frozen=True)
class RefusedArrival:
    """Something in the inbox that is not taken and stays there: its name, safe to show, and why."""

    name: str
    reason: str


def take_census(path: Path) -> Census:
    """Hash `path` and count its physical lines (ended by LF, CRLF or CR, the last one with or without an end)."""
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    size = feeds = returns = pairs = unended = longest = 0
    is_utf8, has_nul, has_mark, last = True, False, False, b""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            feeds += chunk.count(b"\n")
            carriage_returns = chunk.count(b"\r")
            if carriage_returns:
                returns += carriage_returns
                pairs += chunk.count(b"\r\n")
            if last == b"\r" and chunk.startswith(b"\n"):
                pairs += 1
            last = chunk[-1:]
            first_end, last_end = _outer_line_ends(chunk, bool(carriage_returns))
            if last_end < 0:
                unended += len(chunk)
            else:
                longest = max(longest, unended + first_end)
                unended = len(chunk) - last_end - 1
            longest = max(longest, unended)
            has_nul = has_nul or b"\x00" in chunk
            has_mark = has_mark or FIELD_MARK in chunk
            if is_utf8 and not (chunk.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    is_utf8 = is_utf8 and not decoder.getstate()[0]
    unfinished = 1 if size and last not in (b"\n", b"\r") else 0
    is_uniform = (returns == pairs and feeds in (0, pairs)) or returns == 0
    return Census(
        digest.hexdigest(),
        size,
        feeds + returns - pairs + unfinished,
        is_utf8,
        has_nul,
        longest,
        is_uniform and not has_mark,
    )


def _outer_line_ends(chunk: bytes, has_carriage_returns: bool) -> tuple[int, int]:
    """Places of the first and the last line end in `chunk`, -1 where there is none."""
    first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
    if not has_carriage_returns:
        return first, last
    first_return = chunk.find(b"\r")
    return (first_return if first < 0 else min(first, first_return)), max(last, chunk.rfind(b"\r"))


def survey_inbox(inbox: Path) -> tuple[list[Path], list[RefusedArrival]]:
    """The regular files in the inbox in the order of their names, and what else lies there, which is never opened."""
    files, refused = [], []
    with os.scandir(inbox) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if is_system_name(entry.name):
                continue
            try:
                reason = _reason_to_leave(entry.name, entry.stat(follow_symlinks=False).st_mode)
            except FileNotFoundError:
                continue
            if reason:
                refused.append(RefusedArrival(safe_name(entry.name), reason))
            else:
                files.append(inbox / entry.name)
    return files, refused


def _reason_to_leave(name: str, mode: int) -> str | None:
    if stat.S_ISREG(mode):
        hidden = "its name begins with a dot, as that of an unfinished upload; rename it to have it taken"
        return hidden if name.startswith(".") else None
    if stat.S_ISLNK(mode):
        return "it is a link, and links are not followed; put the file itself into the inbox"
    if stat.S_ISDIR(mode):
        return "it is a folder; put the files themselves into the inbox, or a ZIP of them"
    return "it is a pipe, a socket or a device; put a file into the inbox"


def land(file: Path, landed: Path, redacted: Mapping[str, LandedFile] | None = None) -> LandedFile:
    """Move `file` into `landed` under its SHA-256; the disk is not doubled when both are on one file system.

    The same bytes under another name are a duplicate delivery: the copy is dropped, since its bytes are already kept.
    So is what is left of a delivery after an erasure, such as a member of an archive: `redacted` maps SHA-256 to those.
    Raises `RefusedDelivery`, and leaves the file where it is, when it is no regular file, cannot be opened, or changes
    or vanishes meanwhile.
    """
    with _opened(file) as stream:
        begun = os.fstat(stream.fileno())
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        _refuse_changed(begun, os.fstat(stream.fileno()))
        _refuse_changed(begun, _status(file))
        folder = landed / sha256
        known = [path for path in folder.glob("*") if not path.name.startswith(".")] if folder.exists() else []
        note = read_note(folder)
        left = note.content_sha256 if note else None
        if known and _sha256_of(known[0]) == (left or sha256):
            _remove(file)
            return LandedFile(known[0], sha256, is_duplicate=True, content_sha256=left)
        if redacted and (delivery := redacted.get(sha256)):
            _remove(file)
            return replace(delivery, is_duplicate=True)
        for path in known:  # no longer the bytes that arrived then; here they are again
            path.unlink()
        (folder / NOTE).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / safe_name(file.name)
        # A file with a second name elsewhere would stay writable through it, and its other owner would lose the right.
        is_copy = begun.st_nlink > 1 or not _is_moved(file, target)
        if is_copy:
            _copy(stream, target, sha256)
        else:
            try:
                _refuse_changed(begun, _status(target))
            except RefusedDelivery:
                os.replace(target, file)
                folder.rmdir()
                raise
            os.fsync(stream.fileno())
    target.chmod(0o400)
    for kept in (folder, landed):  # the ledger is to rely on it
        _sync_folder(kept)
    if is_copy:
        _remove(file)
    return LandedFile(target, sha256)


def _opened(file: Path) -> BufferedReader:
    """`file` opened for reading if it is a regular file; a link is not followed and a pipe does not make us wait."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise RefusedDelivery(_VANISHED) from None
    except OSError as error:
        raise RefusedDelivery(f"it cannot be opened ({os.strerror(error.errno or 0)}); send it again") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RefusedDelivery("it is no regular file; put a file into the inbox")
    return os.fdopen(descriptor, "rb")


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except PermissionError:
        raise RefusedDelivery("it is kept, but may not be removed from the inbox; remove it there") from None


def _refuse_changed(begun: os.stat_result, now: os.stat_result) -> None:
    def state(of: os.stat_result) -> tuple[int, ...]:
        return of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns

    if state(begun) != state(now):
        raise RefusedDelivery("it changed while it was read; the next run takes it")


def _status(file: Path) -> os.stat_result:
    try:
        return os.lstat(file)
    except FileNotFoundError:
        raise RefusedDelivery(_VANISHED) from None


def _is_moved(file: Path, target: Path) -> bool:
    try:
        os.replace(file, target)
    except OSError:  # another file system
        return False
    return True


def _copy(stream: BufferedReader, target: Path, sha256: str) -> None:
    """Copy under a hidden name first, so that a half copy is never taken for the file."""
    unfinished = target.with_name(f".{target.name}")
    digest = hashlib.sha256()
    stream.seek(0)
    try:
        with unfinished.open("wb") as sink:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                sink.write(chunk)
            sink.flush()
            os.fsync(sink.fileno())
        if digest.hexdigest() != sha256:
            raise RefusedDelivery("it changed while it was read; the next run takes it")
        os.replace(unfinished, target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        with suppress(OSError):
            target.parent.rmdir()
        raise


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def close_landed(landed: Path) -> None:
    """Take the right to write from what a run that died while landing left open."""
    for folder in (path for path in landed.iterdir() if path.is_dir()):
        for path in folder.iterdir():
            if not path.is_symlink() and path.stat().st_mode & 0o777 != 0o400:
                path.chmod(0o400)


def landed_files(landed: Path) -> list[LandedFile]:
    """All files ever landed, by SHA-256."""
    files = []
    with os.scandir(landed) as folders:
        for folder in sorted(folders, key=lambda folder: folder.name):
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries)
            note = read_note(Path(folder)) if NOTE in names else None
            content_sha256 = note.content_sha256 if note else None
            files += [
                LandedFile(Path(folder, name), folder.name, content_sha256=content_sha256)
                for name in names
                if not name.startswith(".")
            ]
    return files
