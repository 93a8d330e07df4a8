"""What a run shows on the pages of Prefect: progress, tables and a summary. No value of any person.

Belongs here: the artifacts of both flows, under keys that stay, so that each has a history. Does not belong here: what
is logged, and what is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from flows.backfilling.plans import Backfill, Headline
from flows.settings import Settings
from warehouse.ledger import Outcome
from warehouse.publish import national_rows


class Progress:
    """A bar on the page of the run, from 0 to `step_count` steps."""

    def __init__(self, key: str, step_count: int) -> None:
        self._artifact: Any = create_progress_artifact(0.0, key=key, description="Share of the steps that are done.")
        self._step_count, self._done = step_count, 0

    def step(self) -> None:
        """One step is done."""
        self._done += 1
        update_progress_artifact(self._artifact, min(100.0, 100.0 * self._done / self._step_count))

    def finish(self) -> None:
        """Nothing is left to do, also where fewer steps were needed."""
        update_progress_artifact(self._artifact, 100.0)


def show_deliveries(outcomes: Sequence[Outcome]) -> None:
    """What became of the deliveries of a run."""
    rows = [
        {
            "delivery": outcome.file_name,
            "status": outcome.status,
            "validated": outcome.validated_count,
            "quarantined": outcome.quarantined_count,
            "reason": outcome.reason or "",
        }
        for outcome in outcomes
    ]
    if rows:
        create_table_artifact(rows, key="deliveries", description="What became of each delivery of this run, in rows.")


def show_published(settings: Settings, version: int) -> None:
    """The national figures of the version, and where it is."""
    create_table_artifact(
        national_rows(settings.root, settings.resources),
        key="attainment-national",
        description=f"National attainment of version {version}, by target year and definition.",
    )
    create_markdown_artifact(
        f"Version {version} is published: `{settings.root.database}`, report `{settings.root.report}`.",
        key="published",
        description="Which version analysts see, and where it is.",
    )


def show_plan(backfill: Backfill) -> None:
    """What a backfill does with each delivery, and why."""
    if backfill.deliveries:
        create_table_artifact(
            [vars(one) for one in backfill.deliveries],
            key="backfill-plan",
            description="What is done with each delivery, why, and about how long it takes.",
        )


def show_effect(effect: Iterable[Headline]) -> None:
    """What a backfill does to the headline figures."""
    rows = [{**vars(one), "change_ratio": one.change_ratio} for one in effect]
    if rows:
        create_table_artifact(
            rows, key="backfill-effect", description="The headline figures before the backfill and with it."
        )
