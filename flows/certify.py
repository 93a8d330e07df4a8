"""The statements of the release certificate that only flows can make: inputs, code, contract and reference.

Belongs here: what is hashed and how, so that certifying and `capaian verify` say the same. Does not belong here: the
form of the certificate and what tables state themselves (`warehouse/certificate.py`).
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import duckdb

from expectations.judge import RULE_BOOK_FINGERPRINT
from flows.fingerprints import transforms_fingerprint
from warehouse.audits import AUDITS
from warehouse.certificate import (
    PREVIOUS,
    STATING_TABLES,
    Statement,
    certificate_rows,
    stated_by_files,
    stated_by_tables,
)
from warehouse.checksums import sha256_of
from warehouse.connection import Resources
from warehouse.contract import fingerprint, quoted
from warehouse.corrections import load_corrections
from warehouse.decisions import load_decisions
from warehouse.layout import DataRoot
from warehouse.ledger import LedgerEntry
from warehouse.profiles import load_profiles
from warehouse.publish import MANIFEST, macros_fingerprint, read_manifest
from warehouse.reference_data import reference_fingerprint
from warehouse.tables import CONTRACT_FINGERPRINT

HERE = Path(__file__).parent.parent
PACKAGES = ("flows", "transforms", "expectations", "warehouse")
LOCK = "requirements.lock"
JUDGEMENT = "judgement of delivery "


def certificate(
    root: DataRoot,
    resources: Resources,
    parquet: Path,
    as_of: date,
    input_fingerprint: str,
    validated: Iterable[LedgerEntry],
) -> list[dict[str, Any]]:
    """The rows of `meta.certificate` for the tables in `parquet/<schema>/<name>.parquet`, all others being written.

    The audits are stated before they are run, since they are run on the finished file, this certificate in it: a
    release whose audits do not hold is never published.
    """
    with resources.connect() as con:
        for table in STATING_TABLES:
            path = quoted(f"{parquet}/{table.schema}/{table.name}.parquet")
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
            con.execute(f"CREATE VIEW {table.full_name} AS FROM read_parquet({path})")
        tables = stated_by_tables(con)
    inputs = [
        Statement("inputs", "as-of date", as_of.isoformat(), None, "Day up to which facts are taken into account."),
        Statement(
            "inputs",
            "input fingerprint",
            "of the whole release",
            input_fingerprint,
            "Over the judgement of every delivery, contract, transforms, reference, as-of date and decisions.",
        ),
        previous_version(root),
        link_decisions(root),
        *(
            Statement(
                "inputs",
                f"{JUDGEMENT}{entry.delivery_id}",
                f"{entry.validated_count} validated, {entry.quarantined_count} quarantined",
                entry.key,
                "Key of the ledger entry: over the bytes, rules, source profiles, readers, reference and corrections.",
            )
            for entry in validated
        ),
    ]
    audits = [Statement("audits", one.name, "holds", None, one.sentence) for one in AUDITS]
    return certificate_rows([*inputs, *running_code(), *stated_by_files(parquet), *audits, *tables])


def previous_version(root: DataRoot) -> Statement:
    """The version that is published now: ids are carried on from it, and its manifest's hash makes a chain."""
    manifest = read_manifest(root)
    return Statement(
        "inputs",
        PREVIOUS,
        str(manifest["version"]) if manifest else "none",
        sha256_of(root.current / MANIFEST) if manifest else None,
        "Its manifest.json; ids are carried on from it, and so no earlier version can be changed unseen.",
    )


def link_decisions(root: DataRoot) -> Statement:
    """What people decided about pairs, as the file stands now."""
    path = root.link_decisions
    return Statement(
        "inputs",
        "link decisions",
        f"{len(load_decisions(path))} decisions",
        sha256_of(path) if path.exists() else None,
        "The file decisions/link_decisions.csv.",
    )


def running_code() -> list[Statement]:
    """The code that is running, what it rests on, its contract, rules and reference facts."""
    lock, installed = HERE / LOCK, installed_distributions()
    is_there = lock.exists()
    pins = dict(_PIN.findall(lock.read_text(encoding="utf-8"))) if is_there else {}
    pinned = [name for name, number in installed.items() if pins.get(name) == number]
    profiles = load_profiles()
    return [
        Statement(
            "code",
            "capaian",
            package_version("capaian"),
            source_fingerprint(),
            "Over path and bytes of every file of the four packages.",
        ),
        Statement(
            "code", "transforms", "the code that makes rows", transforms_fingerprint(), "Over the files of transforms/."
        ),
        Statement(
            "code",
            LOCK,
            f"{len(pins)} pins" if is_there else "none beside the installed code",
            sha256_of(lock) if is_there else None,
            "The lock that the environment is made from; a wheel does not carry it.",
        ),
        Statement(
            "code",
            "environment",
            f"{len(installed)} distributions" + (f", {len(pinned)} as locked" if is_there else ""),
            _sha256("".join(f"{name}=={number}\n" for name, number in installed.items())),
            "Over name==version of everything that is installed beside the code, sorted, one a line.",
        ),
        Statement("code", "Python", platform.python_version(), None, "The interpreter."),
        Statement("code", "DuckDB", duckdb.__version__, None, "The engine."),
        Statement("contract", "tables", "the tables and columns", CONTRACT_FINGERPRINT, "Over the table definitions."),
        Statement("contract", "macros", "what analysts call", macros_fingerprint(), "Over the macros of the database."),
        Statement("contract", "rules", "the rule book", RULE_BOOK_FINGERPRINT, "Over rules, gates and rules of drift."),
        Statement(
            "reference",
            "facts",
            "targets, reports, regions and codes",
            reference_fingerprint(),
            "Over the files of schema reference.",
        ),
        Statement(
            "reference",
            "corrections",
            "corrections and code fixes",
            load_corrections().fingerprint,
            "Over the decisions about wrongly delivered values.",
        ),
        Statement(
            "reference",
            "source profiles",
            f"{len(profiles)} profiles",
            fingerprint([profile.fingerprint for profile in profiles]),
            "Over the profiles that exports are recognised by.",
        ),
    ]


_PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;]+)", re.MULTILINE)


@cache
def source_fingerprint(packages: Sequence[str] = PACKAGES) -> str:
    """SHA-256 over path and bytes of every file of `packages`, without what Python compiles beside them."""
    digest = hashlib.sha256()
    for path in sorted(path for package in packages for path in (HERE / package).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            digest.update(f"{path.relative_to(HERE).as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def installed_distributions() -> dict[str, str]:
    """Version by normalised name of what is installed, in order; read off the names of folders, without parsing."""
    found: dict[str, str] = {}
    for place in sys.path:
        for folder in Path(place or ".").glob("*.dist-info"):
            name, _, number = folder.name.removesuffix(".dist-info").partition("-")
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), number)
    return dict(sorted(found.items()))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
