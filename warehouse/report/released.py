"""What may leave the ministry below the national level: regions and breakdowns, as views that everything else reads.

Belongs here: where the released tables come from, in one place. Does not belong here: which cells are hidden
(disclosure control decides that before a version is published), and how a hidden cell looks.
"""

from __future__ import annotations

import duckdb

HIDDEN = "c"
"""What stands in place of a hidden count, as official statistics write what is confidential; never 0."""
COUNTS = ("business_count", "d1_count", "d2_count", "d3_count", "d4_count")

_COUNTED = "sum(business_count)::BIGINT AS business_count, " + ", ".join(
    f"sum(d{rank}_count)::BIGINT AS d{rank}_count" for rank in (1, 2, 3, 4)
)
_DEFINED = ", ".join(
    f"max(observed_count) FILTER (definition_code = 'D{rank}') AS d{rank}_count" for rank in (1, 2, 3, 4)
)
_LATEST = "target_year = (SELECT max(target_year) FROM marts.attainment_province)"
_REGIONS = f"""
    SELECT 'nation' AS level, NULL AS frame_code, 'nation' AS region_code, 'Indonesia' AS region_name,
        max(business_count)::BIGINT AS business_count, {_DEFINED.replace("max(", "sum(")}, false AS is_suppressed
    FROM (
        SELECT definition_code, sum(observed_count)::BIGINT AS observed_count, sum(business_count) AS business_count
        FROM marts.attainment_province WHERE frame_code = '38' AND {_LATEST} GROUP BY definition_code
    )
    UNION ALL
    SELECT 'province', frame_code, province_code, province_name, business_count, {_DEFINED}, false
    FROM marts.attainment_province WHERE {_LATEST} GROUP BY ALL
    UNION ALL
    SELECT 'regency', NULL, regency_code, regency_name, business_count, {_DEFINED}, false
    FROM marts.attainment_kabkota WHERE {_LATEST} GROUP BY ALL"""
_BREAKDOWNS = " UNION ALL ".join(
    f"SELECT '{breakdown}' AS breakdown, {column} AS category_code, {_COUNTED}, false AS is_suppressed"
    f" FROM marts.{table} WHERE frame_code = '38' GROUP BY ALL"
    for breakdown, column, table in (
        ("size", "size_class_code", "by_size_sector"),
        ("section", "section_code", "by_size_sector"),
        ("sex", "owner_sex_code", "by_owner"),
        ("age_band", "owner_age_band", "by_owner"),
    )
)


def view_released(con: duckdb.DuckDBPyConnection) -> None:
    """Name the released tables of the version behind `con` as the views `released_regions` and `released_breakdowns`.

    released_regions: level (nation, province, regency), frame_code, region_code, region_name, the `COUNTS` and
    is_suppressed; released_breakdowns: breakdown (size, section, sex, age_band), category_code, the same. Hidden
    counts are NULL.
    """
    for name, select in (("regions", _REGIONS), ("breakdowns", _BREAKDOWNS)):
        source = f"FROM released.{name}" if _holds(con, "released", name) else select
        con.execute(f"CREATE OR REPLACE TEMP VIEW released_{name} AS {source}")


def _holds(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?", [schema, table]
    ).fetchall()
    return bool(found[0][0])
