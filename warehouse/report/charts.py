"""The charts of the report as static SVG: made without a browser, readable without colour."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

INK, PALE, ACCENT, WARM = "#1f2a37", "#cbd5e1", "#0f766e", "#b45309"


def attainment(national: list[dict[str, Any]]) -> str:
    """Target (line) and observed counts (bars) by year, published and own counts side by side."""
    frame = pd.DataFrame(
        {
            "year": str(row["target_year"]),
            "who": row["institution"] if row["series"] == "official_reported" else f"capaian {row['definition_code']}",
            "series": "dilaporkan resmi" if row["series"] == "official_reported" else "dihitung dari registrasi",
            "observed": (row["observed_count"] or 0) / 1e6,
            "target": row["target_count"] / 1e6,
            "label": "tidak ada angka" if row["observed_count"] is None else _millions(row["observed_count"]),
        }
        for row in national
    )
    order = sorted(frame["who"].unique(), key=lambda who: (who.startswith("capaian"), who))
    base = alt.Chart(frame).encode(y=alt.Y("who:N", sort=order, title=None))
    bars = base.mark_bar(height=15).encode(
        x=alt.X(
            "observed:Q", title="juta UMKM", scale=alt.Scale(domain=[0, 34]), axis=alt.Axis(grid=False, tickCount=4)
        ),
        color=alt.Color(
            "series:N", title=None, scale=alt.Scale(range=[INK, ACCENT]), legend=alt.Legend(orient="bottom")
        ),
    )
    labels = base.mark_text(align="left", dx=4, color=INK).encode(x="observed:Q", text="label:N")
    rule = alt.Chart(frame).mark_rule(color=WARM, strokeWidth=2, strokeDash=[5, 3]).encode(x="target:Q")
    chart = alt.layer(bars, rule, labels).properties(width=230, height=150)
    return _svg(
        chart.facet(
            column=alt.Column("year:N", title=None, header=alt.Header(labelFontSize=15, labelFontWeight="bold"))
        ),
        "Target dan angka teramati per tahun",
    )


def provinces(rows: list[dict[str, Any]]) -> str:
    """Counted businesses by province with those that meet D1 and D4."""
    kinds = (("business_count", "usaha dihitung"), ("d4", "D4 internet"), ("d1", "D1 lokapasar"))
    frame = pd.DataFrame(
        [
            {"province": row["province_name"], "kind": label, "count": row[key], "total": row["business_count"]}
            for row in rows
            for key, label in kinds
        ],
        columns=["province", "kind", "count", "total"],
    )
    order = [row["province_name"] for row in rows]
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            y=alt.Y("province:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)),
            yOffset=alt.YOffset("kind:N", sort=[label for _, label in kinds]),
            x=alt.X("count:Q", title="usaha", axis=alt.Axis(grid=False, format="~s")),
            color=alt.Color(
                "kind:N",
                title=None,
                sort=[label for _, label in kinds],
                scale=alt.Scale(domain=[label for _, label in kinds], range=[PALE, INK, ACCENT]),
                legend=alt.Legend(orient="top"),
            ),
        )
        .properties(width=520, height=alt.Step(9))
    )
    return _svg(chart, "Usaha per provinsi")


def waterfall(flow: list[dict[str, Any]]) -> str:
    """What became of every physical line, down to the businesses."""
    frame = pd.DataFrame(
        {
            "label": step["label"],
            "low": 0 if step["is_total"] else step["level"],
            "high": step["level"] - (0 if step["is_total"] else step["change"]),
            "kind": "jumlah" if step["is_total"] else "berkurang",
            "text": f"{step['change']:,}".replace(",", "."),
        }
        for step in flow
    )
    order = [step["label"] for step in flow]
    floor = frame["low"][frame["low"] > 0].min() * 0.9 if len(frame) > 2 else 0
    frame["low"] = frame["low"].clip(lower=floor)
    base = alt.Chart(frame).encode(y=alt.Y("label:N", sort=order, title=None))
    scale = alt.Scale(domain=[floor, frame["high"].max() * 1.04], zero=False, nice=False)
    bars = base.mark_bar(height=16).encode(
        x=alt.X(
            "low:Q", title="baris (sumbu tidak mulai dari nol)", scale=scale, axis=alt.Axis(grid=False, format="~s")
        ),
        x2="high:Q",
        color=alt.Color(
            "kind:N", title=None, scale=alt.Scale(domain=["jumlah", "berkurang"], range=[INK, WARM]), legend=None
        ),
    )
    labels = base.mark_text(align="left", dx=4, color=INK).encode(x=alt.X("high:Q", scale=scale), text="text:N")
    return _svg(alt.layer(bars, labels).properties(width=520, height=alt.Step(24)), "Neraca baris")


def _millions(count: int) -> str:
    return f"{count / 1e6:.2f} jt".replace(".", ",") if count >= 100_000 else f"{count:,}".replace(",", ".")


def _svg(chart: Any, title: str) -> str:
    spec = (
        chart.configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12)
        .configure(font="sans-serif", background="transparent")
    )
    drawing = str(vl_convert.vegalite_to_svg(spec.to_dict()))
    width, height = re.search(r'width="([\d.]+)" height="([\d.]+)"', drawing).groups()  # type: ignore[union-attr]
    return drawing.replace(
        f'width="{width}" height="{height}"',
        f'role="img" aria-label="{title}" style="max-width:{float(width):.0f}px;width:100%;height:auto"',
        1,
    )
