"""What the contract's tables look like to Arrow. Apart from `ddl.py`: a plan needs no Arrow, and answers at once."""

from __future__ import annotations

import pyarrow as pa

from warehouse.contract import Table

_ARROW_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR[]": pa.list_(pa.string()),
    "MAP(VARCHAR, VARCHAR)": pa.map_(pa.string(), pa.string()),
    "MAP(VARCHAR, BIGINT)": pa.map_(pa.string(), pa.int64()),
}


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of `table`; descriptions and the personal mark travel as field metadata."""
    return pa.schema(
        [
            pa.field(
                column.name,
                _ARROW_TYPES[column.type],
                metadata={"description": column.description, "personal": str(column.personal).lower()},
            )
            for column in table
        ],
        metadata={"grain": table.grain, "description": table.description},
    )
