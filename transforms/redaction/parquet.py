"""Parquet: a Parquet file with nothing in some of its rows, which stay at their places.

Belongs here: values and types. Statistics and dictionaries are those of the rows that remain, and notes that the file
kept about itself are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def blank_parquet_rows(path: Path, target: Path, lines: Iterable[int]) -> None:
    """Write `path` to `target` with NULL in every column of `lines`; line 1 is the names, line 2 the first row."""
    blanked = np.array(sorted({line - 2 for line in lines}), np.int64)
    with pq.ParquetFile(path) as file:
        schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in file.schema_arrow])
        with pq.ParquetWriter(target, schema) as writer:
            first = 0
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, use_threads=False)
                keeps = ~np.isin(np.arange(first, first + table.num_rows), blanked)
                mask, kept = pa.array(keeps), []
                for column, field in zip(table.columns, schema, strict=True):
                    value = column.cast(field.type)
                    kept.append(pc.if_else(mask, value, pa.scalar(None, field.type)))
                writer.write_table(pa.Table.from_arrays(kept, schema=schema))
                first += table.num_rows


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values; a dictionary would keep a value that no row has any more."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
