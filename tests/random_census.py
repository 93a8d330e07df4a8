"""Small random registers as plain rows, and the marts that SQL makes of them: for tests and benchmarks of the marts."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from plain_marts import ACTIVE, CHANNELS, PLACES, SECTIONS, Census, Row

from transforms.marts import build_marts
from warehouse.arrow import arrow_schema
from warehouse.contract import Table
from warehouse.reference_data import load_reference
from warehouse.tables.quality import WAITING_COUNTS
from warehouse.tables.reference import OPERATOR_TARGETS
from warehouse.tables.register import BUSINESSES, REGISTRATION_COUNTS, THRESHOLD_BUSINESSES, THRESHOLD_CLUSTERS

_READ = (WAITING_COUNTS, BUSINESSES, THRESHOLD_CLUSTERS, THRESHOLD_BUSINESSES, REGISTRATION_COUNTS)
_PAPUA = [place for place, (frame_34, _) in PLACES.items() if frame_34 in ("91", "92")]
_KBLI = [code for code in SECTIONS if len(code) == 5]


def random_business(draw: random.Random, number: int, places: list[str]) -> Row:
    """One business as `register.businesses` holds it; what follows from other columns does follow."""
    place = draw.choice(places)
    wave = draw.choice((2022, 2023))
    enumerated = draw.choice((None, date(wave, 1, 1) + timedelta(days=draw.randrange(365))))
    rank = draw.choice((None, 1, 1, 2, 3, 4))
    since = date(draw.randrange(2018, 2025), 12, 31) if draw.random() < 0.6 else enumerated or date(wave, 12, 31)
    kind = draw.choices(("umkm", "koperasi"), (9, 1))[0]
    size = draw.choice(("micro", "micro", "small", "medium", "large", "unknown"))
    status = draw.choice((None, *ACTIVE))
    row: Row = dict.fromkeys(BUSINESSES.column_names)
    return row | {
        "business_id": number,
        "owner_id": draw.randrange(number + 1),
        "business_kind": kind,
        "regency_code": None if place == "unknown" else place,
        "province_code_34": PLACES[place][0],
        "province_code_38": PLACES[place][1],
        "wave": wave,
        "enumerated_date": enumerated,
        "business_status_code": status,
        "kbli_code": draw.choice((None, draw.choice(_KBLI))),
        "owner_sex_code": draw.choice((None, "L", "P")),
        "owner_age_band": draw.choice(("16-30", "31-45", "46-60", "61+", "unknown")),
        "worker_count": draw.choice((None, 1, 2, 30)),
        "size_class_code": size,
        "size_rule": draw.choice(("sales", "capital", "none")),
        "is_counted": kind == "umkm" and size != "large" and ACTIVE.get(status, True),
        "has_nib": draw.random() < 0.5,
        "has_npwp": draw.random() < 0.2,
        "has_cooperative_number": kind == "koperasi" and draw.random() < 0.7,
        "member_count": draw.choice((None, 20, 300)) if kind == "koperasi" else None,
        **{channel: draw.choice((None, False, True)) for channel in CHANNELS},
        "digital_rank": rank,
        "counted_from_date": since if rank else None,
        "counted_from_year": since.year if rank else None,
        "registration_count": 1,
    }


def random_census(seed: int) -> tuple[Census, list[Row], date]:
    """A register of at most some hundred businesses, the operator's targets, and an as-of date."""
    draw = random.Random(seed)
    places = (
        draw.sample(sorted(PLACES), draw.randrange(1, 12))
        + draw.sample(_PAPUA, draw.randrange(4))
        + ["32.01", "unknown"]
    )
    businesses = [random_business(draw, number, places) for number in range(1, 1 + draw.choice((0, 1, 30, 120, 300)))]
    clusters, others = [], []
    for threshold in ("strict", "loose"):
        for row in draw.sample(businesses, len(businesses) // 20):
            clusters.append(
                dict.fromkeys(THRESHOLD_CLUSTERS.column_names)
                | {
                    "threshold": threshold,
                    "row_id": len(clusters),
                    "cluster_row_id": len(others),
                    "business_id": row["business_id"],
                }
            )
            for _ in range(draw.randrange(1, 3)):
                other = random_business(draw, 0, places)
                others.append(
                    {name: other.get(name) for name in THRESHOLD_BUSINESSES.column_names}
                    | {"threshold": threshold, "cluster_row_id": len(others)}
                )
    counts = [
        {
            "wave": wave,
            "regency_code": place,
            "current_count": draw.randrange(1, 9),
            "superseded_count": draw.randrange(3),
            "first_enumerated_date": (first := draw.choice((None, date(wave, draw.randrange(1, 13), 5)))),
            "last_enumerated_date": first,
        }
        for wave in (2022, 2023)
        for place in sorted(set(places))
        if draw.random() < 0.7
    ]
    regions = draw.sample(sorted({"32", "93", "32.01", "95.01", *places} - {"unknown"}), 3)
    targets = [
        {
            "region_code": region,
            "target_year": draw.choice((2022, 2023, 2024)),
            "target_count": draw.choice((1, 5, 5000)),
            "decided_date": date(2022, 6, 1),
            "source": "SK Dinas",
        }
        for region in regions
    ]
    as_of = draw.choice(
        (date(2024, 12, 31), date(2023, 8, 15), date(2022, 12, 31), date(2021, 3, 3), date(2026, 2, 28))
    )
    waiting = [
        {
            "regency_code": (row := random_business(draw, 0, places))["regency_code"] or "unknown",
            "digital_rank": row["digital_rank"],
            "counted_from_date": row["counted_from_date"],
            "known_from_date": row["enumerated_date"] or date(row["wave"], 1, 1),
            "waiting_count": draw.randrange(1, 4),
        }
        for _ in range(draw.randrange(9))
    ]
    census = {
        "waiting_counts": waiting,
        "businesses": businesses,
        "threshold_clusters": clusters,
        "threshold_businesses": others,
        "registration_counts": counts,
    }
    return census, targets, as_of


class Counting:
    """Builds the marts of plain registers; the reference facts are loaded once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = duckdb.connect()
        self.con.execute("SET threads = 1")
        self.con.execute("CREATE SCHEMA register; CREATE SCHEMA quality")
        load_reference(self.con)

    def marts(self, census: Census, targets: list[Row], as_of: date) -> Path:
        """The folder of the marts."""
        for table in _READ:
            self._view(table, census[table.name])
        self._view(OPERATOR_TARGETS, targets)
        build_marts(self.con, self.folder, as_of)
        return self.folder / "marts"

    def rows(self, mart: str) -> list[Row]:
        relation = self.con.execute(f"SELECT * FROM marts.{mart}")
        names = [column[0] for column in relation.description or ()]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]

    def _view(self, table: Table, rows: list[dict[str, Any]]) -> None:
        path = self.folder / f"{table.name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(table)), path)
        self.con.execute(f"CREATE OR REPLACE VIEW {table.full_name} AS SELECT * FROM read_parquet('{path}')")
