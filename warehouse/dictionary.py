"""The data dictionary: the contract's tables as Markdown, and its place in the README."""

from __future__ import annotations

from pathlib import Path

from warehouse.contract import Table
from warehouse.tables import ALL_TABLES

BEGIN = "<!-- dictionary: written by `capaian dictionary --write`, do not edit -->"
END = "<!-- end of dictionary -->"


def as_markdown() -> str:
    """The dictionary of every table of every stage, published ones first."""
    ordered = sorted(ALL_TABLES, key=lambda table: not table.published)
    return "\n".join(_table(table) for table in ordered)


def write_into(readme: Path) -> None:
    """Replace the dictionary between its marks in `readme`."""
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    readme.write_text(f"{before}{BEGIN}\n{as_markdown()}{END}{after}", encoding="utf-8")


def _table(table: Table) -> str:
    place = "published" if table.published else "internal, personal data" if table.personal_columns else "internal"
    lines = [
        f"#### `{table.full_name}` ({place})",
        "",
        f"One row: {table.grain}. {table.description}",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    for column in table:
        mark = " **personal**" if column.personal else ""
        lines.append(f"| `{column.name}` | {column.type} | {column.description}{mark} |")
    return "\n".join([*lines, "", ""])
