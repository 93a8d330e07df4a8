"""The nightly run: take every delivery that is due, rebuild the register, publish attainment.

Prefect schedules, retries and observes. What is done, and whether it was done, is in `ingesting.py`, `releasing.py` and
the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from prefect import flow, unmapped
from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows import ingesting, releasing, running, space
from flows.alerts import tell_failure
from flows.backfilling.carry_out import let_in_what_was_allowed
from flows.plan import business_date
from flows.settings import Settings
from flows.tasks import step
from warehouse.ledger import LedgerEntry
from warehouse.publish import national_rows


@dataclass(frozen=True)
class RunSummary:
    """What one run did; `version` is None when there was nothing new to publish."""

    as_of: date
    landed: tuple[str, ...]
    duplicates: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
    ingested: tuple[LedgerEntry, ...]
    version: int | None


open_data_root = step(ingesting.open_data_root, "open the data root")
let_in = step(let_in_what_was_allowed, "let in backfills")
land_inbox = step(ingesting.land_inbox, "land the inbox")
unpack_archives = step(ingesting.unpack_archives, "unpack archives")
plan_deliveries = step(ingesting.plan_deliveries, "plan deliveries")
check_space = step(space.check_space, "check the disk")
ingest = step(running.attempt, "ingest", "ingest {file.path.name}")
plan_release = step(releasing.plan_release, "plan the release")
resolve_register = step(releasing.resolve_register, "resolve the register")
build_attainment = step(releasing.build_attainment, "build attainment")
build_releasable = step(releasing.build_releasable, "hide what must not leave")
record_quality = step(releasing.record_quality, "record quality")
record_changes = step(releasing.record_changes, "record changes")
publish_release = step(releasing.publish_release, "publish", retries=0)  # what it moves it cannot move again


# Prefect's annotation of the parameter does not admit its own runner.
_SIDE_BY_SIDE: Any = ThreadPoolTaskRunner(max_workers=ingesting.PARALLEL_DELIVERIES)


@flow(
    name="nightly",
    persist_result=False,
    task_runner=_SIDE_BY_SIDE,
    on_failure=[tell_failure],
    on_crashed=[tell_failure],
)
def nightly(as_of: date | None = None) -> RunSummary:
    """Land, ingest, resolve, count and publish; with nothing new to tell, publish nothing.

    `as_of` is the day up to which facts are taken into account; by default the day in Jakarta for which the run was
    scheduled.
    """
    settings = Settings()
    known = business_date(flow_run.get_scheduled_start_time())
    as_of = as_of or known
    with running.running(settings, "nightly", flow_run.get_id()) as journal:
        open_data_root(settings)
        let_in(settings)
        arrivals = land_inbox(settings)
        unpacked = unpack_archives(settings)
        due = plan_deliveries(settings)
        check_space(settings, due)
        ingested = [future.result() for future in ingest.map(unmapped(settings), unmapped(journal), due)]
        release = plan_release(settings, as_of, known)
        if release:
            resolve_register(settings, release)
            build_attainment(settings, release)
            build_releasable(settings, release)
            record_quality(settings, release, journal.run_id)
            record_changes(settings, release)
            publish_release(settings, release)
            journal.published(release.version)
            create_table_artifact(national_rows(settings.root, settings.resources), key="attainment-national")
    return RunSummary(
        as_of,
        tuple(file.path.name for file in arrivals.landed if not file.is_duplicate),
        tuple(file.path.name for file in arrivals.landed if file.is_duplicate),
        tuple((stray.name, stray.reason) for stray in arrivals.left),
        (*unpacked, *ingested),
        release.version if release else None,
    )
