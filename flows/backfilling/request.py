"""What may be asked of a backfill: the parameters of its flow, and the options of its command.

Belongs here: their shape, limits and words, from which Prefect makes the form of its page. Does not belong here: what
follows from them (`flows/plan.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from flows.plan import Reprocess, Selection

Province = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class BackfillRequest(BaseModel):
    """Which deliveries are to be done again, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    waves: frozenset[int] = Field(frozenset(), description="Waves of the census, such as 2022; none means all.")
    provinces: frozenset[Province] = Field(
        frozenset(), description="Provinces by the first two digits of their region code; none means all."
    )
    first_date: date | None = Field(None, description="Arrived on this day in Jakarta or later.")
    last_date: date | None = Field(None, description="Arrived on this day in Jakarta or earlier.")
    reprocess: Reprocess = Field(
        "changed",
        description="none: what was never ingested; failed: also what was refused or failed;"
        " changed: also what was made from other rules, profiles or code; all: everything.",
    )
    newest_first: bool = Field(False, description="Take the deliveries that arrived last first.")
    max_parallel: int = Field(2, ge=1, le=16, description="Deliveries at a time.")
    max_change: float = Field(
        0.05, ge=0, description="Largest change of a headline figure that is published, as a share of it: 0.05 is 5 %."
    )
    as_of: date | None = Field(
        None, description="Day up to which facts are taken into account; by default that of the published version."
    )

    @model_validator(mode="after")
    def _dates_in_order(self) -> BackfillRequest:
        if self.first_date and self.last_date and self.first_date > self.last_date:
            raise ValueError(f"the first day ({self.first_date}) is after the last ({self.last_date})")
        return self

    @property
    def selection(self) -> Selection:
        return Selection(self.waves, self.provinces, self.first_date, self.last_date)
