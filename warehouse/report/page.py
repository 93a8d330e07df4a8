"""The page: one HTML file about one published version, without script, and nothing in it comes from the network.

Belongs here: putting facts, words and drawings into the templates, and the footnotes. Does not belong here: queries
(`facts.py`), words (`words.toml`), looks (`page.css`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from warehouse.report.drawing import SHADES, Frame, frame_around, shade, shade_bounds, tiles
from warehouse.report.facts import CUSTODIAN, Row, gather
from warehouse.report.numbers import Language, Numbers
from warehouse.report.released import HIDDEN
from warehouse.report.words import Words

_HERE = Path(__file__).parent
SIGNS = {"met": "✔", "not_met": "✘", "not_assessable": "?", "agrees": "✔", "differs": "≠"}
"""Beside the word of each verdict, so that none is told by colour alone."""


class Footnotes:
    """Numbers the notes in the order in which the page first speaks of them."""

    def __init__(self, notes: Mapping[str, Markup]) -> None:
        self._notes = notes
        self._used: dict[str, int] = {}

    def __call__(self, key: str, label: str) -> Markup:
        """The reference to a note; the first one to it is where its way back leads."""
        is_first = key not in self._used
        number = self._used.setdefault(key, len(self._used) + 1)
        place = Markup(' id="ref-{}"').format(key) if is_first else ""
        return Markup('<sup{}><a href="#note-{}" aria-label="{} {}">{}</a></sup>').format(
            place, key, label, number, number
        )

    @property
    def used(self) -> list[tuple[str, Markup]]:
        """Key and text of each note in order of its number."""
        return [(key, self._notes[key]) for key in self._used]


def write_report(con: duckdb.DuckDBPyConnection, path: Path, language: Language = "id") -> None:
    """Write the page about the version behind `con` to `path`."""
    path.write_text(page(con, language), encoding="utf-8")


def page(con: duckdb.DuckDBPyConnection, language: Language = "id") -> str:
    """The page about the version behind `con`."""
    words, numbers, facts = Words(language), Numbers(language), gather(con)
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        bytecode_cache=_compiled(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: getattr(numbers, name) for name in ("count", "change", "percent", "points", "millions", "rupiah", "day")
    }
    environment.globals |= {
        "t": words,
        "language": language,
        "signs": SIGNS,
        "hidden": HIDDEN,
        "custodian": CUSTODIAN,
        "most": lambda rows, name: max((row[name] or 0 for row in rows), default=0),
        "note": Footnotes(_notes(words, numbers, facts)),
        "style": Markup((_HERE / "page.css").read_text(encoding="utf-8")),
    }
    return environment.get_template("page.html.jinja").render(
        **facts, reported=_reported(facts), counted=_counted(facts), map=_map(facts["provinces"])
    )


def _compiled() -> FileSystemBytecodeCache | None:
    """Compiled templates lie beside the compiled modules, if there is room for them: compiling is most of the work."""
    folder = _HERE / "__pycache__"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder), "%s.jinja") if os.access(folder, os.W_OK) else None


def _notes(words: Words, numbers: Numbers, facts: Row) -> dict[str, Markup]:
    """Every note there is; those that no section refers to are not printed."""
    keys = (
        "verdict",
        "band",
        "coverage",
        "pace",
        "hidden",
        "frame",
        "allocation",
        "channels",
        "sizes",
        "recap",
        "sales",
    )
    name = "definition_name" if words.language == "id" else "definition_name_en"
    definitions = Markup("; ").join(
        Markup("<b>{}</b>: {}").format(row["definition_code"], row[name]) for row in facts["definitions"]
    )
    reports = Markup().join(
        Markup('<li>{}, {}: <span lang="en">{}</span></li>').format(
            numbers.day(row["as_of_date"]), row["institution"], row["source"]
        )
        for row in facts["reports"]
    )
    return {key: words(f"note_{key}") for key in keys} | {
        "definitions": words("note_definitions", definitions=definitions),
        "targets": words("note_targets"),
        "reports": words("note_reports", reports=reports),
    }


def _reported(facts: Row) -> dict[str, Any]:
    """The drawing of published figures beside the targets."""
    official = facts["official"]
    goals = [(date(year["year"], 12, 31), year["target_count"]) for year in facts["years"]]
    frame = frame_around(
        [row["observed_date"] for row in official],
        [*(row["observed_count"] for row in official), *dict(goals).values()],
    )
    institutions = sorted({row["institution"] for row in official}, key=lambda name: (name != CUSTODIAN, name))
    lines = []
    for place, institution in enumerate(institutions, 1):
        points = [
            (row["observed_date"], row["observed_count"]) for row in official if row["institution"] == institution
        ]
        lines.append(_line(frame, institution, place, points))
    return {"frame": frame, "lines": lines, "goals": goals, "goal_line": frame.line(goals)}


def _counted(facts: Row) -> dict[str, Any]:
    """The drawing of the register's own count, on a scale of its own."""
    register = facts["register"]
    frame = frame_around([row["observed_date"] for row in register], [row["observed_count"] for row in register])
    lines = [
        _line(
            frame,
            code,
            place,
            [(row["observed_date"], row["observed_count"]) for row in register if row["definition_code"] == code],
        )
        for place, code in enumerate(sorted({row["definition_code"] for row in register}), 1)
    ]
    return {"frame": frame, "lines": lines}


def _line(frame: Frame, name: str, place: int, points: list[tuple[date, int]]) -> dict[str, Any]:
    return {"name": name, "place": min(place, 4), "points": points, "drawn": frame.line(points)}


def _map(provinces: list[Row]) -> dict[str, Any]:
    """Tiles of the provinces, shaded by the share that meets D1."""
    shown = {row["region_code"]: row for row in provinces}
    bounds = shade_bounds(
        [row["d1_ratio"] for row in provinces if row["d1_ratio"] is not None and row["region_code"] != "unknown"]
    )
    placed = []
    for code, tile in tiles().items():
        row = shown.get(code)
        if row is None or (row["d1_ratio"] is None and not row["is_suppressed"]):
            kind = "none"
        elif row["is_suppressed"]:
            kind = "hidden"
        else:
            kind = f"shade{shade(row['d1_ratio'], bounds)}"
        placed.append({"code": code, "tile": tile, "row": row, "kind": kind})
    steps = [
        (f"shade{place}", bounds[place - 1], bounds[place] if place < SHADES else None)
        for place in range(1, len(bounds) + 1)
    ]
    return {"tiles": placed, "steps": steps, "has_hidden": any(row["is_suppressed"] for row in provinces)}
