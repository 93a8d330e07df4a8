"""Pseudonyms of a release: which owners the vault identifies, and the published table that leads there.

Belongs here: what is called with what. Does not belong here: keys and files (`warehouse/vault/`), which owners
(`transforms/pseudonyms/`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from transforms import pseudonyms
from transforms.build import build_table, select_in
from warehouse.tables.register import OWNER_PSEUDONYMS
from warehouse.vault import Vault, write_identifiers

IDENTIFIERS = "identifiers.parquet"
"""In the folder of the release, until it is published."""
OWNERS = Path(pseudonyms.__file__).parent / "owners.sql"


def build_pseudonyms(con: duckdb.DuckDBPyConnection, folder: Path, known: date, vault: Vault, years: int) -> None:
    """Build `register.owner_pseudonyms` from the register and the view `validated`, and write the identifiers.

    The identifiers are committed with the release; of both, owners whose time is over on the day `known` are left out.
    """
    vault.key().bind(con)
    con.execute("SET VARIABLE known_date = ?", [known])
    con.execute("SET VARIABLE identifier_years = ?", [years])
    con.execute(f"CREATE OR REPLACE TEMP TABLE identified AS {select_in(OWNERS)}")
    build_table(con, OWNER_PSEUDONYMS, "SELECT owner_id, pseudonym, key_id FROM identified", folder)
    write_identifiers(vault, con, "FROM identified ORDER BY pseudonym", folder / IDENTIFIERS)
