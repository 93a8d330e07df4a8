"""The person: which rows are theirs, and which deliveries have to change for it.

Belongs here: reading, before anything is changed. A row is the person's when its line holds the NIK, or when it has no
valid NIK and the register links it to the owner with that NIK. Rows of that owner with another valid NIK are not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from expectations.judge import rows_in
from flows import ingesting, releasing
from flows.erasing.finding import find_in_file, find_in_lines
from flows.erasing.scanning import Needles, Scan
from flows.erasing.sought import Found, Sought
from flows.settings import Settings
from transforms.land import LandedFile, landed_files, take_census
from transforms.reading.kinds import kind_of
from transforms.reading.refusal import RefusedDelivery
from warehouse.ledger import Ledger, LedgerEntry
from warehouse.tables.lake import VALIDATED
from warehouse.vault import Tombstone

LEAST_TEXT_LENGTH = 8
"""Shorter names and addresses stand in other words; they prove nothing."""
_ROWS = """
    WITH rows AS ({rows}), mine AS (SELECT row_id FROM rows WHERE nik = $nik), owners AS (
        SELECT DISTINCT owner_id FROM memberships JOIN businesses USING (business_id) SEMI JOIN mine USING (row_id)
    ), linked AS (
        SELECT row_id FROM memberships JOIN businesses USING (business_id) SEMI JOIN owners USING (owner_id)
    )
    SELECT rows.*, coalesce(nik = $nik, false) AS has_nik,
        coalesce(nik <> $nik AND NOT is_nik_precision_lost, false) AS has_other_nik
    FROM rows WHERE nik = $nik OR row_id IN (SELECT row_id FROM linked)"""


@dataclass(frozen=True)
class Part:
    """What goes of one delivery: lines of the landed file, and rows of the lake, which may be older than the file."""

    file: LandedFile
    found: Found
    validated_count: int
    quarantined_count: int

    @property
    def other_count(self) -> int:
        """Lines that are no rows: unparsable, of a refused file, or further lines of a row."""
        return max(len(self.found.line_numbers) - self.validated_count - self.quarantined_count, 0)


@dataclass(frozen=True)
class Person:
    """A person's rows by delivery, tombstones for them, and what else names the person."""

    tombstones: tuple[Tombstone, ...]
    parts: tuple[Part, ...]
    linked_count: int
    """Rows of the same owner with another valid NIK, which stay."""
    needles: Needles = field(repr=False)


def find_person(settings: Settings, nik: str, erased_at: str, reason: str) -> Person:
    """Find all rows and lines of the person. Raises `NotRedactable` when one of them could not be taken out."""
    key, entries = settings.vault.key(), {entry.sha256: entry for entry in Ledger(settings.root)}
    with settings.resources.connect() as con:
        _load_rows(con, settings, entries.values(), nik)
        numbers = con.execute(
            "SELECT DISTINCT source_register || ':' || registration_number FROM person_rows"
            " WHERE NOT has_other_nik AND registration_number IS NOT NULL"
        ).fetchall()
        counts = {
            delivery: (validated, quarantined)
            for delivery, validated, quarantined in con.execute(
                "SELECT delivery_id, count(*) FILTER (verdict = 'validated'), count(*) FILTER (verdict = 'quarantined')"
                " FROM person_rows WHERE NOT has_other_nik GROUP BY delivery_id"
            ).fetchall()
        }
        needles = Needles(nik, _values(con, ("phone",)), _values(con, ("owner_name", "address", "business_name")))
        linked = con.execute("SELECT count(*) FROM person_rows WHERE has_other_nik").fetchall()[0][0]
    made = (("nik", nik), *(("registration", number) for (number,) in numbers))
    tombstones = tuple(
        Tombstone("nik" if kind == "nik" else "registration", key.key_id, key.pseudonym(kind, value), erased_at, reason)
        for kind, value in made
    )
    sought, scan = Sought.of(settings.vault, tombstones), Scan(Needles(nik), settings.resources, settings.vault)
    parts = []
    for file in landed_files(settings.root.landed):
        rows, entry = counts.get(file.delivery_id, (0, 0)), entries.get(file.sha256)
        if entry is not None and entry.status == "unpacked":
            continue  # its members are deliveries of their own, and it is written anew after them
        if any(rows) or scan.kinds_in(file.path):
            found = _find(settings, file, entry, sought)
            if found or any(rows):
                parts.append(Part(file, found, *rows))
    return Person(tombstones, tuple(parts), linked, needles)


def _load_rows(con: duckdb.DuckDBPyConnection, settings: Settings, entries: Iterable[LedgerEntry], nik: str) -> None:
    """Make `person_rows` of the lake, with `has_nik` and `has_other_nik`."""
    register = settings.root.current / "parquet" / "register"
    for name, columns in (("memberships", "row_id, business_id"), ("businesses", "business_id, owner_id")):
        path = register / f"{name}.parquet"
        none = ", ".join(f"0::BIGINT AS {column}" for column in columns.split(", ")) + " WHERE false"
        con.execute(
            f"CREATE TEMP VIEW {name} AS SELECT "
            + (f"{columns} FROM read_parquet('{path}')" if path.exists() else none)
        )
    paths = releasing.rows_of(settings, [entry for entry in entries if entry.is_judged])
    columns = ", ".join((*VALIDATED.column_names, "verdict"))
    none = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in VALIDATED)
    rows = (
        f"SELECT {columns} FROM read_parquet({paths}, union_by_name = true)"
        if paths
        else f"SELECT {none}, '' AS verdict WHERE false"
    )
    con.execute(f"CREATE TEMP VIEW lake_rows AS {rows}")
    con.execute(f"CREATE TEMP TABLE person_rows AS {_ROWS.format(rows='FROM lake_rows')}", {"nik": nik})


def _values(con: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> frozenset[str]:
    selects = " UNION ".join(f"SELECT {column} AS value FROM person_rows WHERE NOT has_other_nik" for column in columns)
    rows = con.execute(f"SELECT value FROM ({selects}) WHERE length(value) >= {LEAST_TEXT_LENGTH}").fetchall()
    return frozenset(value for (value,) in rows)


def own_needles(settings: Settings, needles: Needles) -> Needles:
    """What of `needles` stands in no row or line that is left: a telephone or a street may be others' as well."""
    with settings.resources.connect() as con:
        entries = [entry for entry in Ledger(settings.root) if entry.is_judged]
        paths = releasing.rows_of(settings, entries)
        if not paths:
            return needles
        lines = [str(Ledger(settings.root).folder(entry.sha256) / "unparsable.parquet") for entry in entries]
        con.execute(
            "CREATE TEMP TABLE needles AS SELECT unnest(?::VARCHAR[]) AS needle",
            [sorted(needles.phones | needles.texts)],
        )
        texts = [column.name for column in VALIDATED if column.type == "VARCHAR"]
        told = f"concat_ws(chr(10), {', '.join(texts)}, unread::VARCHAR)"
        shared = con.execute(
            f"""
            SELECT DISTINCT needle FROM needles, (
                SELECT upper({told}) AS told FROM read_parquet({paths}, union_by_name = true)
                UNION ALL SELECT upper(raw_text) FROM read_parquet({lines})
            ) WHERE contains(told, upper(ltrim(needle, '+'))) OR contains(told, '0' || substr(needle, 4))
                AND starts_with(needle, '+62')"""
        ).fetchall()
    others = {needle for (needle,) in shared}
    return Needles(needles.nik, needles.phones - others, needles.texts - others)


def _find(settings: Settings, file: LandedFile, entry: LedgerEntry | None, sought: Sought) -> Found:
    if entry is None or not entry.is_judged:
        return find_in_file(file.path, sought, settings.resources)
    work = settings.root.scratch / f"erase-{file.sha256}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        if kind_of(file.path).is_archive:
            return Found()
        with ingesting.workbench(settings.resources).cursor() as con:
            read = ingesting.read_rows(con, settings, file, take_census(file.path), work)
            return find_in_lines(con, read.file, rows_in(work), sought)
    except RefusedDelivery:
        return find_in_file(file.path, sought, settings.resources)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        (settings.root.scratch / f"{file.sha256}.rows.parquet").unlink(missing_ok=True)
