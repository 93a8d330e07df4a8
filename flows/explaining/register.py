"""The published register as `capaian explain` reads it, and the lake beside it as far as it is open.

Belongs here: every query. The lake is asked for what is not published: days of interview, the levels of a pair that
nothing links, and, when unmasked, personal values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from flows import releasing
from flows.explaining.told import (
    EARLIEST,
    FIELDS,
    PERSONAL,
    WAITING,
    Blocking,
    Choice,
    Decision,
    Edge,
    Event,
    Evidence,
    ExplainError,
    Found,
    Point,
    Registration,
    Shortfall,
    margin,
)
from flows.linkage import Linkage
from flows.settings import Settings
from transforms.land import LINE_BITS
from transforms.resolve import link
from transforms.resolve.blocking import BLOCKING_RULES
from transforms.resolve.comparisons import COMPARISONS
from transforms.resolve.link import OWNER_WEIGHT, THRESHOLDS
from transforms.resolve.weights import read_weights
from warehouse.decisions import LinkDecision, load_decisions
from warehouse.ledger import Ledger
from warehouse.profiles import load_profiles
from warehouse.tables.lake import VALIDATED


@contextmanager
def open_register(settings: Settings, unmask: bool) -> Iterator[Register]:
    """The published register; raises `ExplainError` when there is none, or when what is to be unmasked is closed."""
    root = settings.root
    if not root.database.exists():
        raise ExplainError("nothing is published yet; run: capaian run")
    is_open = root.lake.is_dir() and os.access(root.lake, os.R_OK | os.X_OK)
    if unmask and not is_open:
        who = root.lake.owner() if root.lake.exists() else "whoever runs capaian"
        raise ExplainError(
            f"--unmask shows personal data out of {root.lake}, which is closed to you;"
            f" only {who} can read it: ask there, or leave out --unmask"
        )
    with settings.resources.connect(root.database.resolve(), read_only=True) as con:
        yield Register(con, settings, is_open, unmask)


@dataclass(frozen=True)
class Delivery:
    """Where a registration came from."""

    file_name: str
    register: str
    wave: int | None


class Register:
    """The published register, and the lake beside it as far as it is open."""

    def __init__(self, con: duckdb.DuckDBPyConnection, settings: Settings, is_lake_open: bool, unmask: bool) -> None:
        self.con, self.settings, self.is_lake_open, self.unmask = con, settings, is_lake_open, unmask
        ((self.version,),) = con.execute("SELECT version FROM meta.publication").fetchall()
        profiles = {profile.name: profile for profile in load_profiles()}
        self.deliveries: dict[int, Delivery] = {}
        for delivery_id, file_name, name in self._all(
            "SELECT delivery_id, file_name, profile FROM quality.deliveries WHERE status = 'validated'"
        ):
            profile = profiles.get(name)
            self.deliveries[delivery_id] = (
                Delivery(file_name, profile.register, profile.wave) if profile else Delivery(file_name, "unknown", None)
            )
        self.points = {
            (place, digit): Point(comparison, side, level, match, None if side == "owner" else sibling)
            for comparison, side, level, digit, place, match, sibling in self._all(
                "SELECT comparison, side, level, digit, place, match_weight, sibling_weight FROM register.match_weights"
            )
        }

    # --- what an id means -----------------------------------------------------------------------------------------

    def find(self, asked: str) -> Found:
        """The one thing that `asked` means."""
        head, _, rest = asked.partition(":")
        registers = sorted({delivery.register for delivery in self.deliveries.values()})
        if rest and head in ("business", "row", *registers):
            found = self._named(head, rest)
        else:
            found = [one for kind in ("business", "row", *registers) for one in self._named(kind, asked)]
        if not found:
            raise ExplainError(
                f"{asked} is no business, no row and no registration of version {self.version};"
                " a registration is named by its number, or with its register before it, as in sidt:NUMBER"
            )
        if len(found) > 1:
            raise ExplainError(f"{asked} means {len(found)} things; say which: {', '.join(one.words for one in found)}")
        return found[0]

    def _named(self, kind: str, text: str) -> list[Found]:
        if kind not in ("business", "row"):
            return self._by_number(kind, text)
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 1 << 63):
            return []
        number = int(text)
        if kind == "row":
            rows = self._all("SELECT business_id FROM register.memberships WHERE row_id = ?", [number])
            return [Found(f"row:{number}", business_id, number) for (business_id,) in rows]
        if self._all("SELECT 1 FROM register.memberships WHERE business_id = ? LIMIT 1", [number]):
            return [Found(f"business:{number}", number)]
        gone = self._all(
            "SELECT current_entity_id, event, version FROM register.entity_history"
            " WHERE entity_kind = 'business' AND entity_id = ? ORDER BY version DESC LIMIT 1",
            [number],
        )
        for current, event, version in gone:
            if current is None:
                raise ExplainError(f"business {number} was {event} in version {version}: nothing is left of it")
            note = f"business {number} was {event} in version {version}; today it is {current}"
            return [Found(f"business:{number}", current, None, note)]
        return []

    def _by_number(self, register: str, number: str) -> list[Found]:
        rows = [
            (business_id, row_id)
            for business_id, row_id, delivery_id in self._all(
                "SELECT business_id, row_id, delivery_id FROM register.memberships WHERE registration_number = ?"
                " ORDER BY is_current DESC, row_id",
                [number],
            )
            if self.deliveries[delivery_id].register == register
        ]
        return [Found(f"{register}:{number}", *row) for row in rows[:1]]

    # --- the published tables -------------------------------------------------------------------------------------

    def rows_of(self, business_id: int) -> dict[int, Registration]:
        """Every registration of a business, superseded ones too."""
        rows = self._all("SELECT row_id FROM register.memberships WHERE business_id = ? ORDER BY row_id", [business_id])
        return self.registrations(row_id for (row_id,) in rows)

    def registrations(self, row_ids: Iterable[int]) -> dict[int, Registration]:
        wanted = sorted(row_ids)
        rows = self._all(
            """
            SELECT m.row_id, m.delivery_id, m.registration_number, m.business_id, m.is_current
            FROM register.memberships AS m SEMI JOIN (SELECT unnest(?::BIGINT[]) AS row_id) USING (row_id)
            ORDER BY m.row_id""",
            [wanted],
        )
        speaking = self._speaking(row_id for row_id, *_, is_current in rows if not is_current)
        known = self._lake_values(wanted, ("enumerated_date", *(PERSONAL if self.unmask else ())))
        found = {}
        for row_id, delivery_id, number, business_id, _ in rows:
            delivery, read = self.deliveries[delivery_id], known.get(row_id, {})
            found[row_id] = Registration(
                row_id=row_id,
                source_register=delivery.register,
                registration_number=number,
                file_name=delivery.file_name,
                line_number=row_id & (1 << LINE_BITS) - 1,
                business_id=business_id,
                wave=delivery.wave,
                enumerated_date=read.get("enumerated_date"),
                superseded_by_row_id=speaking.get(row_id),
                values={name: read.get(name) for name in PERSONAL} if self.unmask else None,
            )
        return found

    def _speaking(self, superseded: Iterable[int]) -> dict[int, int]:
        """Superseded row to the row that speaks for it."""
        rows = self._all(
            """
            SELECT gone.row_id, CASE WHEN left_row_id = gone.row_id THEN right_row_id ELSE left_row_id END
            FROM (SELECT unnest(?::BIGINT[]) AS row_id) AS gone
            JOIN register.edges
                ON level = 'registration' AND (left_row_id = gone.row_id OR right_row_id = gone.row_id)""",
            [sorted(superseded)],
        )
        return dict(rows) if rows else {}

    def edges(self, row_ids: Iterable[int]) -> tuple[Edge, ...]:
        """Every edge that ends in `row_ids`, the strongest first."""
        rows = self._all(
            """
            SELECT left_row_id, right_row_id, level, threshold, decided_by, cut_by, pattern, owner_weight,
                business_weight, stranger_weight, sibling_weight
            FROM register.edges
            WHERE left_row_id IN (SELECT unnest($1::BIGINT[])) OR right_row_id IN (SELECT unnest($1::BIGINT[]))
            ORDER BY stranger_weight DESC NULLS LAST, left_row_id, right_row_id""",
            [sorted(row_ids)],
        )
        return tuple(
            Edge(left, right, level, threshold, decided_by, cut_by, self._evidence(*sums))
            for left, right, level, threshold, decided_by, cut_by, *sums in rows
        )

    def _evidence(self, pattern: int | None, *sums: float) -> Evidence | None:
        if pattern is None or None in sums:
            return None
        owner, business, stranger, sibling = sums
        points = [self.points[None, 0]]
        for place, comparison in enumerate(COMPARISONS):
            digit = pattern // 10 ** (len(COMPARISONS) - 1 - place) % 10
            nothing = None if comparison.side == "owner" else 0.0
            missing = Point(comparison.name, comparison.side, "missing", 0.0, nothing)
            points.append(self.points.get((place, digit), missing))
        shortfalls = tuple(
            Shortfall(
                threshold.name,
                round(max(0.0, threshold.stranger_weight - stranger), 2),
                round(max(0.0, threshold.sibling_weight - sibling), 2),
            )
            for threshold in THRESHOLDS
        )
        return Evidence(tuple(points), owner, business, stranger, sibling, owner >= OWNER_WEIGHT, shortfalls)

    def business(self, business_id: int) -> dict[str, Any]:
        relation = self.con.execute("SELECT * FROM register.businesses WHERE business_id = ?", [business_id])
        names = [column[0] for column in relation.description or ()]
        (row,) = relation.fetchall()
        return dict(zip(names, row, strict=True))

    def choices(self, business: dict[str, Any], rows: dict[int, Registration]) -> tuple[Choice, ...]:
        """Whose word each field is. The amounts of sales and capital are not published: they are shown unmasked."""
        relation = self.con.execute(
            "SELECT * FROM register.field_sources WHERE business_id = ?", [business["business_id"]]
        )
        names = [column[0] for column in relation.description or ()]
        sources = [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
        current = [row.row_id for row in rows.values() if row.is_current]
        amounts = self._lake_values(current, ("omzet_idr", "capital_idr")) if self.unmask else {}
        chosen = []
        for field in FIELDS:
            row_id = sources[0][f"{field}_row_id"] if sources else current[0]
            is_published = field in business
            value = business[field] if is_published else amounts.get(row_id or 0, {}).get(field)
            if not sources and value is None and (is_published or self.unmask):
                row_id = None
            why = EARLIEST.get(field, "latest interview that gives it") if sources else "its only registration"
            chosen.append(Choice(field, value, row_id, why if row_id else "no registration gives it"))
        return tuple(chosen)

    def owned(self, business: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        columns = ("business_id", "regency_code", "kbli_code", "started_year", "registration_count")
        rows = self._all(
            f"SELECT {', '.join(columns)} FROM register.businesses WHERE owner_id = ? AND business_id <> ?"
            " ORDER BY business_id",
            [business["owner_id"], business["business_id"]],
        )
        return tuple(dict(zip(columns, row, strict=True)) for row in rows)

    def history(self, business_id: int) -> tuple[Event, ...]:
        rows = self._all(
            "SELECT version, entity_id, event, other_entity_id FROM register.entity_history"
            " WHERE entity_kind = 'business' AND (current_entity_id = $1 OR entity_id = $1 OR other_entity_id = $1)"
            " ORDER BY version, entity_id",
            [business_id],
        )
        return tuple(Event(*row) for row in rows)

    def decisions(
        self,
        rows: dict[int, Registration],
        *,
        both: bool = False,
        across: Sequence[dict[int, Registration]] = (),
    ) -> tuple[Decision, ...]:
        """Decisions on any of `rows`, with `both` on pairs of them, with `across` on pairs of one of each."""
        names = ("left_register", "left_number", "right_register", "right_number")
        columns = ("decision", *names, "reason", "decided_by", "decided_date")
        published = {
            LinkDecision(*row[:-1]): row[-1]
            for row in self._all(f"SELECT {', '.join(columns)}, status FROM register.link_decisions")
        }
        path = self.settings.root.link_decisions
        kept = load_decisions(path) if os.access(path, os.R_OK) else []
        waiting = {decision: WAITING for decision in kept if decision not in published}
        keys = _keys(rows)
        found = []
        for decision, status in (published | waiting).items():
            ends = (
                (decision.left_register, decision.left_number),
                (decision.right_register, decision.right_number),
            )
            if across:
                one, other = map(_keys, across)
                is_meant = (ends[0] in one and ends[1] in other) or (ends[1] in one and ends[0] in other)
            else:
                is_meant = all(end in keys for end in ends) if both else any(end in keys for end in ends)
            if is_meant:
                found.append(Decision(decision, status))
        return tuple(found)

    # --- the lake -------------------------------------------------------------------------------------------------

    def closed_note(self) -> list[str]:
        return [] if self.is_lake_open else ["days of interview are not shown: the lake is closed to you"]

    def _lake_values(self, row_ids: Sequence[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
        paths = self._lake_paths(row_ids)
        if not paths:
            return {}
        rows = self._all(
            f"SELECT row_id, {', '.join(names)} FROM read_parquet({paths}, union_by_name = true)"
            f" WHERE verdict = 'validated' AND row_id IN {_listed(row_ids)}"
        )
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    def _lake_paths(self, row_ids: Iterable[int]) -> list[str]:
        if not self.is_lake_open:
            return []
        wanted = {row_id >> LINE_BITS for row_id in row_ids}
        entries = [entry for entry in Ledger(self.settings.root) if entry.is_judged and entry.delivery_id in wanted]
        return releasing.rows_of(self.settings, entries)

    def compare_now(
        self, left: dict[int, Registration], right: dict[int, Registration]
    ) -> tuple[Edge | None, tuple[Blocking, ...], list[str]]:
        """The strongest pair of `left` and `right` as linking would see it, how blocking sees it, and notes."""
        row_ids = sorted({*left, *right})
        paths = self._lake_paths(row_ids)
        if not paths:
            return None, (), ["nothing links them; to compare them now, the lake must be open to you"]
        with self.settings.resources.connect() as con:
            con.execute(
                f"CREATE VIEW validated AS SELECT {', '.join(VALIDATED.column_names)}"
                f" FROM read_parquet({paths}, union_by_name = true)"
                f" WHERE verdict = 'validated' AND row_id IN {_listed(row_ids)}"
            )
            link.prepare(con, False)
            notes = self._load_over_full(con)
            con.execute(
                "CREATE TEMP TABLE pairs AS SELECT least(l.row_id, r.row_id) AS left_row_id,"
                " greatest(l.row_id, r.row_id) AS right_row_id FROM prepared AS l, prepared AS r"
                f" WHERE l.row_id IN {_listed(left)} AND r.row_id IN {_listed(right)}"
            )
            link.compare(con, False)
            link.weigh(con, read_weights(), False)
            pairs = [
                Edge(row[0], row[1], "none", None, "weight", None, self._evidence(*row[2:]))
                for row in con.execute(
                    "SELECT left_row_id, right_row_id, pattern, owner_weight, business_weight, stranger_weight,"
                    " sibling_weight FROM compared JOIN weighed USING (pattern) ORDER BY ALL"
                ).fetchall()
            ]
            if not pairs:
                return None, (), ["nothing links them, and the lake no longer holds both rows to compare them now"]
            best = max(pairs, key=margin)
            return best, _blocking(con, best), notes

    def _load_over_full(self, con: duckdb.DuckDBPyConnection) -> list[str]:
        """Make `over_full` of what the last run found; without it, every block counts as small enough."""
        linkage = Linkage(self.settings.root.lake)
        if linkage.manifest.exists():
            kept = linkage.folder / json.loads(linkage.manifest.read_text(encoding="utf-8"))["over_full"]
            con.execute(f"CREATE TEMP TABLE over_full AS SELECT * FROM read_parquet('{kept}')")
            return []
        con.execute("CREATE TEMP TABLE over_full (blocking_rule VARCHAR, key UBIGINT, part UBIGINT)")
        return ["which blocks are too large to be compared is not known; the next run that links anew tells"]

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(values)).fetchall()


def _blocking(con: duckdb.DuckDBPyConnection, pair: Edge) -> tuple[Blocking, ...]:
    outcomes = []
    for rule in BLOCKING_RULES:
        ((outcome,),) = con.execute(
            f"""
            SELECT CASE
                WHEN l.{rule.key} IS NULL OR r.{rule.key} IS NULL THEN 'missing'
                WHEN l.{rule.key} <> r.{rule.key} THEN 'different'
                WHEN {rule.glance.tells_apart} THEN 'told_apart'
                WHEN NOT EXISTS (
                    FROM over_full WHERE blocking_rule = $3 AND key = l.{rule.key}
                ) THEN 'compared'
                WHEN l.part IS DISTINCT FROM r.part THEN 'parted'
                WHEN EXISTS (
                    FROM over_full WHERE blocking_rule = $3 AND key = l.{rule.key} AND part = l.part
                ) THEN 'stopped'
                ELSE 'compared'
            END
            FROM keys AS l, keys AS r WHERE l.row_id = $1 AND r.row_id = $2""",
            [pair.left_row_id, pair.right_row_id, rule.name],
        ).fetchall()
        outcomes.append(Blocking(rule.name, outcome))
    return tuple(outcomes)


def _keys(rows: dict[int, Registration]) -> set[tuple[str, str | None]]:
    return {(row.source_register, row.registration_number) for row in rows.values()}


def _listed(row_ids: Iterable[int]) -> str:
    return f"({', '.join(map(str, row_ids))})"
