"""Sample: the head of an export as text, with what was seen of its form.

Belongs here: the shape that drafting works on, made of what the reader found. Does not belong here: reading itself
(`transforms/reading/`) and what the columns mean (`headers.py`, `values.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from transforms.reading.fields import CELLS
from transforms.reading.front import open_table
from transforms.reading.records import natural_records
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.text import TextTable, UnreadableText

SAMPLE_ROWS = 2_000


@dataclass(frozen=True)
class Sample:
    """The first rows of one export.

    `kind` is csv or sheet; `delimiter_confidence` is the share of records that the delimiter cuts into as many fields
    as the header; `header_rows` are all rows down to the names of the fields, `rows` those below; both have exactly the
    width of the header.
    """

    kind: str
    encoding: str
    encoding_evidence: str
    delimiter: str
    delimiter_confidence: float
    header_rows: list[list[str]]
    rows: list[list[str]]


def sample_file(path: Path) -> Sample:
    """The head of `path`, up to `SAMPLE_ROWS` rows; raises `RefusedDelivery` where no table with a header is found."""
    with TemporaryDirectory(prefix="capaian-profile-") as scratch:
        try:
            table = open_table(path, None, Path(scratch))
            seen = list(islice(table.rows(), SAMPLE_ROWS))
            header_rows = _header_rows(table)
        except UnreadableText as error:
            raise RefusedDelivery(str(error).removeprefix(f"{path.name}: ")) from None
    if not table.names:
        raise RefusedDelivery("no header was found: no line names its fields; send the export with its header")
    dialect, width = table.layout.dialect, table.layout.width
    even = [row for row in seen if len(row) == width]
    return Sample(
        "sheet" if dialect == CELLS else "csv",
        table.encoding.name,
        table.encoding.evidence,
        "," if dialect == CELLS else dialect.delimiter,
        len(even) / len(seen) if seen else 0.0,
        header_rows,
        [row for row in even if any(row)],
    )


def _header_rows(table: TextTable) -> list[list[str]]:
    """All rows from the first line of the table's text or sheet down to its header, cut or filled to its width."""
    last, width = max(table.header_lines[: len(table.layout.header)], default=0), table.layout.width
    lines = natural_records(table.source.lines(), table.layout.dialect, table.source.first_line)
    above = takewhile(lambda record: record.line_number <= last, lines)
    return [(record.fields + [""] * width)[:width] for record in above]
