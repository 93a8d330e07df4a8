"""Archive: the directory of a ZIP file and the bytes of its members, trusted in nothing.

Belongs here: what a ZIP says about itself, held against what it is. Does not belong here: which members are wanted
(`containers.py` unpacks deliveries, `sheet_xml.py` looks into XLSX). The standard library parses the directory, but
only after its size is known to be bounded; members are inflated here, since the library stops at a declared size.
"""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from transforms.reading.refusal import RefusedDelivery, is_of_the_machine

CHUNK = 1 << 20
ENTRIES_LIMIT = 10_000
"""Members of one archive: a file for each of 7,000 districts fits; beyond, the directory alone is the attack."""
DIRECTORY_BYTES_LIMIT = 1 << 22
"""Bytes of the directory: 10,000 entries of 400 bytes."""
UNPACKED_BYTES_LIMIT = 1 << 34
"""16 GiB: the whole register as CSV has about 25 GB, and no single delivery is that."""
RATIO_LIMIT = 200
"""Unpacked bytes for each packed one. CSV of registrations packs 5 to 25 times, deflate cannot pack more than 1,032."""
RATIO_FREE_BYTES = 1 << 26
"""The ratio counts from 64 MB on: a small file of one repeated line is no attack."""
NAME_BYTES_LIMIT = 255

_DAMAGED = "the archive is damaged ({}); pack and send it again"
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_BYTES = 20


def members(path: Path) -> list[zipfile.ZipInfo]:
    """The members of a ZIP file in the order of its directory, directories left out.

    Raises `RefusedDelivery` for whatever could harm: too many entries, members that overlap, are encrypted, repeat a
    name or have one that leads elsewhere, and what unpacks to too much by its own account.
    """
    with path.open("rb") as stream:
        _check_directory_size(stream)
        try:
            with zipfile.ZipFile(stream) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError, OSError) as error:
            if is_of_the_machine(error):
                raise
            raise RefusedDelivery(_DAMAGED.format("its directory cannot be read")) from None
    names: set[str] = set()
    for entry in entries:
        check_name(entry.orig_filename)
        if entry.filename in names:
            raise RefusedDelivery("the archive holds two files of one name; pack each file once")
        names.add(entry.filename)
        if entry.flag_bits & 0x2041:
            raise RefusedDelivery("the archive is encrypted; remove the password and send it again")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise RefusedDelivery("the archive holds a link or a device; pack the files themselves")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedDelivery("the archive is packed with an unusual method; pack it as an ordinary ZIP")
    _check_overlap(entries)
    files = [entry for entry in entries if not entry.is_dir()]
    check_amount(sum(file.file_size for file in files), sum(file.compress_size for file in files))
    for file in files:
        check_amount(file.file_size, file.compress_size)
    return files


def check_name(name: str) -> None:
    """Raise `RefusedDelivery` for a name that is absolute, climbs, is too long or holds control characters."""
    if len(name.encode("utf-8", "surrogateescape")) > NAME_BYTES_LIMIT:
        raise RefusedDelivery(f"the archive holds a name of more than {NAME_BYTES_LIMIT} bytes; shorten it")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name):
        raise RefusedDelivery(
            "the archive holds a name with line breaks or other invisible characters; rename the file"
        )
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or re.match(r"[A-Za-z]:", name):
        raise RefusedDelivery("the archive holds a name that leads out of it; pack the files without their folders")


def check_amount(unpacked: int, packed: int, free_bytes: int | None = None) -> None:
    """Raise `RefusedDelivery` when `unpacked` bytes are too many, or too many to come from `packed` ones.

    The ratio does not count below `free_bytes`, by default `RATIO_FREE_BYTES`.
    """
    if unpacked > UNPACKED_BYTES_LIMIT:
        raise RefusedDelivery(
            f"the file unpacks to {unpacked:,} bytes or more, at most {UNPACKED_BYTES_LIMIT:,} are taken;"
            " send it in parts"
        )
    if unpacked > (RATIO_FREE_BYTES if free_bytes is None else free_bytes) and unpacked > RATIO_LIMIT * max(packed, 1):
        raise RefusedDelivery(
            f"the file unpacks to more than {RATIO_LIMIT} times its size, as no export does; send it as plain CSV"
        )


def member_chunks(stream: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of one member in pieces of at most `CHUNK`; `stream` is the archive, opened for reading.

    Raises `RefusedDelivery` when the member is not what the directory says: its name, method, sizes and checksum.
    """
    stream.seek(member.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04" or header[8:10] != member.compress_type.to_bytes(2, "little"):
        raise RefusedDelivery(_DAMAGED.format("a member is not where the directory says"))
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    stream.seek(name_length + extra_length, 1)
    packed = _exactly(stream, member.compress_size)
    size = checksum = 0
    for chunk in packed if member.compress_type == zipfile.ZIP_STORED else _inflated(packed):
        size += len(chunk)
        if size > member.file_size:
            raise RefusedDelivery(_DAMAGED.format("a member is larger than the directory says"))
        checksum = zlib.crc32(chunk, checksum)
        yield chunk
    if size != member.file_size or checksum != member.CRC:
        raise RefusedDelivery(_DAMAGED.format("a member does not have its checksum"))


def _exactly(stream: BinaryIO, amount: int) -> Iterator[bytes]:
    while amount:
        chunk = stream.read(min(amount, 1 << 16))
        if not chunk:
            raise RefusedDelivery(_DAMAGED.format("it ends too early"))
        amount -= len(chunk)
        yield chunk


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for pending in packed:
            while pending and not inflater.eof:
                yield inflater.decompress(pending, CHUNK)
                pending = inflater.unconsumed_tail
            if inflater.unused_data:
                raise RefusedDelivery(_DAMAGED.format("a member is shorter than the directory says"))
        while not inflater.eof:
            if not (rest := inflater.decompress(b"", CHUNK)):
                raise RefusedDelivery(_DAMAGED.format("a member is cut off"))
            yield rest
    except zlib.error:
        raise RefusedDelivery(_DAMAGED.format("a member cannot be unpacked")) from None


def _check_directory_size(stream: BinaryIO) -> None:
    """Find the end record as the library will, and refuse before a huge directory is read into memory."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - (1 << 16) - _END.size))
    tail = stream.read()
    at = len(tail) - _END.size
    if at < 0 or tail[at : at + 4] != b"PK\x05\x06" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        raise RefusedDelivery(_DAMAGED.format("its end is missing"))
    _, _, _, _, count, directory_bytes, _, _ = _END.unpack_from(tail, at)
    place = size - len(tail) + at - _LOCATOR_BYTES
    if place >= _END64.size:
        stream.seek(place - _END64.size)
        record = stream.read(_END64.size + 4)
        if record[_END64.size :] == b"PK\x06\x07" and record[:4] == b"PK\x06\x06":
            *_, count, directory_bytes, _ = _END64.unpack_from(record)
    if count > ENTRIES_LIMIT or directory_bytes > DIRECTORY_BYTES_LIMIT:
        raise RefusedDelivery(
            f"the archive holds {count:,} files, at most {ENTRIES_LIMIT:,} are taken; send it in parts"
        )


def _check_overlap(entries: list[zipfile.ZipInfo]) -> None:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise RefusedDelivery("the archive holds files that share their bytes, as no export does; pack it again")
        end = entry.header_offset + 30 + entry.compress_size
