"""What a run needs on the disk: the factors of `flows/space.py`, measured on a simulated census.

    .venv/bin/python tests/benchmarks/space.py --rows 100000 --memory 2GB

Takes the exports in two nights (all but one of the smallest, then that one) and watches how many bytes lie under the data
root in each stage. Prints the highest rise of each night over what was there before it, per byte of its due deliveries
and per byte of the version that was published before, and what of it was spill. A smaller `--memory` shows the spill.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from flows import ingesting, releasing
from flows.settings import Settings
from transforms.simulation import simulate
from warehouse.reference_data import load_reference

AS_OF = date(2024, 12, 31)
MB = 1_000_000


def occupied(folder: Path) -> tuple[int, int]:
    """Bytes on the disk below `folder`, and those of them that DuckDB spilled."""
    total = spilled = 0
    for path in folder.rglob("*"):
        try:
            bytes_held = path.lstat().st_blocks * 512
        except FileNotFoundError:
            continue
        total += bytes_held
        if path.name.startswith("duckdb_temp"):
            spilled += bytes_held
    return total, spilled


class Watch:
    """The most that was occupied since `begin`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.highest, self.spilled = folder, 0, 0

    @contextmanager
    def over(self) -> Iterator[None]:
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.05):
                self._look()

        self._look()
        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            self._look()

    def _look(self) -> None:
        total, spilled = occupied(self._folder)
        self.highest, self.spilled = max(self.highest, total), max(self.spilled, spilled)


def night(settings: Settings, files: list[Path]) -> None:
    root = settings.root
    before_version = sum(path.stat().st_size for path in root.current.resolve().rglob("*") if path.is_file())
    for path in files:
        path.rename(root.inbox / path.name)
    ingesting.open_data_root(settings)
    ingesting.land_inbox(settings)
    ingesting.unpack_archives(settings)
    due = ingesting.plan_deliveries(settings)
    due_bytes = sum(file.path.stat().st_size for file in due)
    begun = occupied(root.home)[0]
    print(f"night: {len(due)} deliveries of {due_bytes / MB:.1f} MB, a version of {before_version / MB:.1f} MB before")
    whole = Watch(root.home)

    def stage(name: str, function: object, *arguments: object) -> object:
        watch = Watch(root.home)
        with watch.over():
            result = function(*arguments)  # type: ignore[operator]
        whole.highest, whole.spilled = max(whole.highest, watch.highest), max(whole.spilled, watch.spilled)
        print(
            f"  {name:20} at most {(watch.highest - begun) / MB:8.1f} MB more, {watch.spilled / MB:6.1f} MB of it spilled,"
            f" {(occupied(root.home)[0] - begun) / MB:8.1f} MB after"
        )
        return result

    stage("ingest", lambda: [ingesting.ingest(settings, file) for file in due])
    release = releasing.plan_release(settings, AS_OF, AS_OF)
    assert release is not None
    for name in ("resolve_register", "build_attainment", "build_releasable", "record_quality", "record_changes"):
        stage(name, getattr(releasing, name), settings, release)
    stage("publish", releasing.publish_release, settings, release)
    risen = whole.highest - begun
    print(f"  in all {risen / MB:.1f} MB: {risen / due_bytes:.2f} per due byte, ", end="")
    print(f"{risen / before_version:.2f} per published byte" if before_version else "nothing was published before")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--memory", default="2GB")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(home=Path(place) / "home", memory=arguments.memory, threads=2)
        ingesting.open_data_root(settings)
        exports = Path(place) / "exports"
        with settings.resources.connect() as con:
            load_reference(con)
            simulate(con, arguments.rows, 2022, exports)
        files = sorted(exports.iterdir(), key=lambda path: -path.stat().st_size)
        for path in files:
            print(f"  {path.name}: {path.stat().st_size / MB:.1f} MB")
        later = next(path for path in reversed(files) if path.suffix == ".csv" and path.stat().st_size > 10_000)
        night(settings, [path for path in files if path != later])
        night(settings, [later])


if __name__ == "__main__":
    main()
