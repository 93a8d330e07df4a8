"""Kills real runs with Prefect (`capaian run`): `python tests/benchmarks/kills_of_nightly.py --kills 3`.

Tells which processes such a run leaves behind, whether the next one is hindered by them, and whether `capaian doctor` ends
them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from rehearsal import Stage, checksums, leftovers, stage

COMMAND = "import sys; from flows.cli.main import main; sys.argv[0] = 'capaian'; main()"


def start(stage: Stage, *verb: str) -> subprocess.Popen[bytes]:
    """`capaian VERB` on the data root of the stage, in a session of its own."""
    code = Path(__file__).parents[2]
    environment = os.environ | {
        "CAPAIAN_HOME": str(stage.settings.home),
        "CAPAIAN_MEMORY": "1GB",
        "PYTHONPATH": str(code),
    }
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *verb],
        cwd=code,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def alive(home: Path) -> dict[int, str]:
    """Every process that was given this data root, by id, with the beginning of its command."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"CAPAIAN_HOME={home}".encode() in (place / "environ").read_bytes().split(b"\0"):
                words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if words != [""]:
                    found[int(place.name)] = " ".join(words)[:80]
        except OSError:
            continue
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw, faults = random.Random(given.seed), []
    with stage() as made:
        home = made.settings.home
        as_of = ("--as-of", "2024-12-31")
        began = time.monotonic()
        undisturbed = start(made, "run", *as_of)
        undisturbed.communicate()
        seconds = time.monotonic() - began
        for number in range(given.kills):
            made.restore(made.scenes[0])
            shutil.rmtree(home / "prefect", ignore_errors=True)
            run = start(made, "run", *as_of)
            time.sleep(draw.uniform(0.1, 0.95) * seconds)
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            time.sleep(2)
            orphans = alive(home)
            print(f"kill {number + 1}: left behind {sorted(set(orphans.values()))}", file=sys.stderr, flush=True)
            again = start(made, "run", *as_of)
            output = again.communicate()[0].decode(errors="replace")
            if again.returncode:
                faults.append(f"kill {number + 1}: the next run ends with {again.returncode}: {output[-800:]}")
                continue
            tables = made.child(lambda: checksums(made.settings))
            other = [name for name, found in tables.items() if found != made.tables[name]]
            faults += [f"kill {number + 1}: {name} is not as undisturbed" for name in other if name not in OF_THE_RUN]
            faults += [f"kill {number + 1}: {fault}" for fault in leftovers(made.settings)]
            looked = start(made, "doctor")
            output = looked.communicate()[0].decode(errors="replace")
            if looked.returncode or alive(home):
                faults.append(f"kill {number + 1}: doctor leaves {alive(home)}: {output[-800:]}")
    print(json.dumps({"kills": given.kills, "seconds": round(seconds, 1), "faults": faults}, indent=1))
    return 1 if faults else 0


OF_THE_RUN = frozenset(
    {
        "meta.publication",
        "meta.versions",
        "meta.runs",
        "meta.attempts",
        "register.entity_history",
        "marts.stock_changes",
    }
)
"""They hold the business day of the run, which is another one here, or tell of the runs themselves."""

if __name__ == "__main__":
    sys.exit(main())
