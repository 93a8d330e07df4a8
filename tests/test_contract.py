"""The contract: one definition makes DDL, comments, Arrow schemas, dictionary and the privacy of what is published."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from transforms.build import ContractError, build_table
from warehouse import prepared
from warehouse.arrow import arrow_schema
from warehouse.connection import Resources
from warehouse.contract import Column, Table, fingerprint
from warehouse.ddl import create_tables
from warehouse.dictionary import BEGIN, END, as_markdown
from warehouse.prepared import copy_definitions, copy_rows
from warehouse.registration import REGISTRATION
from warehouse.tables import ALL_TABLES, PUBLISHED_TABLES
from warehouse.tables.lake import VALIDATED
from warehouse.tables.register import BUSINESSES

README = Path(__file__).parent.parent / "README.md"


def test_the_dictionary_in_the_readme_is_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == as_markdown().strip(), (
        "cure: .venv/bin/capaian dictionary --write"
    )


def test_no_published_table_has_a_personal_column() -> None:
    personal = {column.name for column in REGISTRATION if column.personal}
    assert {
        "nik",
        "nib",
        "phone",
        "owner_name",
        "business_name",
        "address",
        "owner_birth_date",
        "latitude",
        "longitude",
    } <= personal
    for table in PUBLISHED_TABLES:
        assert not table.personal_columns
        assert not personal & set(table.column_names)
    assert VALIDATED.personal_columns


def test_ddl_and_arrow_say_the_same_as_the_contract() -> None:
    con = duckdb.connect()
    for statement in create_tables(ALL_TABLES):
        con.execute(statement)
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL").fetchall() == [(0,)]
    assert con.execute("SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL").fetchall() == [
        (0,)
    ]
    for table in ALL_TABLES:
        con.register("empty", arrow_schema(table).empty_table())
        described = [(name, kind) for name, kind, *_ in con.execute("DESCRIBE SELECT * FROM empty").fetchall()]
        assert described == [(column.name, column.type) for column in table], table.full_name


def test_every_column_of_one_name_means_one_thing() -> None:
    types: dict[str, str] = {}
    for table in ALL_TABLES:
        for column in table:
            assert column.description.endswith((".", ")")), (table.full_name, column.name)
            assert types.setdefault(column.name, column.type) == column.type, column.name


def test_a_changed_definition_changes_the_fingerprint() -> None:
    table = Table("a", "b", "row", "rows", (Column("c", "BIGINT", "a number."),))
    other = Table("a", "b", "row", "rows", (Column("c", "BIGINT", "another number."),))
    assert fingerprint(table) == fingerprint(Table("a", "b", "row", "rows", (Column("c", "BIGINT", "a number."),)))
    assert fingerprint(table) != fingerprint(other)


def test_a_select_with_other_columns_than_the_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"register\.businesses: missing .*business_id.*unknown \['colour'\]"):
        build_table(duckdb.connect(), BUSINESSES, "SELECT 1 AS colour", tmp_path)


def test_what_is_prepared_is_made_once_and_again_when_its_file_is_gone() -> None:
    made = []

    def fill(con: duckdb.DuckDBPyConnection, comment: str) -> None:
        made.append(comment)
        con.execute(f"CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 7 AS a; COMMENT ON COLUMN s.t.a IS '{comment}'")

    for copy, count in ((copy_rows, 1), (copy_rows, 1), (copy_definitions, 0)):
        with duckdb.connect() as con:
            copy(con, "memory", fill, "seven")
            assert con.execute("SELECT count(*) FROM s.t").fetchall() == [(count,)]
            assert con.execute("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall() == [("seven",)]
    assert made == ["seven"]
    shutil.rmtree(prepared._FOLDERS[0].name)
    for comment in ("seven", "eight"):
        with duckdb.connect() as con:
            copy_rows(con, "memory", fill, comment)
            assert con.execute("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall() == [(comment,)]
    assert made == ["seven", "seven", "eight"]


def test_what_a_killed_process_prepared_is_taken_away_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared.tempfile, "tempdir", str(tmp_path))
    dead, alive = (tmp_path / f"capaian-prepared-{pid}-x" for pid in (2**22 + 1, os.getpid()))
    for folder in (dead, alive):
        folder.mkdir()
    assert prepared.abandoned() == [dead]
    with prepared._new_folder():
        assert not dead.exists() and alive.exists()


def test_every_connection_has_the_limits_of_one_place(tmp_path: Path) -> None:
    with Resources("300MB", 1, tmp_path).connect() as con:
        memory, threads, folder = con.execute(
            "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
        ).fetchall()[0]
    assert (memory, threads, folder) == ("286.1 MiB", 1, str(tmp_path))
    sources = [
        path
        for folder in ("flows", "transforms", "expectations", "warehouse")
        for path in (README.parent / folder).rglob("*.py")
    ]
    openers = {path.name for path in sources if "duckdb.connect(" in path.read_text(encoding="utf-8")}
    assert openers == {"connection.py", "screens.py"}  # screens.py shows the analyst's first query as text


@pytest.mark.parametrize(("threads", "taken"), [(1, 1), (2, 3), (3, 3)])
def test_grouping_never_takes_two_threads(tmp_path: Path, threads: int, taken: int) -> None:
    with Resources("300MB", threads, tmp_path).connect_for_grouping() as con:
        assert con.execute("SELECT current_setting('threads')").fetchall() == [(taken,)]
