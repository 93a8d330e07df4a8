"""The vault: what may name a person on purpose, and the keys that make pseudonyms of it.

Belongs here: the folder `vault/` of the data root, its keys, identifiers and tombstones. Does not belong here: which
rows become identifiers (`transforms/pseudonyms/`) and what an erasure does elsewhere (`flows/erasing/`).
"""

from warehouse.vault.identifiers import commit_identifiers, encryption_of, rekey_identifiers, write_identifiers
from warehouse.vault.keys import PseudonymKey, Vault, VaultError, rotate
from warehouse.vault.tombstones import Tombstone, add_tombstones, load_tombstones

__all__ = [
    "PseudonymKey",
    "Tombstone",
    "Vault",
    "VaultError",
    "add_tombstones",
    "commit_identifiers",
    "encryption_of",
    "load_tombstones",
    "rekey_identifiers",
    "rotate",
    "write_identifiers",
]
