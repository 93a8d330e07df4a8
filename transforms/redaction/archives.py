"""Archives: a gzip or ZIP file whose members were redacted, with the redacted ones in their place.

Belongs here: members by their SHA-256. A member that is no delivery of ours (a folder's description) stays as it is.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from transforms.reading.archive import member_chunks, members
from transforms.reading.kinds import Kind, kind_of

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def replace_members(path: Path, target: Path, redacted: Mapping[str, Path]) -> int:
    """Write the archive `path` to `target`, each member whose SHA-256 is in `redacted` by that file; returns how many.

    An archive cannot be changed in place. Members that stay keep their bytes, though not the way they were packed.
    """
    if kind_of(path) is Kind.GZIP:
        with gzip.open(path, "rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        if sha256 not in redacted:
            return 0
        with (
            redacted[sha256].open("rb") as source,
            target.open("wb") as sink,
            gzip.GzipFile("", "wb", fileobj=sink, mtime=0) as packed,
        ):
            shutil.copyfileobj(source, packed)
        return 1
    count = 0
    with path.open("rb") as stream, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members(path):
            digest = hashlib.sha256()
            for chunk in member_chunks(stream, member):
                digest.update(chunk)
            entry = zipfile.ZipInfo(member.filename, _FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = member.external_attr
            with archive.open(entry, "w", force_zip64=member.file_size >= 1 << 31) as packed:
                if replacement := redacted.get(digest.hexdigest()):
                    count += 1
                    with replacement.open("rb") as source:
                        shutil.copyfileobj(source, packed)
                else:
                    for chunk in member_chunks(stream, member):
                        packed.write(chunk)
    return count
