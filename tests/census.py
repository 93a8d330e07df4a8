"""A simulated census through ingest and publication, and what its findings are against the defects that were put in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from conftest import ingest_inbox, publish_all

from flows import ingesting, releasing
from flows.settings import Settings
from transforms.simulation import simulate
from warehouse.ledger import Ledger
from warehouse.reference_data import load_reference

VISIBLE = {
    "nik_excel_exponent": ("IS_NIK_PRECISION_LOST",),
    "nik_malformed": ("NIK_UNREAD",),
    "nik_missing": ("NIK_MISSING",),
    "money_unreadable": ("OMZET_IDR_UNREAD",),
    "kbli_missing": ("KBLI_CODE_MISSING",),
    "kbli_unknown": ("KBLI_CODE_UNKNOWN_CODE",),
    "kbli_out_of_scope": ("KBLI_CODE_OUT_OF_SCOPE",),
    "region_unknown_code": ("REGENCY_CODE_UNKNOWN",),
    "region_other_system": ("REGENCY_CODE_UNKNOWN", "REGENCY_CODE_DISAGREES_WITH_NAME", "REGENCY_CODE_OF_OTHER_SYSTEM"),
    "region_missing": ("SOURCE_REGION_CODE_MISSING",),
    "coordinates_swapped": ("COORDINATES_SWAPPED",),
    "business_name_missing": ("BUSINESS_NAME_MISSING",),
    "registration_number_missing": ("REGISTRATION_NUMBER_MISSING",),
    "sex_disagrees": ("OWNER_SEX_CODE_DISAGREES_WITH_NIK",),
    "date_impossible": ("OWNER_BIRTH_DATE_UNREAD",),
    "phone_placeholder": ("PHONE_UNREAD",),
    "phone_lost_zero": ("PHONE_LOST_ZERO",),
}
"""Defect to the codes that tell it: each row that has it breaks at least one of them, and what it breaks beyond them is
what its other defects break. Coordinates that are swapped are out of range too, and so on (`ALSO`)."""
ALSO = {
    "coordinates_swapped": ("LATITUDE_OUT_OF_RANGE", "LONGITUDE_OUT_OF_RANGE"),
    "nik_excel_exponent": ("NIK_UNREAD",),
    "nik_excel_rounded": ("IS_NIK_PRECISION_LOST", "NIK_UNREAD"),  # in a sheet it is an exponent, and is seen
}
HARMLESS = {
    "date_month_name",
    "money_short_form",
    "nik_apostrophe",
    "nik_excel_rounded",
    "placeholder",
    "quoted_newline",
    "status_closed",
    "status_duplicate",
    "status_not_found",
    "status_wrong_region",
}
"""What is read all the same, and what no rule can see on one row: a rounded NIK among sound ones looks like one of the
tenth that end in 0. It is no linking key for that reason."""


@dataclass(frozen=True)
class DefectFindings:
    """Rows with one defect (or `none`), those in which a code of it is missing, and codes that nothing explains."""

    defect: str
    row_count: int
    missed_count: int
    false_codes: dict[str, int]


@contextmanager
def judged_census(home: Path, row_count: int, seed: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """`truth`, `judged` (all parsed rows) and the published tables of a census of `row_count` registrations."""
    settings = Settings(home=home, memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    with duckdb.connect() as con:
        load_reference(con)
        simulate(con, row_count, seed, settings.root.inbox, home / "truth.parquet")
        ingest_inbox(settings)
        publish_all(settings)
        paths = releasing.rows_of(settings, [entry for entry in Ledger(settings.root) if entry.is_judged])
        con.execute(f"CREATE VIEW judged AS SELECT * FROM read_parquet({paths})")
        con.execute(f"ATTACH '{settings.root.database.resolve()}' AS published (READ_ONLY)")
        con.execute(
            f"""CREATE VIEW truth AS SELECT delivery_id, truth.* FROM read_parquet('{home / "truth.parquet"}') AS truth
            JOIN published.quality.deliveries USING (file_name)"""
        )
        yield con


def findings_by_defect(con: duckdb.DuckDBPyConnection) -> list[DefectFindings]:
    """What the rule book found of each defect of a `judged_census`.

    A sex that disagrees with the NIK can be seen only where the NIK was read; a cooperative needs no NIK.
    """
    told = con.execute(
        """
        SELECT defects, coalesce(rule_codes, []), case_class, nik IS NOT NULL, count(*)
        FROM judged JOIN truth USING (delivery_id, line_number) GROUP BY ALL"""
    ).fetchall()
    rows: dict[str, int] = {}
    missed: dict[str, int] = {}
    false: dict[str, dict[str, int]] = {}
    for defects, codes, case_class, has_nik, count in told:
        explained = {code for defect in defects for code in (*VISIBLE.get(defect, ()), *ALSO.get(defect, ()))}
        for defect in defects or ["none"]:
            rows[defect] = rows.get(defect, 0) + count
            invisible = (defect == "sex_disagrees" and not has_nik) or (
                defect == "nik_missing" and case_class == "cooperative"
            )
            if defect in VISIBLE and not invisible and not set(VISIBLE[defect]) & set(codes):
                missed[defect] = missed.get(defect, 0) + count
            for code in set(codes) - explained:
                of = false.setdefault(defect, {})
                of[code] = of.get(code, 0) + count
    rows.pop("unparsable_line", None)
    return [
        DefectFindings(defect, count, missed.get(defect, 0), false.get(defect, {}))
        for defect, count in sorted(rows.items())
    ]
