"""Steps as Prefect tasks, and what both flows share: when a task is tried again.

Belongs here: Prefect's view of a step. Does not belong here: what a step does, and the order of steps.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import duckdb
from prefect import task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from flows import ingesting, integrity, releasing, space
from flows.backfilling.carry_out import let_in_what_was_allowed

P = ParamSpec("P")
R = TypeVar("R")

# Prefect adds its handler to the loggers it is told of, but not their level; without it the steps would be silent.
logging.getLogger("capaian").setLevel(logging.INFO)


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again can help: a file system that did not answer, never a rule or a balance that failed."""
    try:
        state.result()
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return False
    except OSError as error:
        return error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    except duckdb.IOException:
        return True
    except Exception:
        return False
    return False


def step(function: Callable[P, R], name: str, run_name: str | None = None, *, retries: int = 2) -> Task[P, R]:
    """A plain step as a Prefect task: retried on transient errors only, its result kept nowhere."""
    return task(
        name=name,
        task_run_name=run_name,
        retries=retries,
        retry_delay_seconds=[1.0, 10.0][:retries] or None,
        retry_condition_fn=is_transient,
        persist_result=False,
    )(function)


open_data_root = step(ingesting.open_data_root, "open the data root")
check_lake = step(integrity.check_lake, "check the lake")
check_space = step(space.check_space, "check the disk")
let_in_backfills = step(let_in_what_was_allowed, "let in backfills")

BUILD_RELEASE = tuple(step(function, name) for name, function in releasing.BUILD_STEPS.items())
"""What is made for every version, in order, before it is published."""
