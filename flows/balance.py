"""The conservation law of rows: what goes into a seam comes out of it, or nothing is published.

Belongs here: one seam's balance and the stop when it fails. Does not belong here: who counts the rows of a seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class BalanceError(RuntimeError):
    """Rows went missing or came from nowhere at a seam; nothing may be published."""


def balance(delivery_id: int, seam: str, rows_in: int, parts: dict[str, int]) -> dict[str, Any]:
    """One row of `quality.row_balance`."""
    rows_out = sum(parts.values())
    return {
        "delivery_id": delivery_id,
        "seam": seam,
        "rows_in": rows_in,
        "rows_out": rows_out,
        "residual_count": rows_in - rows_out,
        "parts": parts,
    }


def check_balance(name: str, balances: Sequence[dict[str, Any]]) -> None:
    """Raise `BalanceError` unless every residual is 0."""
    for seam in balances:
        if seam["residual_count"]:
            raise BalanceError(
                f"{name}: at the seam '{seam['seam']}' {seam['rows_in']:,} rows went in and {seam['rows_out']:,} came"
                " out; nothing was published"
            )
