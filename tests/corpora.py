"""Where the test corpora are, and what becomes of each file in them.

Tests that read them are skipped with a visible reason where they are absent. The table of all outcomes:

    .venv/bin/python tests/corpora.py > tests/corpora.txt
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from transforms.reading.front import open_table
from transforms.reading.refusal import RefusedDelivery
from transforms.reading.text import UnreadableText

CORPORA = Path(os.environ.get("CAPAIAN_CORPORA") or Path(__file__).parents[2] / "shared" / "data" / "corpora")
REASON = f"no test corpora in {CORPORA}; set CAPAIAN_CORPORA to the folder that holds csv_spectrum, csvkit, ..."


def corpus_texts() -> list[Path]:
    """The files of delimited text in all corpora, [] where there are none."""
    return sorted(
        path
        for path in CORPORA.rglob("*")
        if path.suffix in (".csv", ".tsv", ".txt", ".TXt", ".upl", ".pl", "")
        and path.is_file()
        and path.name != "LICENSE"
    )


def outcome_of(path: Path) -> str:
    """What the reader makes of one file, in a line: its account, which balances, or the reason of the refusal."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            table = open_table(path, None, Path(scratch))
            record_count = sum(1 for _ in table.rows())  # raises when a line is in none of the sorts
        except (RefusedDelivery, UnreadableText) as refused:
            return f"refused: {str(refused).removeprefix(path.name + ': ')}"
        lines = table.report()["lines"]
    sorts = ", ".join(f"{count} {sort}" for sort, count in lines.items() if count and sort != "all")
    return f"{record_count} records; {lines['all']} lines: {sorts or 'none'}"


def outcomes() -> str:
    """The table of all files of the corpora, one line each."""
    files = [path for path in sorted(CORPORA.rglob("*")) if path.is_file()]
    return "".join(f"{path.relative_to(CORPORA)}: {outcome_of(path)}\n" for path in files)


if __name__ == "__main__":
    print(outcomes(), end="")
