"""Checksums of what is kept: a flipped bit in Parquet is read without an error more often than not.

Belongs here: SHA-256 of a file, the list of them beside a delivery, and the seal of a JSON document. Does not belong
here: what is done about damage (`flows/integrity.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SUMS = "SHA256SUMS"
_SEAL = "seal"


class DamageError(RuntimeError):
    """Something that is kept is no longer what was written; names it and the cure."""


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of `path`."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_sums(folder: Path) -> None:
    """List the SHA-256 of every file in `folder` in its `SHA256SUMS`, as `sha256sum -c` reads it."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != SUMS]
    lines = [f"{sha256_of(path)}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def read_sums(folder: Path) -> dict[str, str]:
    """SHA-256 by name of what `folder` is to hold; empty when the list itself is lost."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return {}
    return {line[64:].removeprefix("  "): line[:64] for line in lines if line}


def changed_files(folder: Path) -> list[str]:
    """What is in `folder` and not in its list, and what is in the list and missing or no longer what was written."""
    sums = read_sums(folder)
    unlisted = {path.name for path in folder.iterdir() if path.is_file()} - {SUMS} - sums.keys()
    return sorted(unlisted) + [
        name for name, sha256 in sums.items() if not (folder / name).is_file() or sha256_of(folder / name) != sha256
    ]


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document`, which JSON can hold, with a checksum over the rest of it as its last member."""
    return {**document, _SEAL: _checksum(document)}


def unsealed(text: str | bytes) -> dict[str, Any]:
    """The document of a JSON text that was `sealed`. Raises `ValueError` when it is none or is no longer the same."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.pop(_SEAL, None) != _checksum(document):
        raise ValueError("it is not what was written")
    return document


def _checksum(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
