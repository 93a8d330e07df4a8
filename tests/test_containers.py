"""What a file is by its bytes, and what is taken out of gzip and ZIP files."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import attacks
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.reading import archive
from transforms.reading.containers import unpack
from transforms.reading.kinds import Kind, kind_of
from transforms.reading.names import NAME_BYTES_LIMIT, safe_name
from transforms.reading.refusal import RefusedDelivery

GOOD = attacks.GOOD


def parquet() -> bytes:
    pq.write_table(pa.table({"nomor": ["1"]}), buffer := io.BytesIO())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (GOOD, Kind.TEXT),
        ("nomor;nama\n1;é\n".encode("cp1252"), Kind.TEXT),
        ("nomor;nama\n1;CONTOH\n".encode("utf-16"), Kind.TEXT),
        ("nomor;nama\n1;CONTOH\n".encode("utf-16-le"), Kind.TEXT),
        ("nomor;nama\n1;CONTOH\n".encode("utf-16-be"), Kind.TEXT),
        ("nomor;nama\n1;CONTOH\n".encode("utf-8-sig"), Kind.TEXT),
        (b"nomor;nama\n" + b"1;CON\x00TOH;2022;Aktif;Menetap\n", Kind.TEXT),
        (b"ORCID;nama\n1;CONTOH\n", Kind.TEXT),
        (b"BZh;nama\n1;CONTOH\n", Kind.TEXT),
        (b"<1 orang;nama\n", Kind.TEXT),
        (gzip.compress(GOOD, mtime=0), Kind.GZIP),
        (attacks.zip_of(("export.csv", GOOD)), Kind.ZIP),
        (attacks.xlsx([["nomor"]]), Kind.XLSX),
        (parquet(), Kind.PARQUET),
    ],
)
def test_a_kind_is_told_by_bytes_whatever_the_name(tmp_path: Path, content: bytes, kind: Kind) -> None:
    (tmp_path / "export.dat").write_bytes(content)
    assert kind_of(tmp_path / "export.dat") is kind


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%PDF-1.4\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
        (b"Rar!\x1a\x07\x00", "a RAR archive"),
        (b"BZh91AY&SY" + bytes(range(32)) * 4, "a bzip2 archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"<?xml version='1.0'?><Workbook/>", "an XML document"),
        (b"  <TABLE><tr><td>1</td></tr>", "a web page"),
        (attacks.zip_of(("word/document.xml", b"<w/>")), "a Word document"),
        (attacks.encrypted_ole2(), "remove the password"),
        (b"", "empty"),
    ],
)
def test_what_is_no_export_is_refused_by_the_name_of_what_it_is(tmp_path: Path, content: bytes, named: str) -> None:
    (tmp_path / "export.csv").write_bytes(content)
    with pytest.raises(RefusedDelivery, match=named.replace("(", r"\(").replace(")", r"\)")):
        kind_of(tmp_path / "export.csv")


def test_gzip_of_several_members_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "export.csv.gz").write_bytes(gzip.compress(GOOD) + gzip.compress(b"2;KEDUA\n"))
    unpacked = unpack(tmp_path / "export.csv.gz", tmp_path / "out")
    assert [path.name for path in unpacked.files] == ["export.csv"]
    assert unpacked.files[0].read_bytes() == GOOD + b"2;KEDUA\n"


def test_each_file_of_a_zip_becomes_one_and_what_an_operating_system_added_is_told(tmp_path: Path) -> None:
    sheet = attacks.xlsx([["nomor"], ["1"]])
    content = attacks.zip_of(
        ("jawa barat/", b""),
        ("jawa barat/bogor.csv", GOOD),
        ("jawa tengah/bogor.csv", GOOD + GOOD),
        ("sheet.xlsx", sheet),
        ("__MACOSX/._bogor.csv", b"\0\5\x16\7"),
        ("jawa barat/.DS_Store", b"\0"),
        ("Thumbs.db", b"\0"),
        ("kosong.csv", b""),
    )
    (tmp_path / "all.zip").write_bytes(content)
    unpacked = unpack(tmp_path / "all.zip", tmp_path / "out")
    assert [path.name for path in unpacked.files] == ["bogor.csv", "bogor.csv", "sheet.xlsx", "kosong.csv"]
    assert [path.read_bytes() for path in unpacked.files] == [GOOD, GOOD + GOOD, sheet, b""]
    assert unpacked.ignored == ("__MACOSX_._bogor.csv", "jawa barat_.DS_Store", "Thumbs.db")


def test_a_zip64_archive_written_as_a_stream_is_unpacked(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    with (
        os.fdopen(write_end, "wb") as sink,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as stream,
        stream.open(zipfile.ZipInfo("export.csv"), "w", force_zip64=True) as member,
    ):
        member.write(GOOD)
    (tmp_path / "all.zip").write_bytes(os.fdopen(read_end, "rb").read())
    assert unpack(tmp_path / "all.zip", tmp_path / "out").files[0].read_bytes() == GOOD


def test_nothing_stays_of_an_archive_that_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(attacks.zip_of(("a.csv", GOOD), ("b.zip", attacks.zip_of(("c.csv", GOOD)))))
    with pytest.raises(RefusedDelivery, match="another archive"):
        unpack(tmp_path / "all.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["export.csv.gz", "export.zip"])
def test_an_export_that_packs_twenty_times_passes_and_a_bomb_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The limit is lowered from 64 MB to 1 MB, to be quick."""
    monkeypatch.setattr(archive, "RATIO_FREE_BYTES", 1 << 20)
    rows = b"".join(
        b"REG%07d;WARUNG CONTOH;%d;Aktif;Menetap;Perorangan;Ya;Tidak;Tidak;Ya\n" % (number, number * 7919 % 9973)
        for number in range(100_000)
    )

    def packed(content: bytes) -> bytes:
        return gzip.compress(content) if name.endswith(".gz") else attacks.zip_of(("export.csv", content))

    (tmp_path / name).write_bytes(packed(rows))
    assert len(rows) / (tmp_path / name).stat().st_size > 10
    assert unpack(tmp_path / name, tmp_path / "out").files[0].read_bytes() == rows
    (tmp_path / name).write_bytes(packed(bytes(4 << 20)))
    with pytest.raises(RefusedDelivery, match="200 times"):
        unpack(tmp_path / name, tmp_path / "bomb")


def test_an_archive_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.reading.containers.DISK_RESERVE_BYTES", 1 << 60)
    (tmp_path / "all.zip").write_bytes(attacks.zip_of(("a.csv", GOOD)))
    with pytest.raises(OSError, match="disk"):
        unpack(tmp_path / "all.zip", tmp_path / "out")


@given(st.text(st.characters(), min_size=0, max_size=300))
def test_a_safe_name_is_safe_and_stays_itself(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert safe == safe_name(safe)
    assert len(safe.encode()) <= NAME_BYTES_LIMIT
    assert not safe.startswith((".", "-"))
    assert not set(safe) & set("*?[]{}'\"`$\\/\n\r;|&<>=:\x00")


def test_an_ordinary_name_is_kept() -> None:
    for name in ("rekap_umkm_jawa-barat_2022.csv", "Data UMKM (final) 1.xlsx", "dés.csv.gz"):
        assert safe_name(name) == name
