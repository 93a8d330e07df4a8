"""The release certificate: what a version was made from and what holds for it, one statement per row.

Belongs here: the form of a statement, the statements that tables and files of the version make themselves, and the
JSON beside the database. Does not belong here: what only flows know (`flows/certify.py`), and checking it
(`audits.py` before a release, `flows/verifying/` ever after).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from warehouse.checksums import sha256_of
from warehouse.tables.marts import ATTAINMENT_NATIONAL
from warehouse.tables.quality import CERTIFICATE, DELIVERIES, ROW_BALANCE
from warehouse.tables.register import LINKAGE_COUNTS

CERTIFICATE_FILE = "certificate.json"
SECTIONS = (
    "inputs",
    "deliveries",
    "code",
    "contract",
    "reference",
    "tables",
    "audits",
    "balance",
    "band",
    "figures",
)
"""In the order of reading."""
PREVIOUS = "previous version"
"""The statement that names the version this one was built upon, and its manifest's SHA-256."""
TABLE_SECTIONS = frozenset({"deliveries", "balance", "band", "figures"})
"""What the version's own tables state (`certificate.sql`)."""
STATING_TABLES = (DELIVERIES, ROW_BALANCE, LINKAGE_COUNTS, ATTAINMENT_NATIONAL)
"""Those tables."""


@dataclass(frozen=True)
class Statement:
    """One statement: `value` says what holds, `sha256` is there where a hash says it, `meaning` tells a stranger."""

    section: str
    item: str
    value: str
    sha256: str | None
    meaning: str

    @property
    def place(self) -> tuple[str, str]:
        return self.section, self.item


_NAMES = ", ".join(field.name for field in fields(Statement))


def stated_by_tables(con: duckdb.DuckDBPyConnection) -> list[Statement]:
    """What the tables behind `con` (a version's database, or views of `STATING_TABLES`) state themselves."""
    select = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    return [Statement(*row) for row in con.execute(f"SELECT {_NAMES} FROM ({select}) ORDER BY ALL").fetchall()]


def stated_by_files(parquet: Path) -> list[Statement]:
    """Rows and SHA-256 of each `<schema>/<name>.parquet`, without the certificate's own, which cannot hold its hash.

    The bytes are hashed, not a canonical form of the rows: a text form of tens of millions of rows would cost more than
    making them, and an engine's own hash changes with its version. That the database holds the same rows is verified
    by one engine on both sides at the time of verifying.
    """
    import pyarrow.parquet as pq  # here alone, since who only reads certificates is to answer at once

    return [
        Statement(
            "tables",
            f"{path.parent.name}.{path.stem}",
            f"{pq.read_metadata(path).num_rows} rows",
            sha256_of(path),
            "The table as Parquet; the database holds the same rows.",
        )
        for path in sorted(parquet.glob("*/*.parquet"))
        if (path.parent.name, path.stem) != (CERTIFICATE.schema, CERTIFICATE.name)
    ]


def parquet_hashes(statements: Iterable[Statement]) -> dict[str, str]:
    """SHA-256 by path within the version's folder, of the Parquet files that `statements` name."""
    return {
        f"parquet/{statement.item.replace('.', '/')}.parquet": statement.sha256
        for statement in statements
        if statement.section == "tables" and statement.sha256
    }


def certificate_rows(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    """The rows of `meta.certificate`, numbered in the order of reading."""
    ordered = sorted(statements, key=lambda statement: SECTIONS.index(statement.section))
    return [{"statement_number": number, **asdict(statement)} for number, statement in enumerate(ordered, 1)]


def certificate_in(con: duckdb.DuckDBPyConnection) -> list[Statement]:
    """The statements of `meta.certificate`, in order."""
    rows = con.execute(f"SELECT {_NAMES} FROM {CERTIFICATE.full_name} ORDER BY statement_number").fetchall()
    return [Statement(*row) for row in rows]


def write_certificate(path: Path, version: int, statements: Iterable[Statement]) -> None:
    """Write the same statements as JSON."""
    document = {"version": version, "statements": certificate_rows(statements)}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def read_certificate(path: Path) -> list[Statement]:
    """The statements of a certificate in JSON, in order. Raises `ValueError` when it is none, `OSError` without it."""
    try:
        statements = json.loads(path.read_text(encoding="utf-8"))["statements"]
        rows = [{field.name: row[field.name] for field in fields(Statement)} for row in statements]
        return [Statement(**row) for row in sorted(rows, key=lambda row: SECTIONS.index(row["section"]))]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is no certificate") from error


def built_upon(statements: Iterable[Statement]) -> Statement | None:
    """The statement on the version that the certified one was built upon, None when it was the first."""
    return next((one for one in statements if one.place == ("inputs", PREVIOUS) and one.value.isdecimal()), None)


def differing(stated: Iterable[Statement], found: Iterable[Statement]) -> list[str]:
    """Names of the statements that only one side makes, or that say something else on the other."""
    ours, theirs = {astuple(one) for one in stated}, {astuple(one) for one in found}
    return sorted({f"{section}, {item}" for section, item, *_ in ours ^ theirs})
