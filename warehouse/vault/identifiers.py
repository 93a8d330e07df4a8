"""Identifiers: the one file in which a pseudonym stands beside the NIK, written in pieces, encrypted where required.

Belongs here: its bytes. Does not belong here: which owners it holds. Encrypted it is Parquet's own modular encryption
(AES-GCM, 256 bits, every page with a random nonce) with the key `CAPAIAN_VAULT_KEY`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.ledger import sync
from warehouse.vault.keys import PseudonymKey, Vault, VaultError, key_bytes, replace_closed

if TYPE_CHECKING:  # settings know of the vault, and a command that shows a status loads no pyarrow
    import pyarrow as pa

ROWS_AT_ONCE = 100_000


def encryption_of(vault: Vault) -> tuple[Any, Any]:
    """Properties to write and to read with, None where nothing is to be encrypted.

    Raises `VaultError` when encryption is required and key or library are missing: then nothing may be written.
    """
    if not vault.is_encryption_required:
        return None, None
    if vault.encryption_key is None:
        raise VaultError(
            "CAPAIAN_VAULT_ENCRYPTION is required and CAPAIAN_VAULT_KEY is not set; nothing was written. Set the key"
            " (openssl rand -hex 32) and keep a copy of it: without it the identifiers are lost"
        )
    key = key_bytes(vault.encryption_key, "CAPAIAN_VAULT_KEY")
    try:
        from pyarrow.parquet import encryption

        return encryption.create_encryption_properties(key), encryption.create_decryption_properties(key)
    except (ImportError, AttributeError, NotImplementedError):
        raise VaultError(
            "CAPAIAN_VAULT_ENCRYPTION is required and this pyarrow cannot encrypt Parquet; nothing was written."
            " Install what requirements.lock names"
        ) from None


def write_identifiers(vault: Vault, con: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    """Write the rows of `select` to `path`, mode 0600, as they are to be in the vault when they are committed."""
    writing, _ = encryption_of(vault)
    reader = con.sql(select).to_arrow_reader(ROWS_AT_ONCE)
    replace_closed(path, lambda unfinished: _write(unfinished, reader.schema, iter(reader), writing))


def commit_identifiers(vault: Vault, path: Path) -> None:
    """Put what was written to `path` in the place of the identifiers."""
    vault.create()
    path.replace(vault.identifiers)
    sync(vault.folder)


def rekey_identifiers(vault: Vault, key: PseudonymKey, con: duckdb.DuckDBPyConnection) -> None:
    """Make every pseudonym of the identifiers anew with `key`; nothing to do where there are none."""
    if not vault.identifiers.exists():
        return
    writing, reading = encryption_of(vault)
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(vault.identifiers, decryption_properties=reading)
    except OSError:
        raise VaultError(
            f"{vault.identifiers} cannot be read with these keys; publish anew first, or set CAPAIAN_VAULT_KEY"
            " as it was when it was written"
        ) from None
    with file:
        key.bind(con)
        batches = (_rekeyed(batch, con) for batch in file.iter_batches(ROWS_AT_ONCE))
        replace_closed(vault.identifiers, lambda path: _write(path, file.schema_arrow, batches, writing))


def _rekeyed(batch: pa.RecordBatch, con: duckdb.DuckDBPyConnection) -> pa.RecordBatch:
    import pyarrow as pa

    con.register("batch", pa.Table.from_batches([batch]))
    renewed = con.sql(
        "SELECT * REPLACE (keyed_pseudonym('nik:' || nik) AS pseudonym,"
        " getvariable('pseudonym_key_id') AS key_id) FROM batch"
    )
    return pa.Table.from_batches(list(renewed.to_arrow_reader(ROWS_AT_ONCE))).combine_chunks().to_batches()[0]


def _write(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch], encryption: Any) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, encryption_properties=encryption) as writer:
        for batch in batches:
            if batch.num_rows:
                writer.write_batch(batch)
