"""Facts: what holds for a whole export: region codes and their system, wave, decimal mark and money unit.

Belongs here: facts that several columns tell together. Does not belong here: which header is which field (`match.py`).
Each proposal says what it rests on, in counts and never in values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import duckdb

from transforms.drafting.match import Match

REGION_PARTS = ("province_code", "regency_code_part", "district_code_part", "village_code_part")
PART_WIDTHS = {"bps": (2, 2, 3, 3), "kemendagri": (2, 2, 2, 4)}
TYPICAL_OMZET_LOG10 = 7.8
"""Half of the census' businesses sell for less than about 60 million rupiah a year."""
CLEAR_SHARE = 0.05
"""So many more codes agree with their names in the right system than in the other, or it is not clear."""
BRACKETED_SHARE = 0.3
_COMMA_DECIMAL = r"^-?[0-9]{1,3}(\.[0-9]{3})+(,|$)|^-?[0-9]+,([0-9]{1,2}|[0-9]{4,})$"
"""A number that is written with a decimal comma or with points between its thousands; `1,500` may be either."""
Matched = dict[str, Match]


@dataclass(frozen=True)
class Proposal:
    """A proposed value, what was seen for it, and how sure it is (0 to 1)."""

    value: str | int
    evidence: str
    confidence: float


def region_code_system(con: duckdb.DuckDBPyConnection, matched: Matched) -> Proposal:
    """kemendagri or bps: the system in which the codes name the regencies that stand beside them."""
    code = _region_digits_sql(matched)
    if not code:
        return Proposal("kemendagri", "no region code was found", 0.0)
    name = matched.get("source_regency_name")
    named = f"SELECT row_number, t AS name FROM sampled WHERE place = {name.place if name else -1}"
    (_, agreed_b, valid_b), (_, agreed_k, valid_k) = con.execute(
        f"""
        WITH codes AS ({code}), names AS ({named}), lookup AS (
            SELECT code_system, replace(source_code, '.', '') AS digits, list(bare_regency_name(source_name)) AS names
            FROM reference.regency_codes GROUP BY ALL
        )
        SELECT system, count(*) FILTER (list_contains(lookup.names, bare_regency_name(name))), count(lookup.digits)
        FROM (SELECT unnest(['kemendagri', 'bps']) AS system) CROSS JOIN codes LEFT JOIN names USING (row_number)
        LEFT JOIN lookup ON code_system = system AND digits = substr(code, 1, 4)
        GROUP BY system ORDER BY system"""
    ).fetchall()
    if name and agreed_k != agreed_b:
        system, most, least = ("kemendagri", agreed_k, agreed_b) if agreed_k > agreed_b else ("bps", agreed_b, agreed_k)
        coded = max(valid_k, valid_b)
        evidence = f"{most:,} of {coded:,} codes name the regency beside them, {least:,} in the other system"
        return Proposal(system, evidence, most / coded * min(1.0, (most - least) / coded / CLEAR_SHARE))
    if valid_k == valid_b:
        shaped = _system_by_shape(con, matched)
        return replace(shaped, evidence=f"the regencies are the same in either system; {shaped.evidence}")
    system, most, least = ("kemendagri", valid_k, valid_b) if valid_k > valid_b else ("bps", valid_b, valid_k)
    return Proposal(
        system, f"{most:,} codes are known, {least:,} in the other system", 0.5 + 0.5 * (most - least) / most
    )


def _system_by_shape(con: duckdb.DuckDBPyConnection, matched: Matched) -> Proposal:
    """A district has three digits with BPS and two with Kemendagri, whose villages begin with 1 or 2."""
    whole, district = matched.get("source_region_code"), matched.get("district_code_part")
    bps, kemendagri = con.execute(
        """
        SELECT count(*) FILTER (place = $whole AND length(digits) = 10 AND substr(digits, 7, 1) = '0'
                OR place = $district AND length(t) = 3),
            count(*) FILTER (place = $whole AND length(digits) = 10 AND substr(digits, 7, 1) IN ('1', '2')
                OR place = $district AND length(t) < 3)
        FROM (SELECT place, t, read_region_digits(t) AS digits FROM sampled)""",
        {"whole": whole.place if whole else -1, "district": district.place if district else -1},
    ).fetchall()[0]
    if bps == kemendagri:
        return Proposal("kemendagri", "nothing tells them apart", 0.3)
    system, most, least = ("bps", bps, kemendagri) if bps > kemendagri else ("kemendagri", kemendagri, bps)
    return Proposal(
        system, f"{most:,} codes have its digits of district and village, {least:,} not", 0.9 * (most - least) / most
    )


def region_code_parts(con: duckdb.DuckDBPyConnection, matched: Matched, system: str) -> list[tuple[Match, int]]:
    """The headers that make the region code together, each with its digits; empty where one header holds it."""
    if "source_region_code" in matched:
        return []
    parts = []
    for part, usual in zip(REGION_PARTS, PART_WIDTHS[system], strict=True):
        if part not in matched:
            break
        longest = con.execute(
            "SELECT coalesce(max(length(t)), 0) FROM sampled WHERE place = ?", [matched[part].place]
        ).fetchall()[0][0]
        parts.append((matched[part], max(usual, longest)))
    return parts if len(parts) > 1 else []


def wave(con: duckdb.DuckDBPyConnection, matched: Matched) -> Proposal:
    """The census wave in whose year most interviews were held."""
    waves = [row[0] for row in con.execute("SELECT wave FROM reference.census_waves ORDER BY wave").fetchall()]
    held = matched.get("enumerated_date")
    years = dict(
        con.execute(
            "SELECT year(read_date(t)), count(*) FROM sampled"
            " WHERE place = ? AND read_date(t) IS NOT NULL GROUP BY ALL",
            [held.place if held else -1],
        ).fetchall()
    )
    if not years:
        return Proposal(waves[-1], "no date of interview was found; the latest wave", 0.0)
    year = max(waves, key=lambda known: (years.get(known, 0), known))
    share = years.get(year, 0) / sum(years.values())
    return Proposal(year, f"{share:.0%} of {sum(years.values()):,} interviews were in {year}", share)


def decimal_mark(con: duckdb.DuckDBPyConnection, matched: Matched, delimiter: str) -> Proposal:
    """The decimal mark of amounts that carry no word of their own, else that of the coordinates."""
    for what, fields in (("amounts", ("capital_idr", "omzet_idr")), ("coordinates", ("latitude", "longitude"))):
        places = [matched[field].place for field in fields if field in matched]
        commas, points = con.execute(
            r"""
            SELECT count(*) FILTER (regexp_matches(t, $form)),
                count(*) FILTER (regexp_matches(translate(t, '.,', ',.'), $form))
            FROM sampled WHERE list_contains($places, place)""",
            {"form": _COMMA_DECIMAL, "places": places},
        ).fetchall()[0]
        if commas != points:
            mark, most, least = (",", commas, points) if commas > points else (".", points, commas)
            return Proposal(mark, f"{most:,} {what} are written so, {least:,} otherwise", (most - least) / most)
    return Proposal("," if delimiter == ";" else ".", "no amount shows one; the usual mark beside this delimiter", 0.5)


def money_unit_idr(con: duckdb.DuckDBPyConnection, matched: Matched, mark: str) -> Proposal:
    """What a bare number of money is in: rupiah, thousands or millions, whichever makes the median a usual one."""
    field = "omzet_idr" if "omzet_idr" in matched else "capital_idr"
    if field not in matched:
        return Proposal(1, "no amount was found", 0.0)
    count, bare, median = con.execute(
        """
        SELECT count(*), count(amount), median(amount) FROM (
            SELECT CASE WHEN regexp_matches(t, '^[0-9][0-9.,]*$') THEN plain_number(t, $mark)::DOUBLE END AS amount
            FROM sampled WHERE place = $place
        ) WHERE amount IS NULL OR amount > 0""",
        {"mark": mark, "place": matched[field].place},
    ).fetchall()[0]
    if not bare:
        return Proposal(1, f"each of {count:,} amounts says its unit", 0.9)
    distances = {unit: abs(math.log10(median * unit) - TYPICAL_OMZET_LOG10) for unit in (1, 1_000, 1_000_000)}
    unit, second = sorted(distances, key=lambda known: distances[known])[:2]
    evidence = f"the median of {bare:,} bare amounts has {len(str(int(median)))} digits"
    return Proposal(unit, evidence, min(1.0, (distances[second] - distances[unit]) / 3))


def bracketed_share(con: duckdb.DuckDBPyConnection, match: Match) -> float:
    """Share of the values that hold a name in brackets behind another text."""
    share = con.execute(
        "SELECT coalesce(avg((regexp_matches(read_name_in_brackets(t), '[A-Za-z]{2}') AND"
        " read_name_before_brackets(t) IS NOT NULL)::INTEGER), 0) FROM sampled WHERE place = ?",
        [match.place],
    ).fetchall()[0][0]
    return float(share or 0.0)


def month_first_share(con: duckdb.DuckDBPyConnection, match: Match) -> float:
    """Share of the dates that can only be month/day/year, which `read_date` does not read."""
    share = con.execute(
        r"""
        SELECT coalesce(avg((CAST(split_part(replace(t, '-', '/'), '/', 2) AS INTEGER) > 12)::INTEGER), 0)
        FROM sampled WHERE place = ? AND regexp_matches(t, '^[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{4}')""",
        [match.place],
    ).fetchall()[0][0]
    return float(share or 0.0)


def _region_digits_sql(matched: Matched) -> str:
    """`codes(row_number, code)`: the first four digits or more of each row's region code; "" where none was found."""
    if whole := matched.get("source_region_code"):
        return f"SELECT row_number, read_region_digits(t) AS code FROM sampled WHERE place = {whole.place}"
    if not {"province_code", "regency_code_part"} <= set(matched):
        return ""
    province, regency = matched["province_code"].place, matched["regency_code_part"].place
    return (
        "SELECT row_number, lpad(p.t, 2, '0') || lpad(r.t, 2, '0') AS code"
        f" FROM (FROM sampled WHERE place = {province}) p"
        f" JOIN (FROM sampled WHERE place = {regency}) r USING (row_number)"
    )
