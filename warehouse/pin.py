"""The pin: a small file in `published/` that holds the publication at a kept version until it is taken away.

Belongs here: how the pin is kept. Does not belong here: who sets it (`flows/rollback.py`) and who heeds it
(`flows/releasing.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from warehouse.ledger import sync


class PinError(RuntimeError):
    """The pin is there and cannot be read."""


@dataclass(frozen=True)
class Pin:
    """Which version is held, why (may be empty), and since when (UTC, ISO)."""

    version: int
    reason: str
    pinned_at: str

    def __str__(self) -> str:
        return f"version {self.version} is pinned since {self.pinned_at}" + (f" ({self.reason})" if self.reason else "")


def read_pin(path: Path) -> Pin | None:
    """The pin at `path`, or None. Raises `PinError` when it cannot be read: held is held."""
    try:
        return Pin(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, OSError) as error:
        raise PinError(
            f"{path} cannot be read ({type(error).__name__}), and nothing is published while it is there;"
            " set it again with capaian rollback N, or take it away with capaian rollback --lift"
        ) from None


def set_pin(path: Path, pin: Pin) -> None:
    """Put `pin` in place of what was there, as a whole."""
    unfinished = path.with_name(f".{path.name}.next")
    unfinished.write_text(json.dumps(asdict(pin), ensure_ascii=False, indent=1), encoding="utf-8")
    unfinished.chmod(0o444)
    sync(unfinished)
    unfinished.replace(path)
    sync(path.parent)


def take_pin(path: Path) -> None:
    """Take the pin away, whatever it says."""
    path.unlink(missing_ok=True)
    sync(path.parent)
