"""Rows: the form in which a reader in a child process hands over what it read, a Parquet file of lines of text.

Belongs here: that file's shape and its writing in pieces. Does not belong here: what the texts mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_SCHEMA = pa.schema(
    [("sheet_number", pa.int32()), ("line_number", pa.int32()), ("fields", pa.list_(pa.string()))],
)
"""`sheet_number` and `line_number` count from 1; an empty cell is an empty text; all rows of a sheet are as wide."""


class RowWriter:
    """Appends lines to the file of one delivery."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def write(self, sheet_number: int, first_line: int, fields: pa.ListArray) -> None:
        """Append the lines of a sheet from `first_line` on, as a row group of their own."""
        count = len(fields)
        lines = pa.array(range(first_line, first_line + count), pa.int32())
        columns = [pa.array([sheet_number] * count, pa.int32()), lines, fields]
        self._writer.write_batch(pa.record_batch(columns, schema=ROWS_SCHEMA))


@contextmanager
def writing_rows(target: Path) -> Iterator[RowWriter]:
    """A writer of `target`, with the columns of `ROWS_SCHEMA`."""
    with pq.ParquetWriter(target, ROWS_SCHEMA, compression="snappy") as writer:
        yield RowWriter(writer)
