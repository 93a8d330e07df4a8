"""The journal of runs: who worked on the data root, when, on which deliveries, and how it ended.

One file a run, `runs/000012.jsonl`, to which a line is added as things happen. A line that was cut off by a crash is
ignored. A run without an end whose process no longer holds the lock was interrupted; so was what it had begun. That is
the lease: it lasts as long as its run holds the lock of the data root, and no clock is asked.

Belongs here: how a run is written down and read. Does not belong here: what became of a delivery (`ledger.py`), which
is committed with its data and decides what is done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

INTERRUPTED = "interrupted"
RUNNING = "running"


@dataclass
class Attempt:
    """One try at one delivery."""

    sha256: str
    begun_at: datetime
    ended_at: datetime | None = None
    outcome: str = RUNNING
    line_count: int | None = None

    @property
    def seconds(self) -> float | None:
        return (self.ended_at - self.begun_at).total_seconds() if self.ended_at else None


@dataclass
class Run:
    """One run, as far as its journal tells."""

    run_id: int
    purpose: str
    begun_at: datetime
    pid: int
    code_version: str
    rules_fingerprint: str
    transforms_fingerprint: str
    flow_run_id: str | None = None
    ended_at: datetime | None = None
    outcome: str = RUNNING
    reason: str | None = None
    version: int | None = None
    attempts: list[Attempt] = field(default_factory=list)


class RunJournal:
    """Writes the journal of the run that holds the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_id = int(path.stem)

    @classmethod
    def begin(cls, runs: Path, **about: str | int | None) -> RunJournal:
        """Open the journal of a new run; `about` are the fields of `Run` that are known at its beginning."""
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 1 + max((int(path.stem) for path in runs.glob("[0-9]*.jsonl")), default=0)
        journal = cls(runs / f"{number:06d}.jsonl")
        journal._add("begun", pid=os.getpid(), **about)
        return journal

    @contextmanager
    def attempt(self, sha256: str) -> Iterator[dict[str, Any]]:
        """One try at a delivery; `outcome` and `line_count` are put into what is yielded. An exception is a failure."""
        told: dict[str, Any] = {"outcome": "failed"}
        self._add("attempt_begun", sha256=sha256)
        try:
            yield told
        finally:
            self._add("attempt_ended", sha256=sha256, **told)

    def published(self, version: int) -> None:
        """The run published `version`."""
        self._add("published", version=version)

    def end(self, outcome: str, reason: str | None = None) -> None:
        """The run is over: done, or failed for a reason without any personal value."""
        self._add("ended", outcome=outcome, reason=reason)

    def _add(self, event: str, **facts: Any) -> None:
        line = json.dumps({"event": event, "at": datetime.now(UTC).isoformat(), **facts}, ensure_ascii=False)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_runs(runs: Path, at_work: int | None = None) -> list[Run]:
    """All runs in their order; what has no end is interrupted, unless it is the run `at_work`."""
    read = []
    for path in sorted(runs.glob("[0-9]*.jsonl")):
        run = _read(path)
        if run is None:
            continue
        if run.run_id != at_work:
            if run.outcome == RUNNING:
                run.outcome = INTERRUPTED
            for attempt in run.attempts:
                if attempt.outcome == RUNNING:
                    attempt.outcome = INTERRUPTED
        read.append(run)
    return read


def _read(path: Path) -> Run | None:
    run: Run | None = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            facts = json.loads(line)
            event, at = facts.pop("event"), datetime.fromisoformat(facts.pop("at"))
        except (ValueError, KeyError, AttributeError):
            continue  # cut off by a crash
        if event == "begun":
            run = Run(int(path.stem), begun_at=at, **facts)
        elif run is None:
            continue
        elif event == "attempt_begun":
            run.attempts.append(Attempt(facts["sha256"], at))
        elif event == "attempt_ended":
            attempt = [one for one in run.attempts if one.sha256 == facts["sha256"]][-1]
            attempt.ended_at, attempt.outcome, attempt.line_count = at, facts["outcome"], facts.get("line_count")
        elif event == "published":
            run.version = facts["version"]
        elif event == "ended":
            run.ended_at, run.outcome, run.reason = at, facts["outcome"], facts["reason"]
    return run
