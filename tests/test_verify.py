"""Verifying: a published version verifies, and whatever is changed in it afterwards is found and named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ingest_inbox, publish_all, published, write_sidt

from flows import ingesting, releasing
from flows.settings import Settings
from flows.verifying import Verification, VerifyError, contents, recompute, verify
from warehouse import publish as publishing
from warehouse.certificate import SECTIONS, certificate_in, read_certificate, stated_by_tables
from warehouse.checksums import sealed, sha256_of, unsealed, write_sums
from warehouse.ledger import Ledger

CANARY = {
    "nik": "3201014101807777",
    "nama_pemilik": "KENARI SATU",
    "no_telepon": "081255512345",
    "alamat": "JL. KENARI NO. 77",
    "nama_usaha": "TOKO KENARI",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two versions: of one delivery, and of two."""
    settings = Settings(home=tmp_path_factory.mktemp("verify") / "home", memory="1GB", threads=2)
    ingesting.open_data_root(settings)
    for name in "ab":
        write_sidt(
            settings.root.inbox / f"KENARI {name}.csv",
            [{**CANARY, "nomor_registrasi": f"{name}{place}", "nik": f"32010141018{place:04d}1"} for place in range(6)],
        )
        ingest_inbox(settings)
        publish_all(settings)
    return settings


@pytest.fixture
def copy(original: Settings, tmp_path: Path) -> Settings:
    """A copy that may be written, as one who tampers with it can."""
    home = tmp_path / "home"
    shutil.copytree(original.home, home, symlinks=True)
    for path in [home, *home.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)
    return Settings(home=home, memory="1GB", threads=2)


def folder_of(settings: Settings, version: int = 2) -> Path:
    return settings.root.versions / f"{version:06d}"


def failures(settings: Settings, version: int | None = None) -> list[tuple[str, str]]:
    return [(check.name, check.found) for check in verify(settings, version).checks if check.result == "fails"]


def results(done: Verification, name: str) -> list[str]:
    return [check.result for check in done.checks if check.name == name]


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def reseal(folder: Path) -> None:
    """Make the manifest agree with what lies in the folder now."""
    manifest = unsealed((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: sha256_of(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(sealed(manifest), indent=1), encoding="utf-8")


def change_database(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "capaian.duckdb")) as con:
        con.execute(statement)


def change_parquet(folder: Path, table: str, replaced: str) -> None:
    path = folder / "parquet" / f"{table.replace('.', '/')}.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT * REPLACE ({replaced}) FROM read_parquet('{path}')) TO '{path}.next' (FORMAT parquet)"
        )
    Path(f"{path}.next").replace(path)


def change_certificate(folder: Path, section: str, item: str, **values: Any) -> None:
    path = folder / "certificate.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    (row,) = [row for row in document["statements"] if (row["section"], row["item"]) == (section, item)]
    row |= values
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def test_a_published_version_verifies_completely(original: Settings) -> None:
    done = verify(original)
    assert [check for check in done.checks if check.result != "holds"] == []
    assert done.holds and done.version == 2 and done.manifest_sha256
    names = {check.name for check in done.checks}
    assert names >= {"manifest", "files", "links", "certificate", "tables", "previous version", "balance", "code"}
    assert names >= {"landed files", "attainment", "audit rows_balance", "audit certificate_agrees"}


def test_an_older_version_verifies_and_the_later_one_vouches_for_it(original: Settings) -> None:
    done = verify(original, 1)
    assert done.holds and done.version == 1
    assert results(done, "later version") == ["holds"]


def test_the_certificate_states_inputs_code_audits_balance_band_and_figures(original: Settings) -> None:
    folder = folder_of(original)
    with duckdb.connect(str(folder / "capaian.duckdb"), read_only=True) as con:
        stated = certificate_in(con)
    assert stated == read_certificate(folder / "certificate.json")
    assert [name for name in SECTIONS if name not in {one.section for one in stated}] == []
    said = {one.place: one for one in stated}
    shas = sorted(entry.sha256 for entry in Ledger(original.root))
    assert {one.sha256 for one in stated if one.item.startswith("delivery ")} == set(shas)
    shell = subprocess.run(["sha256sum"], input="".join(f"{sha}\n" for sha in shas), capture_output=True, text=True)
    assert said["deliveries", "all deliveries"].sha256 == shell.stdout.split()[0]
    assert said["balance", "businesses"].value.endswith("0 lost")
    assert said["inputs", "previous version"].sha256 == sha256_of(folder_of(original, 1) / "manifest.json")
    counts = dict(published(original, "SELECT threshold, business_count FROM register.linkage_counts"))
    assert {name: int(said["band", name].value.split()[0]) for name in counts} == counts
    for table in ("register.businesses", "marts.attainment_national", "meta.publication"):
        path = folder / "parquet" / f"{table.replace('.', '/')}.parquet"
        assert said["tables", table].sha256 == sha256_of(path)
    ((observed, target),) = published(
        original,
        "SELECT observed_count, target_count FROM marts.attainment_national"
        " WHERE target_year = 2024 AND definition_code = 'D1' AND series = 'register_observed'",
    )
    figure = said["figures", "umkm_digital 2024 D1 register_observed capaian"].value
    assert figure.startswith(f"{observed} of {target}, band ") and figure.endswith("not_assessable")


def test_no_personal_value_stands_in_the_certificate(original: Settings) -> None:
    text = (folder_of(original) / "certificate.json").read_text(encoding="utf-8")
    assert [word for word in ("KENARI", "3201014101", "81255512345", str(original.home)) if word in text] == []


@pytest.mark.parametrize(
    "name", ["parquet/register/businesses.parquet", "capaian.duckdb", "report.html", "certificate.json"]
)
def test_a_flipped_byte_is_found_in_the_file_that_holds_it(copy: Settings, name: str) -> None:
    flip_byte(folder_of(copy) / name)
    assert ("files", f"{name}: its bytes are not those that were published") in failures(copy)


def test_a_database_of_other_bytes_is_not_opened(copy: Settings) -> None:
    flip_byte(folder_of(copy) / "capaian.duckdb")
    assert results(verify(copy), "database") == ["unchecked"]


def test_a_file_that_is_gone_and_one_that_came_are_named(copy: Settings) -> None:
    folder = folder_of(copy)
    (folder / "report.html").unlink()
    (folder / "parquet" / "marts" / "capaian.csv").write_text("x")
    (folder / "elsewhere").symlink_to("/etc")
    assert failures(copy) == [
        ("files", "report.html is missing"),
        ("files", "elsewhere is not in the manifest"),
        ("files", "parquet/marts/capaian.csv is not in the manifest"),
    ]


def test_a_file_that_became_a_link_is_named(copy: Settings, tmp_path: Path) -> None:
    report = folder_of(copy) / "report.html"
    report.rename(tmp_path / "report.html")
    report.symlink_to(tmp_path / "report.html")
    assert ("files", "report.html is no file of its own any more") in failures(copy)


@pytest.mark.parametrize("content", [None, "{", '{"version": 2}', "[]", '{"version": 2, "files": []}'])
def test_a_lost_or_broken_manifest_is_a_failure_not_a_fault(copy: Settings, content: str | None) -> None:
    path = folder_of(copy) / "manifest.json"
    path.unlink() if content is None else path.write_text(content)
    assert [name for name, _ in failures(copy)] == ["manifest"]


def test_the_manifest_of_another_version_is_named(copy: Settings) -> None:
    shutil.copy(folder_of(copy, 1) / "manifest.json", folder_of(copy) / "manifest.json")
    assert ("manifest", "manifest.json is that of version 1") in failures(copy)


def test_a_database_put_in_the_place_of_the_link_is_found(copy: Settings) -> None:
    copy.root.database.unlink()
    shutil.copy(folder_of(copy) / "capaian.duckdb", copy.root.database)
    assert [name for name, _ in failures(copy)] == ["links"]


def test_changed_landed_bytes_are_found_and_lost_ones_are_only_unchecked(copy: Settings) -> None:
    changed, lost = sorted(copy.root.landed.glob("*/*.csv"))
    flip_byte(changed)
    shutil.rmtree(lost.parent)
    done = verify(copy)
    assert [check.name for check in done.checks if check.result == "fails"] == ["landed files"]
    assert sorted(results(done, "landed files")) == ["fails", "unchecked"]
    assert any(changed.name in check.found for check in done.checks)


def test_without_lake_and_landed_files_a_version_still_verifies(copy: Settings) -> None:
    shutil.rmtree(copy.root.lake)
    shutil.rmtree(copy.root.landed)
    done = verify(copy)
    assert done.holds
    assert results(done, "landed files") == ["unchecked"] and results(done, "balance") == ["unchecked"]
    assert results(done, "attainment") == ["holds"]


def test_a_number_changed_in_the_certificate_is_named_though_the_manifest_was_made_to_agree(copy: Settings) -> None:
    change_certificate(folder_of(copy), "band", "strict", value="1 businesses of 1 current registrations")
    reseal(folder_of(copy))
    assert failures(copy) == [("certificate", "certificate.json and meta.certificate differ in: band, strict")]


def test_a_number_changed_in_both_certificates_contradicts_the_tables(copy: Settings) -> None:
    folder = folder_of(copy)
    text = "99 businesses of 99 current registrations"
    change_certificate(folder, "band", "strict", value=text)
    change_database(folder, f"UPDATE meta.certificate SET value = '{text}' WHERE section = 'band' AND item = 'strict'")
    change_parquet(
        folder,
        "meta.certificate",
        f"CASE WHEN section = 'band' AND item = 'strict' THEN '{text}' ELSE value END AS value",
    )
    reseal(folder)
    assert failures(copy) == [
        ("audit certificate_agrees", "the certificate states otherwise than the tables: band, strict")
    ]


def test_a_row_changed_in_the_database_is_found_though_the_manifest_was_made_to_agree(copy: Settings) -> None:
    change_database(
        folder_of(copy),
        "UPDATE register.businesses SET business_id = 1 WHERE business_id = (SELECT max(business_id) FROM register.businesses)",
    )
    reseal(folder_of(copy))
    ((name, found),) = failures(copy)
    assert name == "tables" and found.startswith("register.businesses: database and Parquet do not hold the same rows")


@pytest.mark.parametrize(
    "statement",
    [
        # answers every comparison of rows with the same sum
        "CREATE MACRO sum(x) AS 7; CREATE MACRO main.duckdb_functions() AS TABLE SELECT 'x' AS function_name, true AS internal",
        "CREATE VIEW marts.more AS SELECT 1 AS x",
    ],
)
def test_a_database_with_definitions_of_its_own_is_asked_nothing(copy: Settings, statement: str) -> None:
    change_database(folder_of(copy), f"UPDATE register.businesses SET kbli_code = '47111'; {statement}")
    reseal(folder_of(copy))
    ((name, found),) = failures(copy)
    assert name == "database" and "defines macros, views or types of its own" in found


def test_other_code_may_have_defined_other_macros_but_none_that_is_built_in(
    copy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recompute, "running_code", lambda: [])
    change_database(folder_of(copy), "CREATE MACRO attained(x) AS x")
    reseal(folder_of(copy))
    assert failures(copy) == []
    change_database(folder_of(copy), "CREATE MACRO hash(x) AS 7")
    reseal(folder_of(copy))
    assert [name for name, _ in failures(copy)] == ["database"]


def test_a_table_or_file_without_its_other_half_is_named(copy: Settings) -> None:
    folder = folder_of(copy)
    change_database(folder, """CREATE TABLE "marts"."a"") FROM x; --" AS SELECT 1 AS "b"") AS INT); --" """)
    path = folder / "parquet" / "marts" / "c.parquet"
    shutil.copy(folder / "parquet" / "meta" / "publication.parquet", path)
    manifest = unsealed((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] |= {"parquet/marts/c.parquet": ""}
    (folder / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    reseal(folder)
    found = [found for name, found in failures(copy) if name == "tables"]
    assert found == ['marts.a") FROM x; -- is only in the database', "marts.c is only there as Parquet"]


def test_two_rows_that_changed_places_between_columns_are_found(copy: Settings) -> None:
    """A sum over columns would not see it; the hash of a row does."""
    change_database(
        folder_of(copy), "UPDATE register.linkage_counts SET current_count = edge_count, edge_count = current_count"
    )
    reseal(folder_of(copy))
    assert "tables" in [name for name, _ in failures(copy)]


def test_a_figure_changed_everywhere_is_not_what_the_register_gives(copy: Settings) -> None:
    """Database, Parquet, both certificates and the manifest agree with each other, and still not with the register."""
    folder = folder_of(copy)
    raised = "observed_count + 1000000"
    change_database(
        folder, f"UPDATE marts.attainment_national SET observed_count = {raised} WHERE series = 'register_observed'"
    )
    change_parquet(
        folder,
        "marts.attainment_national",
        f"CASE WHEN series = 'register_observed' THEN {raised} ELSE observed_count END AS observed_count",
    )
    new = sha256_of(folder / "parquet" / "marts" / "attainment_national.parquet")
    change_certificate(folder, "tables", "marts.attainment_national", sha256=new)
    with duckdb.connect(str(folder / "capaian.duckdb"), read_only=True) as con:
        own = stated_by_tables(con)
    for one in own:
        change_certificate(folder, *one.place, value=one.value)
    statements = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))["statements"]
    change_database(folder, "DELETE FROM meta.certificate")
    with duckdb.connect(str(folder / "capaian.duckdb")) as con:
        con.executemany(
            "INSERT INTO meta.certificate VALUES (?, ?, ?, ?, ?, ?)", [list(row.values()) for row in statements]
        )
        con.execute(f"COPY meta.certificate TO '{folder}/parquet/meta/certificate.parquet'")
    reseal(folder)
    assert failures(copy) == [
        ("attainment", "marts.attainment_national is not what the register of this version gives")
    ]


def test_parquet_and_database_changed_alike_are_not_those_the_certificate_names(copy: Settings) -> None:
    folder = folder_of(copy)
    change_database(folder, "UPDATE register.businesses SET kbli_code = '47111'")
    change_parquet(folder, "register.businesses", "'47111' AS kbli_code")
    reseal(folder)
    assert ("tables", "parquet/register/businesses.parquet is not the file that the certificate names") in failures(
        copy
    )


def test_an_older_version_made_anew_in_secret_is_betrayed_by_the_later_one(copy: Settings) -> None:
    (folder_of(copy, 1) / "report.html").write_text("another page")
    reseal(folder_of(copy, 1))
    assert [name for name, _ in failures(copy, 1)] == ["later version"]
    assert [name for name, _ in failures(copy)] == ["previous version"]


def test_another_count_in_the_ledger_is_a_failure_and_another_key_is_not(copy: Settings) -> None:
    first, second = (copy.root.lake / entry.sha256 / "entry.json" for entry in Ledger(copy.root))
    for path, change in ((first, {"key": "0" * 64}), (second, None)):
        entry = json.loads(path.read_text(encoding="utf-8"))
        if change is None:
            entry["row_balance"][0]["rows_in"] += 1
        path.write_text(json.dumps(entry | (change or {})), encoding="utf-8")
        write_sums(path.parent)
    done = verify(copy)
    assert sorted(results(done, "balance")) == ["fails", "unchecked"]
    assert [check.name for check in done.checks if check.result == "fails"] == ["balance"]


def test_rows_that_do_not_balance_fail_their_audit(copy: Settings) -> None:
    change_database(folder_of(copy), "UPDATE quality.row_balance SET rows_out = rows_out - 1 WHERE seam = 'lines'")
    reseal(folder_of(copy))
    assert any(name == "audit rows_balance" and "rows do not balance" in found for name, found in failures(copy))


def test_other_code_is_no_fault_of_the_version_but_its_figures_are_not_recomputed(
    copy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = recompute.running_code()
    monkeypatch.setattr(
        recompute,
        "running_code",
        lambda: [
            one if one.item != "transforms" else type(one)(*one.place, one.value, "0" * 64, one.meaning)
            for one in running
        ],
    )
    done = verify(copy)
    assert done.holds
    assert results(done, "code") == ["unchecked"] and results(done, "attainment") == ["unchecked"]


def test_a_version_of_another_contract_is_not_audited_by_this_one(
    copy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "CONTRACT_FINGERPRINT", "0" * 64)
    done = verify(copy)
    assert done.holds and results(done, "audits") == ["unchecked"] and results(done, "tables") == ["holds"]


def test_nothing_published_and_an_unknown_version_are_said_clearly(settings: Settings, original: Settings) -> None:
    with pytest.raises(VerifyError, match="nothing is published"):
        verify(settings)
    with pytest.raises(VerifyError, match=r"no version 9 is kept .* kept are: 1, 2"):
        verify(original, 9)


def test_verifying_writes_nothing_into_the_data_root(copy: Settings) -> None:
    before = {path: (path.lstat().st_mtime_ns, path.lstat().st_mode) for path in copy.home.rglob("*")}
    verify(copy)
    assert {path: (path.lstat().st_mtime_ns, path.lstat().st_mode) for path in copy.home.rglob("*")} == before


def command(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = (
        "import sys, atexit; from flows.cli.main import main; atexit.register(lambda: sys.stderr.write(str("
        "[name for name in ('prefect', 'great_expectations') if name in sys.modules]))); main()"
    )
    return subprocess.run(
        [sys.executable, "-c", script, "verify", *words],
        env={**os.environ, "CAPAIAN_HOME": str(home), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_says_what_holds_and_what_fails_and_starts_no_prefect(copy: Settings, tmp_path: Path) -> None:
    sound = command(copy.home)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert "✔ holds" in sound.stdout and "✘" not in sound.stdout
    assert sound.stderr == "[]"
    flip_byte(folder_of(copy, 1) / "report.html")
    broken = command(copy.home, "--version", "1", "--json")
    document = json.loads(broken.stdout)
    assert broken.returncode == 1 and document["holds"] is False and document["version"] == 1
    assert [check["name"] for check in document["checks"] if check["result"] == "fails"] == ["files"]
    nothing = command(tmp_path / "elsewhere")
    assert nothing.returncode == 2 and "nothing is published" in nothing.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_a_certificate_that_states_otherwise_publishes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}])
    ingest_inbox(settings)
    made = releasing.certificate

    def boastful(*rest: Any) -> list[dict[str, Any]]:
        rows = made(*rest)
        next(row for row in rows if row["section"] == "figures")["value"] = "30000000 of 30000000, coverage 1, met"
        return rows

    monkeypatch.setattr(releasing, "certificate", boastful)
    with pytest.raises(publishing.AuditError, match="the certificate states otherwise than the tables: figures"):
        publish_all(settings)
    assert not settings.root.database.exists()
