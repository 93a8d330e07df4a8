"""Landing keeps bytes, counts lines without parsing, and knows a duplicate by its content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from conftest import ingest_inbox, lake, publish_all, published, write_sidt

from flows.settings import Settings
from transforms.land import land, take_census


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", 0),
        (b"a", 1),
        (b"a\n", 1),
        (b"a\nb", 2),
        (b"a\r\nb\r\n", 2),
        (b"a\rb\r", 2),
        (b"a\n\nb", 3),
        (b"\r\n\r\n", 2),
        (b"a\r\r\nb\n\rc", 5),
    ],
)
def test_physical_lines_end_by_lf_crlf_or_cr(tmp_path: Path, content: bytes, lines: int) -> None:
    (tmp_path / "f").write_bytes(content)
    assert take_census(tmp_path / "f").line_count == lines


def test_a_line_end_across_two_chunks_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.land.CHUNK", 3)
    (tmp_path / "f").write_bytes("ab\r\ncé\r\nx".encode())
    census = take_census(tmp_path / "f")
    assert (census.line_count, census.is_utf8) == (3, True)
    (tmp_path / "f").write_bytes("abcdé".encode("cp1252") + b"\nxyz")
    assert not take_census(tmp_path / "f").is_utf8


def test_landing_moves_the_bytes_under_their_hash_and_closes_them(tmp_path: Path) -> None:
    (tmp_path / "landed").mkdir()
    file = tmp_path / "export.csv"
    file.write_bytes(b"a;b\n")
    inode = file.stat().st_ino
    landed = land(file, tmp_path / "landed")
    assert landed.sha256 == hashlib.sha256(b"a;b\n").hexdigest()
    assert landed.path.read_bytes() == b"a;b\n"
    assert landed.path.stat().st_ino == inode  # moved, the disk is not doubled
    assert landed.path.stat().st_mode & 0o777 == 0o400
    assert not file.exists()


def test_the_same_file_renamed_is_a_duplicate_delivery_and_changes_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    write_sidt(settings.root.inbox / "first.csv", [{}, {"nomor_registrasi": "REG0002", "nik": "3201014101800002"}])
    ingest_inbox(settings)
    assert publish_all(settings) == 1
    before = lake(settings, "SELECT * FROM rows ORDER BY row_id")
    write_sidt(settings.root.inbox / "renamed.csv", [{}, {"nomor_registrasi": "REG0002", "nik": "3201014101800002"}])
    caplog.set_level("INFO", logger="capaian")
    assert ingest_inbox(settings) == []
    assert "duplicate delivery" in caplog.text
    assert publish_all(settings) is None
    assert lake(settings, "SELECT * FROM rows ORDER BY row_id") == before
    assert published(settings, "SELECT file_name FROM quality.deliveries") == [("first.csv",)]
