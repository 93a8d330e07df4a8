"""The nightly run: take every delivery that is due, rebuild the register, publish attainment.

Prefect schedules, retries and observes. What is done, and whether it was done, is in `ingesting.py`, `releasing.py` and
the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from prefect import flow, unmapped
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows import ingesting, releasing, running
from flows.alerts import tell_failure
from flows.artifacts import Progress, show_deliveries, show_published
from flows.plan import business_date
from flows.settings import Settings
from flows.tasks import BUILD_RELEASE, check_lake, check_space, let_in_backfills, open_data_root, step
from warehouse.ledger import LedgerEntry


@dataclass(frozen=True)
class RunSummary:
    """What one run did; `version` is None when there was nothing new to publish."""

    as_of: date
    landed: tuple[str, ...]
    duplicates: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
    ingested: tuple[LedgerEntry, ...]
    version: int | None


land_inbox = step(ingesting.land_inbox, "land the inbox")
unpack_archives = step(ingesting.unpack_archives, "unpack archives")
plan_deliveries = step(ingesting.plan_deliveries, "plan deliveries")
ingest = step(running.attempt, "ingest", "ingest {file.path.name}")
plan_release = step(releasing.plan_release, "plan the release")
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
        let_in_backfills(settings)
        arrivals = land_inbox(settings)
        check_lake(settings)
        unpacked = unpack_archives(settings)
        due = plan_deliveries(settings)
        check_space(settings, due)
        progress = Progress("nightly-progress", len(due) + len(BUILD_RELEASE) + 1)
        ingested = []
        for future in ingest.map(unmapped(settings), unmapped(journal), due):
            ingested.append(future.result())
            progress.step()
        show_deliveries([*unpacked, *ingested])
        release = plan_release(settings, as_of, known, journal.run_id)
        if release:
            for build in BUILD_RELEASE:
                build(settings, release)
                progress.step()
            publish_release(settings, release)
            journal.published(release.version)
            show_published(settings, release.version)
        progress.finish()
    return RunSummary(
        as_of,
        tuple(file.path.name for file in arrivals.landed if not file.is_duplicate),
        tuple(file.path.name for file in arrivals.landed if file.is_duplicate),
        tuple((stray.name, stray.reason) for stray in arrivals.left),
        (*unpacked, *ingested),
        release.version if release else None,
    )
