"""`capaian diff` and its screen. What it does is in `flows/changes.py`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.changes import Changes, Figure, Version

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]


def diff(earlier: int | None = None, later: int | None = None, /, *, json_output: Json = False) -> int:
    """Say why every headline figure differs between two versions; the parts sum exactly to the change.

    Parameters
    ----------
    earlier
        Version to compare with; by default the one before.
    later
        The other version; by default the published one.
    """
    from flows.changes import ChangesError, compare

    settings = Settings()
    try:
        with screens.working("comparing the versions", quiet=json_output):
            changes = compare(settings, earlier, later)
    except ChangesError as error:
        return screens.fail(2, str(error))
    if json_output:
        figures = [{**asdict(figure), "change_count": figure.change_count} for figure in changes.figures]
        print(json.dumps({**asdict(changes), "figures": figures}, default=str, ensure_ascii=False))
    else:
        _show(changes)
    return 0


def _show(changes: Changes) -> None:
    screens.say(f"from {_described(changes.earlier)}\nto   {_described(changes.later)}\n")
    changed = [figure for figure in changes.figures if figure.parts]
    if changed:
        table = Table(box=None, header_style="bold underline", padding=(0, 1, 0, 0))
        table.add_column("figure, and what changed it", no_wrap=True)
        for name in ("before", "after", "change"):
            table.add_column(name, justify="right", no_wrap=True)
        for figure in changed:
            counts = (_count(figure.earlier_count), _count(figure.later_count), f"[bold]{figure.change_count:+,}[/]")
            table.add_row(f"[bold]{_named(figure)}[/]", *counts)
            for cause, change in figure.parts.items():
                table.add_row(f"  {cause.replace('_', ' ')}", "", "", f"{change:+,}")
        screens.console.print(table)
    unchanged = len(changes.figures) - len(changed)
    screens.say(f"[dim]{unchanged} of {len(changes.figures)} headline figures did not change in any part.[/]")


def _described(version: Version) -> str:
    known = f", published on {version.known_date}" if version.known_date else ""
    return f"[bold]version {version.version}[/], as of {version.as_of_date}{known}"


def _named(figure: Figure) -> str:
    if figure.figure == "counted_businesses":
        return "counted businesses"
    if figure.figure == "target":
        return f"{figure.target_year} target"
    counter = figure.institution if figure.figure == "official_reported" else "register"
    return f"{figure.target_year} {counter}, {figure.definition_code}"


def _count(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"
