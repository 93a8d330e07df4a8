"""What linking keeps from one night to the next, so that a night of new deliveries costs by its new rows.

Belongs here: where it is kept, and whether it still fits. It holds personal data (NIK, and keys of names and numbers)
and lies in the lake. Nothing depends on it but time: without it, or when it does not fit, everything is linked anew,
with the same result.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from flows.fingerprints import linkage_fingerprint
from warehouse.checksums import sealed, sha256_of, unsealed

logger = logging.getLogger("capaian")

_TABLES = ("superseded", "compared", "over_full")


class Linkage:
    """The folder `linkage` of the lake. Files are only added, under new names; the manifest has those that hold."""

    def __init__(self, lake: Path) -> None:
        self.folder = lake / "linkage"
        self.manifest = self.folder / "manifest.json"
        self.begun_from = self.folder / "begun_from.json"

    def open(self, con: duckdb.DuckDBPyConnection, deliveries: Mapping[int, str]) -> bool:
        """Whether `deliveries` (number to key) are those of before and more; if so, name what was kept as views."""
        kept = self._read()
        earlier = {int(number): key for number, key in kept.get("deliveries", {}).items()}
        if kept.get("fingerprint") != linkage_fingerprint() or not earlier.items() <= dict(deliveries).items():
            return False
        changed = [name for name, sha256 in kept["files"].items() if _sha256_or_none(self.folder / name) != sha256]
        if changed:
            logger.warning("%s: no longer what was written; everything is linked anew", ", ".join(changed))
            return False
        con.execute("CREATE TEMP TABLE fresh (delivery_id BIGINT)")
        for number in sorted(deliveries.keys() - earlier.keys()):
            con.execute("INSERT INTO fresh VALUES (?)", [number])
        paths = {table: [str(self.folder / kept[table])] for table in _TABLES}
        paths["keys"] = [str(self.folder / name) for name in kept["keys"]]
        for table, files in paths.items():
            con.execute(f"CREATE TEMP VIEW earlier_{table} AS SELECT * FROM read_parquet({files})")
        return True

    def save(self, con: duckdb.DuckDBPyConnection, deliveries: Mapping[int, str], grows: bool, keys: Path) -> None:
        """Keep what resolving left on `con` and in the file `keys`; of a night that grew, its new rows are added."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        night = 1 + max((int(path.stem.rsplit("-")[-1]) for path in self.folder.glob("*.parquet")), default=0)
        earlier = self._read() if grows else {"keys": [], "files": {}}
        kept: dict[str, Any] = {
            "fingerprint": linkage_fingerprint(),
            "deliveries": {str(number): key for number, key in deliveries.items()},
            "keys": list(earlier["keys"]),
            "files": {name: earlier["files"][name] for name in earlier["keys"]},
        }
        for table in (*_TABLES, "keys"):
            name = f"{table}-{night:06d}.parquet"
            if table == "keys":
                shutil.move(keys, self.folder / name)
                kept["keys"].append(name)
            else:
                con.execute(f"COPY {table} TO '{self.folder / name}' (FORMAT parquet)")
                kept[table] = name
            (self.folder / name).chmod(0o600)
            kept["files"][name] = sha256_of(self.folder / name)
        unfinished = self.manifest.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(sealed(kept), indent=1), encoding="utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(self.manifest)
        for path in self.folder.glob("*.parquet"):
            if path.name not in kept["files"]:
                path.unlink()

    def begin_from(self, other: Linkage) -> None:
        """Stand where `other` stands, by links to its files; nothing is changed there."""
        if self.manifest.exists() or not other.manifest.exists():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in other.folder.glob("*.parquet"):
            (self.folder / path.name).symlink_to(path)
        for copy in (self.begun_from, self.manifest):
            copy.write_bytes(other.manifest.read_bytes())
            copy.chmod(0o600)

    def take(self, other: Linkage) -> None:
        """Go on from where `other` stands, which began from here; if this one moved on meanwhile, it stays as it is."""
        begun_from = other.begun_from.read_bytes() if other.begun_from.exists() else None
        if not other.manifest.exists() or begun_from != (
            self.manifest.read_bytes() if self.manifest.exists() else None
        ):
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.manifest.unlink(missing_ok=True)  # it names no file that is being replaced
        for path in other.folder.glob("*.parquet"):
            if not path.is_symlink():
                path.replace(self.folder / path.name)
        other.manifest.replace(self.manifest)

    def _read(self) -> dict[str, Any]:
        try:
            return unsealed(self.manifest.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:  # damaged, or torn by a lost disk write, which stops no night
            logger.warning("%s: no longer what was written; everything is linked anew", self.manifest)
            return {}


def _sha256_or_none(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None
