"""What must not change a figure, and what must change it by exactly 1, from the delivered file to every mart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import AS_OF, SIDT_DEFAULTS, ingest_inbox, stranger, write_sidt

from flows import ingesting, releasing
from flows.settings import Settings
from warehouse.tables import MART_TABLES
from warehouse.tables.marts import ENUMERATION_COVERAGE, RECONCILIATION

ROWS = [{"nomor_registrasi": f"R{place:02d}", **stranger(place)} for place in range(12)]
COUNTS_RECORDS = (ENUMERATION_COVERAGE, RECONCILIATION)
"""They speak of records, of which a duplicate is one more; all other marts speak of businesses."""
Figures = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]


def figures(folder: Path, files: dict[str, list[str]]) -> Figures:
    """All rows of all marts, by key, when `files` (name to lines) are delivered."""
    settings = Settings(home=folder, memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    for name, lines in files.items():
        (settings.root.inbox / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert {entry.status for entry in ingest_inbox(settings)} == {"validated"}
    release = releasing.plan_release(settings, AS_OF, AS_OF)
    assert release
    releasing.resolve_register(settings, release)
    releasing.build_attainment(settings, release)
    found: Figures = {}
    with duckdb.connect() as con:
        for table in MART_TABLES:
            rows = con.execute(f"SELECT * FROM '{release.folder}/marts/{table.name}.parquet'").fetchall()
            places = [table.column_names.index(name) for name in table.key]
            found[table.name] = {tuple(row[place] for place in places): row for row in rows}
    return found


def lines_of(folder: Path, rows: list[dict[str, str]]) -> list[str]:
    return write_sidt(folder / "lines.csv", rows).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    folder = tmp_path_factory.mktemp("base")
    return figures(folder, {"a.csv": lines_of(folder, ROWS)})


def test_a_duplicate_changes_no_figure_of_businesses(base: Figures, tmp_path: Path) -> None:
    again = {**ROWS[3], "nomor_registrasi": "R99", "nama_pemilik": f"H. {ROWS[3]['nama_pemilik']}"}
    after = figures(tmp_path, {"a.csv": lines_of(tmp_path, ROWS), "b.csv": lines_of(tmp_path, [again])})
    told = {table.name for table in COUNTS_RECORDS}
    assert [name for name in base if name not in told and base[name] != after[name]] == []
    assert base["enumeration_coverage"] != after["enumeration_coverage"]


def test_permuted_deliveries_columns_and_case_change_nothing(base: Figures, tmp_path: Path) -> None:
    names = sorted(SIDT_DEFAULTS, reverse=True)
    lower = ("nama_usaha", "nama_pemilik", "alamat", "nama_desa", "status_usaha", "pakai_internet")

    def line(row: dict[str, str]) -> str:
        full = {**SIDT_DEFAULTS, **row}
        return ";".join(full[name].lower() if name in lower else full[name] for name in names)

    header = ";".join(name.upper() for name in names)
    files = {"z.csv": [header, *map(line, reversed(ROWS[:5]))], "b.csv": [header, *map(line, ROWS[5:])]}
    assert figures(tmp_path, files) == base


def test_one_more_business_adds_1_to_the_nation_its_province_and_its_kab_kota(base: Figures, tmp_path: Path) -> None:
    new = {"nomor_registrasi": "R50", **stranger(50), "kode_wilayah": "91.01.01.2001", "nama_kabkota": "KAB. MERAUKE"}
    after = figures(tmp_path, {"a.csv": lines_of(tmp_path, ROWS), "b.csv": lines_of(tmp_path, [new])})
    for mart, place in (
        ("attainment_national", ("umkm_digital",)),
        ("attainment_province", ("34", "91")),
        ("attainment_province", ("38", "93")),
        ("attainment_kabkota", ("93.01",)),
    ):
        table = next(table for table in MART_TABLES if table.name == mart)
        observed, basis = table.column_names.index("observed_count"), len(place)
        grown = {
            key: after[mart][key][observed] - (base[mart][key][observed] or 0)
            for key in after[mart]
            if after[mart][key][observed] != base[mart][key][observed]
        }
        mine = {key for key in grown if key[:basis] == place}
        assert len(mine) == 3 * 4 and set(grown.values()) == {1}
