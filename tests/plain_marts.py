"""Every mart once more, in plain Python, row by row: what the SQL of `transforms/marts/` is held against.

Nothing here is shared with the SQL: reference facts are read from the CSV files, businesses come as plain dicts.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Census = dict[str, list[Row]]
FOLDER = Path(__file__).parent.parent / "warehouse" / "reference"
FRAMES = ("34", "38")
DEFINITIONS = {"D1": 1, "D2": 2, "D3": 3, "D4": 4}
CHANNELS = (
    "uses_internet",
    "sells_on_marketplace",
    "sells_on_social_media",
    "sells_on_instant_messaging",
    "sells_on_own_website",
    "sells_on_food_delivery",
    "sells_on_ekatalog",
    "accepts_epayment",
)
RELATED = {"umkm_ekatalog": "ekatalog", "umkm_formalised": "micro_with_nib", "koperasi_modern": "undefined"}
LAST_12 = "straight line, pace of the last 12 months"
LAST_TWO = "straight line, pace between the last two reports"


def facts(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TARGETS = [
    (row["indicator_code"], int(row["target_year"]), int(row["target_count"]), row["target_basis"])
    for row in facts("targets")
]
MAIN = {year: count for indicator, year, count, _ in TARGETS if indicator == "umkm_digital"}
REPORTS = sorted(
    (
        row["indicator_code"],
        row["institution"],
        date.fromisoformat(row["as_of_date"]),
        row["report_id"],
        int(row["reported_count"]),
    )
    for row in facts("official_reports")
)
REGENCIES = {row["regency_code"]: row for row in facts("regencies")}
PLACES = {code: (row["province_code_34"], row["province_code_38"]) for code, row in REGENCIES.items()} | {
    "unknown": ("unknown", "unknown")
}
PROVINCE_NAMES = {(row["frame_code"], row["province_code"]): row["province_name"] for row in facts("provinces")}
SECTIONS = {row["kbli_code"]: row["section_code"] for row in facts("kbli")}
ACTIVE = {int(row["business_status_code"]): row["is_counted"] == "true" for row in facts("business_statuses")}
POPULATION = int(max(facts("population_bases"), key=lambda row: int(row["population_year"]))["unit_count"])
WAVES = {int(row["wave"]): row for row in facts("census_waves")}


def first_seen(business: Row) -> date:
    return business["enumerated_date"] or date(business["wave"], 1, 1)


def year_before(day: date) -> date:
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


def place_of(business: Row) -> str:
    return business["regency_code"] or "unknown"


def month_count(first: date, last: date) -> float:
    return (last - first).days / 30.4375


def required_pace(gap: int | None, first: date | None, last: date) -> float | None:
    return (
        gap / month_count(first, last) if gap is not None and first is not None and gap > 0 and first < last else None
    )


def projected_date(gap: int | None, pace: float | None, first: date | None) -> date | None:
    if gap is None or pace is None or first is None or gap <= 0 or pace <= 0 or gap / pace >= 900:
        return None
    return first + timedelta(days=ceil(gap / pace * 30.4375))


class PlainMarts:
    """The marts of one census: `businesses`, `threshold_clusters`, `threshold_businesses`, `registration_counts`."""

    def __init__(self, census: Census, operator_targets: Iterable[Row], as_of: date) -> None:
        self.census, self.as_of = census, as_of
        self.operator = {(row["region_code"], row["target_year"]): row for row in operator_targets}
        self.known = [row for row in census["businesses"] if first_seen(row) <= as_of]
        self.counted = [row for row in self.known if row["is_counted"]]
        self.moments = {year: min(date(year, 12, 31), as_of) for year in MAIN}
        self.observed_date = self.moments[max(MAIN)]
        self.sizes = Counter(place_of(row) for row in self.counted)

    def number(self, rows: Iterable[Row], definition: str, day: date) -> int:
        return sum(
            row["digital_rank"] is not None
            and row["digital_rank"] <= DEFINITIONS[definition]
            and row["counted_from_date"] <= day
            for row in rows
        )

    def at(self, threshold: str) -> list[Row]:
        """The counted businesses if registrations were linked at `threshold`."""
        gone = {row["business_id"] for row in self.census["threshold_clusters"] if row["threshold"] == threshold}
        others = [
            row for row in self.census["threshold_businesses"] if row["threshold"] == threshold and row["is_counted"]
        ]
        return [row for row in self.counted if row["business_id"] not in gone] + [
            row for row in others if first_seen(row) <= self.as_of
        ]

    def waiting(self, definition: str, day: date, places: set[str]) -> int:
        rows = [
            row
            for row in self.census["waiting_counts"]
            if row["known_from_date"] <= self.as_of and row["regency_code"] in places
        ]
        return sum(row["waiting_count"] * self.number([row], definition, day) for row in rows)

    def wide(self, rows: list[Row]) -> Row:
        """How many of `rows` are digital under each definition at the observed date."""
        return {f"d{rank}_count": self.number(rows, name, self.observed_date) for name, rank in DEFINITIONS.items()}

    def by_place(self, rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in rows:
            for frame in FRAMES:
                groups[frame, row[f"province_code_{frame}"], *(row[key] for key in keys)].append(row)
        return groups

    # --- attainment ---------------------------------------------------------------------------------------------------

    def coverage(self) -> tuple[float, float]:
        return len(set(self.sizes) - {"unknown"}) / len(REGENCIES), len(self.counted) / POPULATION

    def attainment_national(self) -> list[Row]:
        regencies, population = self.coverage()
        rows = []
        figures = [("umkm_digital", year, name) for year in MAIN for name in DEFINITIONS]
        figures += [(indicator, year, RELATED[indicator]) for indicator, year, *_ in TARGETS if indicator in RELATED]
        goals = {(indicator, year): (count, basis) for indicator, year, count, basis in TARGETS}
        for indicator, year, definition in figures:
            day = min(date(year, 12, 31), self.as_of)
            count, before, low, high = self._register(indicator, definition, day)
            row = self._national(indicator, year, definition, "register_observed", "capaian", goals, day, count)
            pace = None if count is None or before is None else (count - before) / 12
            row |= self._pace(row, pace, LAST_12, date(year, 12, 31)) | {"band_low_count": low, "band_high_count": high}
            row |= {
                "coverage_ratio": min(regencies, population),
                "regency_coverage_ratio": regencies,
                "population_coverage_ratio": population,
            }
            row["verdict"] = self._verdict(count, row["target_count"], year, min(regencies, population))
            rows.append(row)
        for indicator, institution in sorted({(i, who) for i, who, day, *_ in REPORTS if (i, day.year) in goals}):
            told = [
                (day, report, n)
                for i, who, day, report, n in REPORTS
                if (i, who) == (indicator, institution) and day <= self.as_of
            ]
            for year in (year for i, year in goals if i == indicator):
                mine = [report for report in told if report[0].year == year]
                day, count, pace = None, None, None
                if mine:
                    day, _, count = mine[-1]
                    earlier = told[: told.index(mine[-1])]
                    if earlier and earlier[-1][0] != day:
                        pace = (count - earlier[-1][2]) / month_count(earlier[-1][0], day)
                row = self._national(
                    indicator, year, "as_reported", "official_reported", institution, goals, day, count
                )
                row |= self._pace(row, pace, LAST_TWO, date(year, 12, 31))
                row |= dict.fromkeys(
                    (
                        "band_low_count",
                        "band_high_count",
                        "coverage_ratio",
                        "regency_coverage_ratio",
                        "population_coverage_ratio",
                    )
                )
                row["verdict"] = self._verdict(count, row["target_count"], year, None)
                rows.append(row)
        return rows

    def _register(
        self, indicator: str, definition: str, day: date
    ) -> tuple[int | None, int | None, int | None, int | None]:
        if indicator == "umkm_digital":
            count = self.number(self.counted, definition, day)
            others = [self.number(self.at(threshold), definition, day) for threshold in ("strict", "loose")]
            return (
                count,
                self.number(self.counted, definition, year_before(day)),
                min(count, *others),
                max(count, *others) + self.waiting(definition, day, set(PLACES)),
            )
        if indicator == "umkm_ekatalog":
            days = [row["counted_from_date"] for row in self.counted if row["sells_on_ekatalog"]]
        elif indicator == "umkm_formalised":
            days = [first_seen(row) for row in self.counted if row["has_nib"] and row["size_class_code"] == "micro"]
        else:
            return None, None, None, None
        count = sum(one is not None and one <= day for one in days)
        return count, sum(one is not None and one <= year_before(day) for one in days), None, None

    def _national(
        self,
        indicator: str,
        year: int,
        definition: str,
        series: str,
        who: str,
        goals: dict[tuple[str, int], tuple[int, str]],
        day: date | None,
        count: int | None,
    ) -> Row:
        target, basis = goals[indicator, year]
        return {
            "indicator_code": indicator,
            "target_year": year,
            "definition_code": definition,
            "series": series,
            "institution": who,
            "target_count": target,
            "target_basis": basis,
            "observed_date": day,
            "observed_count": count,
            "attainment_ratio": None if count is None else count / target,
            "gap_count": None if count is None else target - count,
            "as_of_date": self.as_of,
        }

    def _pace(self, row: Row, pace: float | None, method: str, due: date) -> Row:
        when = projected_date(row["gap_count"], pace, row["observed_date"])
        return {
            "required_pace_count": required_pace(row["gap_count"], row["observed_date"], due),
            "actual_pace_count": pace,
            "projected_date": when,
            "projection_method": method if when else None,
        }

    def _verdict(self, count: int | None, target: int | None, year: int, coverage: float | None) -> str:
        if count is not None and target is not None and count >= target:
            return "met"
        if count is None or date(year, 12, 31) > self.as_of or (coverage is not None and coverage < 0.95):
            return "not_assessable"
        return "not_met"

    def allocation(self, year: int) -> dict[str, int | None]:
        """The national target by kab/kota: largest remainder of the shares of all counted businesses."""
        total = sum(self.sizes.values())
        if not total:
            return dict.fromkeys(PLACES)
        exact = {place: Fraction(MAIN[year] * self.sizes[place], total) for place in PLACES}
        parts = {place: int(share) for place, share in exact.items()}
        left = MAIN[year] - sum(parts.values())
        for place in sorted(PLACES, key=lambda place: (parts[place] - exact[place], place))[:left]:
            parts[place] += 1
        return parts

    def _regional(
        self, region: str, places: list[str], year: int, definition: str, coverage: float | None, operator: bool
    ) -> Row:
        day = self.moments[year]
        inside = set(places)

        def count(threshold: str, when: date = day) -> int:
            return self.number((row for place in places for row in self._at[threshold][place]), definition, when)

        shares = [self._allocations[year][place] for place in places]
        known = [share for share in shares if share is not None]
        target = sum(known) if known else None
        basis, key = "indicative_allocation", "share of counted businesses"
        if operator and (region, year) in self.operator:
            own = self.operator[region, year]
            target, basis, key = own["target_count"], "operator_target", own["source"]
        observed = count("chosen")
        pace = (observed - count("chosen", year_before(day))) / 12
        gap = None if target is None else target - observed
        band = [observed, count("strict"), count("loose")]
        size = sum(self.sizes[place] for place in places)
        return {
            "target_year": year,
            "definition_code": definition,
            "series": "register_observed",
            "target_count": target,
            "target_basis": basis,
            "allocation_key": key,
            "observed_date": day,
            "observed_count": observed,
            "attainment_ratio": observed / target if target else None,
            "gap_count": gap,
            "required_pace_count": required_pace(gap, day, date(year, 12, 31)),
            "actual_pace_count": pace,
            "projected_date": projected_date(gap, pace, day),
            "verdict": self._verdict(observed, target, year, coverage)
            if basis == "operator_target"
            else "not_assessable",
            "band_low_count": min(band),
            "band_high_count": max(band) + self.waiting(definition, day, inside),
            "coverage_ratio": coverage,
            "business_count": size,
            "digital_ratio": observed / size if size else None,
            "as_of_date": self.as_of,
        }

    def _prepare(self) -> None:
        self._allocations = {year: self.allocation(year) for year in MAIN}
        self._at: dict[str, dict[str, list[Row]]] = {}
        for threshold in ("chosen", "strict", "loose"):
            self._at[threshold] = defaultdict(list)
            for row in self.counted if threshold == "chosen" else self.at(threshold):
                self._at[threshold][place_of(row)].append(row)

    def attainment_province(self) -> list[Row]:
        self._prepare()
        rows = []
        for side, frame in enumerate(FRAMES):
            inside: dict[str, list[str]] = defaultdict(list)
            for place, provinces in PLACES.items():
                inside[provinces[side]].append(place)
            for year in MAIN:
                for definition in DEFINITIONS:
                    group = []
                    for province, places in inside.items():
                        covered = sum(self.sizes[place] > 0 for place in places) / len(places)
                        coverage = None if province == "unknown" else covered
                        name = PROVINCE_NAMES.get((frame, province), "Tidak diketahui")
                        head = {"frame_code": frame, "province_code": province, "province_name": name}
                        group.append(head | self._regional(province, places, year, definition, coverage, frame == "38"))
                    for row in group:
                        row["observed_rank"] = 1 + sum(
                            other["observed_count"] > row["observed_count"] for other in group
                        )
                    rows += group
        return rows

    def attainment_kabkota(self) -> list[Row]:
        self._prepare()
        waves: dict[str, list[int]] = defaultdict(list)
        for count in self._registrations():
            waves[count["regency_code"]].append(count["wave"])
        recaps: dict[str, tuple[int, str, int]] = {}
        for told in facts("regency_reports"):
            if told["indicator_code"] == "umkm_projected" and date(int(told["report_year"]), 12, 31) <= self.as_of:
                latest = (int(told["report_year"]), told["report_id"], int(told["reported_count"]))
                recaps[told["regency_code"]] = max(recaps.get(told["regency_code"], latest), latest)
        rows = []
        for place, (province_34, province_38) in PLACES.items():
            coverage = None if place == "unknown" else float(self.sizes[place] > 0)
            enumerated = "+".join(map(str, sorted(waves[place]))) or "none"
            _, report, reported = recaps.get(place, (None, None, None))
            head = {
                "regency_code": place,
                "regency_name": "Tidak diketahui" if place == "unknown" else REGENCIES[place]["regency_name"],
                "province_code_34": province_34,
                "province_code_38": province_38,
                "enumerated_waves": None if place == "unknown" else enumerated,
                "reported_business_count": reported,
                "report_id": report,
            }
            rows += [
                head | self._regional(place, [place], year, definition, coverage, True)
                for year in MAIN
                for definition in DEFINITIONS
            ]
        return rows

    def attainment_monthly(self) -> list[Row]:
        rows = []
        month = date(2020, 1, 1)
        while month <= self.as_of:
            following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
            day = min(following - timedelta(days=1), self.as_of)
            for definition in DEFINITIONS:
                count = self.number(self.counted, definition, day)
                pace = (count - self.number(self.counted, definition, year_before(day))) / 12
                rows.append(self._monthly(day, definition, "register_observed", "capaian", count, pace))
            month = following
        told: dict[str, list[tuple[date, str, int]]] = defaultdict(list)
        for indicator, who, day, report, count in REPORTS:
            if indicator == "umkm_digital" and date(2020, 1, 1) <= day <= self.as_of:
                told[who].append((day, report, count))
        for who, reports in told.items():
            last = {
                (day.year, day.month): place
                for place, (day, *_) in enumerate(reports)
                if place == 0 or reports[place - 1][0] != day
            }
            for place in last.values():
                day, _, count = reports[place]
                pace = None
                if place and reports[place - 1][0] != day:
                    pace = (count - reports[place - 1][2]) / month_count(reports[place - 1][0], day)
                rows.append(self._monthly(day, "as_reported", "official_reported", who, count, pace))
        return rows

    def _monthly(self, day: date, definition: str, series: str, who: str, count: int, pace: float | None) -> Row:
        year = min((year for year in MAIN if date(year, 12, 31) >= day), default=None)
        target = MAIN[year] if year else None
        gap = None if target is None else target - count
        return {
            "month_date": day.replace(day=1),
            "observed_date": day,
            "definition_code": definition,
            "series": series,
            "institution": who,
            "target_year": year,
            "target_count": target,
            "observed_count": count,
            "attainment_ratio": count / target if target else None,
            "gap_count": gap,
            "required_pace_count": required_pace(gap, day, date(year, 12, 31)) if year else None,
            "actual_pace_count": pace,
            "as_of_date": self.as_of,
        }

    def increment_by_channel(self) -> list[Row]:
        rows = []
        plans = [
            (
                int(row["increment_year"]),
                row["increment_channel"],
                int(row["planned_count"]),
                int(row["announced_total_count"]),
            )
            for row in facts("increment_plans")
        ]
        for year, channel, planned, announced in plans:
            total = sum(count for other, _, count, _ in plans if other == year)
            step = MAIN[year] - MAIN[year - 1]
            grown = self.number(self.counted, "D1", self.moments[year]) - self.number(
                self.counted, "D1", self.moments[year - 1]
            )
            rows.append(
                {
                    "increment_year": year,
                    "increment_channel": channel,
                    "planned_count": planned,
                    "planned_ratio": planned / total,
                    "announced_total_count": announced,
                    "planned_sum_count": total,
                    "announced_gap_count": announced - total,
                    "target_step_count": step,
                    "step_gap_count": step - total,
                    "observed_count": None,
                    "verdict": "not_assessable",
                    "register_step_count": grown,
                    "as_of_date": self.as_of,
                }
            )
        return rows

    # --- breakdowns ---------------------------------------------------------------------------------------------------

    def digital_by_channel(self) -> list[Row]:
        narrowest = {row["channel_code"]: row["definition_code"] for row in facts("channels")}
        return [
            {
                "frame_code": frame,
                "province_code": province,
                "channel_code": channel,
                "definition_code": narrowest[channel],
                "business_count": sum(bool(row[channel]) for row in rows),
                "business_ratio": sum(bool(row[channel]) for row in rows) / len(rows),
                "as_of_date": self.as_of,
            }
            for (frame, province), rows in self.by_place(self.counted).items()
            for channel in CHANNELS
        ]

    def by_size_sector(self) -> list[Row]:
        rows = [row | {"section_code": SECTIONS.get(row["kbli_code"], "unknown")} for row in self.counted]
        names = ("size_class_code", "size_rule", "section_code")
        return [
            dict(zip(("frame_code", "province_code", *names), key, strict=True))
            | {"business_count": len(group), "worker_count": sum(row["worker_count"] or 0 for row in group)}
            | self.wide(group)
            | {"observed_date": self.observed_date, "as_of_date": self.as_of}
            for key, group in self.by_place(rows, *names).items()
        ]

    def by_owner(self) -> list[Row]:
        oldest: dict[int, int] = {}
        for row in self.counted:
            oldest[row["owner_id"]] = min(oldest.get(row["owner_id"], row["business_id"]), row["business_id"])
        rows = [row | {"owner_sex_code": row["owner_sex_code"] or "unknown"} for row in self.counted]
        return [
            dict(zip(("frame_code", "province_code", "owner_sex_code", "owner_age_band"), key, strict=True))
            | {
                "owner_count": sum(oldest[row["owner_id"]] == row["business_id"] for row in group),
                "business_count": len(group),
            }
            | self.wide(group)
            | {"observed_date": self.observed_date, "as_of_date": self.as_of}
            for key, group in self.by_place(rows, "owner_sex_code", "owner_age_band").items()
        ]

    def formalisation(self) -> list[Row]:
        return [
            {
                "frame_code": frame,
                "province_code": province,
                "size_class_code": size,
                "business_count": len(group),
                "nib_count": sum(bool(row["has_nib"]) for row in group),
                "npwp_count": sum(bool(row["has_npwp"]) for row in group),
                "nib_ratio": sum(bool(row["has_nib"]) for row in group) / len(group),
                "as_of_date": self.as_of,
            }
            for (frame, province, size), group in self.by_place(self.counted, "size_class_code").items()
        ]

    def koperasi(self) -> list[Row]:
        rows = [row for row in self.known if row["business_kind"] == "koperasi"]
        return [
            {
                "frame_code": frame,
                "province_code": province,
                "cooperative_count": len(group),
                "active_count": sum(ACTIVE.get(row["business_status_code"], True) for row in group),
                "cooperative_number_count": sum(bool(row["has_cooperative_number"]) for row in group),
                "member_count": sum(row["member_count"] or 0 for row in group),
                "observed_date": self.observed_date,
                "as_of_date": self.as_of,
            }
            | self.wide(group)
            for (frame, province), group in self.by_place(rows).items()
        ]

    # --- coverage and reconciliation ----------------------------------------------------------------------------------

    def _registrations(self) -> list[Row]:
        return [
            row
            for row in self.census["registration_counts"]
            if (row["first_enumerated_date"] or date(row["wave"], 1, 1)) <= self.as_of
        ]

    def enumeration_coverage(self) -> list[Row]:
        counts = {(row["wave"], row["regency_code"]): row for row in self._registrations()}
        rows = []
        for wave, place in sorted({(wave, place) for wave in WAVES for place in REGENCIES} | set(counts)):
            count = counts.get((wave, place))
            rows.append(
                {
                    "wave": wave,
                    "regency_code": place,
                    "regency_name": REGENCIES[place]["regency_name"] if place in REGENCIES else "Tidak diketahui",
                    "province_code_34": PLACES[place][0],
                    "province_code_38": PLACES[place][1],
                    "is_enumerated": count is not None,
                    "is_in_both_waves": place != "unknown" and all((other, place) in counts for other in WAVES),
                    "current_count": count["current_count"] if count else 0,
                    "superseded_count": count["superseded_count"] if count else 0,
                    "first_enumerated_date": count["first_enumerated_date"] if count else None,
                    "last_enumerated_date": count["last_enumerated_date"] if count else None,
                    "as_of_date": self.as_of,
                }
            )
        return rows

    def reconciliation(self) -> list[Row]:
        counts = self._registrations()
        computed: dict[tuple[str, str], float] = {}
        for wave in {row["wave"] for row in counts}:
            mine = [row for row in counts if row["wave"] == wave]
            places = [row["regency_code"] for row in mine if row["regency_code"] != "unknown"]
            computed["registrations_of_wave", str(wave)] = sum(row["current_count"] for row in mine)
            computed["regencies_of_wave", str(wave)] = len(places)
            computed["provinces_of_wave", str(wave)] = len({PLACES[place][0] for place in places})
            computed["registrations_of_java", str(wave)] = sum(
                row["current_count"]
                for row in mine
                if PLACES[row["regency_code"]][0] in {"31", "32", "33", "34", "35", "36"}
            )
        if counts:
            computed["regencies_without_wave", "all"] = len(set(REGENCIES) - {row["regency_code"] for row in counts})
        computed["records_of_all_waves", "all"] = sum(int(row["record_count"]) for row in WAVES.values())
        for row in facts("increment_plans"):
            key = "increment_total", row["increment_year"]
            computed[key] = computed.get(key, 0) + int(row["planned_count"])
        for _, _, day, report, count in REPORTS:
            if day <= self.as_of:
                computed["share_of_target_2024", report] = count / MAIN[2024]
                computed["share_of_population", report] = count / POPULATION
        for place, size in self.sizes.items():
            computed["businesses_of_regency", place] = size
        anchors = [
            (
                row["anchor_id"],
                row["measure"],
                row["measure_key"],
                float(row["published_value"]),
                float(row["tolerance_ratio"]),
                row["statement"],
                row["source"],
            )
            for row in facts("anchors")
        ] + [
            (
                row["report_id"],
                "businesses_of_regency" if row["indicator_code"] == "umkm_projected" else "assisted_of_regency",
                row["regency_code"],
                float(row["reported_count"]),
                0.1,
                row["statement"],
                row["source"],
            )
            for row in facts("regency_reports")
        ]
        rows = []
        for anchor, measure, key, published, tolerance, statement, source in anchors:
            value = computed.get((measure, key))
            agrees = value is not None and abs(value - published) <= tolerance * abs(published)
            rows.append(
                {
                    "anchor_id": anchor,
                    "measure": measure,
                    "measure_key": key,
                    "published_value": published,
                    "computed_value": value,
                    "difference_value": None if value is None else value - published,
                    "tolerance_ratio": tolerance,
                    "verdict": "not_assessable" if value is None else "agrees" if agrees else "differs",
                    "statement": statement,
                    "source": source,
                    "as_of_date": self.as_of,
                }
            )
        return rows
