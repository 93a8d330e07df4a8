"""The backfill: chosen deliveries done again in a trial, weighed, and let in; one flow run, a task per delivery.

Belongs here: the order of its steps under Prefect. Does not belong here: what they do (`backfilling/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.alerts import tell_failure
from flows.artifacts import Progress, show_effect, show_plan, show_published
from flows.backfilling import carry_out
from flows.backfilling.plans import Backfill, Headline, make_plan, read_backfill
from flows.backfilling.request import BackfillRequest
from flows.plan import business_date
from flows.running import reason_of, running
from flows.settings import Settings
from flows.tasks import BUILD_RELEASE, check_lake, check_space, let_in_backfills, open_data_root, step
from warehouse.journal import RunJournal


class BackfillParameters(BackfillRequest):
    """The parameters of the deployment: without more it only plans."""

    dry_run: bool = Field(True, description="Only plan: show what would be done and why.")
    backfill_number: int | None = Field(
        None, description="A backfill that was planned before: it is carried out as planned, or not at all."
    )
    allow_change: float | None = Field(
        None, ge=0, description="Of a backfill that was refused: the largest change that is published all the same."
    )


@dataclass(frozen=True)
class BackfillSummary:
    """The number of a backfill, by which more is known of it; `version` is None when it published nothing."""

    number: int
    version: int | None


plan_backfill = step(make_plan, "plan the backfill")
open_backfill = step(carry_out.open_backfill, "open the backfill")
ingest = step(carry_out.ingest_one, "ingest", "ingest {file.path.name}")
plan_release = step(carry_out.plan_release, "plan the release")
weigh = step(carry_out.weigh, "weigh the effect")
refuse_surprise = step(carry_out.refuse_surprise, "refuse a surprise")
finish = step(carry_out.finish, "let in and publish", retries=0)


@flow(name="backfill", persist_result=False, on_failure=[tell_failure], on_crashed=[tell_failure])
def backfill(parameters: BackfillParameters | None = None) -> BackfillSummary:
    """Do chosen deliveries again. By default nothing is done: the plan is made, kept and shown."""
    parameters, settings = parameters or BackfillParameters(), Settings()
    planned = _planned(settings, parameters)
    show_plan(planned)
    if parameters.dry_run:
        return BackfillSummary(planned.number, None)
    known = business_date(flow_run.get_scheduled_start_time())
    with running(settings, f"backfill {planned.number}", flow_run.get_id()) as journal:
        open_data_root(settings)
        let_in_backfills(settings)
        check_lake(settings)
        work = open_backfill(settings, planned.number, parameters.allow_change)
        failed: dict[str, str] = {}
        try:
            check_space(settings, work.due)
            failed |= _ingest_all(work, journal)
            release = plan_release(work, known, journal.run_id)
            effect: tuple[Headline, ...] = ()
            if release:
                for build in BUILD_RELEASE:
                    build(work.trial, release)
                effect = weigh(work.trial, release)
                show_effect(effect)
                refuse_surprise(work, effect, failed)
            version = finish(work, failed, effect, release)
            if version:
                journal.published(version)
                show_published(settings, version)
        except BaseException as error:
            carry_out.stop(work, error, failed)
            raise
    if failed:
        raise carry_out.DeliveriesFailed(
            f"backfill {planned.number}: {len(failed)} deliveries failed and stay as they were: {', '.join(failed)}"
        )
    return BackfillSummary(planned.number, version)


def _planned(settings: Settings, parameters: BackfillParameters) -> Backfill:
    if parameters.backfill_number is not None:
        return read_backfill(settings.root, parameters.backfill_number)
    asked = parameters.model_dump(include=set(BackfillRequest.model_fields))
    return plan_backfill(settings, BackfillRequest(**asked))


def _ingest_all(work: carry_out.Work, journal: RunJournal) -> dict[str, str]:
    """File name to why, of the deliveries that could not be done; the others are done all the same."""
    failed: dict[str, str] = {}
    progress = Progress("backfill-progress", len(work.due))
    side_by_side: Any = ThreadPoolTaskRunner(max_workers=work.backfill.request.max_parallel)
    with side_by_side as runner:
        futures = [runner.submit(ingest, {"work": work, "journal": journal, "file": file}) for file in work.due]
        for file, future in zip(work.due, futures, strict=True):
            try:
                future.result()
            except carry_out.Cancelled:
                raise
            except Exception as error:
                failed[file.path.name] = reason_of(error)
            progress.step()
    return failed
