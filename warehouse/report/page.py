"""Fills the page: queries on the published tables, numbers in Indonesian form, charts from `charts.py`.

Belongs here: what the page says. Does not belong here: any computation of attainment (`transforms/marts/`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from warehouse.report import charts

_HERE = Path(__file__).parent

VERDICTS = {"met": "tercapai", "not_met": "tidak tercapai", "not_assessable": "belum dapat dinilai"}
STATUSES = {"validated": "tervalidasi", "held": "ditahan", "refused": "ditolak", "unpacked": "arsip, dibuka"}
SEVERITIES = {"refuse_file": "berkas ditolak", "quarantine_row": "karantina", "warn": "peringatan"}
SERIES = {"official_reported": "dilaporkan resmi", "register_observed": "dihitung dari registrasi"}


def write_report(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the page about the database behind `con` to `path`: one file, no script, nothing from the network."""
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "number": number,
        "percent": percent,
        "day": lambda day: format_date(day, "d MMMM y", locale="id"),
        "verdict": VERDICTS.__getitem__,
        "series": SERIES.__getitem__,
        "status": STATUSES.__getitem__,
        "severity": SEVERITIES.__getitem__,
    }
    publication = _rows(con, "FROM meta.publication")[0]
    national = _rows(
        con,
        "FROM marts.attainment_national WHERE indicator_code = 'umkm_digital'"
        " ORDER BY target_year, series, institution, definition_code",
    )
    provinces = _rows(
        con,
        """
        SELECT province_code, province_name, business_count, coverage_ratio,
            max(observed_count) FILTER (definition_code = 'D1') AS d1,
            max(observed_count) FILTER (definition_code = 'D4') AS d4
        FROM marts.attainment_province
        WHERE frame_code = '38' AND target_year = (SELECT max(target_year) FROM marts.attainment_province)
        GROUP BY ALL ORDER BY business_count DESC, province_code""",
    )
    flow = row_flow(con)
    page = environment.get_template("page.html.jinja").render(
        publication=publication,
        national=national,
        years=sorted({row["target_year"] for row in national}),
        provinces=provinces,
        flow=flow,
        deliveries=_rows(con, "FROM quality.deliveries ORDER BY status DESC, file_name"),
        findings=_rows(
            con,
            "SELECT rule_code, severity, min(sentence_id) AS sentence, sum(finding_count)::BIGINT AS finding_count,"
            " count(*) AS delivery_count FROM quality.findings GROUP BY ALL ORDER BY finding_count DESC, rule_code",
        ),
        definitions=_rows(con, "FROM reference.definitions ORDER BY definition_rank"),
        reports=_rows(
            con,
            "SELECT institution, as_of_date, reported_count, source FROM reference.official_reports"
            " WHERE indicator_code = 'umkm_digital' ORDER BY as_of_date, institution",
        ),
        targets=_rows(con, "FROM reference.targets WHERE indicator_code = 'umkm_digital' ORDER BY target_year"),
        attainment_chart=Markup(charts.attainment(national)),
        province_chart=Markup(charts.provinces([row for row in provinces if row["business_count"]])),
        flow_chart=Markup(charts.waterfall(flow)),
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
    )
    path.write_text(page, encoding="utf-8")


def row_flow(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The waterfall from physical lines to businesses: label, change and level after it."""
    parts = dict(
        con.execute(
            "SELECT seam || '.' || part.key, sum(part.value)::BIGINT FROM ("
            "SELECT seam, unnest(map_entries(parts)) AS part FROM quality.row_balance) GROUP BY ALL"
        ).fetchall()
    )
    total = con.execute(
        "SELECT coalesce(sum(rows_in), 0)::BIGINT FROM quality.row_balance WHERE seam = 'lines'"
    ).fetchall()[0][0]
    steps = [
        ("baris kepala", "lines.header"),
        ("baris kosong", "lines.blank"),
        ("sambungan baris", "lines.continuation"),
        ("tidak terurai", "lines.unparsable"),
        ("dikarantina", "judgement.quarantined"),
        ("digantikan", "registrations.superseded"),
        ("duplikat digabung", "businesses.merged_duplicates"),
    ]
    level = total
    flow = [{"label": "baris fisik", "change": total, "level": total, "is_total": True}]
    for label, key in steps:
        change = -parts.get(key, 0)
        level += change
        flow.append({"label": label, "change": change, "level": level, "is_total": False})
    flow.append({"label": "usaha", "change": level, "level": level, "is_total": True})
    return flow


def number(value: int | float | None) -> str:
    """1234567 as 1.234.567; a dash for nothing."""
    return "–" if value is None else format_decimal(value, locale="id")


def percent(value: float | None) -> str:
    """0.1038 as 10,38 %; a dash for nothing."""
    if value is None:
        return "–"
    return format_percent(value, format="#,##0.0 %" if value >= 0.01 else "#,##0.000 %", locale="id")


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = con.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
