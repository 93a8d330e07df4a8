"""A draft for an export never seen: renamed, recoded and shuffled, it is to be read as under its own profile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest
from conftest import SIDT_DEFAULTS, ingest_inbox, lake, write_sidt
from disguises import DISGUISES, disguised, expected_mapping, records_of, write_records

from flows import ingesting
from flows.settings import Settings
from transforms.drafting.draft import Draft, draft_profile
from transforms.drafting.sample import sample_file
from transforms.drafting.toml_text import toml_text
from transforms.land import take_census
from transforms.recognise import RefusedDelivery, normalised_header, recognise
from transforms.simulation import simulate
from warehouse.profiles import SourceProfile, load_profiles, parse_profile
from warehouse.reference_data import load_reference
from warehouse.registration import REGISTRATION

COMPARED = [column.name for column in REGISTRATION]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    with duckdb.connect() as con:
        load_reference(con)
        simulate(con, 24_000, 65, folder)
    return folder


def drafted(path: Path, readers: duckdb.DuckDBPyConnection) -> Draft:
    return draft_profile(readers, sample_file(path), path.name, load_profiles())


def profile_of(draft: Draft) -> SourceProfile:
    return parse_profile(tomllib.loads(toml_text(draft)), "draft.toml")


def mapping_of(profile: SourceProfile) -> dict[str, str]:
    """Our column to the header it is read from; the parts of a region code are columns of their own here."""
    whole = {name: aliases[0] for name, aliases in profile.columns}
    return whole | {f"region part {place}": header for place, (header, _) in enumerate(profile.region_code_parts, 1)}


@pytest.mark.parametrize("name", DISGUISES)
def test_draft_reads_a_disguised_export_as_its_own_profile_does(
    name: str,
    simulated: Path,
    tmp_path: Path,
    readers: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disguise = DISGUISES[name]
    (own,) = [known for known in load_profiles() if known.name == disguise.profile]
    header_rows, records = records_of(simulated / disguise.source, own)
    homes = {}
    for home in ("own", "drafted"):
        homes[home] = Settings(home=tmp_path / home, memory="1GB", threads=2)
        ingesting.open_data_root(homes[home])
    # One header row in both, so that a registration has one line number.
    write_records(
        homes["own"].root.inbox / "export.csv",
        header_rows,
        [list(record.values()) for record in records],
        own.delimiter,
    )
    unseen = homes["drafted"].root.inbox / f"dinas_{name}.csv"
    header, cells = disguised(records, disguise)
    blank_title = [[""] * len(header)] * (own.header_rows - 1)
    write_records(unseen, [*blank_title, header], cells, disguise.delimiter)

    draft = drafted(unseen, readers)
    found, expected = mapping_of(profile_of(draft)), expected_mapping(disguise)
    right = {column for column in expected if found.get(column) == expected[column]}
    wrong = {column: found[column] for column in found if found[column] != expected.get(column)}
    missing = sorted(set(expected) - set(found))
    print(f"\n{name}: {len(right)} right, wrong {wrong}, missing {missing} of {len(expected)}; {draft.checks}")

    ingest_inbox(homes["own"])
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "draft.toml").write_text(toml_text(draft), encoding="utf-8")
    monkeypatch.setattr(ingesting, "load_profiles", lambda: load_profiles(folder))
    (entry,) = ingest_inbox(homes["drafted"])
    assert entry.status == "validated", entry.reason
    query = f"SELECT line_number, {', '.join(COMPARED)} FROM rows ORDER BY line_number"
    originals = {row[0]: row[1:] for row in lake(homes["own"], query)}
    readings = {row[0]: row[1:] for row in lake(homes["drafted"], query)}
    agreement = {}
    for place, column in enumerate(COMPARED):
        read = [line for line, row in originals.items() if row[place] is not None]
        same = sum(line in readings and readings[line][place] == originals[line][place] for line in read)
        agreement[column] = (same, len(read))
        print(f"  {column:28} {same:6,} of {len(read):6,}")
    total = [sum(counts) for counts in zip(*agreement.values(), strict=True)]
    print(f"  {'all':28} {total[0]:6,} of {total[1]:6,} = {total[0] / total[1]:.4f}")

    assert not wrong
    assert len(right) >= 0.9 * len(expected), missing
    assert total[0] >= 0.95 * total[1]


@pytest.mark.parametrize("name", DISGUISES)
def test_values_alone_put_nothing_in_the_wrong_place(
    name: str, simulated: Path, tmp_path: Path, readers: duckdb.DuckDBPyConnection
) -> None:
    """Under headers that say nothing, what cannot be told from its values is left to the engineer."""
    disguise = DISGUISES[name]
    (own,) = [known for known in load_profiles() if known.name == disguise.profile]
    _, records = records_of(simulated / disguise.source, own)
    header, cells = disguised(records, disguise)
    nameless = {new: f"f_{place:02}" for place, new in enumerate(header)}
    write_records(tmp_path / "export.csv", [list(nameless.values())], cells, disguise.delimiter)
    found = mapping_of(profile_of(drafted(tmp_path / "export.csv", readers)))
    in_words = {normalised_header(new): old for new, old in nameless.items()}
    expected = {column: in_words[header] for column, header in expected_mapping(disguise).items()}
    wrong = {column: header for column, header in found.items() if header != expected.get(column)}
    print(f"\n{name} without headers: {len(found)} of {len(expected)} found, wrong {wrong}: {sorted(found)}")
    assert not wrong
    assert {"source_regency_name", "latitude", "longitude", "nik", "phone", "kbli_code"} <= set(found)


REAL = Path(os.environ.get("CAPAIAN_CORPORA", "/nowhere")).parent / "real"
RECAP = "id,kode_provinsi,nama_provinsi,kode_kabupaten_kota,nama_kabupaten_kota,jenis_usaha,jumlah_umkm,satuan,tahun\n"


def assert_recap(draft: Draft) -> None:
    profile = profile_of(draft)
    assert mapping_of(profile) == {
        "registration_number": "id",
        "source_region_code": "kode_kabupaten_kota",
        "source_regency_name": "nama_kabupaten_kota",
    }
    assert any("a recap, not registrations" in check and "jumlah_umkm is a count" in check for check in draft.checks)
    assert "# CHECK: a recap, not registrations" in toml_text(draft)


def test_a_recap_is_called_one(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    rows = [
        f"{number},32,JAWA BARAT,32{number % 18 + 1:02},KABUPATEN {name},KULINER,{number * 7 % 90},UNIT,2021\n"
        for number, name in enumerate(["BOGOR", "SUKABUMI", "CIANJUR"] * 40, 1)
    ]
    (tmp_path / "rekap.csv").write_text(RECAP + "".join(rows), encoding="utf-8")
    assert_recap(drafted(tmp_path / "rekap.csv", readers))


@pytest.mark.corpus
@pytest.mark.skipif(not REAL.exists(), reason="CAPAIAN_CORPORA names no folder beside real exports")
@pytest.mark.parametrize("name", ["jabar_umkm_binaan_od17367.csv", "jabar_umkm_proyeksi.csv"])
def test_real_recaps_are_called_so(name: str, readers: duckdb.DuckDBPyConnection) -> None:
    assert_recap(drafted(REAL / name, readers))


def ordinary_rows(count: int = 60) -> list[dict[str, str]]:
    return [
        {
            "nomor_registrasi": f"REG{number:05}",
            "nik": f"320101{number % 28 + 1:02}0180{number:04}",
            "tanggal_lahir": f"{number % 28 + 1:02}/01/1980",
            "no_telepon": f"0812000{number:05}",
            "nama_pemilik": f"ORANG CONTOH {'ABCDEFGHIJ'[number % 10]}",
        }
        for number in range(1, count + 1)
    ]


def test_an_export_of_a_known_kind_needs_no_draft(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    draft = drafted(write_sidt(tmp_path / "a.csv", ordinary_rows()), readers)
    assert "the headers already fit profile sidt-2022; a new one is not needed" in draft.checks
    assert draft.register.value == "sidt"
    (own,) = [profile for profile in load_profiles() if profile.name == "sidt-2022"]
    assert mapping_of(profile_of(draft)) == {column: aliases[0] for column, aliases in own.columns}


def test_what_no_reader_understands_is_left_to_the_engineer(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    path = write_sidt(tmp_path / "a.csv", [{**row, "jenis_kelamin": "F"} for row in ordinary_rows()])
    draft = drafted(path, readers)
    assert "owner_sex_code" not in mapping_of(profile_of(draft))
    assert "jenis_kelamin may be owner_sex_code: only 0% of its 60 values are read by read_sex" in draft.checks
    assert '# owner_sex_code = ["jenis_kelamin"]' in toml_text(draft)


def test_dates_with_the_month_first_are_a_check(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    rows = [{**row, "tanggal_pendataan": f"06/{number % 20 + 1:02}/2022"} for number, row in enumerate(ordinary_rows())]
    checks = drafted(write_sidt(tmp_path / "a.csv", rows), readers).checks
    assert any(check.startswith("tanggal_pendataan") and "month first" in check for check in checks)


def test_money_in_thousands_is_told_by_its_size(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    for unit, omzet in ((1, 60_000_000), (1_000, 60_000), (1_000_000, 60)):
        rows = [{**row, "omzet": str(omzet), "modal_usaha": str(omzet)} for row in ordinary_rows()]
        assert drafted(write_sidt(tmp_path / "a.csv", rows), readers).money_unit_idr.value == unit


def test_a_row_of_values_is_no_header_and_is_not_printed(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    path = write_sidt(tmp_path / "a.csv", ordinary_rows())
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    with pytest.raises(RefusedDelivery) as refused:
        drafted(path, readers)
    assert "320101" not in refused.value.reason


def test_the_verb_prints_toml_alone_and_no_personal_value(tmp_path: Path) -> None:
    rows = ordinary_rows()
    path = write_sidt(tmp_path / "dinas.csv", [{**row, "alamat": "JL. RAHASIA NO. 77"} for row in rows])

    def capaian(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; from flows.cli.main import main; sys.argv[0] = 'capaian'; main()"
        environment = {**os.environ, "CAPAIAN_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
        command = [sys.executable, "-c", code, "profile", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    shown, machine = capaian(str(path)), capaian(str(path), "--json")
    assert shown.returncode == machine.returncode == 0, shown.stderr
    assert parse_profile(tomllib.loads(shown.stdout), "draft.toml").header_rows == 1
    assert json.loads(machine.stdout)["sample_row_count"] == 60
    everything = shown.stdout + shown.stderr + machine.stdout + machine.stderr
    values = {value for row in rows for value in row.values()} | {"RAHASIA", SIDT_DEFAULTS["nama_usaha"]}
    assert not [value for value in values if value in everything]
    assert capaian(str(tmp_path / "missing.csv")).returncode == 2
    (tmp_path / "empty.csv").touch()
    assert capaian(str(tmp_path / "empty.csv")).returncode == 4


def test_a_sheet_is_drafted_too(simulated: Path, readers: duckdb.DuckDBPyConnection) -> None:
    profile = profile_of(drafted(simulated / "bps_2023_82_maluku-utara.xlsx", readers))
    assert (profile.header_rows, profile.region_code_system) == (2, "bps")
    assert dict(profile.readers) == {
        "business_name": "read_name_before_brackets",
        "owner_name": "read_name_in_brackets",
    }
    assert profile.region_code_parts == (("kdprov", 2), ("kdkab", 2), ("kdkec", 3), ("kddesa", 3))


def test_lines_above_the_header_are_header_rows(tmp_path: Path, readers: duckdb.DuckDBPyConnection) -> None:
    path = write_sidt(tmp_path / "a.csv", ordinary_rows())
    text = path.read_text(encoding="utf-8")
    path.write_text("Laporan Pendataan\n\n" + text.replace("omzet;", "omset_usaha;", 1), encoding="utf-8")
    profile = profile_of(drafted(path, readers))
    assert profile.header_rows == 3
    (table,) = recognise(path, take_census(path), [profile], tmp_path).tables
    assert table.positions["omzet_idr"] == (list(SIDT_DEFAULTS).index("omzet"),)
