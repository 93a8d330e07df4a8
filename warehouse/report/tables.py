"""The tables that leave with the report, as XLSX, CSV and Parquet: each with its columns, from the contract.

Belongs here: which tables, which columns, from which rows. Does not belong here: writing them (`workbook.py`,
`files.py`) and disclosure control: below the national level only `released.*` is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from warehouse import columns, registration
from warehouse.contract import Column, Table
from warehouse.report.facts import CERTIFICATE, COVERAGE_BY_WAVE, KOPERASI, PROVINCES, WATERFALL, row_flow
from warehouse.report.released import check_released
from warehouse.tables import REFERENCE_TABLES, marts, quality
from warehouse.tables.changes import WHATCHANGED
from warehouse.tables.released import RELEASED_BREAKDOWNS, RELEASED_REGIONS, RELEASED_SALES

_REFERENCE = {table.name: table for table in REFERENCE_TABLES}
_RELEASED = tuple(
    RELEASED_REGIONS[name]
    for name in ("business_count", "d1_count", "d2_count", "d3_count", "d4_count", "is_suppressed", "observed_date")
)
_COUNTS = ", ".join(column.name for column in _RELEASED)
_COVERED = (
    Column("regency_count", "BIGINT", "Kab/kota of the province."),
    Column("covered_count", "BIGINT", "Of them with a registration."),
    Column("coverage_ratio", "DOUBLE", "covered_count / regency_count."),
)


@dataclass(frozen=True)
class Export:
    """One table of the report, and the query that fills it."""

    table: Table
    select: str

    @property
    def name(self) -> str:
        return self.table.name


def _export(name: str, description: str, key: tuple[str, ...], own: tuple[Column, ...], select: str) -> Export:
    return Export(Table("report", name, f"one row per {', '.join(key)}", description, own, key), select)


def _as_published(table: Table, condition: str = "true") -> Export:
    order = ", ".join(table.key)
    names = ", ".join(table.column_names)
    return Export(table, f"SELECT {names} FROM {table.full_name} WHERE {condition} ORDER BY {order}")


def _provinces(frame: str) -> str:
    names = f"'{frame}' AS frame_code, region_code AS province_code, region_name AS province_name"
    covered = "regency_count, covered_count, coverage_ratio"
    return f"SELECT {names}, {_COUNTS}, {covered} FROM ({PROVINCES.format(frame=frame)})"


EXPORTS = (
    _as_published(marts.ATTAINMENT_NATIONAL),
    _as_published(marts.ATTAINMENT_MONTHLY),
    _export(
        "provinces",
        "The register's count by province, in the frames of 34 and of 38 provinces.",
        ("frame_code", "province_code"),
        (columns.FRAME_CODE, columns.PROVINCE_CODE, columns.PROVINCE_NAME, *_RELEASED, *_COVERED),
        f"FROM ({_provinces('34')}) UNION ALL FROM ({_provinces('38')}) ORDER BY frame_code, province_code",
    ),
    _export(
        "regencies",
        "The register's count by kab/kota.",
        ("regency_code",),
        (
            marts.ATTAINMENT_KABKOTA["regency_code"],
            marts.ATTAINMENT_KABKOTA["regency_name"],
            columns.PROVINCE_CODE_34,
            columns.PROVINCE_CODE_38,
            *_RELEASED,
        ),
        f"""
        SELECT region_code AS regency_code, region_name AS regency_name,
            coalesce(province_code_34, 'unknown') AS province_code_34,
            coalesce(province_code_38, 'unknown') AS province_code_38, {_COUNTS}
        FROM released.regions
        LEFT JOIN (SELECT regency_code, province_code_34, province_code_38 FROM reference.regencies) AS places
            ON places.regency_code = region_code
        WHERE region_level = 'regency' OR region_level = 'unknown' ORDER BY region_code""",
    ),
    _export(
        "breakdowns",
        "The register's count by size class, KBLI section, sex and age band of the owner, one at a time.",
        ("breakdown", "category_code"),
        (
            RELEASED_BREAKDOWNS["breakdown"],
            RELEASED_BREAKDOWNS["category_code"],
            Column("category_name", "VARCHAR", "Title of the KBLI section; NULL for the other breakdowns."),
            *_RELEASED,
        ),
        f"""
        SELECT breakdown, category_code, title AS category_name, {_COUNTS} FROM released.breakdowns
        LEFT JOIN (SELECT kbli_code, title FROM reference.kbli WHERE level = 'section')
            ON breakdown = 'section' AND kbli_code = category_code
        ORDER BY breakdown, category_code""",
    ),
    _as_published(RELEASED_SALES),
    _export(
        "channels",
        "Counted businesses by digital channel, national; one business may use several.",
        ("channel_code",),
        (
            columns.CHANNEL_CODE,
            _REFERENCE["channels"]["channel_name"],
            columns.DEFINITION_CODE,
            marts.DIGITAL_BY_CHANNEL["business_count"],
        ),
        """
        SELECT channel_code, channel_name, channels.definition_code, sum(business_count)::BIGINT AS business_count
        FROM marts.digital_by_channel JOIN reference.channels USING (channel_code)
        WHERE frame_code = '38' GROUP BY ALL ORDER BY channel_code""",
    ),
    _as_published(marts.INCREMENT_BY_CHANNEL),
    _export(
        "cooperatives",
        "Cooperatives, national; they are no UMKM and enter no attainment.",
        (),
        tuple(
            marts.KOPERASI[name]
            for name in (
                "cooperative_count",
                "active_count",
                "cooperative_number_count",
                "member_count",
                "d1_count",
                "d4_count",
            )
        ),
        KOPERASI,
    ),
    _export(
        "coverage_by_wave",
        "Kab/kota and registrations of each wave beside what was published and planned.",
        ("wave",),
        (
            registration.WAVE,
            Column("planned_regency_count", "BIGINT", "Kab/kota as planned."),
            Column("published_regency_count", "BIGINT", "Kab/kota as published."),
            Column("enumerated_count", "BIGINT", "Kab/kota with a registration here."),
            Column("published_record_count", "BIGINT", "Registrations as published."),
            marts.ENUMERATION_COVERAGE["current_count"],
            marts.ENUMERATION_COVERAGE["superseded_count"],
            Column("first_date", "DATE", "Day of the first interview."),
            Column("last_date", "DATE", "Day of the last interview."),
        ),
        COVERAGE_BY_WAVE,
    ),
    _as_published(marts.RECONCILIATION, "measure NOT IN ('businesses_of_regency', 'assisted_of_regency')"),
    _export(
        "row_flow",
        "From physical lines to businesses: what goes off at each step and what is left.",
        ("step_number",),
        (
            Column("step_number", "INTEGER", "Place in the way of a row."),
            Column("step", "VARCHAR", f"lines, {', '.join(step for step, _ in WATERFALL)}, businesses."),
            Column("change_count", "BIGINT", "Rows that go off (negative); in the first and last step all of them."),
            Column("left_count", "BIGINT", "Rows that are left."),
        ),
        "FROM report_row_flow ORDER BY step_number",
    ),
    _as_published(_REFERENCE["targets"]),
    _as_published(_REFERENCE["official_reports"]),
    _as_published(_REFERENCE["definitions"]),
    _as_published(WHATCHANGED, "change_count <> 0"),
    _export(
        "certificate",
        "Statements of the release certificate; those on tables and single deliveries are in meta.certificate.",
        ("section", "item"),
        tuple(quality.CERTIFICATE[name] for name in ("section", "item", "value", "sha256")),
        CERTIFICATE,
    ),
    _as_published(quality.PUBLICATION),
)


def exports_of(con: duckdb.DuckDBPyConnection) -> tuple[Export, ...]:
    """The tables about the version behind `con`; makes what their queries read."""
    check_released(con)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE report_row_flow"
        " (step_number INTEGER, step VARCHAR, change_count BIGINT, left_count BIGINT)"
    )
    con.executemany(
        "INSERT INTO report_row_flow VALUES (?, ?, ?, ?)",
        [(number, step["step"], step["change"], step["level"]) for number, step in enumerate(row_flow(con), 1)],
    )
    return EXPORTS
