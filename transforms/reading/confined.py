"""Confined: run one of our readers in a child process that may be lost.

Belongs here: the limits of the child, and what its end means. Does not belong here: any format. A library written in C
or Rust can be brought down by a hostile file, or asked for all memory; the run must survive both. Rows go to files,
only small facts come back.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transforms.reading.refusal import RefusedDelivery, is_of_the_machine

_ROOT = Path(__file__).parents[2]
_MB = 1 << 20
_OUT_OF_MEMORY = (b"memory allocation of", b"bad_alloc", b"capacity overflow", b"Cannot allocate memory")


@dataclass(frozen=True)
class Limits:
    """What a child may use: memory beyond that of the started reader, CPU and wall time, bytes of one written file."""

    memory_mb: int = 512
    cpu_seconds: int = 300
    wall_seconds: int = 600
    file_mb: int = 16_384


def confined(function: Callable[..., Any], what: str, cure: str, limits: Limits, **arguments: str | int) -> Any:
    """The JSON-like result of `function(**arguments)`, a public function of a module of ours, run in a child.

    Raises `RefusedDelivery` when the function does, and when the child runs out of memory or time, crashes or fails:
    the reason then names `what` was read ("the sheet") and the `cure`, and nothing of the file's content. What the
    machine refuses the child (a full disk) is raised as `OSError`.
    """
    request = {
        "module": function.__module__,
        "function": function.__qualname__,
        "arguments": arguments,
        "memory_mb": limits.memory_mb,
        "cpu_seconds": limits.cpu_seconds,
        "file_mb": limits.file_mb,
    }
    with tempfile.TemporaryFile() as complaints:
        try:
            child = subprocess.run(
                [sys.executable, "-P", "-s", "-m", __name__],
                input=json.dumps(request).encode(),
                stdout=subprocess.PIPE,
                stderr=complaints,
                timeout=limits.wall_seconds,
                env=_environment(),
            )
        except subprocess.TimeoutExpired:
            raise RefusedDelivery(f"{what} takes more than {limits.wall_seconds} s to open; {cure}") from None
        complaints.seek(0)
        complaint = complaints.read(1 << 16)
    if child.returncode == -signal.SIGXCPU:
        raise RefusedDelivery(f"{what} takes more than {limits.cpu_seconds} s of computing to open; {cure}")
    too_large = child.returncode == -signal.SIGKILL or any(sign in complaint for sign in _OUT_OF_MEMORY)
    answer: dict[str, Any] = {} if child.returncode else json.loads(child.stdout)
    if "refused" in answer:
        raise RefusedDelivery(answer["refused"])
    if "result" in answer:
        return answer["result"]
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]), str(arguments.get("rows", "")) or None)
    if too_large or answer.get("failed") == "MemoryError":
        raise RefusedDelivery(f"{what} needs more than {limits.memory_mb} MB to open; {cure}")
    cause = answer.get("failed") or (
        signal.Signals(-child.returncode).name if child.returncode < 0 else f"exit {child.returncode}"
    )
    raise RefusedDelivery(f"{what} is damaged and cannot be read ({cause}); {cure}")


def _environment() -> dict[str, str]:
    """Nothing of ours but where the code is: no setting and no secret reaches the child."""
    return {
        "PYTHONPATH": str(_ROOT),
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # the other pools reserve address space far beyond what they use
        "MALLOC_ARENA_MAX": "1",  # the same, for each thread
        "OMP_NUM_THREADS": "1",
    }


def _limit_memory(memory_mb: int) -> None:
    """Limit the address space to what the started reader holds and `memory_mb`; only Linux tells, and obeys."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        return
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_mb * _MB)


def _limit(what: int, amount: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))


def _serve() -> None:
    """The child's whole life: read a request, limit itself, answer."""
    request = json.load(sys.stdin)
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, request["cpu_seconds"])
    _limit(resource.RLIMIT_FSIZE, request["file_mb"] * _MB)
    function = getattr(importlib.import_module(request["module"]), request["function"])
    _limit_memory(request["memory_mb"])
    answer: dict[str, Any]
    try:
        answer = {"result": function(**request["arguments"])}
    except RefusedDelivery as refused:
        answer = {"refused": refused.reason}
    except BaseException as error:  # a panic of a Rust library is no Exception
        answer = {"failed": type(error).__name__}
        if isinstance(error, OSError) and is_of_the_machine(error):
            answer["errno"] = error.errno
    _limit(resource.RLIMIT_AS, resource.RLIM_INFINITY)
    with open(answers, "wb", closefd=True) as stream:  # noqa: PTH123
        stream.write(json.dumps(answer).encode())
        stream.flush()
    os._exit(0)  # a library's last rites may crash after the answer is given


if __name__ == "__main__":
    _serve()
