"""The tables of the report as tidy files for machines: CSV and Parquet, with a description of every column beside them.

Belongs here: the form of the files (UTF-8, dots as decimal marks, ISO dates, one table a file). Does not belong here:
which tables there are (`tables.py`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import duckdb

from warehouse.contract import Table, quoted
from warehouse.report.tables import exports_of
from warehouse.report.words import Words

FileForm = Literal["csv", "parquet"]
DESCRIPTION = "datapackage.json"
_OPTIONS = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet, COMPRESSION zstd"}
_TYPES = {
    "VARCHAR": "string",
    "DOUBLE": "number",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "SMALLINT": "integer",
    "TINYINT": "integer",
}


def write_files(con: duckdb.DuckDBPyConnection, folder: Path, form: FileForm) -> list[Path]:
    """Write each table into `folder`, and `datapackage.json` (Frictionless) that describes them; returns the paths.

    Confidential counts are empty, with `is_suppressed` true: a letter would make text of a column of numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, resources = [], []
    for export in exports_of(con):
        path = folder / f"{export.name}.{form}"
        unfinished = path.with_name(f".{path.name}.part")
        con.execute(f"COPY ({export.select}) TO {quoted(str(unfinished))} ({_OPTIONS[form]})")
        os.replace(unfinished, path)
        paths.append(path)
        resources.append({"name": export.name, "path": path.name, **_described(export.table)})
    version, as_of = con.execute("SELECT version, as_of_date FROM meta.publication").fetchall()[0]
    words = Words("en")
    description = {
        "name": "capaian",
        "title": words.plain("title"),
        "version": str(version),
        "as_of_date": as_of.isoformat(),
        "description": " ".join((words.plain("two_series"), words.plain("notes_intro"), words.plain("files_hidden"))),
        "resources": resources,
    }
    path = folder / DESCRIPTION
    path.write_text(json.dumps(description, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [*paths, path]


def _described(table: Table) -> dict[str, Any]:
    fields = [{"name": column.name, "type": _TYPES[column.type], "description": column.description} for column in table]
    return {
        "description": table.description,
        "schema": {"fields": fields, "primaryKey": list(table.key), "missingValues": [""]},
    }
