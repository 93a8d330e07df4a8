"""Kills runs and tells what a second run made of it: `python tests/benchmarks/kills.py --kills 500 --every`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from kills import kill_often


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="kills at any moment of a whole run")
    parser.add_argument("--boundaries", type=int, help="kills at boundaries; by default before and after every one")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    given = parser.parse_args()
    tally = kill_often(given.boundaries, given.kills, given.seed, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(asdict(tally), indent=1))
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
