"""Reports on demand: the page and the tables of any published version, in a folder that may leave the ministry.

Belongs here: which version and where to. Does not belong here: what is in them (`warehouse/report/`).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from flows.settings import Settings
from warehouse.publish import DATABASE, read_manifest
from warehouse.report import Language, write_files, write_report, write_workbook
from warehouse.retention import why_not_kept

Form = Literal["html", "xlsx", "csv", "parquet"]

HTML_ONLY: tuple[Form, ...] = ("html",)


class NoSuchVersion(ValueError):
    """There is no version to report on; the message says which there are."""


def write_reports(
    settings: Settings,
    language: Language = "id",
    version: int | None = None,
    folder: Path | None = None,
    forms: Collection[Form] = HTML_ONLY,
) -> list[Path]:
    """Write the report on `version` (by default the published one) in `forms` into `folder`; returns what was written.

    `folder` is by default `reports/<version>/` of the data root. Raises `NoSuchVersion`.
    """
    root = settings.root
    number = _existing_version(settings, version)
    folder = folder or root.reports / f"{number:06d}"
    folder.mkdir(parents=True, exist_ok=True)
    database = root.versions / f"{number:06d}" / DATABASE
    written: list[Path] = []
    with settings.resources.connect(database, read_only=True) as con:
        if "html" in forms:
            written.append(folder / f"report-{language}.html")
            write_report(con, written[-1], language)
        if "xlsx" in forms:
            written.append(folder / f"report-{language}.xlsx")
            write_workbook(con, written[-1], language)
        if "csv" in forms:
            written += write_files(con, folder / "csv", "csv")
        if "parquet" in forms:
            written += write_files(con, folder / "parquet", "parquet")
    return written


def _existing_version(settings: Settings, version: int | None) -> int:
    root = settings.root
    manifest = read_manifest(root)
    if manifest is None:
        raise NoSuchVersion("nothing is published yet; run: capaian run")
    if version is None:
        return int(manifest["version"])
    if version not in root.kept_versions():
        raise NoSuchVersion(why_not_kept(root, version))
    return version
