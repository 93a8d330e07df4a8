"""Apart: what needs heavy libraries works in a child process of the run, with a memory of its own.

Belongs here: such a child's life. Does not belong here: what is done in it. Great Expectations takes
seconds to import and more memory than the rest of a run; apart, it is loaded while deliveries are being read.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Apart:
    """A child process, started at the first call; it ends with the run."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `function`, which a module of ours holds, computed in the child; its errors are raised here."""
        return self._started().submit(function, *args, **kwargs).result()

    def prepare(self, function: Callable[[], None]) -> None:
        """Let the child run `function` ahead of the first call, without waiting for it."""
        self._started().submit(function)

    def _started(self) -> ProcessPoolExecutor:
        with self._starting:
            self._pool = self._pool or ProcessPoolExecutor(1, get_context("spawn"), initializer=_end_with_parent)
            return self._pool


def _end_with_parent() -> None:
    """A run that is killed takes the child with it; one that is interrupted ends it in its own time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for_end_of, args=(parent.sentinel,), daemon=True).start()


def _wait_for_end_of(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
