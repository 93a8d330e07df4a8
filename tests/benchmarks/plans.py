"""How long a plan over many deliveries takes: `capaian backfill plan` beside `capaian --version`, in one run.

Makes a data root whose ledger says of one real delivery that it came many times, each under a SHA-256 of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from conftest import ingest_inbox, stranger, write_sidt

from flows import ingesting
from flows.settings import Settings
from warehouse.ledger import ENTRY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        ingesting.open_data_root(settings)
        rows = [{"nomor_registrasi": f"R{place}", **stranger(place)} for place in range(200)]
        write_sidt(settings.root.inbox / "a.csv", rows)
        [entry] = ingest_inbox(settings)
        for number in range(1, asked.deliveries):
            sha256 = f"{number:064x}"
            shutil.copytree(settings.root.landed / entry.sha256, settings.root.landed / sha256)
            shutil.copytree(settings.root.lake / entry.sha256, settings.root.lake / sha256)
            path = settings.root.lake / sha256 / ENTRY
            path.write_text(
                json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"sha256": sha256}), encoding="utf-8"
            )
        environment = {**os.environ, "CAPAIAN_HOME": str(settings.home)}

        def seconds(*words: str) -> tuple[float, str]:
            begun = time.perf_counter()
            code = "import sys; from flows.cli.main import main; sys.argv[0] = 'capaian'; main()"
            done = subprocess.run(
                [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=True
            )
            return time.perf_counter() - begun, done.stdout

        for round_ in range(3):
            start, _ = seconds("--version")
            planned, shown = seconds("backfill", "plan", "--reprocess", "changed", "--json")
            document = json.loads(shown)
            print(
                f"round {round_ + 1}: {len(document['deliveries']):,} deliveries planned in {planned:.2f} s, of which {document['due_count']:,} are due;"
                f" the command alone starts in {start:.2f} s"
            )


if __name__ == "__main__":
    main()
