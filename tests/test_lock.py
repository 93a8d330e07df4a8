"""The lock of a data root: it dies with its process, and knows a holder that is not the one it names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.lock import LockHeld, lock_state, single_writer

HOLD = "import sys, time, os; from pathlib import Path; from warehouse.lock import single_writer\nwith single_writer(Path(sys.argv[1]), 'nightly'): {}"


def holding(path: Path, then: str) -> subprocess.Popen[str]:
    code = HOLD.format(then)
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_the_lock_dies_with_its_process_and_the_next_holder_hears_of_it(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    child = holding(path, "print('held', flush=True); time.sleep(60)")
    assert lock_state(path) == (True, lock_state(path)[1])
    with (
        pytest.raises(LockHeld, match=rf"nightly, process {child.pid}, since 20.*wait for it or stop it"),
        single_writer(path, "backfill"),
    ):
        pass
    child.send_signal(signal.SIGKILL)
    child.wait()
    is_held, holder = lock_state(path)
    assert not is_held and holder is not None and holder.pid == child.pid
    with single_writer(path, "backfill") as died:
        assert died == holder
    with single_writer(path, "backfill") as died:
        assert died is None
    assert lock_state(path) == (False, None)


def test_a_process_that_inherited_the_lock_is_named_instead_of_the_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    fork = "os.fork() and os._exit(0); print('held', flush=True); time.sleep(60)"
    child = holding(path, fork)
    child.wait()
    with (
        pytest.raises(
            LockHeld, match=rf"\(nightly, process {child.pid}, .*\) is dead, but process (\d+) of it"
        ) as error,
        single_writer(path, "backfill"),
    ):
        pass
    heir = int(str(error.value).split("but process ")[1].split()[0])
    assert heir != child.pid
    os.kill(heir, signal.SIGKILL)


@pytest.mark.parametrize("change", [{"started_ticks": 1}, {"boot_id": "another"}, {"pid": 2**22 + 1}])
def test_a_number_given_to_another_process_or_from_before_a_restart_is_no_holder(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "run.lock"
    with single_writer(path, "nightly"):
        written = json.loads(path.read_text(encoding="utf-8"))
        assert lock_state(path)[1].is_alive  # type: ignore[union-attr]
    path.write_text(json.dumps(written | change), encoding="utf-8")
    is_held, holder = lock_state(path)
    assert not is_held and holder is not None and not holder.is_alive


def test_an_error_in_the_run_gives_the_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with pytest.raises(ValueError, match="x"), single_writer(path, "nightly"):
        raise ValueError("x")
    assert lock_state(path) == (False, None)
