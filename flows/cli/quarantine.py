"""`capaian quarantine`: list, export, replay, and their screens. What they do is in `flows/quarantine.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.quarantine import Preview, Waiting

app = App(name="quarantine", help="What waits for repair, the answer to its sender, and what a replay changes.")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]


@app.command(name="list")
def list_(*, json_output: Json = False) -> int:
    """Show what waits for repair, by sender, delivery and rule, and since when."""
    from flows.quarantine import list_waiting

    waiting = list_waiting(Settings(), datetime.now(UTC))
    if json_output:
        rows = [{**asdict(row), "sender": row.sender.code, "province": row.sender.province_name} for row in waiting]
        print(json.dumps(rows, default=str, ensure_ascii=False))
    else:
        _show_waiting(waiting)
    return 0


@app.command
def export(
    *,
    out: Path,
    sender: str | None = None,
    delivery: int | None = None,
    warnings: Annotated[bool, Parameter(negative="")] = False,
    json_output: Json = False,
) -> int:
    """Write the answer to a sender as XLSX. It holds personal data: only you can read the file.

    Parameters
    ----------
    out
        The file to write; never inside the data root's own folders.
    sender
        As `capaian quarantine list` names it, such as sidt-2022/32.
    delivery
        One delivery by its number.
    warnings
        Also tell what was taken with a warning.
    """
    from flows.quarantine import QuarantineError
    from flows.quarantine import export as write_answer
    from warehouse.lock import single_writer

    if (sender is None) == (delivery is None):
        return screens.fail(2, "name either --sender or --delivery; both stand in: capaian quarantine list")
    settings = Settings()
    root = settings.root.create()
    try:
        with single_writer(root.lock, "quarantine export"), screens.working("writing the answer", quiet=json_output):
            count = write_answer(settings, out, sender=sender, delivery_id=delivery, with_warnings=warnings)
    except QuarantineError as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps({"file": str(out), "findings": count}))
    else:
        screens.say(f"{count:,} findings in {escape(str(out))}\nIt holds personal data; send it to its sender alone.")
    return 0


@app.command
def replay(
    *, apply: Annotated[bool, Parameter(negative="")] = False, as_of: date | None = None, json_output: Json = False
) -> int:
    """Show what corrected files, rules, corrections and profiles would change, before it is applied.

    Parameters
    ----------
    apply
        Show it, then do it: the nightly flow with the same as-of date.
    as_of
        Day up to which facts are taken into account; by default that of the published version.
    """
    from flows.quarantine import preview
    from warehouse.lock import single_writer

    settings = Settings()
    root = settings.root.create()
    with single_writer(root.lock, "quarantine replay"), screens.working("trying it beside the data", quiet=json_output):
        found = preview(settings, as_of)
    if json_output:
        document = {**asdict(found), "due_count": found.due_count}
        print(json.dumps(document, default=str, ensure_ascii=False))
    else:
        _show_preview(found)
    if not apply or not found.due_count:
        return 0
    from flows.cli.main import run

    return run(as_of=found.as_of, json_output=json_output)


def _show_waiting(waiting: Sequence[Waiting]) -> None:
    if not waiting:
        screens.say("Nothing waits in quarantine.")
    is_first = True
    for sender, of_sender in groupby(waiting, key=lambda row: row.sender):
        screens.say(f"[bold]{escape(sender.code)}[/]  {escape(sender.province_name)}")
        for (delivery_id, name), rows in groupby(of_sender, key=lambda row: (row.delivery_id, row.file_name)):
            found = list(rows)
            age = found[0].age_days
            screens.say(
                f"  {escape(name)}  [dim]delivery {delivery_id}, landed {found[0].landed_date},"
                f" {age} {'day' if age == 1 else 'days'} ago[/]"
            )
            table = Table(**{**screens.STYLE, "padding": (0, 1, 0, 1)}, show_header=is_first)
            is_first = False
            table.add_column("  rule", min_width=34, no_wrap=True)
            table.add_column("rows", justify="right", min_width=9, no_wrap=True)
            table.add_column("share", justify="right", min_width=6, no_wrap=True)
            table.add_column("what must hold")
            for row in found:
                share = f"{row.share_ratio:.1%}" if row.share_ratio >= 0.001 else "<0.1%"
                table.add_row(f"  {row.rule_code}", f"{row.row_count:,}", share, escape(row.sentence))
            screens.console.print(table)
    if waiting:
        screens.say("\n[dim]answer a sender: capaian quarantine export --sender CODE --out FILE.xlsx[/]")


def _show_preview(found: Preview) -> None:
    if not found.due_count:
        screens.say("Nothing to replay: every delivery is done and nothing new waits in the inbox.")
        return
    deliveries = Table(title=f"What a replay as of {found.as_of} would do", **screens.STYLE)
    deliveries.add_column("delivery", overflow="fold")
    deliveries.add_column("from", no_wrap=True)
    for name in ("leave", "enter"):
        deliveries.add_column(name, justify="right", no_wrap=True)
    deliveries.add_column("becomes")
    for row in found.deliveries:
        deliveries.add_row(
            escape(row.file_name),
            row.origin,
            f"[green]{row.leaving_count:,}[/]" if row.leaving_count else "0",
            f"[yellow]{row.entering_count:,}[/]" if row.entering_count else "0",
            f"[red]refused:[/] {escape(row.reason)}" if row.reason else "taken" if row.is_due else "repaired by others",
        )
    screens.console.print(deliveries)
    screens.say("[dim]rows that leave and enter quarantine[/]\n")
    attainment = Table(title="Effect on attainment, register_observed", **screens.STYLE)
    attainment.add_column("target year", no_wrap=True)
    attainment.add_column("definition", no_wrap=True)
    for name in ("published", "after", "change"):
        attainment.add_column(name, justify="right", no_wrap=True)
    for effect in found.attainment:
        before, after = effect.published_count, effect.replayed_count
        attainment.add_row(
            str(effect.target_year),
            effect.definition_code,
            "–" if before is None else f"{before:,}",
            "–" if after is None else f"{after:,}",
            "–" if after is None else f"{after - (before or 0):+,}",
        )
    screens.console.print(attainment)
    screens.say("[dim]nothing is changed yet; to apply: capaian quarantine replay --apply[/]")
