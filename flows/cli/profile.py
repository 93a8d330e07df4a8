"""`capaian profile FILE`: a draft profile on stdout, what it rests on on stderr.

Belongs here: the verb and its table for people. Does not belong here: any evidence (`transforms/drafting/`).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from transforms.drafting.draft import Draft


def profile(file: Path, *, json_output: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Draft a source profile for an export that has none; nothing is taken in.

    Parameters
    ----------
    file
        An export, CSV or XLSX. `capaian profile FILE > warehouse/sources/NAME.toml` keeps the draft.
    json_output
        Print the evidence as JSON instead of the draft as TOML.
    """
    from transforms.drafting.draft import draft_profile
    from transforms.drafting.sample import sample_file
    from transforms.drafting.toml_text import toml_text
    from transforms.reading.refusal import RefusedDelivery
    from transforms.standardise import load_readers
    from warehouse.profiles import load_profiles
    from warehouse.reference_data import load_reference

    if not file.is_file():
        return screens.fail(2, f"{file}: there is no such file")
    try:
        with Settings().resources.connect() as con:
            load_reference(con)
            load_readers(con)
            draft = draft_profile(con, sample_file(file), file.name, load_profiles())
    except RefusedDelivery as refused:
        return screens.fail(4, f"{file.name}: {refused.reason}")
    if json_output:
        print(json.dumps(asdict(draft), ensure_ascii=False))
    else:
        _show(draft)
        print(toml_text(draft), end="")
    return 0


def _show(draft: Draft) -> None:
    from transforms.drafting.toml_text import evidence_of

    table = Table(box=None, header_style="bold underline", padding=(0, 1, 0, 0))
    for title in ("header", "column", "sure", "evidence"):
        table.add_column(title, overflow="fold")
    for column in (*draft.columns, *draft.unsure):
        style = "" if column in draft.columns else "yellow"
        row = (column.header, column.column, f"{column.match.confidence:.2f}", evidence_of(column))
        table.add_row(*map(escape, row), style=style)
    for header, width, match in draft.region_code_parts:
        table.add_row(escape(header), f"source_region_code, {width} digits", f"{match.confidence:.2f}", "")
    for header, why in draft.ignored:
        table.add_row(escape(header), "", "", escape(why), style="dim")
    screens.errors.print(table)
    for check in draft.checks:
        screens.errors.print(f"[yellow]![/] {escape(check)}")
