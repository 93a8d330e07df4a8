"""Keys: where the key of the pseudonyms is kept, how a pseudonym is made with it, and how it is changed.

A pseudonym is HMAC-SHA256 over `<kind>:<value>`; the first 8 hex digits of the key's SHA-256 name the key wherever a
pseudonym is written. A key itself is never logged, printed, or put into the text of a query.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.ledger import sync

KEY_BYTES = 32
KEY_FILE = "pseudonym.key"
KEYS_FILE = "keys.csv"
_KEYS_HEADER = ("changed_at", "earlier_key_id", "key_id")
_BLOCK_BYTES = 64
"""Block of SHA-256, to which HMAC pads a key."""
PSEUDONYM_MACRO = """
    CREATE OR REPLACE TEMP MACRO keyed_pseudonym(message) AS
        sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(message))))"""
"""HMAC-SHA256 with the key that `PseudonymKey.bind` has bound: 1.9 CPU-seconds for a million messages."""


class VaultError(RuntimeError):
    """The vault cannot be used as it is; the message names the cure. Nothing personal was written."""


@dataclass(frozen=True)
class PseudonymKey:
    """A key of pseudonyms, 32 bytes."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        return hashlib.sha256(self.secret).hexdigest()[:8]

    def pseudonym(self, kind: str, value: str) -> str:
        """64 hex digits; the same as the SQL macro `keyed_pseudonym('<kind>:<value>')` gives after `bind`."""
        return hmac.digest(self.secret, f"{kind}:{value}".encode(), "sha256").hex()

    def bind(self, con: duckdb.DuckDBPyConnection) -> None:
        """Define the macro and set `pseudonym_key_id`; the key is a parameter of the statement, never SQL text."""
        con.execute(PSEUDONYM_MACRO)
        padded = self.secret.ljust(_BLOCK_BYTES, b"\0")
        con.execute("SET VARIABLE inner_pad = ?", [bytes(byte ^ 0x36 for byte in padded)])
        con.execute("SET VARIABLE outer_pad = ?", [bytes(byte ^ 0x5C for byte in padded)])
        con.execute("SET VARIABLE pseudonym_key_id = ?", [self.key_id])


@dataclass(frozen=True)
class Vault:
    """The folder, and what the environment says of its keys: as 64 hex digits, or None."""

    folder: Path
    given_key: str | None = field(default=None, repr=False)
    is_encryption_required: bool = False
    encryption_key: str | None = field(default=None, repr=False)

    @property
    def key_file(self) -> Path:
        return self.folder / KEY_FILE

    @property
    def identifiers(self) -> Path:
        """One row for each owner with a valid NIK, see `transforms/pseudonyms/owners.sql`."""
        return self.folder / "identifiers.parquet"

    def create(self) -> None:
        """Make the folder, closed to others."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def key(self) -> PseudonymKey:
        """The key that makes pseudonyms now; made on first need. Raises `VaultError` when others can read it."""
        if self.given_key is not None:
            return PseudonymKey(key_bytes(self.given_key, "CAPAIAN_PSEUDONYM_KEY"))
        if not self.key_file.exists():
            self.create()
            write_closed(self.key_file, secrets.token_bytes(KEY_BYTES))
        return _read_key(self.key_file)

    def key_named(self, key_id: str) -> PseudonymKey:
        """The key of earlier pseudonyms. Raises `VaultError` when it is no longer there."""
        now = self.key()
        if now.key_id == key_id:
            return now
        path = self.retired_key_file(key_id)
        if not path.exists():
            raise VaultError(
                f"tombstones were made with the key {key_id}, which is not in {self.folder}; put it there as"
                f" {path.name} ({KEY_BYTES} bytes, mode 0600): without it an erased person could come back"
            )
        key = _read_key(path)
        if key.key_id != key_id:
            raise VaultError(f"{path.name} in {self.folder} holds the key {key.key_id}; restore the right one")
        return key

    def retired_key_file(self, key_id: str) -> Path:
        return self.folder / f"pseudonym-{key_id}.key"

    def sweep(self) -> None:
        """Remove what an interrupted run left unfinished."""
        for leftover in self.folder.glob(".*.unfinished") if self.folder.exists() else ():
            leftover.unlink()


def key_bytes(text: str, name: str) -> bytes:
    """A key from the environment. Raises `VaultError`, which never repeats the text."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(
            f"{name} must be {2 * KEY_BYTES} hex digits ({KEY_BYTES} random bytes); make one: openssl rand -hex 32"
        )
    return key


def _read_key(path: Path) -> PseudonymKey:
    with path.open("rb") as stream:
        mode = os.fstat(stream.fileno()).st_mode
        if mode & 0o077:
            raise VaultError(
                f"{path} can be read by others (mode {mode & 0o777:04o}): close it (chmod 600), and rotate the key"
                " if somebody may have read it (capaian vault rotate)"
            )
        secret = stream.read(KEY_BYTES + 1)
    if len(secret) != KEY_BYTES:
        raise VaultError(f"{path} does not hold {KEY_BYTES} bytes; restore it from a copy")
    return PseudonymKey(secret)


def write_closed(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that appears whole or not at all, and is on disk when this returns."""
    replace_closed(path, lambda unfinished: unfinished.write_bytes(content))


def replace_closed(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill an unfinished file of mode 0600, then put it in the place of `path`, on disk."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    write(unfinished)
    unfinished.chmod(0o600)
    sync(unfinished)
    unfinished.replace(path)
    sync(path.parent)


def rotate(
    vault: Vault, changed_at: datetime, needed: Iterable[str], rekey: Callable[[PseudonymKey], None]
) -> tuple[str, str]:
    """Make a new key; returns the ids of the earlier and the new one.

    `rekey` is given the new key and makes anew what the old one made. The old key is kept, retired, when `needed` names
    it (tombstones, whose values nobody knows any more). Killed at any point, the vault is as before or as after.
    """
    if vault.given_key is not None:
        earlier = vault.key().key_id
        raise VaultError(
            "the key comes from CAPAIAN_PSEUDONYM_KEY; set a new one there, and put the old one into the vault as"
            f" {vault.retired_key_file(earlier).name} if anybody was ever erased"
        )
    earlier_key, key = vault.key(), PseudonymKey(secrets.token_bytes(KEY_BYTES))
    retired = vault.retired_key_file(earlier_key.key_id)
    write_closed(retired, earlier_key.secret)
    _record_change(vault.folder / KEYS_FILE, changed_at, earlier_key.key_id, key.key_id)
    write_closed(vault.key_file, key.secret)
    rekey(key)
    if earlier_key.key_id not in set(needed):
        retired.unlink()
        sync(vault.folder)
    return earlier_key.key_id, key.key_id


def _record_change(path: Path, changed_at: datetime, earlier: str, now: str) -> None:
    written = path.read_text(encoding="utf-8") if path.exists() else ",".join(_KEYS_HEADER) + "\n"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow((changed_at.isoformat(timespec="seconds"), earlier, now))
    write_closed(path, (written + line.getvalue()).encode())
