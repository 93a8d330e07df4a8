"""Landing keeps bytes, counts lines without parsing, and knows a duplicate by its content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from conftest import ingest_inbox, lake, publish_all, published, write_sidt

from flows.settings import Settings
from transforms import land as landing
from transforms.land import CHUNK, RefusedArrival, land, survey_inbox, take_census
from transforms.reading.limits import LINE_BYTES_LIMIT, refuse_long_line
from transforms.reading.refusal import RefusedDelivery


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


def test_a_line_longer_than_a_chunk_is_measured_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transforms.land.CHUNK", 8)
    for content, longest in [
        (b"ab\n" + b"x" * 30 + b"\ncd\n", 30),
        (b"x" * 30, 30),
        (b"x" * 30 + b"\r" + b"y" * 40 + b"\r\n", 40),
        (b"\n" * 20 + b"y" * 9, 9),
        (b"", 0),
    ]:
        (tmp_path / "f").write_bytes(content)
        assert take_census(tmp_path / "f").longest_line_bytes == longest


def test_a_line_that_is_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"nomor;nama\n" + b"x" * (LINE_BYTES_LIMIT + 1))
    assert take_census(tmp_path / "f").longest_line_bytes == LINE_BYTES_LIMIT + 1 > CHUNK
    with pytest.raises(RefusedDelivery, match="16,000,001 bytes"):
        refuse_long_line(take_census(tmp_path / "f").longest_line_bytes)


def test_only_regular_files_are_surveyed_and_the_rest_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"b")
    (tmp_path / "a.csv").write_bytes(b"a")
    (tmp_path / ".DS_Store").write_bytes(b"a")
    (tmp_path / ".b.csv.x1").write_bytes(b"b")
    (tmp_path / "link\n.csv").symlink_to(tmp_path / "a.csv")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    files, left = survey_inbox(tmp_path)
    assert files == [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert [arrival.name for arrival in left] == ["b.csv.x1", "folder", "link_.csv", "pipe.csv"]
    assert all(isinstance(arrival, RefusedArrival) and ";" in arrival.reason for arrival in left)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "nothing"])
def test_what_took_the_place_of_a_file_after_the_survey_is_not_landed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "landed").mkdir()
    file = tmp_path / "export.csv"
    if kind == "link":
        file.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    with pytest.raises(RefusedDelivery):
        land(file, tmp_path / "landed")
    assert not list((tmp_path / "landed").iterdir())


@pytest.mark.parametrize("moment", ["while it is hashed", "while it is moved"])
def test_a_file_that_changes_while_it_is_read_stays_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    (tmp_path / "landed").mkdir()
    file = tmp_path / "export.csv"
    file.write_bytes(b"a;b\n")
    name = {"while it is hashed": "hashlib.file_digest", "while it is moved": "os.replace"}[moment]
    module, function = name.split(".")
    real = getattr(getattr(landing, module), function)

    def and_append(*arguments: object) -> object:
        done = real(*arguments)
        with (file if file.exists() else Path(str(arguments[1]))).open("ab") as stream:
            stream.write(b"1;2\n")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(f"transforms.land.{name}", and_append)
        with pytest.raises(RefusedDelivery, match="next run"):
            land(file, tmp_path / "landed")
    assert land(file, tmp_path / "landed").path.read_bytes().startswith(b"a;b\n1;2\n")


def test_a_file_with_a_second_name_is_copied_so_that_its_other_name_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "landed").mkdir()
    other, file = tmp_path / "other.csv", tmp_path / "export.csv"
    other.write_bytes(b"a;b\n")
    other.chmod(0o644)
    os.link(other, file)
    landed = land(file, tmp_path / "landed")
    other.write_bytes(b"changed")
    assert landed.path.read_bytes() == b"a;b\n"
    assert landed.path.stat().st_mode & 0o777 == 0o400
    assert other.stat().st_mode & 0o777 == 0o644
    assert not file.exists()


def test_a_file_from_another_file_system_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "landed").mkdir()
    file = tmp_path / "export.csv"
    file.write_bytes(b"a;b\n")
    real = os.replace

    def refuse_to_cross(source: Path, target: Path) -> None:
        if source == file:
            raise OSError("another file system")
        real(source, target)

    monkeypatch.setattr("transforms.land.os.replace", refuse_to_cross)
    landed = land(file, tmp_path / "landed")
    assert [path.name for path in landed.path.parent.iterdir()] == ["export.csv"]
    assert landed.path.read_bytes() == b"a;b\n"
    assert not file.exists()


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
