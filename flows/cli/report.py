"""`capaian report`: the report on a published version, and its tables. What it does is in `flows/reports.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.reports import Form

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]
Flag = Annotated[bool, Parameter(negative="")]


def report(
    *,
    lang: Literal["id", "en"] = "id",
    version: int | None = None,
    out: Path | None = None,
    xlsx: Flag = False,
    csv: Flag = False,
    parquet: Flag = False,
    json_output: Json = False,
) -> int:
    """Write the report on a published version, one HTML file without script, and its tables if asked for.

    Parameters
    ----------
    lang
        Language of the page and the workbook.
    version
        Which version; by default the published one.
    out
        Folder to write into; by default reports/<version> of the data root.
    xlsx
        Also one workbook, a table per sheet, with notes.
    csv
        Also one CSV per table, with datapackage.json that describes every column.
    parquet
        Also one Parquet file per table, described likewise.
    """
    from flows.reports import NoSuchVersion, write_reports
    from warehouse.report import NotReleasable

    asked: dict[Form, bool] = {"html": True, "xlsx": xlsx, "csv": csv, "parquet": parquet}
    settings = Settings()
    try:
        with screens.working("writing the report", quiet=json_output):
            written = write_reports(
                settings, lang, version, out, [form for form, is_asked in asked.items() if is_asked]
            )
    except (NoSuchVersion, NotReleasable) as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps({"written": [str(path) for path in written]}, ensure_ascii=False))
    else:
        for path in written:
            screens.console.print(str(path), markup=False, soft_wrap=True)
    return 0
