"""Parquet: every row of a Parquet file as text, its column names as line 1.

Belongs here: opening a file whose metadata may lie, and what a typed value says as text. Does not belong here: our own
Parquet files, which are trusted, and what the texts mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.reading.confined import Limits, confined
from transforms.reading.limits import ROWS_LIMIT, refuse_wide
from transforms.reading.names import safe_name
from transforms.reading.refusal import RefusedDelivery, is_of_the_machine
from transforms.reading.rows import writing_rows

PARQUET_LIMITS = Limits(memory_mb=768)
"""One batch and a page of each column are held; a row group of a million rows and 60 columns of text fits."""
ROWS_AT_ONCE = 8_192
FOOTER_BYTES_LIMIT = 1 << 24
"""Bytes of metadata: 2,000 columns in some tens of row groups."""
EXACT_INTEGER_LIMIT = float(1 << 53)
"""Whole numbers below it are exact in a DOUBLE, beyond the last digits are lost."""


@dataclass(frozen=True)
class ParquetRows:
    """`row_count` lines were written, the header among them; the file's metadata and its pages agree on it."""

    row_count: int
    column_count: int


def read_parquet_rows(path: Path, rows: Path, limits: Limits = PARQUET_LIMITS) -> ParquetRows:
    """Write all rows of `path` to `rows` (columns of `rows.ROWS_SCHEMA`, sheet 1), NULL as an empty text.

    Raises `RefusedDelivery` when the file is damaged, holds nested or binary columns, or needs more than the `limits`.
    """
    cure = "write it again, or send it as CSV"
    return ParquetRows(**confined(write_parquet_rows, "the Parquet file", cure, limits, path=str(path), rows=str(rows)))


def write_parquet_rows(path: str, rows: str) -> dict[str, int]:
    """The work of `read_parquet_rows`, which runs it in a child process."""
    _check_footer(Path(path))
    try:
        with (
            pq.ParquetFile(
                path,
                buffer_size=1 << 20,
                thrift_string_size_limit=FOOTER_BYTES_LIMIT,
                thrift_container_size_limit=1 << 20,
                page_checksum_verification=True,
            ) as file,
            writing_rows(Path(rows)) as writer,
        ):
            row_count = _check_metadata(file.metadata)
            names = [field.name for field in file.schema_arrow]
            _check_types(file.schema_arrow)
            writer.write(1, 1, pa.array([names], pa.list_(pa.string())))
            read = 0
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, use_threads=False):
                batch.validate(full=True)
                writer.write(1, read + 2, _rows_of_texts(batch))
                read += batch.num_rows
                if read > row_count:
                    break
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError, OSError, UnicodeDecodeError) as error:
        if is_of_the_machine(error):
            raise
        raise RefusedDelivery(
            f"the Parquet file is damaged and cannot be read ({type(error).__name__});"
            " write it again, or send it as CSV"
        ) from None
    if read != row_count:
        raise RefusedDelivery(f"the Parquet file claims {row_count:,} rows and holds {read:,}; write it again")
    return {"row_count": row_count + 1, "column_count": len(names)}


def _check_footer(path: Path) -> None:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 8))
        tail = stream.read()
    footer_bytes = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or not 0 < footer_bytes <= min(size - 12, FOOTER_BYTES_LIMIT):
        raise RefusedDelivery("the Parquet file is cut off or its footer is damaged; write it again, or send it as CSV")


def _check_metadata(metadata: pq.FileMetaData) -> int:
    """The number of rows the file claims, if it can be true."""
    claimed: int = metadata.num_rows
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    if claimed > ROWS_LIMIT:
        raise RefusedDelivery(f"the Parquet file claims {claimed:,} rows, at most {ROWS_LIMIT:,} are read")
    if claimed < 0 or min(groups, default=0) < 0 or sum(groups) != claimed:
        raise RefusedDelivery("the Parquet file contradicts itself in its number of rows; write it again")
    if not metadata.num_columns:
        raise RefusedDelivery("the Parquet file has no columns; send the export again")
    refuse_wide(metadata.num_columns)
    return claimed


def _check_types(schema: pa.Schema) -> None:
    refuse_wide(len(schema))
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not any(is_kind(kind) for is_kind in _READABLE):
            raise RefusedDelivery(
                f"column {safe_name(field.name)} of the Parquet file is of type {safe_name(str(kind).split('<')[0])},"
                " which is no plain value; flatten it or leave it out"
            )


_READABLE = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_time,
    pa.types.is_timestamp,
    pa.types.is_null,
)


def _rows_of_texts(batch: pa.RecordBatch) -> pa.ListArray:
    """The batch turned: one list of texts for each row."""
    width, count = batch.num_columns, batch.num_rows
    columns = pa.concat_arrays([pc.fill_null(column_texts(column), "") for column in batch.columns])
    by_row = np.arange(width * count, dtype=np.int64).reshape(width, count).T.ravel()
    offsets = np.arange(count + 1, dtype=np.int32) * width
    return pa.ListArray.from_arrays(pa.array(offsets), columns.take(pa.array(by_row)))


def column_texts(column: pa.Array) -> pa.StringArray:
    """What the values of a column say, without a locale: dates in ISO form, decimals exact, whole numbers without `.0`.

    A whole DOUBLE too large to be exact comes out in exponent form, as one that a spreadsheet has rounded.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column_texts(column.dictionary_decode())
    texts = pc.cast(column, pa.string())
    if pa.types.is_boolean(kind):
        return pc.utf8_upper(texts)
    if pa.types.is_floating(kind):
        return _float_texts(column, texts)
    if pa.types.is_decimal(kind):
        return _without_exponent(column, texts)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        texts = pc.replace_substring_regex(texts, r"(\.\d*?)0+([+-]\d{4}|Z)?$", r"\1\2")
        texts = pc.replace_substring_regex(texts, r"\.([+-]\d{4}|Z)?$", r"\1")
        return pc.replace_substring_regex(texts, r" 00:00:00$", "")
    return texts


def _float_texts(column: pa.Array, texts: pa.StringArray) -> pa.StringArray:
    """Arrow writes 1e15 and more with an exponent, exact or not; a NaN stands for nothing."""
    doubles = pc.cast(column, pa.float64())
    is_exact = pc.and_(pc.equal(pc.floor(doubles), doubles), pc.less(pc.abs(doubles), EXACT_INTEGER_LIMIT))
    whole = pc.cast(pc.if_else(is_exact, doubles, None), pa.int64())
    texts = pc.coalesce(pc.cast(whole, pa.string()), _rounded_texts(doubles, texts))
    return pc.if_else(pc.is_nan(doubles), None, texts)


def _rounded_texts(doubles: pa.Array, texts: pa.StringArray) -> pa.StringArray:
    is_large = pc.fill_null(pc.greater_equal(pc.abs(doubles), EXACT_INTEGER_LIMIT), False)
    if not pc.any(is_large).as_py():
        return texts
    return pa.array(
        [
            f"{value:.14E}" if large else text
            for value, large, text in zip(doubles.to_pylist(), is_large.to_pylist(), texts.to_pylist(), strict=True)
        ],
        pa.string(),
    )


def _without_exponent(column: pa.Array, texts: pa.StringArray) -> pa.StringArray:
    if not pc.any(pc.match_substring(texts, "E")).as_py():
        return texts
    return pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())
