"""A reader in a child process may run out of memory or time, crash or fail: the run sees a refusal."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from transforms.reading.confined import Limits, confined
from transforms.reading.refusal import RefusedDelivery

LIMITS = Limits(memory_mb=128, cpu_seconds=2, wall_seconds=3, file_mb=1)


def echo(text: str) -> list[str]:
    print("what a library prints is no answer")
    return [text, os.environ.get("CAPAIAN_HOME", "no setting")]


def refuse(reason: str) -> None:
    raise RefusedDelivery(reason)


def fail(secret: str) -> None:
    raise ValueError(secret)


def crash(number: int) -> None:
    os.kill(os.getpid(), number)


def allocate(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def compute() -> None:
    while True:
        pass


def wait() -> None:
    time.sleep(60)


def write(path: str) -> None:
    Path(path).write_bytes(bytes(3 << 20))


def run_full(rows: str) -> None:
    raise OSError(errno.ENOSPC, "full", rows)


def test_a_full_disk_is_no_reason_to_refuse_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused stays refused; the same file is read when there is room again."""
    monkeypatch.setattr("transforms.reading.confined._ROOT", f"{Path.cwd()}:{Path(__file__).parent}")
    with pytest.raises(OSError) as raised:
        confined(run_full, "the sheet", "send it as CSV", LIMITS, rows=str(tmp_path / "rows"))
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path / "rows"))


def test_the_result_comes_back_and_no_setting_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPAIAN_HOME", "/somewhere")
    monkeypatch.setattr("transforms.reading.confined._ROOT", f"{Path.cwd()}:{Path(__file__).parent}")
    assert confined(echo, "the sheet", "send it as CSV", LIMITS, text="é\n") == ["é\n", "no setting"]


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (refuse, {"reason": "line 3: so it is"}, "line 3: so it is"),
        (fail, {"secret": "3201014101800001"}, "the sheet is damaged and cannot be read (ValueError); send it as CSV"),
        (crash, {"number": signal.SIGSEGV}, "the sheet is damaged and cannot be read (SIGSEGV); send it as CSV"),
        (crash, {"number": signal.SIGKILL}, "the sheet needs more than 128 MB to open; send it as CSV"),
        (allocate, {"megabytes": 400}, "the sheet needs more than 128 MB to open; send it as CSV"),
        (compute, {}, "the sheet takes more than 2 s of computing to open; send it as CSV"),
        (wait, {}, "the sheet takes more than 3 s to open; send it as CSV"),
        (write, {"path": "big"}, "the sheet is damaged and cannot be read (OSError); send it as CSV"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_end_of_the_child_is_a_refusal(
    function: object, arguments: dict[str, object], reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("transforms.reading.confined._ROOT", f"{Path.cwd()}:{Path(__file__).parent}")
    if "path" in arguments:
        arguments = {"path": str(tmp_path / "big")}
    with pytest.raises(RefusedDelivery) as refused:
        # On a busy machine two seconds of computing take longer than three seconds.
        limits = replace(LIMITS, wall_seconds=60) if function is compute else LIMITS
        confined(function, "the sheet", "send it as CSV", limits, **arguments)
    assert refused.value.reason == reason


def test_what_fits_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.reading.confined._ROOT", f"{Path.cwd()}:{Path(__file__).parent}")
    assert confined(allocate, "the sheet", "send it as CSV", LIMITS, megabytes=60) == 60 << 20
