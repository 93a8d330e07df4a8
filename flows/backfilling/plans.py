"""Planned backfills as they are kept: `backfills/000003/` with the plan, its state, and the trial it works in.

Belongs here: making, keeping and finding a plan, and whether it still fits. Does not belong here: carrying it out
(`carry_out.py`) and the decision on each delivery (`flows/plan.py`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.backfilling.request import BackfillRequest
from flows.known import known_deliveries, seconds_per_line
from flows.plan import Planned, inputs_fingerprint, plan
from flows.settings import Settings
from flows.trial import done_in
from warehouse.journal import read_runs
from warehouse.layout import DataRoot
from warehouse.ledger import sync
from warehouse.lock import lock_state

STATES = {
    "planned": "not begun",
    "running": "at work",
    "interrupted": "stopped in the middle; go on with resume",
    "refused": "it changes a headline figure by more than was allowed; resume with another --max-change, or cancel",
    "letting_in": "done and allowed; the next run lets it in",
    "done": "let in",
    "cancelled": "given up; nothing of it was let in",
}
_STATE, _PLAN, _TRIAL, _CANCEL = "state.json", "plan.json", "trial", "cancel"


class BackfillError(ValueError):
    """A backfill cannot be found, or not be carried out as it stands; says what to do."""


class InputsChanged(ValueError):
    """What a plan was made from is no longer so; names the difference."""


@dataclass(frozen=True)
class PlannedDelivery:
    """One line of a kept plan."""

    sha256: str
    file_name: str
    arrived_date: str
    wave: int | None
    province_code: str | None
    action: str
    reason: str
    line_count: int
    seconds: float


@dataclass(frozen=True)
class Headline:
    """What a backfill does to one headline figure."""

    figure: str
    target_year: int | None
    definition_code: str | None
    earlier_count: int | None
    later_count: int | None

    @property
    def change_ratio(self) -> float | None:
        """The change as a share of what it was; None where nothing was published, and infinite from zero."""
        if self.earlier_count is None or self.later_count is None:
            return None
        change = self.later_count - self.earlier_count
        return change / self.earlier_count if self.earlier_count else float("inf") if change else 0.0


@dataclass(frozen=True)
class Backfill:
    """A kept plan and what became of it."""

    number: int
    request: BackfillRequest
    made_at: str
    inputs_fingerprint: str
    deliveries: tuple[PlannedDelivery, ...]
    state: str
    reason: str | None = None
    failed: dict[str, str] = field(default_factory=dict)
    """File name to why, of deliveries that could not be done; they stay as they were."""
    effect: tuple[Headline, ...] = ()
    version: int | None = None
    done_count: int = 0

    @property
    def due(self) -> tuple[PlannedDelivery, ...]:
        return tuple(one for one in self.deliveries if one.action == "ingest")

    @property
    def seconds(self) -> float:
        """Estimate of the ingesting, with as many deliveries at a time as asked for."""
        longest = max((one.seconds for one in self.due), default=0.0)
        return max(sum(one.seconds for one in self.due) / self.request.max_parallel, longest)


def decide(settings: Settings, request: BackfillRequest) -> list[Planned]:
    """What `request` means for each delivery that is landed now."""
    runs = read_runs(settings.root.runs)
    return plan(
        known_deliveries(settings, runs),
        request.reprocess,
        request.selection,
        newest_first=request.newest_first,
        seconds_per_line=seconds_per_line(settings, runs),
    )


def make_plan(settings: Settings, request: BackfillRequest) -> Backfill:
    """Plan the backfill and keep the plan under the next number; nothing is done yet."""
    planned = decide(settings, request)
    root = settings.root.create()
    number = 1 + max((int(path.name) for path in root.backfills.glob("[0-9]*")), default=0)
    folder = root.backfills / f"{number:06d}"
    folder.mkdir(mode=0o700)
    backfill = Backfill(
        number,
        request,
        datetime.now(UTC).isoformat(timespec="seconds"),
        inputs_fingerprint(planned),
        tuple(line_of(one) for one in planned),
        "planned",
    )
    document = {
        "request": request.model_dump(mode="json"),
        "made_at": backfill.made_at,
        "inputs_fingerprint": backfill.inputs_fingerprint,
        "deliveries": [vars(one) for one in backfill.deliveries],
    }
    _write(folder / _PLAN, document)
    keep_state(root, number, backfill.state)
    return backfill


def line_of(one: Planned) -> PlannedDelivery:
    """A decision as it is kept and shown."""
    delivery = one.delivery
    return PlannedDelivery(
        delivery.file.sha256,
        delivery.file.path.name,
        delivery.arrived_date.isoformat(),
        delivery.wave,
        delivery.province_code,
        one.action,
        one.reason,
        one.line_count,
        round(one.seconds, 1),
    )


def check_inputs(settings: Settings, backfill: Backfill) -> list[Planned]:
    """The decisions of `backfill` made anew; raises `InputsChanged` when they are no longer those of its plan.

    What the backfill itself has done lies in its trial, so that a resumed one still finds what it was made from.
    """
    planned = decide(settings, backfill.request)
    if inputs_fingerprint(planned) == backfill.inputs_fingerprint:
        return planned
    before = {one.sha256: one.action for one in backfill.deliveries}
    now = {one.delivery.file.sha256: one.action for one in planned}
    told = [
        (len(now.keys() - before.keys()), "deliveries arrived"),
        (len(before.keys() - now.keys()), "deliveries are gone"),
        (sum(now[one] != action for one, action in before.items() if one in now), "deliveries are due otherwise"),
    ]
    found = ", ".join(f"{count} {what}" for count, what in told if count) or "rules, profiles or code were changed"
    raise InputsChanged(
        f"backfill {backfill.number} was planned from something else ({found}); plan it again: capaian backfill plan"
    )


def read_backfill(root: DataRoot, number: int) -> Backfill:
    """The backfill of that number; raises `BackfillError` when there is none."""
    folder = root.backfills / f"{number:06d}"
    if not (folder / _STATE).exists():
        there = ", ".join(str(int(path.name)) for path in sorted(root.backfills.glob("[0-9]*")))
        raise BackfillError(f"there is no backfill {number}; " + (f"there are: {there}" if there else "plan one first"))
    document = json.loads((folder / _PLAN).read_text(encoding="utf-8"))
    state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    if state["state"] == "running" and not _is_at_work(root):
        state["state"] = "interrupted"
    return Backfill(
        number,
        BackfillRequest(**document["request"]),
        document["made_at"],
        document["inputs_fingerprint"],
        tuple(PlannedDelivery(**one) for one in document["deliveries"]),
        state["state"],
        state["reason"],
        state["failed"],
        tuple(Headline(**one) for one in state["effect"]),
        state["version"],
        len(done_in(DataRoot(folder / _TRIAL))) or state["done_count"],
    )


def all_backfills(root: DataRoot) -> Iterator[Backfill]:
    """Every backfill that was planned, the newest first."""
    for path in sorted(root.backfills.glob("[0-9]*"), reverse=True):
        if (path / _STATE).exists():
            yield read_backfill(root, int(path.name))


def keep_state(
    root: DataRoot,
    number: int,
    state: str,
    *,
    reason: str | None = None,
    failed: dict[str, str] | None = None,
    effect: Sequence[Headline] = (),
    version: int | None = None,
    done_count: int = 0,
) -> None:
    """Write down where the backfill stands; what is kept of its trial goes with it when it is over."""
    folder = root.backfills / f"{number:06d}"
    facts = {
        "state": state,
        "reason": reason,
        "failed": failed or {},
        "effect": [vars(one) for one in effect],
        "version": version,
        "done_count": done_count,
    }
    _write(folder / _STATE, facts)
    if state in ("done", "cancelled"):
        shutil.rmtree(folder / _TRIAL, ignore_errors=True)
        (folder / _CANCEL).unlink(missing_ok=True)


def trial_home(root: DataRoot, number: int) -> Path:
    """Where the backfill works."""
    return root.backfills / f"{number:06d}" / _TRIAL


def cancel(root: DataRoot, number: int) -> Backfill:
    """Give up the backfill and throw away what it has done; one at work stops after its deliveries at hand."""
    backfill = read_backfill(root, number)
    if backfill.state in ("done", "letting_in", "cancelled"):
        raise BackfillError(f"backfill {number} is over ({backfill.state}); nothing is left to cancel")
    if backfill.state == "running":
        (root.backfills / f"{number:06d}" / _CANCEL).touch(mode=0o600)
    else:
        keep_state(root, number, "cancelled")
    return read_backfill(root, number)


def is_cancelled(root: DataRoot, number: int) -> bool:
    """Whether somebody asked the backfill at work to stop."""
    return (root.backfills / f"{number:06d}" / _CANCEL).exists()


def _is_at_work(root: DataRoot) -> bool:
    is_held, holder = lock_state(root.lock)
    return is_held and holder is not None and holder.purpose.startswith("backfill")


def _write(path: Path, document: dict[str, Any]) -> None:
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    unfinished.chmod(0o600)
    sync(unfinished)
    unfinished.replace(path)
    sync(path.parent)
