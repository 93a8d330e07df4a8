"""An inbox full of attacks and one good delivery: the good one is published, every attack is answered with a reason."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import attacks
import pytest
from conftest import published, write_sidt

from flows.settings import Settings

PEAK_MB = 400
HANGS_AFTER_SECONDS = 600
"""Work in proportion is held by `test_attacks.py`; here a run that never ends is to end as a failure."""


def largest_in_session(session: int) -> int:
    """The highest peak so far, MB, of the resident set of any process of a session."""
    peaks = [0]
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            if os.getsid(int(folder.name)) == session:
                peaks.append(int((folder / "status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
    return max(peaks)


@pytest.mark.flow
def test_one_good_delivery_among_attacks_is_published_within_memory(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.root.home.mkdir()
    attacks.write_attacks(settings.root.inbox)
    settings.root.create()
    write_sidt(settings.root.inbox / "good.csv", [{"nomor_registrasi": f"R{place}"} for place in range(100)])
    program = "from flows.cli.main import main; main()"
    started, peak_mb = time.monotonic(), 0
    with (tmp_path / "summary.json").open("wb") as summary:
        run = subprocess.Popen(
            [sys.executable, "-c", program, "run", "--as-of", "2024-12-31", "--json"],
            env={**os.environ, "CAPAIAN_HOME": str(settings.home)},
            stdout=summary,
            start_new_session=True,
        )
        while run.poll() is None:
            if time.monotonic() - started > HANGS_AFTER_SECONDS:
                os.killpg(run.pid, signal.SIGKILL)
                pytest.fail("the run hangs")
            peak_mb = max(peak_mb, largest_in_session(run.pid))
            time.sleep(0.05)
    assert run.returncode == 0
    seconds = time.monotonic() - started
    document = json.loads((tmp_path / "summary.json").read_bytes())
    assert document["version"] == 1
    assert published(settings, "SELECT file_name, status FROM quality.deliveries WHERE status <> 'refused'") == [
        ("good.csv", "validated")
    ]
    assert published(settings, "SELECT max(residual_count) FROM quality.row_balance") == [(0,)]
    assert published(settings, "SELECT count(*) FROM register.memberships") == [(100,)]
    refused = [entry for entry in document["deliveries"] if entry["status"] == "refused"]
    assert len(refused) + len(document["left"]) >= 30
    assert all(entry["reason"] for entry in refused)
    assert all(document["left"].values())
    print(f"{len(refused)} refused, {len(document['left'])} left, {seconds:.0f} s, largest process {peak_mb} MB")
    assert peak_mb < PEAK_MB
