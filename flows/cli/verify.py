"""`capaian verify`: whether a published version is what its certificate says. What it does is in `flows/verifying/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.verifying import Verification

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]

RESULTS = {"holds": "[green]✔ holds[/]", "fails": "[red]✘ fails[/]", "unchecked": "[yellow]? unchecked[/]"}


def verify(*, version: int | None = None, json_output: Json = False) -> int:
    """Recompute the release certificate: files, tables, audits, balance, deliveries, code and attainment.

    Ends with 1 when a check fails. What is unchecked is no failure: its inputs are not here, or other code made it.

    Parameters
    ----------
    version
        Number of the version; by default the published one.
    """
    from flows.verifying import VerifyError
    from flows.verifying import verify as check

    try:
        if json_output:
            done = check(Settings(), version)
        else:
            with screens.console.status("verifying") as status:
                done = check(Settings(), version, lambda what: status.update(f"verifying: {escape(what)}"))
    except VerifyError as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps({**asdict(done), "holds": done.holds}, default=str, ensure_ascii=False))
    else:
        _show(done)
    return 0 if done.holds else 1


def _show(done: Verification) -> None:
    table = Table(title=f"Version {done.version}, as of {done.as_of or 'an unknown day'}", **screens.STYLE)
    table.add_column("check", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("what was found", overflow="fold")
    if any(check.cure for check in done.checks):
        table.add_column("what to do", overflow="fold")
    for check in done.checks:
        table.add_row(
            check.name, RESULTS[check.result], escape(check.found), *([escape(check.cure)] * bool(check.cure))
        )
    screens.console.print(table)
    failed = sum(check.result == "fails" for check in done.checks)
    if done.holds:
        screens.say("\n[bold green]Everything that could be checked holds.[/]")
    else:
        screens.say(f"\n[bold red]{failed} of {len(done.checks)} checks fail.[/] Who can write to that folder?")
    if done.manifest_sha256:
        screens.say(f"SHA-256 of its manifest, to keep elsewhere: {done.manifest_sha256}")
