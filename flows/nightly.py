"""The nightly run: take every delivery that is due, rebuild the register, publish attainment.

Prefect is imported here and nowhere else: it schedules, retries and observes. What is done, and whether it was done, is
in `ingesting.py`, `releasing.py` and the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ParamSpec, TypeVar

import duckdb
from prefect import flow, task, unmapped
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

from flows import ingesting, integrity, releasing
from flows.plan import business_date
from flows.settings import Settings
from warehouse.ledger import LedgerEntry
from warehouse.publish import national_rows

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class RunSummary:
    """What one run did; `version` is None when there was nothing new to publish."""

    as_of: date
    landed: tuple[str, ...]
    duplicates: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
    ingested: tuple[LedgerEntry, ...]
    version: int | None


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again can help: a file system that did not answer, never a rule or a balance that failed."""
    try:
        state.result()
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return False
    except (OSError, duckdb.IOException):
        return True
    except Exception:
        return False
    return False


def step(function: Callable[P, R], name: str, run_name: str | None = None) -> Task[P, R]:
    """A plain step as a Prefect task: retried on transient errors only, its result kept nowhere."""
    return task(
        name=name,
        task_run_name=run_name,
        retries=2,
        retry_delay_seconds=[1, 10],
        retry_condition_fn=is_transient,
        persist_result=False,
    )(function)


open_data_root = step(ingesting.open_data_root, "open the data root")
land_inbox = step(ingesting.land_inbox, "land the inbox")
check_lake = step(integrity.check_lake, "check the lake")
unpack_archives = step(ingesting.unpack_archives, "unpack archives")
plan_deliveries = step(ingesting.plan_deliveries, "plan deliveries")
ingest = step(ingesting.ingest, "ingest", "ingest {file.path.name}")
plan_release = step(releasing.plan_release, "plan the release")
resolve_register = step(releasing.resolve_register, "resolve the register")
build_attainment = step(releasing.build_attainment, "build attainment")
build_releasable = step(releasing.build_releasable, "hide what must not leave")
record_quality = step(releasing.record_quality, "record quality")
record_changes = step(releasing.record_changes, "record changes")
publish_release = step(releasing.publish_release, "publish")


# Prefect's annotation of the parameter does not admit its own runner.
_SIDE_BY_SIDE: Any = ThreadPoolTaskRunner(max_workers=ingesting.PARALLEL_DELIVERIES)


@flow(name="nightly", persist_result=False, task_runner=_SIDE_BY_SIDE)
def nightly(as_of: date | None = None) -> RunSummary:
    """Land, ingest, resolve, count and publish; with nothing new to tell, publish nothing.

    `as_of` is the day up to which facts are taken into account; by default the day in Jakarta for which the run was
    scheduled.
    """
    settings = Settings()
    known = business_date(flow_run.get_scheduled_start_time())
    as_of = as_of or known
    open_data_root(settings)
    arrivals = land_inbox(settings)
    check_lake(settings)
    unpacked = unpack_archives(settings)
    due = plan_deliveries(settings)
    ingested = [future.result() for future in ingest.map(unmapped(settings), due)]
    release = plan_release(settings, as_of, known)
    if release:
        resolve_register(settings, release)
        build_attainment(settings, release)
        build_releasable(settings, release)
        record_quality(settings, release)
        record_changes(settings, release)
        publish_release(settings, release)
        create_table_artifact(national_rows(settings.root, settings.resources), key="attainment-national")
    return RunSummary(
        as_of,
        tuple(file.path.name for file in arrivals.landed if not file.is_duplicate),
        tuple(file.path.name for file in arrivals.landed if file.is_duplicate),
        tuple((stray.name, stray.reason) for stray in arrivals.left),
        (*unpacked, *ingested),
        release.version if release else None,
    )
