"""Values: which field the values under a header can be, judged by the readers and the reference tables.

Belongs here: what share of the values fits a field, and how much that tells. Does not belong here: the words of a
header (`headers.py`) and choosing among the fields (`match.py`). Only counts leave this file, never a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from warehouse.registration import CHANNELS, REGISTRATION

READERS = {column.name: column.reader for column in REGISTRATION if column.reader}
REQUIRED = {
    column.name
    for column in REGISTRATION
    if column.reader and any(constraint.suffix == "MISSING" for constraint in column.constraints)
}
"""Columns that every registration should have: a header that is often empty is hardly one of them."""
NAMED_PART_WEIGHT = 0.9
FEW_VALUES = 20
"""So many values tell half of what any number of them would."""
_LETTERS = "regexp_matches(t, '[A-Za-z]{2}')"
_WORDS = "regexp_matches(t, '^[A-Za-z .,''`-]+$')"
_IS_CODE = "regexp_matches(t, '^[0-9]{1,2}$')"
_MONEY = "read_rupiah(t, ',', 1) IS NOT NULL AND NOT regexp_matches(t, '^0[0-9]')"
_MONEY_FORM = "regexp_matches(lower(t), '^rp|(rb|ribu|jt|juta|miliar|milyar)$|^[1-9][0-9.,]+00$')"
_TRADE_WORD = (
    "regexp_matches(upper(t), '^(WARUNG|TOKO|KIOS|RUMAH|DEPOT|BENGKEL|SALON|UD|CV|PT|KOPERASI|KSP|KUD|LAUNDRY|KEDAI"
    "|CAFE|KATERING|CATERING|PENJAHIT|JAHIT|KONVEKSI|BATIK|USAHA|APOTEK|FOTO|COUNTER|KONTER|WARKOP|BAKSO|MIE|SATE|ROTI|KUE)\\b')"
)
_STREET_WORD = (
    "regexp_matches(upper(t), '(^|[ .,])(JL|JLN|JALAN|GG|GANG|RT|RW|DUSUN|DSN|KP|KAMPUNG|BLOK|LINGKUNGAN|NO)[ .]')"
)


@dataclass(frozen=True)
class Check:
    """How the values of one field look: `fits` and `tells` are SQL predicates on the text `t`.

    Fitting values are worth `weight` where they tell this field from others, and `weak_weight` where they do not
    (a 1 can be a yes, a sex or a status). `distinct` bounds the number of different values.
    """

    fits: str
    weight: float
    tells: str = "true"
    weak_weight: float = 0.1
    distinct: tuple[int, int] = (1, 1 << 30)


CHECKS = {
    "registration_number": Check(
        "regexp_matches(t, '^[A-Za-z0-9][A-Za-z0-9./_-]*$')", 0.5, "regexp_matches(t, '[A-Za-z].*[0-9]')", 0.3
    ),
    "business_kind": Check("read_business_kind(t) IS NOT NULL", 0.9, f"NOT {_IS_CODE}", distinct=(1, 8)),
    "enumerated_date": Check("read_date(t) BETWEEN DATE '2020-01-01' AND DATE '2026-12-31'", 0.5),
    "updated_date": Check("read_date(t) BETWEEN DATE '2020-01-01' AND DATE '2026-12-31'", 0.4),
    "source_region_code": Check("is_region", 0.9, "length(read_region_digits(t)) > 4", 0.7),
    "source_regency_name": Check("is_regency_name", 0.9),
    "district_name": Check(_LETTERS, 0.1, distinct=(2, 8000)),
    "village_name": Check(_LETTERS, 0.1, distinct=(2, 1 << 30)),
    "address": Check(_LETTERS, 0.75, _STREET_WORD, distinct=(2, 1 << 30)),
    "latitude": Check("read_decimal(t) BETWEEN -11.1 AND 6.1", 0.85, "regexp_matches(t, '[.,][0-9]{2}')", 0.02),
    "longitude": Check("read_decimal(t) BETWEEN 94.9 AND 141.1", 0.9, "regexp_matches(t, '[.,][0-9]{2}')", 0.1),
    "business_name": Check(_LETTERS, 0.7, _TRADE_WORD, distinct=(2, 1 << 30)),
    "owner_name": Check(_WORDS, 0.2, distinct=(2, 1 << 30)),
    "nik": Check("read_nik(t) IS NOT NULL OR is_exponent(t)", 0.95, distinct=(2, 1 << 30)),
    "nib": Check("read_nib(t) IS NOT NULL AND t NOT LIKE '08%'", 0.7, distinct=(2, 1 << 30)),
    "phone": Check("read_phone(t) IS NOT NULL", 0.9, distinct=(2, 1 << 30)),
    "owner_sex_code": Check("read_sex(t) IS NOT NULL", 0.85, f"NOT {_IS_CODE}", distinct=(1, 10)),
    "owner_birth_date": Check("read_date(t) BETWEEN DATE '1915-01-01' AND DATE '2012-12-31'", 0.75),
    "business_status_code": Check("read_business_status(t) IS NOT NULL", 0.9, f"NOT {_IS_CODE}", distinct=(1, 40)),
    "is_fixed_location": Check("read_fixed_location(t) IS NOT NULL", 0.9, "lower(t) LIKE '%etap'", distinct=(1, 8)),
    "legal_form_code": Check("read_legal_form(t) IS NOT NULL", 0.85, "lower(t) <> 'koperasi'", distinct=(1, 30)),
    "started_year": Check("read_year(t) BETWEEN 1900 AND 2026", 0.4, distinct=(6, 130)),
    "kbli_code": Check("is_kbli", 0.9, distinct=(2, 2000)),
    "worker_count": Check("read_count(t) BETWEEN 0 AND 5000", 0.15),
    "capital_idr": Check(_MONEY, 0.4, _MONEY_FORM, distinct=(2, 1 << 30)),
    "omzet_idr": Check(_MONEY, 0.4, _MONEY_FORM, distinct=(2, 1 << 30)),
    "omzet_year": Check("read_year(t) BETWEEN 2015 AND 2026", 0.3, distinct=(1, 5)),
    "digital_since_year": Check("read_year(t) BETWEEN 1995 AND 2026", 0.25, distinct=(2, 32)),
    "cooperative_number": Check("regexp_matches(t, '^[0-9./-]{6,}$')", 0.15),
    "legal_entity_number": Check("regexp_matches(t, '[0-9]')", 0.75, "regexp_matches(upper(t), '[/. ]BH[/. ]')", 0.05),
    "member_count": Check("read_count(t) >= 0", 0.1),
    **{channel.name: Check("read_boolean(t) IS NOT NULL", 0.35, "true", distinct=(1, 6)) for channel in CHANNELS},
    "province_code": Check("regexp_matches(t, '^[1-9][0-9]$')", 0.1, distinct=(1, 40)),
    "regency_code_part": Check("regexp_matches(t, '^[0-9]{1,2}$')", 0.1),
    "district_code_part": Check("regexp_matches(t, '^[0-9]{1,3}$')", 0.1),
    "village_code_part": Check("regexp_matches(t, '^[0-9]{1,4}$')", 0.1),
    "province_name": Check("is_province_name", 0.9, distinct=(1, 45)),
    "email": Check("contains(t, '@')", 0.9),
    "postcode": Check("regexp_matches(t, '^[1-9][0-9]{4}$')", 0.3),
    "tax_number": Check("regexp_matches(t, '^[0-9.-]{15,20}$')", 0.3),
    "aggregate_count": Check("read_count(t) >= 0", 0.1),
    "year": Check("read_year(t) IS NOT NULL", 0.1),
}
"""How the values of each field look; those that no table reads keep a header from being taken for another."""


@dataclass(frozen=True)
class ValueEvidence:
    """Of `count` values under a header, the share that fits a field, and how much that tells, 0 to 1."""

    count: int
    fit: float
    weight: float


@dataclass(frozen=True)
class Inspected:
    """What the values under one header are: how many, how many different, and the evidence for each field."""

    count: int
    distinct: int
    evidence: dict[str, ValueEvidence]


def load_sample(con: duckdb.DuckDBPyConnection, rows: Sequence[Sequence[str]], width: int) -> None:
    """Fill `sampled(row_number, place, t)`: one line per value that says something; needs the reader macros."""
    columns = pa.table(
        {
            "row_number": pa.array([number for number in range(len(rows)) for _ in range(width)], pa.int32()),
            "place": pa.array([place for _ in rows for place in range(width)], pa.int32()),
            "t": pa.array([text for row in rows for text in row], pa.string()),
        }
    )
    con.register("delivered", columns)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE sampled AS"
        " SELECT row_number, place, given(t) AS t FROM delivered WHERE given(t) IS NOT NULL"
    )
    con.unregister("delivered")


def inspect(con: duckdb.DuckDBPyConnection, width: int) -> list[Inspected]:
    """One `Inspected` per field of the sample that `load_sample` has loaded; needs the reference tables."""
    aggregates = ", ".join(
        f"coalesce(sum(n) FILTER ({predicate}), 0)::BIGINT"
        for check in CHECKS.values()
        for predicate in (check.fits, f"({check.fits}) AND {check.tells}")
    )
    found = con.execute(
        f"""
        WITH texts AS (SELECT place, t, count(*) AS n FROM sampled GROUP BY ALL), known AS (
            SELECT *,
                (regexp_matches(t, '^[0-9.]+$') AND length(read_region_digits(t)) IN (4, 6, 7, 10)
                    AND substr(read_region_digits(t), 1, 4) IN (
                        SELECT replace(source_code, '.', '') FROM reference.regency_codes)) AS is_region,
                (bare_regency_name(t) IN (
                    SELECT bare_regency_name(source_name) FROM reference.regency_codes
                    UNION SELECT bare_regency_name(regency_name) FROM reference.regencies)) AS is_regency_name,
                (regexp_replace(upper(t), '[^A-Z]', '', 'g') IN (
                    SELECT regexp_replace(upper(province_name), '[^A-Z]', '', 'g') FROM reference.provinces
                )) AS is_province_name,
                (read_kbli(t) IN (SELECT kbli_code FROM reference.kbli)) AS is_kbli
            FROM texts
        )
        SELECT place, sum(n)::BIGINT, count(*), {aggregates} FROM known GROUP BY place"""
    ).fetchall()
    row_count = con.execute("SELECT max(row_number) + 1 FROM sampled").fetchall()[0][0]
    inspected = [Inspected(0, 0, {})] * width
    for place, count, distinct, *sums in found:
        evidence = {}
        for number, (field, check) in enumerate(CHECKS.items()):
            fitting, telling = sums[2 * number], sums[2 * number + 1]
            fit = fitting / count
            if not check.distinct[0] <= distinct <= check.distinct[1] and count > 50:
                weight = 0.0
            else:
                told = telling / fitting if fitting else 0.0
                weight = check.weight * told + min(check.weak_weight, check.weight) * (1 - told)
            weight *= count / (count + FEW_VALUES)
            if field in REQUIRED:
                weight *= count / row_count
            if field == "registration_number":
                fit *= min(1.0, distinct / count / 0.9)
            evidence[field] = ValueEvidence(count, fit, weight)
        inspected[place] = Inspected(count, distinct, evidence)
    return _with_named_parts(con, inspected)


def _with_named_parts(con: duckdb.DuckDBPyConnection, inspected: list[Inspected]) -> list[Inspected]:
    """Two headers whose digits together name the regency beside them are its province and its regency part."""

    def places(field: str) -> list[int]:
        return [place for place, seen in enumerate(inspected) if seen.count and seen.evidence[field].fit > 0.9]

    found = con.execute(
        """
        WITH names AS (
            SELECT row_number, bare_regency_name(t) AS name FROM sampled WHERE list_contains($names, place)
        ), codes AS (
            SELECT DISTINCT replace(source_code, '.', '') AS digits, bare_regency_name(source_name) AS name
            FROM reference.regency_codes
        )
        SELECT p.place, r.place, count(codes.digits) / count(*) AS share
        FROM (FROM sampled WHERE list_contains($provinces, place)) p
        JOIN (FROM sampled WHERE list_contains($regencies, place)) r USING (row_number)
        JOIN names USING (row_number)
        LEFT JOIN codes ON codes.digits = p.t || lpad(r.t, 2, '0') AND codes.name = names.name
        WHERE p.place <> r.place
        GROUP BY ALL HAVING share > 0.8 ORDER BY share DESC, p.place, r.place LIMIT 1""",
        {
            "names": places("source_regency_name"),
            "provinces": places("province_code"),
            "regencies": places("regency_code_part"),
        },
    ).fetchall()
    for province, regency, share in found:
        for place, field in ((province, "province_code"), (regency, "regency_code_part")):
            inspected[place].evidence[field] = ValueEvidence(inspected[place].count, share, NAMED_PART_WEIGHT)
    return inspected
