"""`verify`: every check in order, from bytes to figures.

The order matters: what is not byte for byte as published is not opened. No Prefect and no Great Expectations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import gettempdir

import duckdb

from flows.settings import Settings
from flows.verifying.contents import (
    check_audits,
    check_certificate,
    check_definitions,
    check_ledger,
    check_tables,
    published_balance,
)
from flows.verifying.files import Files, Tell, check_files, check_landed, check_links, check_neighbours
from flows.verifying.recompute import check_attainment, check_code, is_same_source
from flows.verifying.told import Check, Verification, VerifyError, fails, unchecked
from warehouse.certificate import CERTIFICATE_FILE, Statement, certificate_in, read_certificate
from warehouse.layout import DataRoot
from warehouse.ledger import Ledger
from warehouse.publish import DATABASE
from warehouse.retention import why_not_kept

_SHA256 = re.compile("[0-9a-f]{64}")  # it is looked for as the name of a folder


def verify(settings: Settings, version: int | None = None, tell: Tell = lambda what: None) -> Verification:
    """Recompute what the certificate of `version` (by default the published one) states; `tell` hears what is at hand.

    Writes nothing into the data root. Raises `VerifyError` when there is no such version.
    """
    folder, files = version_folder(settings.root, version), Files()
    checks = tuple(_checks(settings, folder, files, tell))
    as_of = date.fromisoformat(files.manifest["as_of_date"]) if files.manifest else None
    return Verification(int(folder.name), as_of, files.manifest_sha256, checks)


def version_folder(root: DataRoot, version: int | None) -> Path:
    """The folder of `version`, or of the published one."""
    kept = root.kept_versions()
    if version is None:
        if not root.current.exists():
            raise VerifyError(
                f"nothing is published under {root.home}; publish first: capaian run"
                if not kept
                else f"no version is the published one; name one with --version: {', '.join(map(str, kept))}"
            )
        return root.versions / root.current.resolve().name
    if version not in kept:
        raise VerifyError(why_not_kept(root, version))
    return root.version(version)


def _checks(settings: Settings, folder: Path, files: Files, tell: Tell) -> Iterator[Check]:
    root = settings.root
    yield from check_files(folder, files, tell)
    yield from check_links(root, folder)
    try:
        written: list[Statement] | None = read_certificate(folder / CERTIFICATE_FILE)
    except (ValueError, OSError):
        written = None
    stated, balance = written or [], None
    if DATABASE in files.sound and files.manifest is not None:
        resources = replace(settings.resources, scratch=Path(gettempdir()))
        try:
            with resources.connect() as con:
                strange = list(check_definitions(con, folder / DATABASE, is_same_source(stated)))
                yield from strange
            if not strange:
                with resources.connect(folder / DATABASE, read_only=True) as con:
                    stated = certificate_in(con)
                    yield from check_certificate(con, files.manifest, written)
                    yield from check_tables(con, folder, files, stated, tell)
                    yield from check_audits(con, stated, tell)
                    balance = published_balance(con)
        except duckdb.Error as error:
            yield fails("database", f"{DATABASE} is not a database of capaian any more ({type(error).__name__})")
    else:
        yield unchecked("database", f"{DATABASE} is not the one that was published and is not opened")
    yield from check_neighbours(root, folder, files, stated)
    deliveries = {
        one.item: one.sha256 or ""
        for one in stated
        if one.section == "deliveries" and one.item != "all deliveries" and _SHA256.fullmatch(one.sha256 or "")
    }
    if balance is not None:
        yield from check_ledger(Ledger(root), stated, deliveries, balance)
    yield from check_landed(root, deliveries, tell)
    yield from check_code(stated)
    yield from check_attainment(settings, folder, files, stated, tell)
