"""Flips bits in what is kept and damages it otherwise: `python tests/benchmarks/bit_flips.py --rounds 400`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from bit_flips import damage_often
from rehearsal import stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="rounds on landed and on published files each")
    parser.add_argument("--dear", type=int, default=40, help="rounds on every delivery of the lake, and on linking")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with stage() as made:
        damage = damage_often(made, given.seed, given.rounds, given.dear)
    print(json.dumps(asdict(damage), indent=1))
    return 1 if damage.silent else 0


if __name__ == "__main__":
    sys.exit(main())
