"""Released sales: the total of each sector whose contributors cannot be worked out from it.

Belongs here: what the rule of dominance is asked of, and what of it is shown. Does not belong here: the rule
(`dominance.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

import duckdb

from transforms.build import build_table, records_json, records_sql, select_in
from transforms.disclosure.dominance import MoneyCell, suppress_money
from transforms.disclosure.records import Suppression
from warehouse.tables.released import RELEASED_SALES

_HERE = Path(__file__).parent
_HIDDEN = {"code": "VARCHAR"}
_CODE = "omzet_year || '/' || section_code"


def keep_contributions(con: duckdb.DuckDBPyConnection, path: Path, as_of: date) -> None:
    """Write what the rule of dominance needs to `path`, from the view `classified`: sales of single businesses."""
    con.execute(f"SET VARIABLE as_of = DATE '{as_of.isoformat()}'")
    con.execute(f"COPY ({select_in(_HERE / 'contributions.sql')}) TO '{path}' (FORMAT parquet)")
    path.chmod(0o600)


def release_sales(
    con: duckdb.DuckDBPyConnection, contributions: Path, folder: Path, earlier: Sequence[Path], threshold: int
) -> list[Suppression]:
    """Build `released.sales` in `folder`; returns what is hidden, each year of sales by itself."""
    cells = [
        (year, MoneyCell(code, *amounts))
        for year, code, *amounts in con.execute(
            f"SELECT omzet_year, {_CODE}, omzet_idr::BIGINT, largest_idr, second_largest_idr, contributor_count"
            f" FROM read_parquet('{contributions}') ORDER BY omzet_year, section_code"
        ).fetchall()
    ]
    tables = [path for version in earlier if (path := version / "released" / f"{RELEASED_SALES.name}.parquet").exists()]
    before = {
        code
        for table in tables
        for (code,) in con.execute(f"SELECT {_CODE} FROM read_parquet('{table}') WHERE is_suppressed").fetchall()
    }
    found = [
        one
        for _, group in groupby(cells, key=lambda cell: cell[0])
        for one in suppress_money([cell for _, cell in group], threshold, earlier=before)
    ]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE hidden_cells AS {records_sql(_HIDDEN)}",
        records_json(({"code": one.code} for one in found), _HIDDEN),
    )
    build_table(
        con,
        RELEASED_SALES,
        f"""
        SELECT omzet_year, section_code, CASE WHEN code IS NULL THEN omzet_idr END AS omzet_idr,
            CASE WHEN code IS NULL THEN contributor_count END AS contributor_count, code IS NOT NULL AS is_suppressed,
            getvariable('as_of') AS as_of_date
        FROM read_parquet('{contributions}') LEFT JOIN hidden_cells ON code = {_CODE}""",
        folder,
    )
    return found
