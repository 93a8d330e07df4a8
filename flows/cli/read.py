"""`capaian read`: what the reader alone makes of a file, so that reading can be looked at apart from typing.

Belongs here: the verb, its screen and its files. Does not belong here: reading itself (`transforms/reading/`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from flows.cli import screens

if TYPE_CHECKING:
    from transforms.reading.text import TextTable
    from warehouse.profiles import SourceProfile

REFUSED = 4
SHOWN_ROWS = 10
SHOWN_COLUMNS = 12
SHOWN_WIDTH = 28


def read(file: Path, *, profile: str = "auto", out: Path | None = None, report: Path | None = None) -> int:
    """Read one file and show its rows, or write them, with an account of every line.

    Parameters
    ----------
    file
        The file to read: delimited text, XLSX, XLS or Parquet, also as the only file in a gzip or ZIP file.
    profile
        Name of a source profile, or auto: place and form of the table are proposed from what is in the file.
    out
        CSV file for the table: UTF-8, comma, quotes doubled, LF; the header first where there is one.
    report
        JSON file for how it was read; what is not among the rows is in it with its raw text.
    """
    from transforms.reading.front import open_table
    from transforms.reading.refusal import RefusedDelivery
    from transforms.reading.text import UnreadableText

    if not file.is_file():
        return screens.fail(2, f"{file} is no file")
    if file.resolve() in [path.resolve() for path in (out, report) if path is not None]:
        return screens.fail(2, f"{file} would be written over while it is read; name another file")
    chosen, names = _profile(profile)
    if profile != "auto" and chosen is None:
        return screens.fail(2, f"no profile is called {profile}; there are auto, {', '.join(names)}")
    try:
        with TemporaryDirectory(prefix="capaian-read-") as scratch:
            table = open_table(file, chosen, Path(scratch))
            if out is None:
                rows = table.rows()
                first = list(islice(rows, SHOWN_ROWS))
                for _ in rows:
                    pass  # the account is complete only when every line was read
                _show(table, first)
            else:
                with _written_whole(out) as stream:
                    write_csv(stream, table.names, table.rows())
    except UnreadableText as error:
        return screens.fail(REFUSED, str(error))
    except RefusedDelivery as refused:
        return screens.fail(REFUSED, f"{file.name}: {refused.reason}")
    if report is not None:
        report.write_text(json.dumps(table.report(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def write_csv(stream: IO[str], names: list[str], rows: Iterator[list[str]]) -> None:
    """The header where there is one, then the rows, as RFC 4180 has it but for LF."""
    writer = csv.writer(stream, lineterminator="\n")
    if names:
        writer.writerow(names)
    writer.writerows(rows)


@contextmanager
def _written_whole(out: Path) -> Iterator[IO[str]]:
    """A stream into `out`, which is there only once everything was written."""
    if out.exists() and not out.is_file():  # a pipe or a device is no file to be replaced
        with out.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _profile(name: str) -> tuple[SourceProfile | None, list[str]]:
    from warehouse.profiles import load_profiles

    profiles = {profile.name: profile for profile in load_profiles()}
    return profiles.get(name), sorted(profiles)


def _show(table: TextTable, first: list[list[str]]) -> None:
    document = table.report()
    width = min(max([table.layout.width, *(len(row) for row in first)]), SHOWN_COLUMNS)
    names = table.names or [f"({place})" for place in range(1, width + 1)]
    screen = Table(box=None, title_justify="left", header_style="bold underline", padding=(0, 1, 0, 0))
    for place in range(width):
        name = names[place] if place < len(names) else ""
        screen.add_column(escape(_short(name)), no_wrap=True)
    for row in first:
        screen.add_row(*(escape(_short(field)) for field in row[:width]))
    screens.console.print(screen)
    dialect, encoding, lines = document["dialect"], document["encoding"], document["lines"]
    counted = ", ".join(f"{count:,} {sort}" for sort, count in lines.items() if count and sort != "all")
    sureness = f"{dialect['confidence']}: {dialect['reason']}" if "reason" in dialect else "from the profile"
    form = f"{encoding['name']} ({encoding['evidence']})"
    if "delimiter" in dialect:
        form += f"; delimiter {dialect['delimiter']!r}, quote {dialect['quote']!r}, escape {dialect['escape']!r}"
        form += f" ({sureness})"
    screens.say(
        f"\n{document['records']:,} records of {document['width']} fields;"
        f" {lines['all']:,} lines: {counted or 'none'}\n{escape(form)}"
    )
    for entry in document["irregular"][:SHOWN_ROWS]:
        screens.say(f"[yellow]![/] line {entry['line']}: {entry['kind']} ({entry['fields']} fields)")
    for entry in document["rejected"][:SHOWN_ROWS]:
        screens.say(f"[red]✘[/] line {entry['line']}: {entry['reason']}")


def _short(text: str) -> str:
    flat = text.replace("\r", " ").replace("\n", " ")
    return flat if len(flat) <= SHOWN_WIDTH else flat[: SHOWN_WIDTH - 1] + "…"
