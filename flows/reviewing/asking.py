"""Asking: which pairs are in doubt, and the file that asks a person about them.

Belongs here: the choice of pairs, their order and what is fetched of them. Does not belong here: the workbook itself
(`workbook.py`), screens (`cli/review.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from flows import releasing
from flows.closed_files import PlaceError, check_place, write_closed
from flows.reviewing.registered import ReviewError, hold_registers
from flows.reviewing.workbook import CHOSEN, SHOWN, pair_row, write_book
from flows.settings import Settings
from transforms.land import LINE_BITS
from warehouse.decisions import LinkDecision, load_decisions
from warehouse.ledger import Ledger

_ROWS_LIMIT = 100_000
_MOST_UNCERTAIN_FIRST = f"""
    abs(least(stranger_weight - {CHOSEN.stranger_weight}, sibling_weight - {CHOSEN.sibling_weight})),
    left_row_id, right_row_id"""
_ASK = """
    SELECT left_row_id, right_row_id, threshold, cut_by, pattern, stranger_weight, sibling_weight,
        l.source_register AS left_register, l.registration_number AS left_number,
        r.source_register AS right_register, r.registration_number AS right_number,
        (left_register || left_number || right_register || right_number) IS NOT NULL AS is_numbered
    FROM register.edges
    JOIN named AS l ON l.row_id = left_row_id
    JOIN named AS r ON r.row_id = right_row_id
    ANTI JOIN decided
        ON decided.left_register = l.source_register AND decided.left_number = l.registration_number
        AND decided.right_register = r.source_register AND decided.right_number = r.registration_number
    WHERE level = 'business' AND decided_by = 'weight' AND (threshold IN ('loose', 'chosen') OR cut_by IS NOT NULL)
        AND NOT (l.business_id = r.business_id AND (threshold = 'loose' OR cut_by IS NOT NULL))"""
"""The pairs that are in doubt. What is loose or cut, and yet one business by other links, asks nothing."""


@dataclass(frozen=True)
class Asked:
    """What was written: pairs, and those left out for want of a registration number."""

    pair_count: int
    unnumbered_count: int
    remaining_count: int
    """Pairs beyond the limit."""


def export(settings: Settings, out: Path, *, limit: int | None = None) -> Asked:
    """Write the undecided pairs to `out` (mode 0600), the most uncertain first.

    The file holds personal data. Raises `ReviewError` before anything is written.
    """
    root = settings.root
    if limit is not None and limit < 1:
        raise ReviewError("--limit must be 1 or more")
    _check_out(settings, out)
    if not root.database.exists():
        raise ReviewError("nothing is published yet; run: capaian run")
    if not os.access(root.lake, os.R_OK | os.X_OK):
        who = root.lake.owner() if root.lake.exists() else "whoever runs capaian"
        raise ReviewError(f"the names and addresses to compare are in {root.lake}; only {who} can read it: ask there")
    with settings.resources.connect(root.database.resolve(), read_only=True) as con:
        levels = {
            (place, digit): level
            for place, digit, level in con.execute(
                "SELECT place, digit, level FROM register.match_weights WHERE place IS NOT NULL"
            ).fetchall()
        }
        hold_registers(con)
        _hold_decided(con, load_decisions(root.link_decisions))
        con.execute(f"CREATE TEMP TABLE asked AS {_ASK}")
        ((pair_count, unnumbered),) = con.execute(
            "SELECT count(*) FILTER (is_numbered), count(*) FILTER (NOT is_numbered) FROM asked"
        ).fetchall()
        pairs = con.execute(
            f"SELECT * EXCLUDE (is_numbered) FROM asked WHERE is_numbered ORDER BY {_MOST_UNCERTAIN_FIRST}"
            f" LIMIT {min(limit or _ROWS_LIMIT, _ROWS_LIMIT)}"
        ).fetchall()
    texts = _lake_texts(settings, {row for pair in pairs for row in pair[:2]})
    rows = [pair_row(place, pair, texts, levels) for place, pair in enumerate(pairs, 1)]
    write_closed(out, partial(write_book, rows=rows), settings)
    return Asked(len(pairs), unnumbered, pair_count - len(pairs))


def _hold_decided(con: duckdb.DuckDBPyConnection, decisions: Iterable[LinkDecision]) -> None:
    """Make `decided`, each decided pair both ways round."""
    names = ("left_register", "left_number", "right_register", "right_number")
    ways = [[getattr(decision, name) for name in names] for decision in decisions]
    ways += [[*way[2:], *way[:2]] for way in ways]
    columns = {name: pa.array([way[place] for way in ways], pa.string()) for place, name in enumerate(names)}
    con.register("decided", pa.table(columns))


def _check_out(settings: Settings, out: Path) -> None:
    try:
        check_place(settings, out)
    except PlaceError as error:
        raise ReviewError(str(error)) from None


def _lake_texts(settings: Settings, row_ids: set[int]) -> dict[int, tuple[str | None, ...]]:
    """What of each row is shown, out of the lake."""
    wanted = {row_id >> LINE_BITS for row_id in row_ids}
    entries = [entry for entry in Ledger(settings.root) if entry.is_judged and entry.delivery_id in wanted]
    paths = releasing.rows_of(settings, entries)
    if not paths:
        return {}
    with settings.resources.connect() as con:
        rows = con.execute(
            f"SELECT row_id, {', '.join(SHOWN.values())} FROM read_parquet({paths}, union_by_name = true)"
            " SEMI JOIN (SELECT unnest(?::BIGINT[]) AS row_id) USING (row_id) WHERE verdict = 'validated'",
            [sorted(row_ids)],
        ).fetchall()
    return {row_id: tuple(values) for row_id, *values in rows}
