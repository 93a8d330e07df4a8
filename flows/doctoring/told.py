"""What the doctor tells: one finding a check, with its result and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Result = Literal["fine", "note", "mended", "to_mend", "person"]
"""`note` is nothing wrong and good to know; `to_mend` is what a run without --dry-run mends; `person` needs one."""


@dataclass(frozen=True)
class Finding:
    """One check: its section, result, what was found and what to do."""

    section: str
    result: Result
    found: str
    cure: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order of the sections."""

    findings: tuple[Finding, ...]

    @property
    def needs_person(self) -> bool:
        return any(finding.result == "person" for finding in self.findings)


def few(names: Sequence[object]) -> str:
    """The first of `names`, and how many more there are."""
    return ", ".join(map(str, names[:3])) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
