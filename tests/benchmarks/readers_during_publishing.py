"""Readers during publications: `python tests/benchmarks/readers_during_publishing.py --reads 10000 --publications 60`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from reading_along import read_along
from rehearsal import stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--publications", type=int, default=60)
    parser.add_argument("--reads", type=int, default=10_000)
    given = parser.parse_args()
    with stage() as made:
        reading = read_along(made, given.readers, given.publications, given.reads)
    print(json.dumps(asdict(reading), indent=1))
    return 1 if reading.errors or reading.torn or not reading.stayed else 0


if __name__ == "__main__":
    sys.exit(main())
