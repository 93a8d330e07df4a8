"""Limits: how much one delivery may hold, whatever its form. A delivery beyond is a mistake or an attack."""

from __future__ import annotations

from transforms.reading.refusal import RefusedDelivery

FIELDS_LIMIT = 2_000
"""Fields of one record. The widest known export has 60; a row of a million fields only costs time."""

LINE_BYTES_LIMIT = 16_000_000
"""Bytes of one physical line: 2,000 fields of 8 KB. The line reader holds a whole line in memory."""

ROWS_LIMIT = (1 << 27) - 1
"""Rows of one delivery: the line number within a row_id has 27 bits."""


def refuse_wide(field_count: int) -> None:
    """Raise `RefusedDelivery` when a header has more fields than a record may have."""
    if field_count > FIELDS_LIMIT:
        raise RefusedDelivery(
            f"the header has {field_count:,} columns, at most {FIELDS_LIMIT:,} are read; send the registration export"
        )


def refuse_long_line(longest_line_bytes: int) -> None:
    """Raise `RefusedDelivery` when a line has more bytes than a line may have (`land.take_census` measures it)."""
    if longest_line_bytes > LINE_BYTES_LIMIT:
        raise RefusedDelivery(
            f"one line has {longest_line_bytes:,} bytes, at most {LINE_BYTES_LIMIT:,} are read; export the file again"
            " with one registration per line"
        )
