"""The journal of runs: what is read is what happened, also when it stopped in the middle of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.journal import RunJournal, read_runs

ABOUT: dict[str, str | int | None] = {
    "purpose": "nightly",
    "code_version": "1",
    "rules_fingerprint": "r",
    "transforms_fingerprint": "t",
}


def test_a_run_tells_its_attempts_its_version_and_its_end(tmp_path: Path) -> None:
    journal = RunJournal.begin(tmp_path, **ABOUT)
    with journal.attempt("a") as told:
        told |= {"outcome": "validated", "line_count": 7}
    with pytest.raises(RuntimeError), journal.attempt("b"):
        raise RuntimeError
    journal.published(3)
    journal.end("done")
    (run,) = read_runs(tmp_path)
    assert (run.run_id, run.purpose, run.outcome, run.version, run.reason) == (1, "nightly", "done", 3, None)
    assert [(one.sha256, one.outcome, one.line_count) for one in run.attempts] == [
        ("a", "validated", 7),
        ("b", "failed", None),
    ]
    assert run.ended_at is not None and run.ended_at >= run.begun_at
    assert all(one.seconds is not None and one.seconds >= 0 for one in run.attempts)
    assert (tmp_path / "000001.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_run_without_an_end_was_interrupted_unless_it_is_at_work(tmp_path: Path) -> None:
    first = RunJournal.begin(tmp_path, **ABOUT)
    first._add("attempt_begun", sha256="a")
    second = RunJournal.begin(tmp_path, **ABOUT)
    runs = read_runs(tmp_path, at_work=second.run_id)
    assert [run.outcome for run in runs] == ["interrupted", "running"]
    assert [one.outcome for one in runs[0].attempts] == ["interrupted"]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_cut_off_by_a_crash_is_ignored(tmp_path: Path, cut: int) -> None:
    journal = RunJournal.begin(tmp_path, **ABOUT)
    with journal.attempt("a") as told:
        told["outcome"] = "validated"
    journal.end("done")
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    (run,) = read_runs(tmp_path)
    assert run.outcome == ("done" if cut == 1 else "interrupted")
    assert run.attempts[0].outcome == "validated"
