"""A backfill carried out: its deliveries one by one in a trial, its effect on the headline figures, and letting it in.

Belongs here: the steps, as plain functions. Does not belong here: their order under Prefect (`flows/backfill.py`), and
what is due (`flows/plan.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil, isfinite

from flows import ingesting, releasing
from flows.backfilling.plans import (
    Backfill,
    BackfillError,
    Headline,
    all_backfills,
    check_inputs,
    is_cancelled,
    keep_state,
    read_backfill,
    trial_home,
)
from flows.releasing import Release
from flows.running import attempt, reason_of
from flows.settings import Settings
from flows.trial import done_in, let_in, open_trial
from transforms.land import LandedFile
from warehouse.journal import RunJournal
from warehouse.pin import read_pin
from warehouse.publish import read_manifest

logger = logging.getLogger("capaian")


class Surprise(ValueError):
    """A headline figure changes by more than was allowed; nothing was let in and nothing was published."""


class DeliveriesFailed(ValueError):
    """Some deliveries could not be done and stay as they were; the others were let in."""


class Cancelled(RuntimeError):
    """Somebody cancelled the backfill; nothing was let in and nothing was published."""


@dataclass(frozen=True)
class Work:
    """A backfill at work: its plan, the real data, the trial it works in, and what is still to be ingested."""

    backfill: Backfill
    settings: Settings
    trial: Settings
    due: tuple[LandedFile, ...]


def open_backfill(settings: Settings, number: int, max_change: float | None = None) -> Work:
    """Begin the backfill, or go on with it where it stopped; `max_change` replaces that of its request.

    Raises `BackfillError` when it is over, and `InputsChanged` when its plan no longer fits.
    """
    backfill = read_backfill(settings.root, number)
    if backfill.state in ("done", "cancelled", "letting_in"):
        raise BackfillError(f"backfill {number} is over ({backfill.state}); plan another: capaian backfill plan")
    if pin := read_pin(settings.root.pin):
        raise BackfillError(f"{pin}, and a backfill publishes what it changes; lift the pin: capaian rollback --lift")
    planned = check_inputs(settings, backfill)
    if max_change is not None:
        backfill = replace(backfill, request=backfill.request.model_copy(update={"max_change": max_change}))
    keep_state(settings.root, number, "running")
    trial = open_trial(settings, trial_home(settings.root, number), beside_the_published=True)
    ingesting.open_data_root(trial)
    done = done_in(trial.root)
    due = tuple(one.delivery.file for one in planned if one.action == "ingest")
    left = tuple(file for file in due if file.sha256 not in done)
    logger.info("backfill %d: %d deliveries to do, %d of them done before", number, len(due), len(due) - len(left))
    return Work(backfill, settings, trial, left)


def ingest_one(work: Work, journal: RunJournal, file: LandedFile) -> None:
    """Ingest one delivery in the trial; raises `Cancelled` when the backfill was given up meanwhile."""
    if is_cancelled(work.settings.root, work.backfill.number):
        raise Cancelled(f"backfill {work.backfill.number} was cancelled; nothing of it was let in")
    attempt(work.trial, journal, file)


def plan_release(work: Work, known: date, run_id: int | None = None) -> Release | None:
    """The version that the backfill would publish, or None when its deliveries came out as they were."""
    published = read_manifest(work.settings.root)
    as_of = work.backfill.request.as_of or (date.fromisoformat(published["as_of_date"]) if published else known)
    return releasing.plan_release(work.trial, as_of, known, run_id)


def refuse_surprise(work: Work, effect: Sequence[Headline], failed: dict[str, str]) -> None:
    """Raise `Surprise` when a headline figure changes by more than was allowed; the trial is kept for a decision."""
    number, allowed = work.backfill.number, work.backfill.request.max_change
    worst = max((abs(one.change_ratio) for one in effect if one.change_ratio is not None), default=0.0)
    if worst > allowed:
        told = f"changes by {worst:.1%}" if isfinite(worst) else "was 0 and no longer is"
        reason = f"a headline figure {told}; allowed are {allowed:.1%}"
        enough = ceil(1000 * worst) / 1000 if isfinite(worst) else worst
        done = len(done_in(work.trial.root))
        keep_state(work.settings.root, number, "refused", reason=reason, failed=failed, effect=effect, done_count=done)
        raise Surprise(
            f"backfill {number}: {reason}; nothing was let in. See capaian backfill status {number}, then"
            f" capaian backfill resume {number} --max-change {enough}, or capaian backfill cancel {number}"
        )


def weigh(settings: Settings, release: Release) -> tuple[Headline, ...]:
    """The headline figures of the register, published and to be published; none where nothing was published yet."""
    with settings.resources.connect() as con:
        rows = con.execute(
            f"""
            SELECT figure, target_year, definition_code, min(earlier_count), min(later_count)
            FROM read_parquet('{release.folder}/marts/whatchanged.parquet')
            WHERE figure IN ('counted_businesses', 'register_observed')
            GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
    return tuple(Headline(*row) for row in rows)


def finish(
    work: Work, failed: dict[str, str], effect: Sequence[Headline] = (), release: Release | None = None
) -> int | None:
    """Let the backfill in and publish; returns the version, if there is a new one."""
    root, number = work.settings.root, work.backfill.number
    done = len(done_in(work.trial.root))
    version = release.version if release else None
    keep_state(root, number, "letting_in", failed=failed, effect=effect, version=version, done_count=done)
    let_in(work.trial, work.settings)
    if release:
        releasing.publish_release(work.settings, release)
    keep_state(root, number, "done", failed=failed, effect=effect, version=version, done_count=done)
    return version


def stop(work: Work, error: BaseException, failed: dict[str, str]) -> None:
    """Write down that the backfill stopped, and why; it can be resumed unless it was cancelled."""
    root, number = work.settings.root, work.backfill.number
    if isinstance(error, Cancelled) or is_cancelled(root, number):
        keep_state(root, number, "cancelled")
    elif read_backfill(root, number).state == "running":
        keep_state(root, number, "interrupted", reason=reason_of(error), failed=failed)


def let_in_what_was_allowed(settings: Settings) -> None:
    """Finish letting in a backfill that was interrupted at that; its version is published by the run that does so."""
    for backfill in list(all_backfills(settings.root)):
        if backfill.state == "letting_in":
            trial = open_trial(settings, trial_home(settings.root, backfill.number), beside_the_published=True)
            let_in(trial, settings)
            keep_state(settings.root, backfill.number, "done", effect=backfill.effect, done_count=backfill.done_count)
            logger.info("backfill %d: let in", backfill.number)
