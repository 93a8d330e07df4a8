"""The vault: keys, identifiers, and that nothing personal is written where they cannot be kept as they must be."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import AS_OF, ingest_inbox, publish_all, published, stranger, write_sidt
from pyarrow.parquet.encryption import create_decryption_properties

from flows import ingesting, releasing
from flows.settings import Settings
from warehouse.vault import (
    Tombstone,
    Vault,
    VaultError,
    add_tombstones,
    commit_identifiers,
    load_tombstones,
    rekey_identifiers,
    rotate,
    write_identifiers,
)

NIK = "3201014101807777"
NOW = datetime(2024, 12, 31, 1, 0, tzinfo=UTC)


def test_pseudonyms_of_sql_and_python_are_the_hmac_of_the_standard() -> None:
    key = Vault(Path("nowhere"), "0f" * 32).key()
    values = ["3201014101807777", "", "K" * 200, "é\u2028"]
    with duckdb.connect() as con:
        key.bind(con)
        for value in values:
            made = con.execute("SELECT keyed_pseudonym('nik:' || ?)", [value]).fetchall()[0][0]
            expected = hmac.new(bytes.fromhex("0f" * 32), f"nik:{value}".encode(), hashlib.sha256).hexdigest()
            assert made == key.pseudonym("nik", value) == expected
        assert con.execute("SELECT getvariable('pseudonym_key_id')").fetchall() == [(key.key_id,)]
    assert "0f0f" not in repr(key) and "0f0f" not in repr(Vault(Path("x"), "0f" * 32))


def test_a_key_is_made_once_closed_to_others_and_refused_when_it_is_open(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    key = vault.key()
    assert vault.key() == key != Vault(tmp_path / "other").key()
    assert (vault.key_file.stat().st_mode & 0o777, vault.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    vault.key_file.chmod(0o640)
    with pytest.raises(VaultError, match="chmod 600"):
        vault.key()
    vault.key_file.chmod(0o600)
    vault.key_file.write_bytes(b"short")
    with pytest.raises(VaultError, match="32 bytes"):
        vault.key()
    for text in ("secret-0f", "0f" * 31):
        with pytest.raises(VaultError, match="64 hex digits") as refused:
            replace(vault, given_key=text).key()
        assert text not in str(refused.value)


def owners(settings: Settings) -> dict[str, str]:
    """NIK by pseudonym, as the vault says."""
    rows = pq.read_table(settings.vault.identifiers).to_pylist()
    return {row["pseudonym"]: row["nik"] for row in rows}


def change_key(vault: Vault, needed: Iterable[str] = ()) -> tuple[str, str]:
    with duckdb.connect() as con:
        return rotate(vault, NOW, needed, lambda key: rekey_identifiers(vault, key, con))


def test_identifiers_are_joined_with_the_register_through_pseudonyms_and_a_new_key_makes_them_anew(
    settings: Settings,
) -> None:
    settings = settings.model_copy(update={"pseudonym_key": None})
    people = [stranger(place) for place in range(12)]
    rows = [{"nomor_registrasi": f"R{place}", **person} for place, person in enumerate(people)]
    rows[10]["tanggal_pendataan"] = "15/06/2019"  # its five years are over
    rows[11]["nik"] = ""
    again = {"nomor_registrasi": "R0B", **people[0], "nama_usaha": "BENGKEL LAIN", "kode_kbli": "45401"}
    write_sidt(settings.root.inbox / "a.csv", [*rows, again])
    ingest_inbox(settings)
    publish_all(settings)
    vault, before = settings.vault, owners(settings)
    assert sorted(before.values()) == sorted(person["nik"] for person in people[:10])
    assert set(before) == {vault.key().pseudonym("nik", nik) for nik in before.values()}
    told = published(settings, "SELECT owner_id, pseudonym, key_id FROM register.owner_pseudonyms")
    kept = pq.read_table(vault.identifiers).to_pylist()
    assert {(row["owner_id"], row["pseudonym"], row["key_id"]) for row in kept} == set(told)
    assert {row["expires_date"] for row in kept} == {date(2027, 6, 15)}
    assert len({owner for owner, *_ in told}) == 10
    assert vault.identifiers.stat().st_mode & 0o777 == 0o600
    assert releasing.plan_release(settings, AS_OF, AS_OF) is None
    assert releasing.plan_release(settings.model_copy(update={"identifier_years": 2}), AS_OF, AS_OF) is not None

    secret = vault.key_file.read_bytes()
    earlier, now = change_key(vault)
    after = owners(settings)
    assert earlier != now == vault.key().key_id
    assert sorted(after.values()) == sorted(before.values()) and not set(after) & set(before)
    assert set(after) == {vault.key().pseudonym("nik", nik) for nik in after.values()}
    assert {row["key_id"] for row in pq.read_table(vault.identifiers).to_pylist()} == {now}
    assert not list(vault.folder.glob("pseudonym-*.key"))
    noted = (vault.folder / "keys.csv").read_text()
    assert noted.splitlines()[1:] == [f"{NOW.isoformat(timespec='seconds')},{earlier},{now}"]
    assert secret.hex() not in noted
    assert releasing.plan_release(settings, AS_OF, AS_OF) is not None  # analysts get the new pseudonyms


def test_a_key_that_tombstones_need_is_kept_when_it_is_changed(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    first = vault.key().key_id
    erased = vault.key().pseudonym("nik", "3201014101800001")
    add_tombstones(vault, [Tombstone("nik", first, erased, NOW.isoformat(), "request 7, by letter")] * 2)
    assert [one.reason for one in load_tombstones(vault)] == ["request 7, by letter"]
    change_key(vault, [first])
    change_key(vault, [first])
    assert vault.key_named(first).pseudonym("nik", "3201014101800001") == erased
    assert len(list(vault.folder.glob("*.key"))) == 2
    assert {path.stat().st_mode & 0o777 for path in vault.folder.iterdir()} == {0o600}
    vault.retired_key_file(first).unlink()
    with pytest.raises(VaultError, match="could come back"):
        vault.key_named(first)
    with pytest.raises(VaultError, match="CAPAIAN_PSEUDONYM_KEY"):
        change_key(replace(vault, given_key="0f" * 32))


@pytest.mark.parametrize("lack", ["key", "form of the key", "library"])
def test_where_encryption_is_required_and_cannot_be_had_nothing_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lack: str
) -> None:
    key = {"key": None, "form of the key": "5"}.get(lack, "1f" * 32)
    settings = Settings(home=tmp_path / "home", vault_encryption="required", vault_key=key)
    settings.root.inbox.mkdir(parents=True)
    file = write_sidt(settings.root.inbox / "a.csv", [{}])
    if lack == "library":
        monkeypatch.delattr("pyarrow.parquet.encryption.create_encryption_properties")
    with pytest.raises(VaultError, match=r"CAPAIAN_VAULT_KEY|cannot encrypt"):
        ingesting.open_data_root(settings)
    assert [path for path in settings.home.rglob("*") if path.is_file()] == [file]


def test_encrypted_identifiers_are_read_with_their_key_only(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault", "0f" * 32, True, "1f" * 32)
    with duckdb.connect() as con:
        nothing = (
            f"SELECT '' AS pseudonym, '' AS key_id, 1 AS owner_id, '{NIK}' AS nik, DATE '2027-06-15' AS expires_date"
        )
        write_identifiers(vault, con, nothing, tmp_path / "new.parquet")
        assert not vault.identifiers.exists()
        commit_identifiers(vault, tmp_path / "new.parquet")
        raw = vault.identifiers.read_bytes()
        assert raw[:4] == b"PARE" and NIK.encode() not in raw
        with pytest.raises(OSError):
            pq.read_table(vault.identifiers)
        rekey_identifiers(vault, vault.key(), con)
        assert vault.identifiers.read_bytes()[:4] == b"PARE"
        reading = create_decryption_properties(bytes.fromhex("1f" * 32))
        (row,) = pq.read_table(vault.identifiers, decryption_properties=reading).to_pylist()
        assert (row["nik"], row["pseudonym"]) == (NIK, vault.key().pseudonym("nik", NIK))
        with pytest.raises(VaultError, match="cannot be read"):
            rekey_identifiers(replace(vault, encryption_key="3d" * 32), vault.key(), con)
