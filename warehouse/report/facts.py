"""What the report speaks of: queries on the tables of one published version.

Belongs here: which rows a section shows, in which order. Does not belong here: computing attainment
(`transforms/marts/`), what may be shown below the national level (`released.py`), words and looks.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from warehouse.report.released import check_released

Row = dict[str, Any]

CUSTODIAN = "KemenKopUKM"
"""Whose figures the headline quotes: the custodian of the data (Perpres 39/2019)."""
SHOWN_DELIVERIES = 200
"""Refused and held deliveries that are named; the page stays small however many there are."""
BREAKDOWNS = ("size_class", "section", "owner_sex", "owner_age_band")
WATERFALL = (
    ("header", "lines"),
    ("blank", "lines"),
    ("continuation", "lines"),
    ("unparsable", "lines"),
    ("quarantined", "judgement"),
    ("superseded", "registrations"),
    ("merged_duplicates", "businesses"),
)
"""What goes off from the physical lines down to the businesses, with the seam that says so."""

_COVERED = """
    SELECT province_code_{frame} AS region_code, count(*) AS regency_count,
        count(*) FILTER (business_count > 0 OR is_suppressed) AS covered_count
    FROM reference.regencies
    LEFT JOIN (FROM released.regions WHERE region_level = 'regency') AS released ON released.region_code = regency_code
    GROUP BY ALL"""
PROVINCES = (
    """
WITH covered AS ("""
    + _COVERED
    + """), latest AS (
    SELECT region_code, target_count FROM reference.operator_targets
    QUALIFY target_year = max(target_year) OVER (PARTITION BY region_code)
)
SELECT regions.*, regency_count, covered_count, covered_count / regency_count AS coverage_ratio,
    d1_count / nullif(business_count, 0) AS d1_ratio, d4_count / nullif(business_count, 0) AS d4_ratio,
    CASE WHEN d1_count > 0 AND region_code <> 'unknown'
        THEN rank() OVER (ORDER BY region_code = 'unknown', d1_count DESC NULLS LAST) END AS observed_rank,
    target_count, d1_count / nullif(target_count, 0) AS attainment_ratio
FROM released.regions AS regions LEFT JOIN covered USING (region_code) LEFT JOIN latest USING (region_code)
WHERE region_level = 'province' AND frame_code = '{frame}' OR region_level = 'unknown'
ORDER BY region_code = 'unknown', observed_rank NULLS LAST, business_count DESC NULLS FIRST, region_code"""
)

KOPERASI = """
SELECT coalesce(sum(cooperative_count), 0)::BIGINT AS cooperative_count,
    coalesce(sum(active_count), 0)::BIGINT AS active_count,
    coalesce(sum(cooperative_number_count), 0)::BIGINT AS cooperative_number_count,
    coalesce(sum(member_count), 0)::BIGINT AS member_count,
    coalesce(sum(d1_count), 0)::BIGINT AS d1_count, coalesce(sum(d4_count), 0)::BIGINT AS d4_count
FROM marts.koperasi WHERE frame_code = '38'"""
COVERAGE_BY_WAVE = """
SELECT wave, planned_regency_count, regency_count AS published_regency_count, enumerated_count,
    record_count AS published_record_count, current_count, superseded_count, first_date, last_date
FROM reference.census_waves
LEFT JOIN (
    SELECT wave, count(*) FILTER (is_enumerated AND regency_code <> 'unknown') AS enumerated_count,
        sum(current_count)::BIGINT AS current_count,
        sum(superseded_count)::BIGINT AS superseded_count,
        min(first_enumerated_date) AS first_date, max(last_enumerated_date) AS last_date
    FROM marts.enumeration_coverage GROUP BY wave
) USING (wave)
ORDER BY wave"""
CERTIFICATE = """
SELECT section, item, value, sha256 FROM meta.certificate
WHERE section NOT IN ('tables', 'figures') AND item NOT LIKE '%delivery %'
ORDER BY statement_number"""


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """The rows of `query`, each by column name."""
    result = con.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def gather(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Everything the page shows, by name of its use in the templates."""
    check_released(con)
    publication = rows(con, "FROM meta.publication")[0]
    return {
        "publication": publication,
        **_national(con, publication),
        "provinces": rows(con, PROVINCES.format(frame="38")),
        "breakdowns": _breakdowns(con),
        "sales": rows(
            con,
            """
            SELECT sales.*, title AS section_title FROM released.sales
            LEFT JOIN (SELECT kbli_code, title FROM reference.kbli WHERE level = 'section') ON kbli_code = section_code
            ORDER BY omzet_year DESC, section_code = 'unknown', section_code""",
        ),
        **_channels(con),
        **_others(con),
        **_coverage(con),
        "flow": row_flow(con),
        **_deliveries(con),
        "findings": rows(
            con,
            "SELECT rule_code, severity, min(sentence_id) AS sentence_id, min(sentence_en) AS sentence_en,"
            " sum(finding_count)::BIGINT AS finding_count, count(*) AS delivery_count FROM quality.findings"
            " GROUP BY ALL ORDER BY finding_count DESC, rule_code",
        ),
        "definitions": rows(con, "FROM reference.definitions ORDER BY definition_rank"),
        "reports": rows(
            con,
            "FROM reference.official_reports WHERE indicator_code = 'umkm_digital' ORDER BY as_of_date, report_id",
        ),
        "changes": _changes(con),
        "certificate": rows(con, CERTIFICATE),
    }


def _national(con: duckdb.DuckDBPyConnection, publication: Row) -> dict[str, Any]:
    national = rows(
        con,
        "FROM marts.attainment_national WHERE indicator_code = 'umkm_digital'"
        " ORDER BY target_year, series, institution, definition_code",
    )
    years = []
    for year in sorted({row["target_year"] for row in national}):
        of_year = [row for row in national if row["target_year"] == year]
        years.append(
            {
                "year": year,
                "target_count": of_year[0]["target_count"],
                "is_over": year < publication["as_of_date"].year or publication["as_of_date"] == date(year, 12, 31),
                "official": [row for row in of_year if row["series"] == "official_reported"],
                "register": [row for row in of_year if row["series"] == "register_observed"],
            }
        )
    coming = [year for year in years if year["year"] >= publication["as_of_date"].year]
    monthly = rows(con, "FROM marts.attainment_monthly ORDER BY series, definition_code, observed_date, institution")
    official = [row for row in monthly if row["series"] == "official_reported"]
    return {
        "years": years,
        "aim": coming[0] if coming else years[-1],
        "official": sorted(official, key=lambda row: (row["observed_date"], row["institution"])),
        "register": [row for row in monthly if row["series"] == "register_observed"],
        "last_report": max(
            (row for row in official if row["institution"] == CUSTODIAN),
            key=lambda row: row["observed_date"],
            default=None,
        ),
    }


def _breakdowns(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    found = rows(
        con,
        """
        SELECT counts.* EXCLUDE (section_title), section_title, d1_count / nullif(business_count, 0) AS d1_ratio,
            d4_count / nullif(business_count, 0) AS d4_ratio
        FROM (
            SELECT released.*, title AS section_title FROM released.breakdowns AS released
            LEFT JOIN (SELECT kbli_code, title FROM reference.kbli WHERE level = 'section')
                ON breakdown = 'section' AND kbli_code = category_code
        ) AS counts
        ORDER BY breakdown, category_code = 'unknown',
            CASE category_code WHEN 'micro' THEN 1 WHEN 'small' THEN 2 WHEN 'medium' THEN 3 WHEN 'large' THEN 4 END,
            category_code""",
    )
    return {kind: [row for row in found if row["breakdown"] == kind] for kind in BREAKDOWNS}


def _channels(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    return {
        "channels": rows(
            con,
            """
            SELECT channel_code, channels.definition_code, channel_name, channel_name_en, false AS is_suppressed,
                sum(business_count)::BIGINT AS business_count,
                sum(business_count) / nullif(max(nation_count), 0) AS business_ratio
            FROM marts.digital_by_channel JOIN reference.channels USING (channel_code)
            CROSS JOIN (SELECT business_count AS nation_count FROM released.regions WHERE region_level = 'nation')
            WHERE frame_code = '38' GROUP BY ALL ORDER BY business_count DESC, channel_code""",
        ),
        "increments": rows(con, "FROM marts.increment_by_channel ORDER BY increment_year, increment_channel"),
    }


def _others(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {
        "koperasi": rows(con, KOPERASI)[0],
        "formalisation": rows(
            con,
            """
            SELECT coalesce(sum(business_count), 0)::BIGINT AS business_count,
                coalesce(sum(nib_count), 0)::BIGINT AS nib_count, coalesce(sum(npwp_count), 0)::BIGINT AS npwp_count
            FROM marts.formalisation WHERE frame_code = '38'""",
        )[0],
        "other_targets": rows(
            con,
            "FROM marts.attainment_national WHERE indicator_code <> 'umkm_digital'"
            " ORDER BY indicator_code, target_year, series, institution",
        ),
    }


def _coverage(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return {
        "waves": rows(con, COVERAGE_BY_WAVE),
        "regencies": rows(
            con,
            """
            SELECT count(*) AS regency_count, count(*) FILTER (is_enumerated) AS enumerated_count,
                count(*) FILTER (NOT is_enumerated) AS never_count, count(*) FILTER (is_in_both) AS both_count
            FROM (
                SELECT regency_code, bool_or(is_enumerated) AS is_enumerated, bool_or(is_in_both_waves) AS is_in_both
                FROM marts.enumeration_coverage WHERE regency_code <> 'unknown' GROUP BY ALL
            )""",
        )[0],
        "anchors": rows(
            con,
            """
            SELECT reconciliation.*, institution, reports.as_of_date AS reported_date
            FROM marts.reconciliation LEFT JOIN reference.official_reports AS reports ON report_id = measure_key
            WHERE measure NOT IN ('businesses_of_regency', 'assisted_of_regency')
            ORDER BY measure, reported_date, measure_key, anchor_id""",
        ),
        "recaps": rows(
            con,
            "SELECT count(*) AS recap_count, count(*) FILTER (verdict = 'agrees') AS agrees_count,"
            " count(*) FILTER (verdict = 'differs') AS differs_count,"
            " count(*) FILTER (verdict = 'not_assessable') AS not_assessable_count"
            " FROM marts.reconciliation WHERE measure IN ('businesses_of_regency', 'assisted_of_regency')",
        )[0],
    }


def row_flow(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The waterfall from physical lines to businesses: step, change, level after it, is_total."""
    parts = dict(
        con.execute(
            "SELECT seam || '.' || part.key, sum(part.value)::BIGINT FROM ("
            "SELECT seam, unnest(map_entries(parts)) AS part FROM quality.row_balance) GROUP BY ALL"
        ).fetchall()
    )
    level = con.execute(
        "SELECT coalesce(sum(rows_in), 0)::BIGINT FROM quality.row_balance WHERE seam = 'lines'"
    ).fetchall()[0][0]
    flow = [{"step": "lines", "change": level, "level": level, "is_total": True}]
    for step, seam in WATERFALL:
        change = -parts.get(f"{seam}.{step}", 0)
        level += change
        flow.append({"step": step, "change": change, "level": level, "is_total": False})
    flow.append({"step": "businesses", "change": level, "level": level, "is_total": True})
    return flow


def _deliveries(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Those that are not in the version, each; those that are only counted: a file often is one region."""
    left_out = rows(
        con,
        "SELECT file_name, status, reason FROM quality.deliveries WHERE status IN ('held', 'refused')"
        " ORDER BY status, file_name, delivery_id",
    )
    return {
        "taken": rows(
            con,
            "SELECT profile, count(*) AS delivery_count FROM quality.deliveries WHERE status = 'validated'"
            " GROUP BY ALL ORDER BY profile",
        ),
        "deliveries": left_out[:SHOWN_DELIVERIES],
        "deliveries_left": len(left_out[SHOWN_DELIVERIES:]),
    }


def _changes(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Every headline figure beside that of the version before, with the causes that changed it."""
    parts = rows(con, "FROM marts.whatchanged ORDER BY figure, target_year, definition_code, institution, change_count")
    figures: dict[tuple[Any, ...], Row] = {}
    for part in parts:
        names = ("figure", "target_year", "definition_code", "institution")
        figure = figures.setdefault(
            tuple(part[name] for name in names),
            {name: part[name] for name in (*names, "earlier_version", "earlier_count", "later_count")} | {"causes": []},
        )
        if part["change_count"]:
            figure["causes"].append(part)
    return list(figures.values())
