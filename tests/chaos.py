"""All kinds of chaos, a little of each, on one rehearsed run: what `test_chaos.py` judges. Prints JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from bad_days import Day, clock_back, closed_folders, full_disk, may_mount, short_writes
from bit_flips import damage_often
from kills import kill_at_boundaries, kill_at_moments
from reading_along import read_along
from rehearsal import stage


def main() -> None:
    with stage() as made:
        kill_at_boundaries(made, 42)
        kill_at_moments(made, 8, seed=1)
        kills = asdict(made.tally)
        days = {name: Day() for name in ("closed", "clock", "write", "disk")}
        closed_folders(made, days["closed"])
        clock_back(made, days["clock"])
        short_writes(made, days["write"], 4)
        if may_mount(made.settings.home):
            full_disk(made, days["disk"], 2)
        damage = asdict(damage_often(made, seed=1, cheap=14, dear=2))
        reading = asdict(read_along(made, readers=3, publications=4, reads=150))
    told = {name: asdict(day) for name, day in days.items()}
    print(json.dumps({"kills": kills, "days": told, "damage": damage, "reading": reading}))


if __name__ == "__main__":
    main()
