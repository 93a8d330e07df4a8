"""Checks on bytes: the files of a version against its manifest, the links to it, its neighbours, and landed files.

Belongs here: what is found without opening a table. Nothing whose bytes fail here is opened afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flows.verifying.told import Check, fails, few, holds, unchecked
from transforms.redaction.note import read_note
from warehouse.certificate import CERTIFICATE_FILE, Statement, built_upon, read_certificate
from warehouse.checksums import sha256_of, unsealed
from warehouse.layout import DataRoot
from warehouse.publish import DATABASE, MANIFEST, REPORT

Tell = Callable[[str], None]


@dataclass
class Files:
    """The manifest of a version, None when it cannot be read; SHA-256 of every file there; which are as published."""

    manifest: dict[str, Any] | None = None
    manifest_sha256: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)
    sound: set[str] = field(default_factory=set)


def check_files(folder: Path, files: Files, tell: Tell) -> Iterator[Check]:
    """Every file of the manifest with its bytes, and no other file; fills `files`."""
    path = folder / MANIFEST
    try:
        files.manifest_sha256 = sha256_of(path)
        manifest = unsealed(path.read_bytes())
        listed: dict[str, str] = {str(name): str(sha256) for name, sha256 in manifest["files"].items()}
        number, _, _ = manifest["version"], date.fromisoformat(manifest["as_of_date"]), manifest["input_fingerprint"]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        yield fails("manifest", f"{MANIFEST} is missing or cannot be read ({type(error).__name__})")
        return
    files.manifest = manifest
    if number == int(folder.name):
        yield holds("manifest", f"{len(listed)} files of version {number}")
    else:
        yield fails("manifest", f"{MANIFEST} is that of version {number}")
    there = {
        place.relative_to(folder).as_posix(): place
        for place in sorted(folder.rglob("*"))
        if place.is_symlink() or not place.is_dir()
    }
    del there[MANIFEST]
    for name in sorted(listed.keys() - there.keys()):
        yield fails("files", f"{name} is missing")
    for name in sorted(there.keys() - listed.keys()):
        yield fails("files", f"{name} is not in the manifest", "take it away; nothing may be put into a version")
    for name in sorted(there.keys() & listed.keys()):
        if there[name].is_symlink() or not there[name].is_file():
            yield fails("files", f"{name} is no file of its own any more")
            continue
        tell(f"hashing {name}")
        files.hashes[name] = sha256_of(there[name])
        if files.hashes[name] == listed[name]:
            files.sound.add(name)
        else:
            yield fails("files", f"{name}: its bytes are not those that were published")
    if len(files.sound) == len(listed) == len(there):
        yield holds("files", f"{len(listed)} files, bytes as published, none missing, none added")


def check_links(root: DataRoot, folder: Path) -> Iterator[Check]:
    """What analysts open leads to the version that is published; nothing is asked of an older one."""
    if root.current.resolve() != folder.resolve():
        return
    astray = [
        link.name
        for link, name in ((root.database, DATABASE), (root.report, REPORT))
        if not link.is_symlink() or link.resolve() != (folder / name).resolve()
    ]
    if astray:
        cure = "remove it; the next release makes the link anew"
        yield fails("links", f"{few(astray)} in {root.published} does not lead to the published version", cure)
    else:
        yield holds("links", f"{root.database.name} and {root.report.name} lead to this version")


def check_neighbours(root: DataRoot, folder: Path, files: Files, stated: Iterable[Statement]) -> Iterator[Check]:
    """The chain: this certificate names the manifest of the version before, later certificates name this one's."""
    number = int(folder.name)
    before = built_upon(stated)
    if before and before.sha256:
        path = root.remains_of(int(before.value)) / MANIFEST
        if not path.exists():
            yield unchecked("previous version", f"nothing of version {before.value} is kept here")
        elif sha256_of(path) != before.sha256:
            cure = f"verify it: capaian verify --version {before.value}"
            yield fails("previous version", f"the manifest of version {before.value} is another than it was", cure)
        else:
            yield holds("previous version", f"the manifest of version {before.value} is the one named here")
    for later in root.published_numbers():
        if later <= number:
            continue
        try:
            named = built_upon(read_certificate(root.remains_of(later) / CERTIFICATE_FILE))
        except (ValueError, OSError):
            continue  # that version's own verification says so
        if named and named.value == str(number):
            if named.sha256 == files.manifest_sha256:
                yield holds("later version", f"version {later} names this manifest")
            else:
                found = f"version {later} names another manifest of this version: it was changed since"
                yield fails("later version", found)


def check_landed(root: DataRoot, deliveries: dict[str, str], tell: Tell) -> Iterator[Check]:
    """The bytes of each delivery (its name in the certificate and its SHA-256), where they are still kept.

    Where a person was erased, they are those that the erasure left.
    """
    missing, sound = [], 0
    for item, sha256 in deliveries.items():
        try:
            kept = [path for path in (root.landed / sha256).iterdir() if not path.name.startswith(".")]
            if not kept:
                missing.append(item)
                continue
            tell(f"hashing {item}")
            note = read_note(root.landed / sha256)
            left = note.content_sha256 if note else sha256
            changed = [path for path in kept if path.is_symlink() or sha256_of(path) != left]
        except OSError:
            missing.append(item)
            continue
        sound += not changed
        for path in changed:
            cure = "its rows cannot be traced to what arrived any more: restore the file, or ask its sender again"
            yield fails("landed files", f"{item}: {path.name} no longer holds the bytes that arrived", cure)
    if sound:
        yield holds("landed files", f"{sound:,} of {len(deliveries):,} deliveries hold the bytes that arrived")
    if missing:
        cure = "verify where landed/ is kept and may be read"
        yield unchecked("landed files", f"{few(missing)}: not kept here, or not open to you", cure)
