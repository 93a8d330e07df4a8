"""The single-writer lock of a data root: it dies with the process that holds it, and names its holder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LockHeld(RuntimeError):
    """Another run works on this data root."""


@contextmanager
def single_writer(path: Path, purpose: str) -> Iterator[None]:
    """Hold the lock at `path` for the length of the block; raises `LockHeld` at once when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = json.loads(os.read(descriptor, 4096) or b"{}")
            raise LockHeld(
                f"another run ({holder.get('purpose', 'unknown')}, process {holder.get('pid', 'unknown')}) is at work"
                f" on {path.parent}; wait for it or stop it"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "purpose": purpose}).encode())
        yield
    finally:
        os.close(descriptor)
