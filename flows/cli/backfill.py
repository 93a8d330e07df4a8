"""`capaian backfill`: plan, run, status, resume, cancel, and their screens. What they do is in `flows/backfilling/`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.plan import Reprocess
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.backfilling.plans import Backfill, Headline

app = App(name="backfill", help="Do chosen deliveries again: plan it, look at the plan, run it.")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]
SHOWN = 20
"""Deliveries of each kind that a screen names; --json names all."""

STATE_MARKS = {"done": "[green]✔[/]", "refused": "[red]✘[/]", "interrupted": "[yellow]![/]", "cancelled": "[dim]–[/]"}


@app.command
def plan(
    *,
    wave: list[int] | None = None,
    province: list[str] | None = None,
    first_date: Annotated[date | None, Parameter(name="--from")] = None,
    last_date: Annotated[date | None, Parameter(name="--to")] = None,
    reprocess: Reprocess = "changed",
    newest_first: Annotated[bool, Parameter(negative="")] = False,
    max_parallel: int = 2,
    max_change: float = 0.05,
    as_of: date | None = None,
    json_output: Json = False,
) -> int:
    """Decide what would be done with each delivery and why, and keep the plan; nothing is done yet.

    Parameters
    ----------
    wave
        Only deliveries of this wave of the census (2022, 2023); may be given again.
    province
        Only deliveries of this province, by the first two digits of its codes; may be given again.
    first_date
        Only what arrived on this day or later (YYYY-MM-DD, day in Jakarta).
    last_date
        Only what arrived on this day or earlier.
    reprocess
        none: what was never ingested; failed: also what was refused or failed; changed: also what was made from other
        rules, profiles or code; all: everything.
    newest_first
        Take what arrived last first.
    max_parallel
        Deliveries at a time.
    max_change
        Largest change of a headline figure that is published, as a share of it: 0.05 is 5 %.
    as_of
        Day up to which facts are taken into account; by default that of the published version.
    """
    from flows.backfilling.plans import make_plan
    from flows.backfilling.request import BackfillRequest

    request = BackfillRequest(
        waves=frozenset(wave or ()),
        provinces=frozenset(province or ()),
        first_date=first_date,
        last_date=last_date,
        reprocess=reprocess,
        newest_first=newest_first,
        max_parallel=max_parallel,
        max_change=max_change,
        as_of=as_of,
    )
    backfill = make_plan(Settings(), request)
    if json_output:
        print(_document(backfill))
    else:
        _show_plan(backfill)
    return 0


@app.command
def run(number: int, *, json_output: Json = False) -> int:
    """Carry out a plan as it was made; refused when anything it was made from has changed since.

    Parameters
    ----------
    number
        The backfill, as its plan names it.
    """
    return _carry_out(number, "planned", None, json_output)


@app.command
def resume(number: int, *, max_change: float | None = None, json_output: Json = False) -> int:
    """Go on with a backfill that was interrupted or refused; only what is left is done.

    Parameters
    ----------
    number
        The backfill.
    max_change
        Largest change of a headline figure that is published now.
    """
    return _carry_out(number, "begun", max_change, json_output)


@app.command
def status(number: int | None = None, *, json_output: Json = False) -> int:
    """Show all backfills, or one with its deliveries and its effect on the headline figures.

    Parameters
    ----------
    number
        One backfill.
    """
    from flows.backfilling.plans import all_backfills, read_backfill

    root = Settings().root
    if number is not None:
        backfill = read_backfill(root, number)
        if json_output:
            print(_document(backfill))
        else:
            _show_plan(backfill)
            _show_outcome(backfill)
        return 0
    backfills = list(all_backfills(root))
    if json_output:
        print(json.dumps([_summary(one) for one in backfills], ensure_ascii=False))
    else:
        _show_all(backfills)
    return 0


@app.command
def cancel(number: int, *, json_output: Json = False) -> int:
    """Give up a backfill: what it has done is thrown away, and nothing of it is let in.

    Parameters
    ----------
    number
        The backfill.
    """
    from flows.backfilling import plans

    backfill = plans.cancel(Settings().root, number)
    if json_output:
        print(json.dumps(_summary(backfill), ensure_ascii=False))
    elif backfill.state == "cancelled":
        screens.say(f"Backfill {number} is cancelled; nothing of it was let in.")
    else:
        screens.say(f"Backfill {number} stops after the deliveries at hand.")
    return 0


def _carry_out(number: int, state: str, max_change: float | None, json_output: bool) -> int:
    from flows.backfilling.plans import BackfillError, read_backfill
    from flows.settings import prepare_prefect
    from warehouse.lock import ensure_free

    settings = Settings()
    root = settings.root
    backfill = read_backfill(root, number)
    if (backfill.state == "planned") != (state == "planned"):
        verb = "run" if backfill.state == "planned" else "resume"
        raise BackfillError(
            f"backfill {number} is {backfill.state}; the command for it: capaian backfill {verb} {number}"
        )
    ensure_free(root.lock)
    with screens.following_steps(f"backfill {number}", quiet=json_output):
        prepare_prefect(root)
        from flows.backfill import BackfillParameters
        from flows.backfill import backfill as carry_out
        from flows.backfilling.carry_out import DeliveriesFailed

        with suppress(DeliveriesFailed):  # what failed is shown below
            carry_out(BackfillParameters(dry_run=False, backfill_number=number, allow_change=max_change))
    backfill = read_backfill(root, number)
    if json_output:
        print(_document(backfill))
    else:
        _show_outcome(backfill)
    return 1 if backfill.failed else 0


def _summary(backfill: Backfill) -> dict[str, Any]:
    return {
        "number": backfill.number,
        "state": backfill.state,
        "reason": backfill.reason,
        "made_at": backfill.made_at,
        "due_count": len(backfill.due),
        "done_count": backfill.done_count,
        "failed": backfill.failed,
        "line_count": sum(one.line_count for one in backfill.due),
        "estimated_seconds": round(backfill.seconds, 1),
        "version": backfill.version,
        "effect": [{**vars(one), "change_ratio": one.change_ratio} for one in backfill.effect],
    }


def _document(backfill: Backfill) -> str:
    document = {
        **_summary(backfill),
        "request": backfill.request.model_dump(mode="json"),
        "deliveries": [vars(one) for one in backfill.deliveries],
    }
    return json.dumps(document, ensure_ascii=False)


def _show_plan(backfill: Backfill) -> None:
    table = Table(title=f"Backfill {backfill.number}: what is done with each delivery", **screens.STYLE)
    table.add_column("delivery", overflow="fold")
    table.add_column("arrived", no_wrap=True)
    table.add_column("wave", no_wrap=True)
    table.add_column("prov.", no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_column("lines", justify="right", no_wrap=True)
    table.add_column("about", justify="right", no_wrap=True)
    for one in backfill.due[:SHOWN]:
        table.add_row(
            escape(one.file_name),
            one.arrived_date,
            str(one.wave or "?"),
            one.province_code or "?",
            one.reason,
            f"{one.line_count:,}",
            _duration(one.seconds),
        )
    if backfill.due:
        screens.console.print(table)
    if len(backfill.due) > SHOWN:
        screens.say(f"… and {len(backfill.due) - SHOWN:,} more (--json names them all)")
    left = Counter(one.reason for one in backfill.deliveries if one.action == "leave")
    for reason, count in left.most_common():
        screens.say(f"[dim]left as they are: {count:,} ({escape(reason)})[/]")
    lines = sum(one.line_count for one in backfill.due)
    if not backfill.due:
        screens.say(f"\n[bold]Nothing to do[/] of {len(backfill.deliveries):,} deliveries.")
    elif backfill.state == "planned":
        screens.say(
            f"\n[bold]{len(backfill.due):,} deliveries[/] to ingest, {lines:,} lines, about"
            f" {_duration(backfill.seconds)}; then the register and the figures.\n"
            f"Nothing is done yet. To do it: [bold]capaian backfill run {backfill.number}[/]"
        )


def _show_outcome(backfill: Backfill) -> None:
    from flows.backfilling.plans import STATES

    for name, why in backfill.failed.items():
        screens.say(f"[red]✘[/] failed and left as it was: [bold]{escape(name)}[/]: {escape(why)}")
    if backfill.effect:
        _show_effect(backfill.effect)
    mark = STATE_MARKS.get(backfill.state, "·")
    told = f": {escape(backfill.reason)}" if backfill.reason else ""
    screens.say(f"\n{mark} backfill {backfill.number} is [bold]{backfill.state}[/] ({STATES[backfill.state]}){told}")
    if backfill.state != "planned":
        screens.say(f"  {backfill.done_count:,} of {len(backfill.due):,} deliveries done")
    if backfill.state == "done":
        what = f"version {backfill.version} published" if backfill.version else "the figures are those published"
        screens.say(f"  {what}")


def _show_effect(effect: Sequence[Headline]) -> None:
    table = Table(title="What it does to the headline figures", **screens.STYLE)
    table.add_column("figure", no_wrap=True)
    for name in ("published", "with the backfill", "change", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in effect:
        earlier, later = one.earlier_count, one.later_count
        ratio = one.change_ratio
        name = "counted businesses" if one.target_year is None else f"{one.definition_code} for {one.target_year}"
        table.add_row(
            name,
            "–" if earlier is None else f"{earlier:,}",
            "–" if later is None else f"{later:,}",
            "–" if earlier is None or later is None else f"{later - earlier:+,}",
            "–" if ratio is None else f"{ratio:+.2%}",
        )
    screens.console.print(table)


def _show_all(backfills: Sequence[Backfill]) -> None:
    if not backfills:
        screens.say("No backfill was planned yet: capaian backfill plan")
        return
    table = Table(title="Backfills, the newest first", **screens.STYLE)
    for name in ("number", "planned", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("done", "of", "version"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for one in backfills:
        table.add_row(
            str(one.number),
            one.made_at[:16].replace("T", " "),
            f"{STATE_MARKS.get(one.state, '·')} {one.state}",
            f"{one.done_count:,}",
            f"{len(one.due):,}",
            str(one.version or "–"),
            escape(one.reason or ""),
        )
    screens.console.print(table)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
