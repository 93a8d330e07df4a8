"""`capaian read`: its files, its screen and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli.read import read


def test_table_and_report_are_written(tmp_path: Path) -> None:
    source, out, report = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.json"
    source.write_bytes(b'Rekap\r\nid;n\r\n1;"a;b"\r\n2;"c ""d"""\r\n3\r\n# x\r\n4;\r\n')
    assert read(source, out=out, report=report) == 0
    assert out.read_bytes() == b'id,n\n1,a;b\n2,"c ""d"""\n3\n4,\n'
    document = json.loads(report.read_text(encoding="utf-8"))
    assert document["file"] == "a.csv"
    assert document["columns"] == ["id", "n"]
    assert document["header"]["lines"] == [2]
    assert document["dialect"]["delimiter"] == ";"
    assert set(document["dialect"]) >= {"score", "confidence", "runner_up", "runner_up_score", "reason"}
    lines = document["lines"]
    assert lines.pop("all") == sum(lines.values()) == 7
    assert document["irregular"] == [{"line": 5, "kind": "too_few_fields", "fields": 1}]
    assert document["rejected"] == [
        {"line": 1, "reason": "title", "text": "Rekap"},
        {"line": 6, "reason": "comment", "text": "# x"},
    ]


def test_without_header_the_first_row_is_data(tmp_path: Path) -> None:
    source, out = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("1,2023-01-01\n2,2023-01-02\n", encoding="utf-8")
    assert read(source, out=out) == 0
    assert out.read_text(encoding="utf-8") == source.read_text(encoding="utf-8")


def test_screen_shows_rows_and_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "a.csv"
    source.write_text("id,nama\n1,[Ani]\n2,Budi\n3\n", encoding="utf-8")
    assert read(source) == 0
    shown = capsys.readouterr().out
    assert "[Ani]" in shown
    assert "3 records of 2 fields; 4 lines: 1 header, 3 data" in shown
    assert "line 4: too_few_fields" in shown


@pytest.mark.parametrize(("content", "code"), [(b"PK\x03\x04", 4), (b"a,b\n1,2\n", 0)])
def test_exit_codes(tmp_path: Path, content: bytes, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(content)
    assert read(source) == code
    assert bool(capsys.readouterr().err) == bool(code)


def test_wrong_usage_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(tmp_path / "none.csv") == 2
    source = tmp_path / "a.csv"
    source.write_text("a\n", encoding="utf-8")
    assert read(source, profile="no-such") == 2
    assert "bps-2023" in capsys.readouterr().err
    assert read(source, out=source) == 2
    assert source.read_text(encoding="utf-8") == "a\n"
