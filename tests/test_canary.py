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

from flows import ingesting
from flows.settings import Settings
from transforms.land import land

CANARY = {
    "nik": "3201014101807777",
    "nama_pemilik": "KENARI SATU",
    "no_telepon": "081255512345",
    "alamat": "JL. KENARI NO. 77",
    "nama_usaha": "TOKO KENARI",
}
WORDS = (b"KENARI", b"3201014101807777", b"81255512345")
CLOSED = ("landed", "lake", "inbox", "vault", "tmp")
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


def command(settings: Settings, *words: str, code: int = 0) -> bytes:
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli.main import main; main()", *words],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            "CAPAIAN_HOME": str(settings.home),
            "PREFECT_LOGGING_LEVEL": "DEBUG",
        },
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr[-500:]
    return done.stdout + done.stderr


def open_places(settings: Settings) -> list[Path]:
    """Every file that is not in a closed folder, and of the lake what the ledger says."""
    return [
        path
        for path in settings.home.rglob("*")
        if path.is_file()
        and (path.name in ("entry.json", "judgement.json") or path.relative_to(settings.home).parts[0] not in CLOSED)
    ]


def told_by(heard: list[bytes], settings: Settings) -> set[bytes]:
    """Words of the canary in what was heard, in open files, and in the tables of every database among them."""
    for path in open_places(settings):
        content = path.read_bytes()
        heard.append(content)
        if content[8:12] == b"DUCK" and not path.with_name(path.name + ".wal").exists():
            with duckdb.connect(str(path), read_only=True) as con:  # compressed in the file
                for (name,) in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall():
                    heard.append(str(con.execute(f"FROM {name}").fetchall()).encode())
    return {word for word in WORDS for text in heard if word in text}


def check_modes(settings: Settings) -> None:
    """Closed folders are 0700; landed files 0400, rows and identifiers 0600, published files 0444 in 0555."""
    root = settings.root
    for folder in (*CLOSED, "prefect", "runs", "lake/linkage"):
        if (settings.home / folder).exists():
            assert (settings.home / folder).stat().st_mode & 0o777 == 0o700, folder
    for folder, file_mode in ((root.landed, 0o400), (root.lake, 0o600), (root.vault, 0o600)):
        strange = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o777 != file_mode]
        assert strange == []
    versions = [
        path for version in root.kept_versions() for path in (root.version(version), *root.version(version).rglob("*"))
    ]
    assert {path.stat().st_mode & 0o777 for path in versions} <= {0o444, 0o555}


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
    places = open_places(settings)
    assert any("prefect" in path.parts for path in places) and any(path.suffix == ".html" for path in places)
    with duckdb.connect(str(settings.root.database.resolve()), read_only=True) as con:
        statuses = dict(con.execute("SELECT file_name, status FROM quality.deliveries").fetchall())
        waiting = con.execute("SELECT count(*) FROM quality.quarantined_rows").fetchall()[0][0]
    assert statuses["a.csv"] == "validated" and waiting > 0
    assert sorted(statuses.values()).count("refused") >= 3
    assert told_by(heard, settings) == set()
    check_modes(settings)

    # A run that fails: a landed file is no longer what arrived, and says more of the canary than before.
    sound = [{"nomor_registrasi": f"S{place}", **CANARY} for place in range(3)]
    landed = land(write_sidt(settings.root.inbox / "c.csv", sound), settings.root.landed).path
    landed.chmod(0o600)
    with landed.open("a", encoding="utf-8") as file:
        file.write("KENARI SATU;3201014101807777\n")
    landed.chmod(0o400)
    heard.append(command(settings, "run", "--as-of", "2024-12-31", code=1))
    assert b"no longer those that arrived" in b" ".join(heard[-1].split())
    assert told_by(heard, settings) == set()
    check_modes(settings)


CHILD = """
import logging, sys, time
from datetime import date
sys.path.insert(0, {tests!r})
logging.basicConfig(level=logging.DEBUG)
import conftest
from flows import ingesting
from flows.running import running
from flows.settings import Settings
import {module} as module

def pause(*args, **kwargs):
    print("READY", flush=True)
    time.sleep(600)

settings = Settings(memory="1GB", threads=2)
setattr(module, {name!r}, pause)
if __name__ == "__main__":
    with running(settings, "nightly"):
        ingesting.open_data_root(settings)
        conftest.ingest_inbox(settings)
        conftest.publish_all(settings)
"""


def killed_in(settings: Settings, module: str, name: str) -> bytes:
    """Run in a child process up to the call of `module.name` and kill it there; returns what it said."""
    script = settings.home.parent / "child.py"
    script.write_text(CHILD.format(tests=str(Path(__file__).parent), module=module, name=name), encoding="utf-8")
    environment = {**os.environ, "CAPAIAN_HOME": str(settings.home), "PYTHONPATH": str(Path(__file__).parents[1])}
    with (settings.home.parent / "said").open("w+b") as said:
        child = subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=said, env=environment, text=False
        )
        assert child.stdout is not None
        line = child.stdout.readline()
        child.kill()
        child.wait()
        said.seek(0)
        spoken = said.read()
    assert line == b"READY\n", spoken[-2000:]
    return spoken


@pytest.mark.parametrize(
    ("module", "name", "leaves"),
    [
        ("flows.ingesting", "account_for_lines", "tmp"),
        ("warehouse.publish", "audit", "published"),
    ],
)
def test_a_run_that_is_killed_leaves_the_canary_in_closed_folders_only_and_the_next_start_sweeps_it(
    tmp_path: Path, module: str, name: str, leaves: str
) -> None:
    """Rows of a delivery that are not judged yet, and a version without its audit: both unfinished."""
    settings = Settings(home=tmp_path / "home")
    settings.root.create()
    rows = [{"nomor_registrasi": f"R{place}", **CANARY} for place in range(4)]
    write_sidt(settings.root.inbox / "a.csv", rows)
    heard = [killed_in(settings, module, name)]
    assert [path for path in settings.root.scratch.rglob("*") if path.is_file()]
    if leaves == "published":
        assert list(settings.root.versions.glob(".unfinished-*"))
    assert told_by(heard, settings) == set()
    check_modes(settings)
    ingesting.open_data_root(settings)
    assert list(settings.root.scratch.iterdir()) == [] == list(settings.root.versions.iterdir())
    assert told_by([], settings) == set()
    check_modes(settings)
