"""What resolving costs: CPU seconds per million rows, peak memory within its limit, growth, and a night against the whole.

    python tests/benchmarks/growth.py --validated 2M.parquet 10M.parquet --night 50000

Each file holds validated registrations of a simulated census (one is made with --rows when none is given). Every
measurement is a process of its own. Prints the cost of each step and of all, and ratios: growth against linear, the night
against the full run, and resolving against DuckDB's bare copy of the same rows.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from nights import deliver, resolve_nights

LINKING = ("prepare", "block", "compare", "weigh", "keep", "decide", "cluster")


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_mb() -> float:
    """The high-water mark of this process alone; `ru_maxrss` would begin with that of the process that started it."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def measure(deliveries: Path, nights: list[list[int]], threads: int, memory: str) -> dict[str, Any]:
    """Resolve in this process; the figures are those of the last night."""
    steps: dict[str, float] = {}
    resolving = importlib.import_module("transforms.resolve.resolve")

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            before = cpu_seconds()
            result = function(*arguments, **named)
            steps[name] = steps.get(name, 0.0) + cpu_seconds() - before
            return result

        return call

    for name in LINKING[:-1]:
        setattr(resolving.link, name, timed(name, getattr(resolving.link, name)))
    for name in ("cluster", "identify", "build_table"):
        setattr(resolving, name, timed(name, getattr(resolving, name)))
    with tempfile.TemporaryDirectory() as folder:
        if nights[1:]:
            resolve_nights(deliveries, Path(folder), nights[:-1], threads=threads, memory=memory)
        steps.clear()
        before, wall = cpu_seconds(), time.perf_counter()
        resolve_nights(deliveries, Path(folder), nights, threads=threads, memory=memory, skip=len(nights) - 1)
        total = cpu_seconds() - before
        return {
            "steps": steps,
            "linking": sum(steps.get(name, 0.0) for name in LINKING),
            "cpu": total,
            "wall": time.perf_counter() - wall,
            "peak_mb": peak_mb(),
        }


def apart(**arguments: Any) -> dict[str, Any]:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--measure", json.dumps(arguments, default=str)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--validated", type=Path, nargs="+")
    parser.add_argument("--night", type=int, default=50_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        arguments = json.loads(options.measure)
        print(json.dumps(measure(**{**arguments, "deliveries": Path(arguments["deliveries"])})))
        return
    per_million = []
    for rows in options.validated:
        ((count,),) = duckdb.execute(f"SELECT count(*) FROM '{rows}'").fetchall()
        millions = count / 1e6
        before = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            duckdb.execute(f"SET threads = {options.threads}; COPY (FROM '{rows}') TO '{folder}/copy.parquet'")
        copy = time.process_time() - before
        limits = {"threads": options.threads, "memory": options.memory}
        with tempfile.TemporaryDirectory() as folder:
            full = apart(deliveries=deliver(rows, Path(folder) / "whole"), nights=[[0]], **limits)
        per_million.append(full["cpu"] / millions)
        print(f"\n{rows.name}: {count:,} registrations, {options.threads} threads, limit {options.memory}")
        for name, cost in full["steps"].items():
            print(f"  {name:12} {cost / millions:6.2f} CPU-s per million")
        print(
            f"  all          {full['cpu'] / millions:6.2f} CPU-s per million, of which linking {full['linking'] / millions:.2f};"
            f" {full['wall']:.0f} s, peak {full['peak_mb']:,.0f} MB, {full['cpu'] / copy:.1f} times a bare copy"
        )
        if options.night and rows == options.validated[0]:
            parts = round(count / options.night)
            with tempfile.TemporaryDirectory() as folder:
                deliveries = deliver(rows, Path(folder) / "parts", parts)
                night = apart(deliveries=deliveries, nights=[list(range(1, parts)), [0]], **limits)
            print(
                f"  a night of {count // parts:,}: {night['cpu']:.1f} CPU-s, {night['cpu'] / full['cpu']:.1%} of the whole;"
                f" linking {night['linking']:.1f} CPU-s, {night['linking'] / full['linking']:.1%}"
            )
    if per_million[1:]:
        print(f"\ngrowth against linear: {per_million[-1] / per_million[0]:.2f}")


if __name__ == "__main__":
    main()
