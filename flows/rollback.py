"""Rollback: publish a kept version again and pin it, so that no run publishes over it until the pin is lifted.

Belongs here: which version, what of it is checked before the switch, and the order of pin and switch. Does not belong
here: the whole verification of a version (`verifying/`), which takes longer than a bad morning allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flows.settings import Settings
from warehouse.certificate import CERTIFICATE_FILE, built_upon, read_certificate
from warehouse.checksums import DamageError, sha256_of
from warehouse.layout import DataRoot
from warehouse.leftovers import sweep
from warehouse.lock import single_writer
from warehouse.pin import Pin, PinError, read_pin, set_pin, take_pin
from warehouse.publish import DATABASE, MANIFEST, manifest_of, switch
from warehouse.retention import why_not_kept

HASHED_BYTES = 256_000_000
"""What is hashed before a switch: about a quarter of a second of one core, and the database before all else."""


class RollbackError(ValueError):
    """There is no such version to go back to; the message says which there are."""


class AlteredVersionError(RuntimeError):
    """The version is not what was published; nothing was switched."""


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did; `unhashed` are files that are there, and whose bytes were not looked at."""

    pin: Pin
    before: int | None
    hashed_count: int
    unhashed: tuple[str, ...]


def roll_back(settings: Settings, version: int | None = None, reason: str = "") -> RolledBack:
    """Publish `version` again, by default the one that the published version was built upon, and pin it.

    The pin is set first: a rollback that is interrupted leaves the publication held, and is repeated.
    Raises `RollbackError`, `AlteredVersionError` and `LockHeld`.
    """
    root = settings.root
    with single_writer(root.lock, "rollback"):
        sweep(root)  # a version that a killed run finished and never switched to is none to go back to
        published = published_version(root)
        number = _chosen(root, version, published)
        hashed, unhashed = check_cheaply(root, number)
        pin = Pin(number, reason, datetime.now(UTC).isoformat(timespec="seconds"))
        set_pin(root.pin, pin)
        switch(root, number)
    return RolledBack(pin, published, hashed, unhashed)


def lift(settings: Settings) -> Pin | None:
    """Take the pin away; returns what it was, or None when there was none or it could not be read."""
    root = settings.root
    with single_writer(root.lock, "rollback"):
        try:
            pin = read_pin(root.pin)
        except PinError:
            pin = None
        take_pin(root.pin)
    return pin


def published_version(root: DataRoot) -> int | None:
    """The number of the published version, read off the link."""
    name = root.current.resolve().name
    return int(name) if root.current.exists() and name.isdigit() else None


def _chosen(root: DataRoot, version: int | None, published: int | None) -> int:
    kept = root.kept_versions()
    there = f"kept are: {', '.join(map(str, kept))}" if kept else "publish first: capaian run"
    if version is None:
        if published is None:
            raise RollbackError(f"nothing is published under {root.home}; name a version to publish; {there}")
        try:
            before = built_upon(read_certificate(root.version(published) / CERTIFICATE_FILE))
        except (ValueError, OSError):
            raise RollbackError(
                f"the certificate of version {published} cannot be read, so name the version to go back to; {there}"
            ) from None
        if before is None:
            raise RollbackError(f"version {published} was built upon no other; name a version; {there}")
        version = int(before.value)
    if version not in kept:
        raise RollbackError(why_not_kept(root, version))
    return version


def check_cheaply(root: DataRoot, version: int) -> tuple[int, tuple[str, ...]]:
    """Check that the files of `version` are those of its manifest: all by name, by bytes what can be hashed at once.

    Hashed are the database and then the smallest files, up to `HASHED_BYTES`. The manifest itself is the one that later
    certificates name. Returns how many files were hashed and which were not. Raises `AlteredVersionError`.
    """
    folder = root.version(version)
    cure = f"; choose another, and see what is wrong with it: capaian verify --version {version}"
    try:
        listed: dict[str, str] = manifest_of(folder)["files"]
    except (DamageError, LookupError):
        raise AlteredVersionError(f"{MANIFEST} of version {version} is missing or not its own{cure}") from None
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or path.is_file()}
    for name in sorted(there ^ {*listed, MANIFEST}):
        found = "is missing" if name in listed else "is not in the manifest"
        raise AlteredVersionError(f"version {version}: {name} {found}{cure}")
    if any(sha256 != sha256_of(folder / MANIFEST) for sha256 in _named_later(root, version)):
        raise AlteredVersionError(f"the manifest of version {version} is another than a later version names{cure}")
    sizes = {name: (folder / name).stat().st_size for name in listed}
    hashed, unhashed, left = 0, [], HASHED_BYTES
    for name in sorted(listed, key=lambda name: (name != DATABASE, sizes[name], name)):
        left -= sizes[name]
        if left < 0 and sizes[name]:
            left += sizes[name]
            unhashed.append(name)
            continue
        hashed += 1
        if (folder / name).is_symlink() or sha256_of(folder / name) != listed[name]:
            raise AlteredVersionError(f"version {version}: the bytes of {name} are not those that were published{cure}")
    return hashed, tuple(unhashed)


def _named_later(root: DataRoot, version: int) -> list[str]:
    """What the certificates of versions that were built upon `version` say its manifest's SHA-256 is."""
    named = []
    for later in root.published_numbers():
        path = root.remains_of(later) / CERTIFICATE_FILE
        if later > version:
            try:
                before = built_upon(read_certificate(path))
            except (ValueError, OSError):
                continue  # the fault of that version
            if before and before.value == str(version) and before.sha256:
                named.append(before.sha256)
    return named
