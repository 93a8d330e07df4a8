"""The README keeps its word: every verb is in it, its query runs, its settings and exit codes are the real ones."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ingest_inbox, publish_all, published, stranger, write_sidt

from flows.cli.main import app
from flows.settings import Settings

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_verb_is_documented_and_has_help() -> None:
    documented = set(re.findall(r"^\| `capaian (\w+)", TEXT, re.MULTILINE))
    assert documented == {name for name in app if not name.startswith("-")}
    for name in documented:
        assert app[name].help or app[name].default_command.__doc__  # type: ignore[union-attr]


def test_every_setting_is_documented_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        assert f"`CAPAIAN_{name.upper()}`" in TEXT
        assert str(field.default) in TEXT or not field.default


def test_the_first_query_runs(settings: Settings, capsys: object) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}])
    ingest_inbox(settings)
    publish_all(settings)
    code = (
        TEXT.split("```python\n")[1]
        .split("```")[0]
        .replace("data/published/capaian.duckdb", str(settings.root.database))
    )
    exec(compile(code, "README.md", "exec"), {})


def test_each_of_the_ten_queries_answers_on_a_published_file(settings: Settings) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}, {"nomor_registrasi": "REG0002", **stranger(2)}])
    ingest_inbox(settings)
    publish_all(settings)
    section = TEXT.split("## Ten questions, ten queries")[1].split("\n## ")[0]
    queries = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    assert len(queries) == 10
    answers = [published(settings, query) for query in queries]
    assert [place for place, rows in enumerate(answers, 1) if not rows and place != 6] == []
    assert answers[2][0][:4] == ("REG0001", "a.csv", 2, True)
    assert [(row[0], row[3:]) for row in answers[3]] == [("32", (2, 2, 2, 2, 2, 2))]
    assert len(answers[9]) == 513
    assert published(settings, "SELECT count(*) FROM meta.dictionary('band_low')") == [(3,)]


def test_both_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", TEXT, re.MULTILINE):
        assert f"\n{target}: " in makefile
