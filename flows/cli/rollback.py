"""`capaian rollback`: publish a kept version again. What it does is in `flows/rollback.py`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape

from flows.cli import screens
from flows.settings import Settings

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]


def rollback(
    version: int | None = None,
    /,
    *,
    reason: str = "",
    lift: Annotated[bool, Parameter(negative="")] = False,
    json_output: Json = False,
) -> int:
    """Publish a kept version again and pin it: runs ingest, and publish nothing until the pin is lifted.

    Parameters
    ----------
    version
        Number of the version; by default the one that the published version was built upon.
    reason
        Why, for those who ask `capaian status`; no personal data, since the file is open to analysts.
    lift
        Take the pin away instead; the next run publishes a new version, built upon the published one.
    """
    from flows.rollback import RollbackError, roll_back
    from flows.rollback import lift as lift_pin

    settings = Settings()
    if lift:
        if version is not None or reason:
            return screens.fail(2, "--lift takes the pin away, whatever it holds; give no version and no reason")
        pin = lift_pin(settings)
        if json_output:
            print(json.dumps({"lifted": asdict(pin) if pin else None}, ensure_ascii=False))
        elif pin:
            screens.say(f"[green]✔[/] Version {pin.version} is no longer pinned; the next run publishes a new version.")
        else:
            screens.say("Nothing is pinned: the next run publishes what is new.")
        return 0
    try:
        done = roll_back(settings, version, reason)
    except RollbackError as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps({**asdict(done), "database": str(settings.root.database)}, ensure_ascii=False))
        return 0
    number, before = done.pin.version, done.before
    instead = f", in place of version {before}" if before not in (None, number) else ""
    screens.say(f"[green]✔[/] [bold]Version {number}[/] is published{instead}, and pinned.")
    screens.say("Runs ingest, and publish nothing until: capaian rollback --lift")
    if done.unhashed:
        few = ", ".join(map(escape, done.unhashed[:3])) + (" ..." if len(done.unhashed) > 3 else "")
        screens.say(
            f"[yellow]![/] All files of its manifest are there; {done.hashed_count} were hashed and are as published,"
            f" {len(done.unhashed)} are too large to be hashed at once ({few}): capaian verify --version {number}"
        )
    else:
        screens.say(f"Its {done.hashed_count} files are byte for byte those that were published.")
    return 0
