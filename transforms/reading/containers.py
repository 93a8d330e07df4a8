"""Containers: gzip and ZIP files are unpacked, and each member becomes a delivery of its own.

Belongs here: what is taken out of an archive and under which name. Does not belong here: what the members are, except
that none may be an archive again (`kinds.py`), and the defence of the ZIP directory (`archive.py`).
"""

from __future__ import annotations

import errno
import gzip
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipInfo

from transforms.reading.archive import CHUNK, check_amount, member_chunks, members
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.names import is_system_name, safe_name
from transforms.reading.refusal import RefusedDelivery

DISK_RESERVE_BYTES = 1 << 28
"""So much of the disk stays free whatever an archive holds: the ledger and the lake must be able to write."""


@dataclass(frozen=True)
class Unpacked:
    """The files taken out of an archive, and the members left out because an operating system added them."""

    files: tuple[Path, ...]
    ignored: tuple[str, ...]


def unpack(path: Path, out: Path) -> Unpacked:
    """Unpack a gzip or ZIP file into the new folder `out`, each member as `<out>/<number>/<safe name>`.

    All or nothing: raises `RefusedDelivery`, and leaves no `out`, when the archive is damaged, holds too much for its
    size, holds another archive, or nothing. Raises `OSError` when the disk has no room for it: that is no fault of the
    file, which is unpacked when there is.
    """
    out.mkdir(parents=True)
    try:
        unpacked = _unpack_gzip(path, out) if kind_of(path) is Kind.GZIP else _unpack_zip(path, out)
        for file in unpacked.files:
            _refuse_nested(file)
    except BaseException:
        shutil.rmtree(out)
        raise
    return unpacked


def _unpack_gzip(path: Path, out: Path) -> Unpacked:
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    target = _target(out, 1, name)
    try:
        with path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as stream:
            _write(target, _within_ratio(stream, packed))
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise RefusedDelivery("the gzip file is cut off or damaged; pack and send it again") from None
    return Unpacked((target,), ())


def _within_ratio(stream: gzip.GzipFile, packed: BinaryIO) -> Iterator[bytes]:
    """The unpacked bytes; a gzip file does not say how many there are, so the ratio is watched while they come."""
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        check_amount(size, packed.tell())
        yield chunk


def _unpack_zip(path: Path, out: Path) -> Unpacked:
    wanted: list[ZipInfo] = []
    ignored: list[ZipInfo] = []
    for member in members(path):
        (ignored if _is_ignored(member.filename) else wanted).append(member)
    if not wanted:
        raise RefusedDelivery("the archive holds no file; pack the export and send it again")
    files = []
    with path.open("rb") as stream:
        for number, member in enumerate(wanted, start=1):
            files.append(_target(out, number, Path(member.filename).name))
            _write(files[-1], member_chunks(stream, member))
    return Unpacked(tuple(files), tuple(safe_name(member.filename) for member in ignored))


def _target(out: Path, number: int, name: str) -> Path:
    folder = out / f"{number:05d}"
    folder.mkdir()
    return folder / safe_name(name)


def _write(target: Path, chunks: Iterable[bytes]) -> None:
    with target.open("xb") as sink:
        for chunk in chunks:
            sink.write(chunk)
            _check_disk(target.parent)


def _refuse_nested(file: Path) -> None:
    try:
        is_archive = kind_of(file).is_archive
    except RefusedDelivery:  # a member that is no export is refused on its own, with its own reason
        return
    if is_archive:
        raise RefusedDelivery("the archive holds another archive; pack the exports themselves")


def _check_disk(folder: Path) -> None:
    if shutil.disk_usage(folder).free < DISK_RESERVE_BYTES:
        raise OSError(errno.ENOSPC, "the archive unpacks to more than the disk has room for", str(folder))


def _is_ignored(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "__MACOSX" or is_system_name(parts[-1])
