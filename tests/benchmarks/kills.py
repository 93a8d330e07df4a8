"""Kills runs and tells what a second run made of it: `python tests/benchmarks/kills.py --kills 500`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from kills import kill_at_boundaries, kill_at_moments
from rehearsal import stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="kills at any moment of a whole run")
    parser.add_argument("--boundaries", type=int, help="kills at boundaries; by default before and after every one")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    given = parser.parse_args()

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with stage() as made:
        kill_at_boundaries(made, given.boundaries, tell)
        kill_at_moments(made, given.kills, given.seed, tell)
        print(json.dumps(asdict(made.tally), indent=1))
        return 1 if made.tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
