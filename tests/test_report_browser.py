"""The report in a real browser, offline: no request, no console message, no fault that axe-core calls serious.

Needs Chromium on the path and axe-core: `CAPAIAN_AXE` names its axe.min.js, or the package axe-core-python holds it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from flows.settings import Settings
from warehouse.report import write_report

pytestmark = pytest.mark.browser
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--remote-allow-origins=*"),
)


def axe_script() -> str | None:
    named = os.environ.get("CAPAIAN_AXE")
    package = find_spec("axe_core_python")
    held = (
        Path(package.submodule_search_locations[0], "axe.min.js")
        if package and package.submodule_search_locations
        else None
    )
    path = Path(named) if named else held
    return path.read_text(encoding="utf-8") if path and path.exists() else None


class Browser:
    """Chromium by its DevTools protocol: what is injected so runs beside the page's own security policy, not under it."""

    def __init__(self, profile: Path) -> None:
        from websockets.sync.client import connect

        assert CHROMIUM
        command = [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        active, deadline = profile / "DevToolsActivePort", time.monotonic() + 60
        while not active.exists() or not active.read_text().strip():
            assert time.monotonic() < deadline, "Chromium did not start within a minute"
            time.sleep(0.1)
        port = active.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            tab = next(tab for tab in json.load(answer) if tab["type"] == "page")
        self._socket = connect(tab["webSocketDebuggerUrl"], max_size=None)
        self._number = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self(f"{domain}.enable")
        nothing = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self("Network.emulateNetworkConditions", **nothing)

    def __call__(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=120))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def open(self, path: Path, width: int) -> None:
        """Open a file at a width, px."""
        self.events.clear()
        self("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self("Runtime.evaluate", expression="1")
            time.sleep(0.05)

    def value(self, expression: str) -> Any:
        """The value of an expression in the page, awaited."""
        answer = self("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture(scope="module")
def axe() -> str:
    script = axe_script()
    if script is None:
        pytest.skip("axe-core is absent: set CAPAIAN_AXE to an axe.min.js, or install axe-core-python")
    return script


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is absent: install chromium to open the report in a browser")
    pytest.importorskip("websockets")
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module", params=["id", "en"])
def path(request: pytest.FixtureRequest, browser: Browser, reported: Settings) -> Path:
    path = reported.home / f"report-{request.param}.html"
    with reported.resources.connect(reported.root.database.resolve(), read_only=True) as con:
        write_report(con, path, request.param)
    return path


def test_nothing_is_requested_and_nothing_is_said_on_the_console(browser: Browser, path: Path) -> None:
    browser.open(path, 1280)
    time.sleep(0.5)
    browser.value("1")
    requested = [
        event["params"]["request"]["url"] for event in browser.events if event["method"] == "Network.requestWillBeSent"
    ]
    said = [
        event
        for event in browser.events
        if event["method"] in ("Runtime.consoleAPICalled", "Log.entryAdded", "Runtime.exceptionThrown")
    ]
    assert requested == [path.as_uri()]
    assert said == []


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_fault_that_it_calls_serious(browser: Browser, axe: str, path: Path, width: int) -> None:
    browser.open(path, width)
    browser.value(f"{axe};0")
    found = browser.value(
        "axe.run(document).then(found => JSON.stringify(found.violations.map("
        "one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 120)).slice(0, 3)])))"
    )
    faults = json.loads(found)
    assert [fault for fault in faults if fault[0] in ("serious", "critical")] == []


def test_axe_is_not_blind(browser: Browser, axe: str, path: Path) -> None:
    browser.open(path, 1280)
    browser.value(f"document.documentElement.removeAttribute('lang');{axe};0")
    found = browser.value("axe.run(document).then(found => found.violations.map(one => one.id))")
    assert "html-has-lang" in found


def test_on_a_phone_only_tables_are_wider_than_the_screen(browser: Browser, path: Path) -> None:
    browser.open(path, 360)
    assert browser.value("document.documentElement.scrollWidth") <= 360
    small = browser.value(
        "Math.min(...[...document.querySelectorAll('main p, main td, main th, main dd')].map("
        "cell => parseFloat(getComputedStyle(cell).fontSize)))"
    )
    assert small >= 12


def test_print_shows_whole_tables_and_no_navigation(browser: Browser, path: Path) -> None:
    browser.open(path, 718)  # A4 between its margins
    browser("Emulation.setEmulatedMedia", media="print")
    cut = browser.value(
        "[...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)"
        ".map(box => box.getAttribute('aria-labelledby') + ' ' + (box.scrollWidth - box.clientWidth))"
    )
    shown = browser.value("getComputedStyle(document.querySelector('nav')).display")
    browser("Emulation.setEmulatedMedia", media="")
    assert (cut, shown) == ([], "none")
