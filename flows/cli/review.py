"""`capaian review`: export and apply. What they do is in `flows/reviewing/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

app = App(name="review", help="Pairs that a person decides: out as XLSX, and back as decisions.")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]


@app.command
def export(*, out: Path, limit: int | None = None, json_output: Json = False) -> int:
    """Write the pairs that no threshold settles as XLSX. It holds personal data: only you can read the file.

    Parameters
    ----------
    out
        The file to write; never inside the data root's own folders.
    limit
        Most pairs to write; the most uncertain come first.
    """
    from flows.reviewing import ReviewError
    from flows.reviewing import export as write_pairs
    from warehouse.lock import single_writer

    settings = Settings()
    root = settings.root.create()
    try:
        with single_writer(root.lock, "review export"), screens.working("writing the pairs", quiet=json_output):
            asked = write_pairs(settings, out, limit=limit)
    except ReviewError as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps({"file": str(out), **asdict(asked)}))
        return 0
    screens.say(f"{asked.pair_count:,} pair{_s(asked.pair_count)} in {escape(str(out))}")
    if asked.remaining_count:
        screens.say(f"{asked.remaining_count:,} more that are less uncertain; ask for them with a larger --limit")
    if asked.unnumbered_count:
        screens.say(f"{asked.unnumbered_count:,} left out: a registration without a number cannot be decided on")
    screens.say("It holds personal data; give it only to who reviews it.")
    screens.say("[dim]filled in: capaian review apply FILE.xlsx --by NAME[/]")
    return 0


@app.command
def apply(file: Path, /, *, by: str, json_output: Json = False) -> int:
    """Take the answers of a filled-in file as decisions; nothing is taken when one line is wrong.

    Parameters
    ----------
    file
        The workbook that `capaian review export` wrote, filled in.
    by
        Who decided; it is published with the decisions.
    """
    from flows.plan import business_date
    from flows.reviewing import ReviewError
    from flows.reviewing import apply as take_answers
    from warehouse.decisions import DecisionError
    from warehouse.lock import single_writer

    settings = Settings()
    root = settings.root.create()
    try:
        with single_writer(root.lock, "review apply"), screens.working("reading the answers", quiet=json_output):
            applied = take_answers(settings, file, by, business_date(datetime.now(UTC)))
    except (ReviewError, DecisionError) as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps({"file": str(root.link_decisions), **asdict(applied)}))
        return 0
    table = Table.grid(padding=(0, 2))
    table.add_row("must_link", f"{applied.must_link:,}", "[dim]new: one business[/]")
    table.add_row("cannot_link", f"{applied.cannot_link:,}", "[dim]new: never one business[/]")
    table.add_row("replaced", f"{applied.replaced:,}", "[dim]in place of an earlier decision on the same pair[/]")
    table.add_row("unchanged", f"{applied.unchanged:,}", "[dim]decided so already[/]")
    table.add_row("undecided", f"{applied.undecided:,}", "[dim]left empty[/]")
    table.columns[1].justify = "right"
    screens.console.print(table)
    if applied.must_link + applied.cannot_link + applied.replaced:
        screens.say(f"decisions  {escape(str(root.link_decisions))}")
        screens.say("The next run links by them: capaian run")
    else:
        screens.say("Nothing changed.")
    return 0


def _s(count: int) -> str:
    return "" if count == 1 else "s"
