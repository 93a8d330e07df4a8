"""What verifying tells: checks with their result, what was found and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Result = Literal["holds", "fails", "unchecked"]
CHANGED = "do not use this version; restore it from a copy"


class VerifyError(RuntimeError):
    """There is nothing to verify; the message says what there is."""


@dataclass(frozen=True)
class Check:
    """One check. `unchecked` is no failure: what it needs is not at hand, or has rightly changed since."""

    name: str
    result: Result
    found: str
    cure: str = ""


@dataclass(frozen=True)
class Verification:
    """All checks of one version; `manifest_sha256` covers every byte of it and is worth keeping elsewhere."""

    version: int
    as_of: date | None
    manifest_sha256: str | None
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        return all(check.result != "fails" for check in self.checks)


def holds(name: str, found: str) -> Check:
    """What was checked is as it should be."""
    return Check(name, "holds", found)


def fails(name: str, found: str, cure: str = CHANGED) -> Check:
    """What was checked is not as it should be."""
    return Check(name, "fails", found, cure)


def unchecked(name: str, found: str, cure: str = "") -> Check:
    """It could not be checked, which is said, and is no failure."""
    return Check(name, "unchecked", found, cure)


def few(names: list[str]) -> str:
    """The first of `names`, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
