"""Sample: the head of an export as text, with what was seen of its form.

Belongs here: the shape that drafting works on, and a plain look at a file. Does not belong here: what the columns mean
(`headers.py`, `values.py`) and reading a delivery whole.
"""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from transforms.reading.refusal import RefusedDelivery
from transforms.reading.sheets import read_sheets

SAMPLE_ROWS = 2_000
HEAD_BYTES = 1 << 22
HEADER_ROWS_LIMIT = 20
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Sample:
    """The first rows of one export.

    `kind` is csv or xlsx; `delimiter_confidence` is the share of lines that the delimiter cuts into as many fields as
    the header; `header_rows` are all rows down to the names of the fields; `rows` have exactly the header's width.
    """

    kind: str
    encoding: str
    encoding_evidence: str
    delimiter: str
    delimiter_confidence: float
    header_rows: list[list[str]]
    rows: list[list[str]]


def sample_file(path: Path) -> Sample:
    """The head of `path`, up to `SAMPLE_ROWS` rows; raises `RefusedDelivery` where no header is found."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise RefusedDelivery("the file is empty; send the export again")
    if head.startswith(b"PK\x03\x04"):
        return _sampled("xlsx", "xlsx", "begins as an XLSX archive", ",", _first_sheet(path))
    if b"\x00" in head:
        raise RefusedDelivery("the file is neither text nor an XLSX sheet; export it as CSV in UTF-8 or as XLSX")
    if len(head) == HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1]
    text, encoding, evidence = _decoded(head)
    tables = {mark: _records(text, mark) for mark in DELIMITERS}
    delimiter = max(tables, key=lambda mark: _consistency(tables[mark]))
    return _sampled("csv", encoding, evidence, delimiter, tables[delimiter])


def _first_sheet(path: Path) -> list[list[str]]:
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.parquet"
        numbers = [sheet.number for sheet in read_sheets(path, rows) if not sheet.is_hidden]
        wanted = [("sheet_number", "=", numbers[0]), ("line_number", "<=", SAMPLE_ROWS + HEADER_ROWS_LIMIT)]
        return [list(row) for row in pq.read_table(rows, columns=["fields"], filters=wanted)["fields"].to_pylist()]


def _decoded(head: bytes) -> tuple[str, str, str]:
    if head.startswith(codecs.BOM_UTF8):
        return head[3:].decode("utf-8", errors="replace"), "utf-8", "a byte order mark says so"
    try:
        return head.decode("utf-8"), "utf-8", "all ASCII" if head.isascii() else "every byte is valid UTF-8"
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace"), "cp1252", "the bytes are not UTF-8"


def _records(text: str, delimiter: str) -> list[list[str]]:
    records = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            records.append(record)
            if len(records) == SAMPLE_ROWS + HEADER_ROWS_LIMIT:
                break
    except csv.Error:
        pass  # what was read so far is what is known of this delimiter
    return records


def _consistency(records: Sequence[Sequence[str]]) -> tuple[float, int]:
    """How alike the records are in width, and that width; one field only is no evidence of a delimiter."""
    widths = Counter(len(record) for record in records if record)
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return (count / widths.total() if width > 1 else 0.0), width


def _sampled(kind: str, encoding: str, evidence: str, delimiter: str, records: list[list[str]]) -> Sample:
    share, width = _consistency(records)
    for place, record in enumerate(records[:HEADER_ROWS_LIMIT]):
        if len(record) == width and _is_header(record):
            rows = [row for row in records[place + 1 :] if len(row) == width and any(row)][:SAMPLE_ROWS]
            return Sample(kind, encoding, evidence, delimiter, share, records[: place + 1], rows)
    raise RefusedDelivery(
        f"no header was found in the first {HEADER_ROWS_LIMIT} lines: no line names most of its fields; send the export"
        " with its header"
    )


def _is_header(record: Sequence[str]) -> bool:
    """Whether most fields are named, each by another name that holds a letter."""
    names = [text.strip().lower() for text in record if text.strip()]
    named = [name for name in names if any(letter.isalpha() for letter in name)]
    return len(names) > 0.7 * len(record) and len(named) > 0.9 * len(names) and len(set(names)) > 0.9 * len(names)
