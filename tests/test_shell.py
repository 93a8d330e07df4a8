"""The shell: an analyst's questions on a published version are answered, and nothing else can be reached from there."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import drawn

from flows.cli.main import app
from flows.settings import Settings
from flows.shell import inputs, is_complete, open_session

COMPLETE = """
| text                               | complete |
| SELECT 1;                          | yes      |
| SELECT 1                           |          |
| SELECT 1; -- and; then             | yes      |
| SELECT ';                          |          |
| SELECT ';';                        | yes      |
| SELECT 'it''s;'                    |          |
| SELECT 1 AS "a;                    |          |
| SELECT 1 /* ; */                   |          |
| SELECT 1 /* ;                      |          |
| SELECT $$;$$                       |          |
| SELECT $a$ ; $b$ ; $a$;            | yes      |
| -- only this;                      |          |
"""


@pytest.mark.parametrize("case", drawn(COMPLETE), ids=lambda case: case["text"])
def test_a_statement_ends_where_its_semicolon_is_one(case: dict[str, str]) -> None:
    assert is_complete(case["text"]) == (case["complete"] == "yes")


def test_lines_are_gathered_into_statements_and_dot_commands() -> None:
    lines = ["SELECT 1,\n", "  ';\n", "';\n", ".tables\n", "\n", "SELECT 2; SELECT 3;\n", "SELECT 4\n"]
    assert list(inputs(lines)) == ["SELECT 1,\n  ';\n';", ".tables", "SELECT 2; SELECT 3;", "SELECT 4"]


@pytest.fixture
def ask(reported: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Pipe a text into the shell; returns exit code, answers and errors."""
    monkeypatch.setenv("CAPAIAN_HOME", str(reported.home))
    monkeypatch.setenv("COLUMNS", "80")

    def ask(text: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        code = app(["shell", *words], result_action="return_value")
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


def test_queries_of_a_pipe_are_answered_in_boxes_no_wider_than_the_terminal(ask) -> None:
    code, told, errors = ask("SELECT version,\n known_date FROM meta.publication;\nFROM marts.attainment_national")
    assert (code, errors) == (0, "")
    assert "│       2 │ 2024-12-31 │" in told and "28 rows" in told
    assert max(map(len, told.splitlines())) <= 80
    assert "│       1 │" in ask("SELECT version FROM meta.publication;", "--version", "1")[1]
    assert ask("SET VARIABLE a = 7; SELECT getvariable('a') AS seven;")[1].count("┌") == 1
    assert "EMPTY" in ask("EXPLAIN SELECT 1 WHERE false;")[1].upper()


def test_tables_are_named_and_found_by_what_they_speak_of(ask) -> None:
    code, told, _ = ask(".tables\n.help\n.quit\nSELECT nothing;")
    assert code == 0 and "marts.attainment_national" in told and "register.edges" in told and ".tables [WORD]" in told
    _, told, _ = ask(".tables cooperative")
    assert "marts.koperasi" in told and "register.edges" not in told
    assert "no table speaks of xyzzy" in ask(".tables xyzzy")[1]


def test_a_wrong_query_is_told_in_a_line_and_the_others_are_answered(ask) -> None:
    code, told, errors = ask("SELECT nope;\nSELECT 'the next' AS answer;\n.nope\nSELECT 'it;\n")
    assert code == 1 and "the next" in told
    assert "✘ Binder Error" in errors and "nope" in errors and "Traceback" not in errors
    assert "there is no .nope; .help names what there is" in errors and "unterminated" in errors


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TABLE marts.mine (a INTEGER);",
        "UPDATE meta.publication SET version = 9;",
        "COPY (SELECT 1) TO '{place}/x.csv';",
        "EXPORT DATABASE '{place}/x';",
        "FROM read_csv('/etc/passwd');",
        "FROM '/etc/passwd';",
        "ATTACH '{place}/x.duckdb';",
        "SET enable_external_access = true;",
        "SET memory_limit = '100GB';",
        "SET temp_directory = '{place}';",
        "RESET lock_configuration;",
        "INSTALL httpfs;",
        "LOAD httpfs;",
    ],
)
def test_nothing_can_be_written_and_no_other_file_be_reached(ask, attempt: str, tmp_path: Path) -> None:
    code, told, errors = ask(attempt.format(place=tmp_path))
    assert (code, told) == (1, "") and "Error" in errors
    assert not list(tmp_path.glob("x*"))


def test_memory_and_threads_are_bounded_and_what_does_not_fit_spills_outside_the_data_root(
    reported: Settings,
) -> None:
    small = reported.model_copy(update={"memory": "64MB", "threads": 0})
    before = set(reported.home.rglob("*"))
    with open_session(small, None, 80) as session:
        settings = (
            "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
        )
        ((memory, threads, folder),) = session.con.execute(settings).fetchall()
        assert (memory, threads) == ("61.0 MiB", max(1, (os.cpu_count() or 2) // 2))
        assert reported.home not in Path(folder).parents and Path(folder).stat().st_mode & 0o077 == 0
        rows = session.con.execute(
            "SELECT count(DISTINCT s) FROM (SELECT md5(range::VARCHAR) AS s FROM range(1500000) ORDER BY s)"
        )
        assert rows.fetchall() == [(1500000,)]
    assert not Path(folder).exists() and set(reported.home.rglob("*")) == before


def test_a_version_that_is_not_there_is_wrong_usage(ask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, errors = ask("SELECT 1;", "--version", "7")
    assert code == 2 and "no version 7 is kept" in errors
    monkeypatch.setenv("CAPAIAN_HOME", str(settings.home))
    code, _, errors = ask("SELECT 1;")
    assert code == 2 and "nothing is published yet" in errors


def test_at_a_terminal_it_prompts_and_leaves_quietly(reported: Settings) -> None:
    ours, theirs = pty.openpty()
    script = "import sys; from flows.cli.main import app; sys.exit(app(['shell'], result_action='return_value'))"
    environment = os.environ | {"CAPAIAN_HOME": str(reported.home), "TERM": "dumb"}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)

    def interrupt() -> None:
        """Press Ctrl-C until it is heard: a line editor misses one between its prompt and its wait for a key."""
        for _ in range(60):
            process.send_signal(signal.SIGINT)
            if select.select([ours], [], [], 1)[0]:
                return

    def until(awaited: bytes) -> str:
        told = b""
        while not told.endswith(awaited):
            assert select.select([ours], [], [], 60)[0], told
            try:
                told += os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
        return told.decode()

    try:
        assert "capaian version 2, read-only" in until(b"capaian> ")
        for typed, awaited, shown in (
            (b"SELECT 20 +\n", b"...> ", ""),
            (b"1 AS sum;\n", b"capaian> ", "│    21 │"),
            (b"SELECT nope;\n", b"capaian> ", "Binder Error"),
            (b"SELECT 1\n", b"...> ", ""),
            (b"", b"capaian> ", ""),  # given up with Ctrl-C
            (b".quit\n", b"nothing more", ""),
        ):
            if typed:
                os.write(ours, typed)
            else:
                interrupt()
            told = until(awaited)
            assert shown in told and "Traceback" not in told
        assert process.wait(60) == 0
    finally:
        process.kill()
        os.close(ours)
