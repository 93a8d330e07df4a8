"""Erasure: after it, the person is nowhere under the data root, nobody else has moved, and no delivery brings them back."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from conftest import (
    AS_OF,
    BPS_DEFAULTS,
    SIDT_DEFAULTS,
    as_bps,
    ingest_inbox,
    lake,
    publish_all,
    published,
    stranger,
    write_sidt,
)

from flows import ingesting
from flows.erasing.erase import Erased, ErasureError, count, erase
from flows.erasing.finding import NotRedactable
from flows.integrity import check_lake
from flows.settings import Settings
from flows.verifying import verify
from transforms.land import landed_files
from warehouse.ledger import Ledger
from warehouse.vault import load_tombstones

NIK = "3201014101807777"
PERSON = {
    "nik": NIK,
    "nama_pemilik": "SRIKANDI PURBASARI",
    "no_telepon": "081255512345",
    "alamat": "JL. CENDERAWASIH UNGU NO. 77",
    "tanggal_lahir": "01/01/1980",
    "jenis_kelamin": "P",
}
WORDS = (NIK, "3201.0141.0180.7777", "SRIKANDI", "81255512345", "CENDERAWASIH UNGU")
NOW = datetime(2025, 1, 2, 3, 4, tzinfo=UTC)


def others(first: int, last: int, letter: str) -> list[dict[str, str]]:
    return [{"nomor_registrasi": f"{letter}{place}", **stranger(place)} for place in range(first, last)]


def bps_rows(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{**BPS_DEFAULTS, "idsbr": row["nomor_registrasi"], **as_bps({**stranger(1), **row})} for row in rows]


def deliver(inbox: Path) -> None:
    """The person in every form: two businesses and a row without NIK as CSV, more as gzip, ZIP, XLSX and Parquet; one
    of the rows waits in quarantine, one line cannot be parsed, and one file is refused."""
    salon = {"nama_usaha": "BENGKEL SRIKANDI JAYA", "kode_kbli": "45407", "tahun_mulai": "2009", "no_telepon": ""}
    salon |= {"alamat": "GANG CENDERAWASIH UNGU 5", "latitude": "-6,9", "longitude": "107,6"}
    mine = [
        {"nomor_registrasi": "P1", **PERSON, "nama_usaha": "WARUNG SRIKANDI"},
        {"nomor_registrasi": "P2", **PERSON, **salon},
        {"nomor_registrasi": "P3", **PERSON, "nama_usaha": "WARUNG SRIKANDI", "nik": ""},
        {"nomor_registrasi": "P4", **PERSON, "kode_wilayah": "LUAR", "nama_kabkota": "LUAR"},
    ]
    file = write_sidt(inbox / "a.csv", [*others(0, 9, "A"), *mine, *others(9, 14, "A")])
    with file.open("a", encoding="utf-8") as stream:
        stream.write(
            f"SRIKANDI PURBASARI;3201.0141.0180.7777;tanpa kolom\n{others(20, 21, 'A')[0]['nama_pemilik']};x\n"
        )
    plain = write_sidt(inbox / "b.csv", [*others(30, 36, "B"), {"nomor_registrasi": "P5", **PERSON, **salon}])
    (inbox / "b.csv.gz").write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    plain.unlink()
    inside = write_sidt(inbox / "z.csv", [{"nomor_registrasi": "P6", **PERSON, **salon}, *others(40, 46, "Z")])
    clean = write_sidt(inbox / "y.csv", others(50, 53, "Y"))
    with zipfile.ZipFile(inbox / "kiriman.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for member in (inside, clean):
            archive.write(member, member.name)
            member.unlink()
    person = {**PERSON, "nama_usaha": "KIOS SRIKANDI", "tahun_mulai": "2011", "latitude": "-6,1", "longitude": "106,9"}
    rows = bps_rows([*others(60, 66, "X"), {"nomor_registrasi": "P7", **person}])
    with xlsxwriter.Workbook(inbox / "c.xlsx", {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("data")
        for place, row in enumerate([list(BPS_DEFAULTS), *([*row.values()] for row in rows)]):
            sheet.write_row(place, 0, row)
    rows = bps_rows([*others(70, 74, "Q"), {"nomor_registrasi": "P8", **person}, *others(74, 76, "Q")])
    pq.write_table(pa.Table.from_pylist(rows), inbox / "d.parquet")
    (inbox / "refused.csv").write_text(f"ini bukan ekspor\nSRIKANDI PURBASARI,{NIK}\nbaris lain\n", encoding="utf-8")


def texts_in(path: Path, content: bytes) -> Iterator[bytes]:
    """What a file holds, in bytes and as read by other means than the product's."""
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield from texts_in(path, gzip.decompress(content))
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from texts_in(path, archive.read(name))
    elif content.startswith(b"PAR1"):
        yield json.dumps(pq.read_table(io.BytesIO(content)).to_pylist(), default=str).encode()
    elif content[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as con:
            for (name,) in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall():
                yield str(con.execute(f"FROM {name}").fetchall()).encode()


def places_of(home: Path, words: tuple[str, ...] = WORDS) -> set[str]:
    """Folders of the data root whose files say any of the words."""
    found = set()
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            for text in texts_in(path, path.read_bytes()):
                for word in words:
                    if any(word.encode(encoding) in text for encoding in ("utf-8", "utf-16-le")):
                        found.add(path.relative_to(home).parts[0])
    return found


FIGURES = """
    SELECT target_year, definition_code, observed_count FROM marts.attainment_national
    WHERE series = 'register_observed' AND indicator_code = 'umkm_digital' ORDER BY ALL"""
MEMBERS = """
    SELECT row_id, business_id, owner_id, registration_number FROM register.memberships
    JOIN register.businesses USING (business_id) ORDER BY ALL"""


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, Any], Erased]:
    """A published register of 70 strangers and the person, and what it is after the person's erasure."""
    settings = Settings(home=tmp_path_factory.mktemp("erase") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    deliver(settings.root.inbox)
    kept = tmp_path_factory.mktemp("kept")
    for file in settings.root.inbox.iterdir():
        shutil.copy2(file, kept / file.name)
    ingest_inbox(settings)
    publish_all(settings)
    root = settings.root
    root.link_decisions.parent.mkdir()
    root.link_decisions.write_text(
        "decision,left_register,left_number,right_register,right_number,reason,decided_by,decided_date\n"
        "cannot_link,sidt,P1,sidt,A1,lain,saya,2024-01-01\ncannot_link,sidt,A2,sidt,A1,lain,saya,2024-01-01\n"
    )
    before = {
        "kept": kept,
        "places": places_of(settings.home),
        "figures": published(settings, FIGURES),
        "members": published(settings, MEMBERS),
        "entries": {entry.sha256: entry for entry in Ledger(root)},
        "landed": {file.sha256: file.path.stat().st_ino for file in landed_files(root.landed)},
        "arrived": {file.sha256: file.arrived_at for file in landed_files(root.landed)},
    }
    return settings, before, erase(settings, NIK, "permohonan 7", NOW)


def test_the_person_was_everywhere_and_is_nowhere(erased: tuple[Settings, dict[str, Any], Erased]) -> None:
    settings, before, done = erased
    assert before["places"] >= {"landed", "lake", "vault"}
    assert places_of(settings.home) == set()
    assert done.proof.hits == () and done.proof.searched_for == ("NIK", "telephone", "name or address")
    assert set(done.proof.file_counts) >= {"landed", "lake", "vault", "published", "runs"}
    assert done.retired == (1,) and done.version == 2
    assert not list(settings.root.scratch.iterdir())
    parts = {part.file.path.name: part for part in done.person.parts}
    assert {name: (part.validated_count, part.quarantined_count, part.other_count) for name, part in parts.items()} == {
        "a.csv": (3, 1, 1),
        "b.csv": (1, 0, 0),
        "z.csv": (1, 0, 0),
        "c.xlsx": (1, 0, 0),
        "d.parquet": (1, 0, 0),
        "refused.csv": (0, 0, 1),
    }
    assert NIK not in repr(done) and "SRIKANDI" not in repr(done)


def test_attainment_changes_by_exactly_the_businesses_of_the_person(
    erased: tuple[Settings, dict[str, Any], Erased],
) -> None:
    settings, before, _ = erased
    mine = {row[1] for row in before["members"] if row[3].startswith("P")}
    assert 2 <= len(mine) <= 5
    assert published(settings, MEMBERS) == [row for row in before["members"] if not row[3].startswith("P")]
    after = published(settings, FIGURES)
    assert [row[:2] for row in after] == [row[:2] for row in before["figures"]]
    assert {was[2] - now[2] for was, now in zip(before["figures"], after, strict=True)} == {len(mine)}
    assert settings.root.link_decisions.read_text().count("cannot_link") == 1
    assert {check.name: check.found for check in verify(settings).checks if check.result == "fails"} == {}


def test_every_other_line_keeps_its_place_and_untouched_files_their_bytes(
    erased: tuple[Settings, dict[str, Any], Erased],
) -> None:
    settings, before, _ = erased
    entries = {entry.file_name: entry for entry in Ledger(settings.root)}
    was = {entry.file_name: entry for entry in before["entries"].values()}
    assert {name: entry.sha256 for name, entry in entries.items()} == {n: entry.sha256 for n, entry in was.items()}
    for name in ("a.csv", "b.csv", "z.csv", "c.xlsx", "d.parquet"):
        now, then = (one[name].row_balance[0]["parts"] for one in (entries, was))
        assert now["blank"] + now["parsed"] + now["unparsable"] == then["blank"] + then["parsed"] + then["unparsable"]
        assert entries[name].line_count == was[name].line_count and entries[name].status == "validated"
    assert (entries["kiriman.zip"].members, entries["kiriman.zip"].status) == (was["kiriman.zip"].members, "unpacked")
    for file in landed_files(settings.root.landed):
        assert file.arrived_at == before["arrived"][file.sha256]
        assert file.path.stat().st_mode & 0o777 == 0o400
        is_touched = file.path.name != "y.csv"
        assert (file.content_sha256 is not None, file.path.stat().st_ino != before["landed"][file.sha256]) == (
            is_touched,
            is_touched,
        )
    text = next(path for path in settings.root.landed.glob("*/a.csv")).read_text(encoding="utf-8").split("\n")
    assert [n for n, line in enumerate(text, 1) if not line.strip()] == [11, 12, 13, 14, 20, 22]
    assert ingesting.plan_deliveries(settings) == [] and publish_all(settings, known=NOW.date()) is None


def test_no_delivery_brings_the_person_back(erased: tuple[Settings, dict[str, Any], Erased], tmp_path: Path) -> None:
    settings, before, _ = erased
    home = tmp_path / "home"
    shutil.copytree(settings.home, home, symlinks=True)
    again = settings.model_copy(update={"home": home})
    for file in before["kept"].iterdir():  # the same bytes
        shutil.copy2(file, again.root.inbox / file.name)
    ingesting.land_inbox(again)
    assert ingesting.plan_deliveries(again) == [] and places_of(home) == set()
    rows = next(again.root.lake.glob("*/rows.parquet"))  # rows that were damaged are read again from what is left
    rows.write_bytes(rows.read_bytes()[:-1] + b"x")
    assert check_lake(again) == [rows.parent.name]
    later = [{"nomor_registrasi": "P9", **PERSON}, {"nomor_registrasi": "P1", **PERSON, "nik": ""}]
    crossed = {"nomor_registrasi": "P2", **stranger(90)}  # the number is given to somebody else
    write_sidt(again.root.inbox / "baru.csv", [*later, crossed, *others(91, 95, "N")])
    plain = write_sidt(again.root.inbox / "m.csv", [*later, *others(95, 98, "M")])
    with zipfile.ZipFile(again.root.inbox / "lagi.zip", "w") as archive:
        archive.write(plain, "m.csv")
    plain.unlink()
    (again.root.inbox / "rusak.csv").write_text(f"a,b\nSRIKANDI PURBASARI,{NIK}\nx,y\n", encoding="utf-8")
    entries = {entry.file_name: entry for entry in ingest_inbox(again)}
    assert (entries["baru.csv"].validated_count, entries["m.csv"].validated_count) == (5, 3)
    assert entries["baru.csv"].row_balance[0]["parts"]["blank"] == 2
    assert places_of(home) == set()
    numbers = {number for (number,) in lake(again, "SELECT registration_number FROM rows")}
    assert {number for number in numbers if number.startswith("P")} == {"P2"}
    assert ingesting.plan_deliveries(again) == []
    assert len(landed_files(again.root.landed)) == len(before["landed"]) + 4


def test_a_killed_erasure_is_finished_by_the_same_command(
    erased: tuple[Settings, dict[str, Any], Erased], tmp_path: Path
) -> None:
    """Killed before each rename of tombstones, note and file: afterwards the person is kept out, then nowhere."""
    settings, whole = Settings(home=tmp_path / "home", memory="1GB", threads=2), tmp_path / "whole"
    ingesting.open_data_root(settings)
    shutil.copy2(erased[1]["kept"] / "b.csv.gz", settings.root.inbox / "b.csv.gz")
    ingest_inbox(settings)
    counted = count(settings, NIK)
    settings.home.rename(whole)
    rename, kill, is_cut = Path.replace, 0, True
    while is_cut:
        shutil.rmtree(settings.home, ignore_errors=True)
        shutil.copytree(whole, settings.home, symlinks=True)
        seen = 0

        def cut(self: Path, target: Path, limit: int = kill) -> Path:
            nonlocal seen
            if self.name.endswith((".redacted", ".unfinished")):
                if seen == limit:
                    raise KeyboardInterrupt
                seen += 1
            return rename(self, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", cut)
            try:
                assert erase(settings, NIK, "", NOW).person.parts == counted.parts
                is_cut = False
            except KeyboardInterrupt:
                pass
        if is_cut:
            done = erase(settings, NIK, "", NOW)
            assert (places_of(settings.home), done.proof.hits) == (set(), ()), kill
            assert sorted(entry.status for entry in Ledger(settings.root)) == ["unpacked", "validated"]
            ingesting.unpack_archives(settings)  # of an archive that was written anew nothing comes but what was there
            assert ingesting.plan_deliveries(settings) == [] and len(landed_files(settings.root.landed)) == 2
        kill += 1
    assert kill == 6


def test_what_cannot_be_taken_out_stops_the_erasure_before_anything_is_changed(settings: Settings) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{"nomor_registrasi": "P1", **PERSON}, *others(0, 3, "A")])
    (settings.root.inbox / "foto.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0" + NIK.encode() + b"\0" * 50)
    ingest_inbox(settings)
    before = {path: path.read_bytes() for path in settings.root.landed.rglob("*") if path.is_file()}
    with pytest.raises(NotRedactable, match=r"foto\.csv") as refused:
        erase(settings, NIK, "", NOW)
    assert NIK not in str(refused.value)
    assert {path: path.read_bytes() for path in settings.root.landed.rglob("*") if path.is_file()} == before
    assert load_tombstones(settings.vault) == []
    for nik, reason in (("32010141018077", ""), (NIK, f"atas nama {NIK}")):
        with pytest.raises(ErasureError):
            erase(settings, nik, reason, NOW)


def test_nobody_is_named_by_what_an_erasure_leaves(erased: tuple[Settings, dict[str, Any], Erased]) -> None:
    settings, _, _ = erased
    tombstones = load_tombstones(settings.vault)
    assert sorted(one.kind for one in tombstones) == ["nik"] + ["registration"] * 8
    assert all(re.fullmatch("[0-9a-f]{64}", one.pseudonym) for one in tombstones)
    modes = {path.name: path.stat().st_mode & 0o777 for path in settings.vault.folder.iterdir()}
    assert set(modes.values()) == {0o600} and "tombstones.csv" in modes
    notes = list(settings.root.landed.glob("*/.erasure.json"))
    assert len(notes) == 8 and {path.stat().st_mode & 0o777 for path in notes} == {0o400}
    assert AS_OF.isoformat() == published(settings, "SELECT as_of_date::VARCHAR FROM meta.publication")[0][0]
    assert SIDT_DEFAULTS["nik"] != NIK
