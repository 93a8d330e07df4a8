"""Privacy: values of persons, let loose in every form a delivery may go wrong, never leave the closed folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from conftest import BPS_DEFAULTS, SIDT_DEFAULTS, write_sidt

from flows.settings import Settings

CANARY = {
    "nik": "3201014101807777",
    "nama_pemilik": "KENARI SATU",
    "no_telepon": "081255512345",
    "alamat": "JL. KENARI NO. 77",
    "nama_usaha": "TOKO KENARI",
}
WORDS = (b"KENARI", b"3201014101807777", b"81255512345")
CLOSED = ("landed", "lake", "inbox")
"""Folders of mode 0700 that hold the rows themselves; of the lake only the ledger's entries are searched."""


def let_loose(settings: Settings) -> None:
    """Deliveries that pass, warn, wait, cannot be parsed, and are refused, each with the canary inside."""
    sound = [{"nomor_registrasi": f"R{place}", **CANARY} for place in range(8)]
    spoiled = {
        "unread": {
            name: f"KENARI {name}" for name in ("omzet", "tanggal_lahir", "kode_kbli", "latitude", "nib", "nik")
        },
        "waiting": {"kode_wilayah": "KENARI", "nama_kabkota": "KENARI"},
    }
    write_sidt(settings.root.inbox / "a.csv", [*sound, *({**CANARY, **values} for values in spoiled.values())])
    with (settings.root.inbox / "a.csv").open("a", encoding="utf-8") as file:
        file.write('KENARI SATU;"3201014101807777\nKENARI;x\n')
    (settings.root.inbox / "refused.csv").write_text("KENARI SATU;3201014101807777\n081255512345;KENARI\n")
    (settings.root.inbox / "broken.csv").write_bytes(b"KENARI\x00\xff\xfe;3201014101807777" * 50)
    (settings.root.inbox / "unread.csv").write_text(
        "\n".join([";".join(SIDT_DEFAULTS), *[";".join(["KENARI"] * len(SIDT_DEFAULTS))] * 40]) + "\n"
    )
    with xlsxwriter.Workbook(settings.root.inbox / "b.xlsx", {"strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("KENARI")
        for place, row in enumerate([list(BPS_DEFAULTS), ["KENARI"] * len(BPS_DEFAULTS), list(BPS_DEFAULTS.values())]):
            sheet.write_row(place, 0, row)


def command(settings: Settings, *words: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli.main import main; main()", *words],
        env={**os.environ, "CAPAIAN_HOME": str(settings.home), "PREFECT_LOGGING_LEVEL": "DEBUG"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout + done.stderr


@pytest.mark.flow
def test_no_personal_value_leaves_the_closed_folders(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    settings.root.create()
    let_loose(settings)
    heard = [command(settings, "run", "--as-of", "2024-12-31", "--json")]
    heard += [
        command(settings, "status"),
        command(settings, "quarantine", "list"),
        command(settings, "quarantine", "replay"),
        command(settings, "verify"),
    ]
    places = [
        path
        for path in settings.home.rglob("*")
        if path.is_file()
        and (path.name in ("entry.json", "judgement.json") or path.relative_to(settings.home).parts[0] not in CLOSED)
    ]
    assert any("prefect" in path.parts for path in places) and any(path.suffix == ".html" for path in places)
    for path in places:
        heard.append(path.read_bytes())
    with duckdb.connect(str(settings.root.database.resolve()), read_only=True) as con:  # compressed in the file
        for (name,) in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall():
            heard.append(str(con.execute(f"FROM {name}").fetchall()).encode())
        statuses = dict(con.execute("SELECT file_name, status FROM quality.deliveries").fetchall())
        waiting = con.execute("SELECT count(*) FROM quality.quarantined_rows").fetchall()[0][0]
    assert statuses["a.csv"] == "validated" and waiting > 0
    assert sorted(statuses.values()).count("refused") >= 3
    assert [word for word in WORDS for text in heard if word in text] == []
    assert all((settings.home / folder).stat().st_mode & 0o077 == 0 for folder in CLOSED)
