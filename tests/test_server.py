"""Prefect as an operator sets it up: server, worker and deployments, started by the commands of the README.

Run with `CAPAIAN_SLOW=1 make test ARGS=tests/test_server.py`: most of its minutes it waits.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from conftest import published, stranger, write_sidt

from flows.plan import JAKARTA
from flows.settings import Settings

pytestmark = [
    pytest.mark.flow,
    pytest.mark.skipif("CAPAIAN_SLOW" not in os.environ, reason="waits minutes for clocks and servers; CAPAIAN_SLOW=1"),
]

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```bash\n(make demo.*?)```", re.DOTALL)
PATIENCE_SECONDS = 600


class Operator:
    """Runs the lines of the README as an operator would, with a data root and a port of the test."""

    def __init__(self, home: Path, webhook: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home, self.children = home, {}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment |= {
            "CAPAIAN_ALERT_WEBHOOK": webhook,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        self.lines = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0].splitlines()

    def set_up(self) -> None:
        for line in self.lines:
            command = self.of_the_test(line.partition("  #")[0])
            if line.startswith("make") or line.startswith("export PATH"):
                continue  # the environment is there
            if line.startswith("export"):
                for name, _, value in (word.partition("=") for word in command.split()[1:]):
                    self.environment[name] = value.replace("$CAPAIAN_HOME", str(self.home))
            elif command.endswith("&"):
                self.start(command.removesuffix("&").strip())
            else:
                done = self.run(*command.split())
                assert done.returncode == 0, done.stdout + done.stderr

    def of_the_test(self, line: str) -> str:
        return line.replace("4200", str(self.port)).replace("/srv/capaian", str(self.home))

    def start(self, command: str) -> None:
        log = (self.home.parent / f"{command.split()[1]}.log").open("ab")
        self.children[command.split()[1]] = subprocess.Popen(
            command.split(), cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        if "server" in command:
            wait_until(lambda: self.get("/health") is True, "the server answers")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        request = Request(
            f"http://127.0.0.1:{self.port}/api{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def get(self, path: str) -> Any:
        try:
            return self.ask(path, method="GET")
        except OSError:
            return None

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """Flow runs of a deployment that were not only scheduled, by time."""
        asked = {"flows": {"name": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}
        return [run for run in self.ask("/flow_runs/filter", asked) if run["state_type"] != "SCHEDULED"]

    def stop(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"it never came to be that {what}"
        time.sleep(1)


def descendants(pid: int) -> list[int]:
    """Processes below `pid`, whatever group they are in."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
    ]
    return children + [below for child in children for below in descendants(child)]


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that takes alerts, and what it was told."""
    messages: list[dict[str, Any]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/alerts?secret=kenari", messages
    server.shutdown()


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory, told: tuple[str, list[dict[str, Any]]]) -> Iterator[Operator]:
    home = tmp_path_factory.mktemp("operated") / "home"
    operator = Operator(home, told[0])
    try:
        operator.set_up()  # on a machine that has no data root yet
        inbox = Settings(home=home).root.create().inbox
        for name, first in (("a.csv", 0), ("b.csv", 40)):
            rows = [{"nomor_registrasi": f"R{place}", **stranger(place)} for place in range(first, first + 30)]
            write_sidt(inbox / name, rows)
        yield operator
    finally:
        operator.stop()


def test_the_nightly_is_scheduled_for_one_in_the_morning_in_jakarta_and_fires_from_its_schedule(
    operator: Operator,
) -> None:
    deployment = operator.ask("/deployments/name/nightly/nightly", method="GET")
    asked = {
        "deployments": {"id": {"any_": [deployment["id"]]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    wait_until(lambda: len(operator.ask("/flow_runs/filter", asked)) >= 3, "nights are scheduled")
    starts = [
        datetime.fromisoformat(run["expected_start_time"]).astimezone(JAKARTA)
        for run in operator.ask("/flow_runs/filter", asked)
    ]
    assert {(start.hour, start.minute) for start in starts} == {(1, 0)}
    # The same deployment and time zone, at a minute that comes soon.
    soon = datetime.now(JAKARTA) + timedelta(seconds=150)
    cron = f"{soon.minute} {soon.hour} * * *"
    added = operator.run(
        "prefect",
        "--no-prompt",
        "deployment",
        "schedule",
        "create",
        "nightly/nightly",
        "--cron",
        cron,
        "--timezone",
        "Asia/Jakarta",
    )
    assert added.returncode == 0, added.stdout + added.stderr
    wait_until(lambda: [run["state_type"] for run in operator.runs("nightly")] == ["COMPLETED"], "the night is over")
    [night] = operator.runs("nightly")
    fired = datetime.fromisoformat(night["expected_start_time"]).astimezone(JAKARTA)
    assert (night["auto_scheduled"], fired.hour, fired.minute) == (True, soon.hour, soon.minute)
    settings = Settings(home=operator.home)
    assert published(settings, "SELECT version, as_of_date, known_date FROM meta.publication") == [
        (1, fired.date(), fired.date())
    ]
    assert published(settings, "SELECT purpose, flow_run_id FROM meta.runs") == [("nightly", night["id"])]
    keys = {artifact["key"]: artifact["type"] for artifact in operator.ask("/artifacts/filter", {})}
    assert keys == {
        "attainment-national": "table",
        "deliveries": "table",
        "nightly-progress": "progress",
        "published": "markdown",
    }


def test_a_backfill_is_triggered_with_parameters_and_a_wrong_one_is_refused(operator: Operator) -> None:
    def trigger(parameters: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return operator.run(
            "prefect",
            "--no-prompt",
            "deployment",
            "run",
            "backfill/backfill",
            "--param",
            f"parameters={json.dumps(parameters)}",
            "--watch",
        )

    refused = trigger({"provinces": ["Jawa Barat"]})
    assert refused.returncode != 0 and "does not match" in " ".join((refused.stdout + refused.stderr).split())
    done = trigger({"provinces": ["32"], "reprocess": "all", "dry_run": False})
    assert done.returncode == 0, done.stdout + done.stderr
    [backfill] = json.loads(operator.run("capaian", "backfill", "status", "--json").stdout)
    assert (backfill["state"], backfill["done_count"]) == ("done", 2)
    assert {artifact["key"] for artifact in operator.ask("/artifacts/filter", {})} >= {
        "backfill-plan",
        "backfill-progress",
    }


def test_a_run_that_fails_is_told_to_the_webhook_and_its_address_to_nobody(
    operator: Operator, told: tuple[str, list[dict[str, Any]]]
) -> None:
    from warehouse.lock import single_writer

    with single_writer(Settings(home=operator.home).root.lock, "another run"):
        operator.run("prefect", "--no-prompt", "deployment", "run", "nightly/nightly", "--watch")
    wait_until(lambda: bool(told[1]), "the webhook is told")
    assert (told[1][0]["flow"], told[1][0]["state"]) == ("nightly", "Failed")
    logs = "".join(path.read_text(encoding="utf-8", errors="replace") for path in operator.home.parent.glob("*.log"))
    logs += json.dumps(operator.ask("/logs/filter", {"limit": 200}))
    assert "another run" in logs and "secret=kenari" not in logs


def test_a_killed_worker_is_seen_and_its_run_is_marked(operator: Operator) -> None:
    settings = Settings(home=operator.home)
    write_sidt(
        settings.root.inbox / "c.csv",
        [{"nomor_registrasi": f"S{place}", **stranger(place)} for place in range(100, 130)],
    )
    before, worker = len(operator.runs("nightly")), operator.children["worker"]
    operator.run("prefect", "--no-prompt", "deployment", "run", "nightly/nightly")

    def judging_is_stopped() -> bool:
        """The run waits for the process that judges, and its heart goes on beating."""
        judging = [pid for pid in descendants(worker.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        for pid in judging:
            os.kill(pid, signal.SIGSTOP)
        return bool(judging)

    wait_until(judging_is_stopped, "a delivery is judged")
    wait_until(lambda: len(operator.runs("nightly")) > before, "it runs")
    run = f"prefect.flow-run.{operator.runs('nightly')[-1]['id']}"
    beats = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": [run]}}
    wait_until(lambda: bool(operator.ask("/events/filter", {"filter": beats})["events"]), "its heart beats")
    for pid in [worker.pid, *descendants(worker.pid)]:  # as a machine that dies
        os.kill(pid, signal.SIGKILL)
    worker.wait()
    wait_until(lambda: operator.runs("nightly")[-1]["state_type"] == "CRASHED", "it is marked as crashed")
    operator.start(operator.of_the_test(operator.lines[-1]).removesuffix("&").strip())
    done = operator.run("prefect", "--no-prompt", "deployment", "run", "nightly/nightly", "--watch")
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = [outcome for (outcome,) in published(settings, "SELECT outcome FROM meta.runs ORDER BY run_id")]
    assert outcomes[-2:] == ["interrupted", "running"]
