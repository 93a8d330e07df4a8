"""Compare every mart with plain Python on many random small registers.

python tests/benchmarks/mart_figures.py --censuses 200
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from plain_marts import PlainMarts
from random_census import Counting, random_census
from test_mart_figures import assert_sums_agree, differences

from warehouse.tables import MART_TABLES

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--censuses", type=int, default=200)
    censuses = parser.parse_args().censuses
    with tempfile.TemporaryDirectory() as folder:
        counting = Counting(Path(folder))
        compared = businesses = wrong = 0
        for seed in range(censuses):
            census, targets, as_of = random_census(seed)
            counting.marts(census, targets, as_of)
            found = list(differences(counting, PlainMarts(census, targets, as_of)))
            assert_sums_agree(counting)
            for difference in found[:3]:
                print(f"census {seed}: {difference}")
            compared += sum(len(counting.rows(table.name)) for table in MART_TABLES)
            businesses += len(census["businesses"])
            wrong += len(found)
    print(
        f"{censuses} censuses, {businesses:,} businesses, {len(MART_TABLES)} marts, {compared:,} rows: {wrong} differ"
    )
    sys.exit(bool(wrong))
