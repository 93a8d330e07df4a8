"""`capaian vault rotate`: a new key of the pseudonyms. What it does is in `warehouse/vault/`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter

from flows.cli import screens
from flows.settings import Settings

app = App(name="vault", help="Keys of the pseudonyms by which identifiers are joined.")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]


@app.command
def rotate(*, json_output: Json = False) -> int:
    """Make a new key, and every pseudonym in the vault anew; the next run publishes the new pseudonyms.

    Keys that tombstones of erased persons were made with are kept in the vault.
    """
    from flows.plan import JAKARTA
    from warehouse.lock import single_writer
    from warehouse.vault import encryption_of, load_tombstones, rekey_identifiers
    from warehouse.vault import rotate as change_key

    settings = Settings()
    vault, root = settings.vault, settings.root.create()
    with single_writer(root.lock, "vault rotate"), settings.resources.connect() as con:
        encryption_of(vault)
        needed = {tombstone.key_id for tombstone in load_tombstones(vault)}
        earlier, now = change_key(vault, datetime.now(JAKARTA), needed, lambda key: rekey_identifiers(vault, key, con))
    if json_output:
        print(json.dumps({"earlier_key_id": earlier, "key_id": now, "kept_key_ids": sorted(needed)}))
    else:
        screens.say(f"The key is {now} now, it was {earlier}. Publish the new pseudonyms: capaian run")
        if needed:
            screens.say(f"Kept for tombstones: {', '.join(sorted(needed))}")
    return 0
