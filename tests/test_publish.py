"""Publishing: a whole version or nothing, readable by analysts at any time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, published, write_sidt

from expectations import judge as judging
from flows import ingesting, releasing
from flows.balance import BalanceError
from flows.settings import Settings
from warehouse import publish as publishing
from warehouse.checksums import sha256_of
from warehouse.ledger import Ledger
from warehouse.lock import LockHeld, single_writer
from warehouse.registration import REGISTRATION
from warehouse.tables import PUBLISHED_TABLES


def deliver(settings: Settings, name: str = "a.csv", **values: str) -> None:
    write_sidt(
        settings.root.inbox / name,
        [{"nomor_registrasi": f"{name}{place}", "nik": f"32010141018{place:04d}1", **values} for place in range(1, 6)],
    )
    ingest_inbox(settings)


CANARY = {
    "nik": "3201014101807777",
    "nama_pemilik": "KENARI SATU",
    "no_telepon": "081255512345",
    "alamat": "JL. KENARI NO. 77",
    "nama_usaha": "TOKO KENARI",
}


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A version that no test changes: of two sound deliveries, one of rows for quarantine alone, and one of no form."""
    settings = Settings(home=tmp_path_factory.mktemp("version") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    write_sidt(
        settings.root.inbox / "c.csv",
        [
            CANARY,
            {**CANARY, "nomor_registrasi": "", "omzet": "KENARI juta sekali"},
            *({"nomor_registrasi": f"R{n}"} for n in range(9)),
        ],
    )
    (settings.root.inbox / "<script>alert(1)<").write_bytes(b"a,b\n1,2\n")
    deliver(settings)
    deliver(settings, "b.csv", nama_usaha="")
    publish_all(settings)
    return settings


def test_the_published_file_explains_itself_and_holds_no_personal_column(version: Settings) -> None:
    settings = version
    assert published(settings, "SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL OR comment = ''") == [(0,)]
    assert published(
        settings, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND (comment IS NULL OR comment = '')"
    ) == [(0,)]
    columns = {
        name for (name,) in published(settings, "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal")
    }
    assert not columns & {column.name for column in REGISTRATION if column.personal}
    tables = {name for (name,) in published(settings, "SELECT schema_name || '.' || table_name FROM duckdb_tables()")}
    assert tables == {table.full_name for table in PUBLISHED_TABLES}


def test_no_identifier_of_a_delivery_reaches_anything_published(version: Settings) -> None:
    settings, entries = version, list(Ledger(version.root))
    assert len(entries) == 4
    haystack = json.dumps([entry.__dict__ for entry in entries], default=str).encode()
    for path in settings.root.current.resolve().rglob("*"):
        if path.is_file():
            haystack += path.read_bytes()
    for table in PUBLISHED_TABLES:
        haystack += str(published(settings, f"SELECT * FROM {table.full_name}")).encode()
    for word in (b"KENARI", b"3201014101807777", b"81255512345"):
        assert word not in haystack


def test_every_seam_of_every_delivery_balances(version: Settings) -> None:
    assert published(version, "SELECT DISTINCT residual_count FROM quality.row_balance") == [(0,)]
    assert published(version, "SELECT seam, count(*) FROM quality.row_balance GROUP BY seam ORDER BY seam") == [
        ("businesses", 1),
        ("judgement", 2),
        ("lines", 2),
        ("registrations", 2),
    ]  # b.csv was refused: every row of it would be quarantined


def test_a_row_dropped_while_judging_stops_the_run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    split = judging.split_rows
    monkeypatch.setattr(
        ingesting,
        "split_rows",
        lambda con, sql, folder: split(con, f"SELECT * FROM ({sql}) WHERE line_number <> 3", folder),
    )
    with pytest.raises(BalanceError, match="nothing was published"):
        monkeypatch.setattr(ingesting, "account_for_lines", _account_blindly)
        deliver(settings)
    assert not settings.root.database.exists()


def _account_blindly(*arguments: object) -> object:
    """As if the account of the lines had been taken from the rows themselves."""
    from transforms.standardise import LineAccount

    return LineAccount(header=1, blank=0, unparsable=0, continuation=0, parsed=4)


def test_a_row_dropped_from_the_register_publishes_nothing_and_leaves_the_old_version(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(settings)
    publish_all(settings)
    deliver(settings, "b.csv")
    resolve = releasing.resolve

    def lossy(con: duckdb.DuckDBPyConnection, folder: Path, *rest: object) -> None:
        resolve(con, folder, *rest)
        path = folder / "register" / "memberships.parquet"
        con.execute(f"COPY (SELECT * FROM read_parquet('{path}') LIMIT 9) TO '{path}.next' (FORMAT parquet)")
        Path(f"{path}.next").replace(path)

    monkeypatch.setattr(releasing, "resolve", lossy)
    with pytest.raises(BalanceError, match="registrations"):
        publish_all(settings)
    assert published(settings, "SELECT version FROM meta.publication") == [(1,)]
    monkeypatch.undo()
    assert publish_all(settings) == 2


def test_the_audit_refuses_what_does_not_balance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_short(delivery_id: int, seam: str, rows_in: int, parts: dict[str, int]) -> dict[str, Any]:
        return {
            "delivery_id": delivery_id,
            "seam": seam,
            "rows_in": rows_in,
            "rows_out": rows_in - 1,
            "residual_count": 1,
            "parts": parts,
        }

    for module in (ingesting, releasing):
        monkeypatch.setattr(module, "check_balance", lambda name, balances: None)
        monkeypatch.setattr(module, "balance", one_short)
    deliver(settings)
    with pytest.raises(publishing.AuditError, match="rows do not balance"):
        publish_all(settings)
    assert not settings.root.database.exists()


def test_nothing_new_publishes_nothing_and_a_new_delivery_switches_everything(settings: Settings) -> None:
    deliver(settings)
    assert publish_all(settings) == 1
    before = settings.root.database.resolve().read_bytes()
    assert publish_all(settings) is None
    reader = duckdb.connect(str(settings.root.database), read_only=True)  # an analyst who never closes
    deliver(settings, "b.csv", nama_usaha="LAIN")
    assert publish_all(settings) == 2
    assert reader.execute("SELECT version FROM meta.publication").fetchall() == [(1,)]
    reader.close()
    assert published(settings, "SELECT version, delivery_count FROM meta.publication") == [(2, 2)]
    assert (settings.root.versions / "000001" / "capaian.duckdb").read_bytes() == before
    assert settings.root.report.resolve().parent.name == "000002"


def test_every_file_of_a_version_is_in_its_manifest_and_read_only(version: Settings) -> None:
    folder = version.root.current.resolve()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert manifest["files"] == {name: sha256_of(path) for name, path in files.items()}
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o444}
    assert "parquet/marts/attainment_national.parquet" in files


def test_what_an_interrupted_run_left_is_swept_and_never_promoted(settings: Settings) -> None:
    (settings.root.versions / ".unfinished-000001").mkdir()
    (settings.root.scratch / "ingest-x").mkdir()
    (settings.root.scratch / "spill").write_text("x")
    ingesting.open_data_root(settings)
    assert list(settings.root.scratch.iterdir()) == []
    assert list(settings.root.versions.iterdir()) == []


def test_a_second_writer_is_turned_away_by_name(settings: Settings) -> None:
    with (
        single_writer(settings.root.lock, "nightly"),
        pytest.raises(LockHeld, match=r"nightly, process \d+"),
        single_writer(settings.root.lock, "other"),
    ):
        pass
    with single_writer(settings.root.lock, "other"):
        pass


def test_a_business_name_with_markup_is_harmless_in_the_report(version: Settings) -> None:
    page = version.root.report.read_text(encoding="utf-8")
    assert "_script_alert(1)_" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
