"""Where everything is kept under the data root (`CAPAIAN_HOME`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataRoot:
    """The folders of one data root; `create()` makes them, closed to others where they hold personal data."""

    home: Path

    @property
    def inbox(self) -> Path:
        """Deliveries wait here until they are landed."""
        return self.home / "inbox"

    @property
    def landed(self) -> Path:
        """The bytes of every delivery under their SHA-256, read-only; personal data."""
        return self.home / "landed"

    @property
    def lake(self) -> Path:
        """Validated, quarantined and unparsable lines per delivery as Parquet, with the ledger entry; personal data."""
        return self.home / "lake"

    @property
    def vault(self) -> Path:
        """Identifiers, the key of their pseudonyms, and tombstones, see `vault/`; personal data."""
        return self.home / "vault"

    @property
    def published(self) -> Path:
        """What analysts open."""
        return self.home / "published"

    @property
    def versions(self) -> Path:
        return self.published / "versions"

    def version(self, number: int) -> Path:
        """The folder of a version, whether it is kept or not."""
        return self.versions / f"{number:06d}"

    def kept_versions(self) -> list[int]:
        """The numbers of all versions that are there as a whole, in order."""
        return sorted(int(path.name) for path in self.versions.glob("[0-9]*") if path.name.isdigit())

    @property
    def retired(self) -> Path:
        """What stays of versions that are no longer kept, see `retention.py`."""
        return self.published / "retired"

    def retired_version(self, number: int) -> Path:
        """The folder of what stays of a retired version, whether it is there or not."""
        return self.retired / f"{number:06d}"

    def remains_of(self, number: int) -> Path:
        """Where manifest, certificate and released tables of a version are: with it, or with what stays of it."""
        return self.version(number) if self.version(number).exists() else self.retired_version(number)

    def published_numbers(self) -> list[int]:
        """The numbers of all versions that were ever published, kept or retired, in order."""
        retired = {int(path.name) for path in self.retired.glob("[0-9]*") if path.name.isdigit()}
        return sorted(retired | set(self.kept_versions()))

    @property
    def pin(self) -> Path:
        """What holds the publication at a version, see `pin.py`."""
        return self.published / "pinned.json"

    @property
    def current(self) -> Path:
        """Symlink to the folder of the published version; switching it publishes everything at once."""
        return self.published / "current"

    @property
    def database(self) -> Path:
        return self.published / "capaian.duckdb"

    @property
    def report(self) -> Path:
        return self.published / "report.html"

    @property
    def reports(self) -> Path:
        """Reports and tables that `capaian report` wrote, a folder per version; they may leave the ministry."""
        return self.home / "reports"

    @property
    def scratch(self) -> Path:
        """Spill files and unfinished work; swept at the start of every run."""
        return self.home / "tmp"

    @property
    def link_decisions(self) -> Path:
        """What people decided about pairs of registrations, see `decisions.py`."""
        return self.home / "decisions" / "link_decisions.csv"

    @property
    def targets(self) -> Path:
        """Targets of provinces and kab/kota, see `targets.py`."""
        return self.home / "targets" / "targets.csv"

    @property
    def runs(self) -> Path:
        """The journal of runs, see `journal.py`."""
        return self.home / "runs"

    @property
    def backfills(self) -> Path:
        """Planned backfills, and the deliveries they have done and not yet let in; personal data."""
        return self.home / "backfills"

    @property
    def prefect(self) -> Path:
        return self.home / "prefect"

    @property
    def lock(self) -> Path:
        return self.home / "run.lock"

    def create(self) -> DataRoot:
        closed = (self.inbox, self.landed, self.lake, self.vault, self.scratch, self.prefect, self.runs, self.backfills)
        for folder in closed:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        self.versions.mkdir(parents=True, exist_ok=True)
        return self
