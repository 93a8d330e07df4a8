"""The backfill: chosen deliveries done again in a trial, weighed, and let in; one flow run, a task per delivery.

Belongs here: the order of its steps under Prefect. Does not belong here: what they do (`backfilling/`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from prefect import flow
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows import ingesting, releasing
from flows.alerts import tell_failure
from flows.backfilling import carry_out
from flows.backfilling.plans import Backfill, Headline, make_plan, read_backfill
from flows.backfilling.request import BackfillRequest
from flows.plan import business_date
from flows.running import reason_of, running
from flows.settings import Settings
from flows.tasks import step
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
    """What a backfill did; `version` is None when it changed nothing or only planned."""

    number: int
    is_planned_only: bool
    failed: dict[str, str]
    effect: tuple[Headline, ...]
    version: int | None


plan_backfill = step(make_plan, "plan the backfill")
open_data_root = step(ingesting.open_data_root, "open the data root")
let_in = step(carry_out.let_in_what_was_allowed, "let in backfills")
open_backfill = step(carry_out.open_backfill, "open the backfill")
ingest = step(carry_out.ingest_one, "ingest", "ingest {file.path.name}")
plan_release = step(carry_out.plan_release, "plan the release")
resolve_register = step(releasing.resolve_register, "resolve the register")
build_attainment = step(releasing.build_attainment, "build attainment")
build_releasable = step(releasing.build_releasable, "hide what must not leave")
record_quality = step(releasing.record_quality, "record quality")
record_changes = step(releasing.record_changes, "record changes")
weigh = step(carry_out.weigh, "weigh the effect")
finish = step(carry_out.finish, "let in and publish", retries=0)


@flow(name="backfill", persist_result=False, on_failure=[tell_failure], on_crashed=[tell_failure])
def backfill(parameters: BackfillParameters | None = None) -> BackfillSummary:
    """Do chosen deliveries again. By default nothing is done: the plan is made, kept and shown."""
    parameters, settings = parameters or BackfillParameters(), Settings()
    planned = _planned(settings, parameters)
    create_table_artifact([asdict(one) for one in planned.deliveries], key="backfill-plan")
    if parameters.dry_run:
        return BackfillSummary(planned.number, True, {}, (), None)
    known = business_date(flow_run.get_scheduled_start_time())
    with running(settings, f"backfill {planned.number}", flow_run.get_id()) as journal:
        open_data_root(settings)
        let_in(settings)
        work = open_backfill(settings, planned.number, parameters.allow_change)
        failed: dict[str, str] = {}
        try:
            failed |= _ingest_all(work, journal)
            release = plan_release(work, known)
            effect: tuple[Headline, ...] = ()
            if release:
                resolve_register(work.trial, release)
                build_attainment(work.trial, release)
                build_releasable(work.trial, release)
                record_quality(work.trial, release, journal.run_id)
                record_changes(work.trial, release)
                effect = weigh(work, release, failed)
                create_table_artifact([asdict(one) for one in effect], key="backfill-effect")
            version = finish(work, failed, effect, release)
            if version:
                journal.published(version)
        except BaseException as error:
            carry_out.stop(work, error, failed)
            raise
    return BackfillSummary(planned.number, False, failed, effect, version)


def _planned(settings: Settings, parameters: BackfillParameters) -> Backfill:
    if parameters.backfill_number is not None:
        return read_backfill(settings.root, parameters.backfill_number)
    asked = parameters.model_dump(include=set(BackfillRequest.model_fields))
    return plan_backfill(settings, BackfillRequest(**asked))


def _ingest_all(work: carry_out.Work, journal: RunJournal) -> dict[str, str]:
    """File name to why, of the deliveries that could not be done; the others are done all the same."""
    failed: dict[str, str] = {}
    progress: Any = create_progress_artifact(0.0, key="backfill-progress")
    side_by_side: Any = ThreadPoolTaskRunner(max_workers=work.backfill.request.max_parallel)
    with side_by_side as runner:
        futures = [runner.submit(ingest, {"work": work, "journal": journal, "file": file}) for file in work.due]
        for place, (file, future) in enumerate(zip(work.due, futures, strict=True), 1):
            try:
                future.result()
            except carry_out.Cancelled:
                raise
            except Exception as error:
                failed[file.path.name] = reason_of(error)
            update_progress_artifact(progress, 100.0 * place / len(work.due))
    return failed
