"""`capaian doctor` and its screen. What it does is in `flows/doctoring/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]

MARKS = {
    "fine": "[green]✔[/]",
    "note": "[cyan]i[/]",
    "mended": "[green]✔ mended[/]",
    "to_mend": "[yellow]! to mend[/]",
    "person": "[red]✘[/]",
}


def doctor(*, dry_run: Annotated[bool, Parameter(negative="")] = False, json_output: Json = False) -> int:
    """Take away what killed runs left behind, repair permissions, and say what else is wrong and what to do.

    Ends with 1 when something is left that needs a person.

    Parameters
    ----------
    dry_run
        Only look.
    """
    from flows.doctoring import examine

    with screens.working("looking", quiet=json_output):
        done = examine(Settings(), is_dry_run=dry_run)
    if json_output:
        print(json.dumps({**asdict(done), "needs_person": done.needs_person}, ensure_ascii=False))
        return 1 if done.needs_person else 0
    table = Table(**screens.STYLE)
    table.add_column("", no_wrap=True)
    table.add_column("looked at", no_wrap=True)
    table.add_column("found", overflow="fold", ratio=3)
    table.add_column("what to do", overflow="fold", ratio=2)
    for one in done.findings:
        table.add_row(MARKS[one.result], one.section, escape(one.found), escape(one.cure))
    screens.console.print(table)
    count = sum(one.result == "person" for one in done.findings)
    if count:
        screens.say(f"\n[bold red]{count} of {len(done.findings)} findings need you.[/]")
    else:
        screens.say("\n[bold green]Nothing needs you.[/]")
    return 1 if count else 0
