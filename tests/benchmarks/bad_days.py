"""Bad days, many of each: `python tests/benchmarks/bad_days.py --points 60`. Small disks need the right to mount."""

from __future__ import annotations

import argparse
import errno
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from bad_days import Day, clock_back, closed_folders, full_disk, little_memory, may_mount, memory_needed, short_writes
from rehearsal import stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=60, help="sizes of the small disk, and failing writes")
    given = parser.parse_args()
    days: dict[str, Day] = {}

    def told(name: str) -> Day:
        print(name, file=sys.stderr, flush=True)
        return days.setdefault(name, Day())

    with stage() as made:
        closed_folders(made, told("closed folders"))
        clock_back(made, told("clock back"))
        short_writes(made, told("no space at a write"), given.points)
        short_writes(made, told("read-only at a write"), given.points // 3, errno.EROFS)
        if may_mount(made.settings.home):
            full_disk(made, told("small disk"), given.points)
        else:
            print("small disks may not be mounted here", file=sys.stderr)
        need = memory_needed(made)
        little_memory(made, told(f"memory, {need / 1e6:,.0f} MB needed"), need, (25, 50, 100))
    print(json.dumps({name: asdict(day) for name, day in days.items()}, indent=1))
    return 1 if any(day.faults for day in days.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
