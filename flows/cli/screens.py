"""What the terminal shows. Every screen is made here and only here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.settings import Settings
from warehouse.pin import Pin, read_pin

if TYPE_CHECKING:
    from flows.nightly import RunSummary

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

VERDICTS = {"met": "[green]✔ met[/]", "not_met": "[red]✘ not met[/]", "not_assessable": "[yellow]? not assessable[/]"}


STYLE: dict[str, Any] = {
    "box": None,
    "title_justify": "left",
    "header_style": "bold underline",
    "padding": (0, 1, 0, 0),
}


def say(text: str) -> None:
    """One line."""
    console.print(text)


def fail(code: int, reason: str) -> int:
    """Say why a command failed; returns its exit code."""
    errors.print(f"[red]✘[/] {escape(reason)}")
    return code


@contextmanager
def working(what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner while something takes its time."""
    if quiet:
        yield
    else:
        with console.status(what):
            yield


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """A bar that the yielded function moves on by (what was done, how much)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(what, total=total)
        yield lambda name, count: progress.update(bar, advance=count, description=f"{what} {name}")


class _StepLines(logging.Handler):
    """Shows the log of the steps as lines above the spinner."""

    def emit(self, record: logging.LogRecord) -> None:
        mark = "[yellow]![/]" if record.levelno >= logging.WARNING else "[green]✔[/]"
        console.print(f"{mark} {escape(record.getMessage())}")


@contextmanager
def following_steps(what: str, *, quiet: bool) -> Iterator[None]:
    """Show what the steps of the run `what` report, while it runs."""
    logger = logging.getLogger("capaian")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # Prefect's own console would say everything twice
    if quiet:
        yield
        return
    handler = _StepLines()
    logger.addHandler(handler)
    try:
        with console.status(f"running {what}"):
            yield
    finally:
        logger.removeHandler(handler)


def show_run(settings: Settings, summary: RunSummary) -> None:
    """What a run did."""
    refused = [entry for entry in summary.ingested if entry.status == "refused"]
    validated = [entry for entry in summary.ingested if entry.status == "validated"]
    for entry in refused:
        console.print(f"[red]✘[/] refused: [bold]{escape(entry.file_name)}[/]: {escape(entry.reason or '')}")
    for name, reason in summary.left:
        console.print(f"[red]✘[/] left in the inbox: [bold]{escape(name)}[/]: {escape(reason)}")
    pin = read_pin(settings.root.pin)
    if pin:
        console.print(f"\n[bold]Nothing is published[/]: {escape(str(pin))}.\nLift it with: capaian rollback --lift")
    elif summary.version is None:
        console.print("\n[bold]Nothing new to do[/]: every delivery is done and the published version is current.")
    else:
        console.print(
            f"\n[bold]Version {summary.version}[/] published: {len(validated)} deliveries"
            f" ingested, {len(refused)} refused, {len(summary.duplicates)} duplicates."
        )


def show_published(settings: Settings) -> None:
    """National attainment, the row balance, and where to go on."""
    root = settings.root
    with settings.resources.connect(root.database.resolve(), read_only=True) as con:
        national = con.execute(
            "SELECT target_year, definition_code, series, institution, target_count, observed_count, attainment_ratio,"
            " coverage_ratio, verdict FROM marts.attainment_national WHERE indicator_code = 'umkm_digital'"
            " ORDER BY target_year, series, institution, definition_code"
        ).fetchall()
        seams = con.execute(
            "SELECT seam, sum(rows_in)::BIGINT, sum(rows_out)::BIGINT, sum(residual_count)::BIGINT,"
            " string_agg(DISTINCT array_to_string(map_keys(parts), ' + ')) FROM quality.row_balance GROUP BY seam"
        ).fetchall()
    table = Table(title="UMKM in the digital ecosystem: target and attainment", **STYLE)
    table.add_column("target", no_wrap=True)
    table.add_column("counted by", no_wrap=True)
    for name in ("observed", "attained", "coverage"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    last = None
    for year, definition, series, institution, target, observed, ratio, coverage, verdict in national:
        if last not in (None, year):
            table.add_row()
        table.add_row(
            f"{year} ≥ {target / 1e6:.0f} M" if last != year else "",
            institution if series == "official_reported" else f"register, {definition}",
            "–" if observed is None else f"{observed:,}",
            "–" if ratio is None else f"{ratio:.1%}" if ratio >= 0.01 else f"{ratio:.3%}",
            "–" if coverage is None else f"{coverage:.2%}",
            VERDICTS[verdict],
        )
        last = year
    console.print(table)
    console.print(
        "Institutions: figures they published. register: businesses in these exports,\n"
        "D1 marketplace to D4 any internet use.\n",
        style="dim",
    )
    balance = Table(title="Where every row went", **STYLE)
    balance.add_column("seam")
    for name in ("rows in", "rows out", "lost"):
        balance.add_column(name, justify="right")
    balance.add_column("made of")
    order = ["lines", "judgement", "registrations", "businesses"]
    for seam, rows_in, rows_out, residual, parts in sorted(seams, key=lambda row: order.index(row[0])):
        balance.add_row(
            seam,
            f"{rows_in:,}",
            f"{rows_out:,}",
            f"[green]{residual}[/]" if not residual else f"[red]{residual}[/]",
            parts,
        )
    console.print(balance)
    console.print(f"report    {root.report}", soft_wrap=True)
    console.print(f"database  {root.database}", soft_wrap=True)
    console.print("a first query, in Python:\n")
    console.print(
        f"  import duckdb\n  con = duckdb.connect({str(root.database)!r}, read_only=True)\n"
        '  con.sql("""SELECT province_name, observed_count, business_count\n'
        "      FROM marts.attainment_province\n"
        "      WHERE frame_code = '38' AND target_year = 2024 AND definition_code = 'D1'\n"
        '      ORDER BY business_count DESC LIMIT 5""").show()\n',
        markup=False,
        soft_wrap=True,
    )


def _pinned(pin: dict[str, Any], published: int | None) -> str:
    held, number = str(Pin(**pin)), pin["version"]
    if published != number:
        return f"{held}, but is not the published one; finish it: capaian rollback {number}"
    return f"{held}; runs publish nothing until: capaian rollback --lift"


def show_status(document: dict[str, Any]) -> None:
    """What is published and what waits."""
    table = Table.grid(padding=(0, 2))
    table.add_row("data root", str(document["home"]))
    version = document["version"]
    table.add_row(
        "published",
        f"version {version}, as of {document['as_of_date']}" if version else "nothing yet; run: capaian run",
    )
    mark = "[red]✘[/] " if document["freshness"]["is_stale"] else ""
    table.add_row("freshness", mark + escape(document["freshness"]["sentence"]))
    if document["pinned"]:
        table.add_row("pinned", escape(_pinned(document["pinned"], version)))
    if version:
        table.add_row("database", str(document["database"]))
    table.add_row("inbox", f"{document['waiting']} files wait")
    table.add_row("deliveries", f"{document['validated']} validated, {document['refused']} refused")
    table.add_row("rows", f"{document['registrations']:,} validated, {document['quarantined']:,} quarantined")
    console.print(table)
