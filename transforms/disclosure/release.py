"""Released tables: what of the marts may leave the ministry, with the cells hidden that must be.

Belongs here: which marts are released as which trees, and what is kept of the decision. Does not belong here: the
decision itself (`suppress.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.build import build_table, records_json, records_sql, select_in
from transforms.disclosure.records import Counts, Release, Suppression, Unit, classes
from transforms.disclosure.sales import release_sales
from transforms.disclosure.suppress import suppress
from warehouse.contract import Table
from warehouse.tables.quality import SUPPRESSION_LOG
from warehouse.tables.released import RELEASED_BREAKDOWNS, RELEASED_REGIONS, RELEASED_SALES

_HERE = Path(__file__).parent
_MEASURES = ("business_count", "d1_count", "d2_count", "d3_count", "d4_count")
NATION = "nation"
_HIDDEN = {"tree": "VARCHAR", "code": "VARCHAR"}


@dataclass(frozen=True)
class _Tree:
    """One released tree: `name` in the log, its table, and which rows of the table are its units."""

    name: str
    table: Table
    rows: str
    code: str
    parent: str


_TREES = (
    _Tree("regions", RELEASED_REGIONS, "true", "unit_code", "parent_code"),
    *(
        _Tree(name, RELEASED_BREAKDOWNS, f"breakdown = '{name}'", "category_code", f"'{NATION}'")
        for name in ("size_class", "section", "owner_sex", "owner_age_band")
    ),
)


def build_released(
    con: duckdb.DuckDBPyConnection, contributions: Path, folder: Path, earlier: Sequence[Path], threshold: int
) -> None:
    """Build the released tables and the log of what they hide in `folder`, from the marts on `con`.

    `contributions` is what `keep_contributions` wrote;
    `earlier` are the folders of the tables of all earlier versions: what any release of a tree hid stays hidden, and is
    not given away by what is shown now. `threshold` is the smallest count that is shown.
    Raises `ReleaseError` when the marts do not add up.
    """
    hidden: list[tuple[str, Suppression]] = []
    for table in (RELEASED_REGIONS, RELEASED_BREAKDOWNS):
        con.execute(f"CREATE OR REPLACE TEMP TABLE exact AS {select_in(_HERE / f'{table.name}.sql')}")
        for tree in (tree for tree in _TREES if tree.table is table):
            units = _units(con, tree, "exact")
            releases = list(_releases(con, tree, earlier))
            hidden += [(tree.name, found) for found in suppress(units, threshold, releases)]
        trees = [tree.name for tree in _TREES if tree.table is table]
        marked = [{"tree": tree, "code": found.code} for tree, found in hidden if tree in trees]
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE hidden_units AS {records_sql(_HIDDEN)}", records_json(marked, _HIDDEN)
        )
        of_tree = (
            "tree = 'regions' AND code = unit_code"
            if table is RELEASED_REGIONS
            else "tree = breakdown AND code = category_code"
        )
        shown = ", ".join(f"CASE WHEN code IS NULL THEN {name} END AS {name}" for name in _MEASURES)
        build_table(
            con,
            table,
            f"SELECT exact.* REPLACE ({shown}), code IS NOT NULL AS is_suppressed"
            f" FROM exact LEFT JOIN hidden_units ON {of_tree}",
            folder,
        )
    log = [(tree, found.code, "record", found.reason, threshold) for tree, found in hidden]
    sales = release_sales(con, contributions, folder, earlier, threshold)
    log += [(RELEASED_SALES.name, found.code, "omzet_idr", found.reason, threshold) for found in sales]
    columns = {column.name: column.type for column in SUPPRESSION_LOG}
    rows = [dict(zip(columns, row, strict=True)) for row in log]
    con.execute(f"CREATE OR REPLACE TEMP TABLE suppression_rows AS {records_sql(columns)}", records_json(rows, columns))
    build_table(con, SUPPRESSION_LOG, "SELECT * FROM suppression_rows", folder)


def _units(con: duckdb.DuckDBPyConnection, tree: _Tree, source: str) -> list[Unit]:
    """The units of a tree; of a breakdown the nation is their sum."""
    rows = con.execute(
        f"SELECT {tree.code}, {tree.parent}, {', '.join(_MEASURES)} FROM {source} WHERE {tree.rows}"
    ).fetchall()
    units = [Unit(code, parent, _classes(measures)) for code, parent, *measures in rows]
    if all(unit.parent is not None for unit in units):
        width = len(_MEASURES)
        total = tuple(sum(unit.counts[place] for unit in units) for place in range(width))
        units.append(Unit(NATION, None, total))
    return units


def _classes(measures: Sequence[int]) -> Counts:
    return classes(measures[0], measures[1:])


def _releases(con: duckdb.DuckDBPyConnection, tree: _Tree, earlier: Sequence[Path]) -> Iterator[Release]:
    """What each earlier release of the tree showed, the nation included; one that could not be made is none."""
    columns = ", ".join((tree.code, "is_suppressed", *_MEASURES))
    nation = f"SELECT unit_code, is_suppressed, {', '.join(_MEASURES)}"
    for folder in earlier:
        table = folder / "released" / f"{tree.table.name}.parquet"
        log = folder / "quality" / f"{SUPPRESSION_LOG.name}.parquet"
        if not table.exists() or not log.exists():
            continue
        reasons = con.execute(
            f"SELECT DISTINCT reason FROM read_parquet('{log}') WHERE released_table = '{tree.name}'"
        ).fetchall()
        if ("unprotectable",) not in reasons:
            rows = con.execute(f"SELECT {columns} FROM read_parquet('{table}') WHERE {tree.rows}").fetchall()
            regions = folder / "released" / f"{RELEASED_REGIONS.name}.parquet"
            rows += con.execute(f"{nation} FROM read_parquet('{regions}') WHERE unit_code = '{NATION}'").fetchall()
            yield {code: None if is_hidden else _classes(measures) for code, is_hidden, *measures in rows}
