"""Where the test corpora are; tests that read them are skipped with a visible reason where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

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
