"""What the rule book finds of a simulated delivery, by kind of defect that was put in.

.venv/bin/python tests/benchmarks/findings.py --rows 50000 --seed 7
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from census import VISIBLE, findings_by_defect, judged_census


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="capaian-findings-"))
    with judged_census(folder, arguments.rows, arguments.seed) as con:
        print(f"{'defect':30}{'rows':>8}{'recall':>9}  codes that nothing explains")
        for row in findings_by_defect(con):
            recall = f"{1 - row.missed_count / row.row_count:.4f}" if row.defect in VISIBLE else "-"
            print(f"{row.defect:30}{row.row_count:8,}{recall:>9}  {row.false_codes or ''}")


if __name__ == "__main__":
    main()
