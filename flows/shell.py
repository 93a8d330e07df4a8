"""The shell: an analyst's session on a published version, read-only, locked down and bounded, also while a run works.

Belongs here: which version is opened within which limits, where a statement ends, and what is answered. Does not belong
here: the terminal (`cli/shell.py`). The settings protect the machine beside the session; the data is protected by who
may open which file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.settings import Settings
from warehouse.publish import DATABASE, read_manifest
from warehouse.retention import why_not_kept

SPILL = "4GB"
HELP = """SQL until a semicolon, over as many lines as you like; FROM marts.attainment_national; is a whole query.
.tables [WORD]  tables, or those whose name or comment has the word
.help           this
.quit           leave (also Ctrl-D); Ctrl-C gives up what is being typed or computed
FROM meta.dictionary('band'); finds the columns that speak of a word."""

_WHOLE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*(?:\n|$)|/\*.*?\*/|(\$\w*\$).*?\1", re.DOTALL
)  # what may hold a semicolon that ends nothing
_TABLES = """
    SELECT schema_name || '.' || table_name AS "table", estimated_size AS row_count
    FROM duckdb_tables()
    WHERE NOT internal AND contains(lower(concat_ws(' ', schema_name || '.' || table_name, comment)), lower($word))
    ORDER BY ALL"""


class ShellError(ValueError):
    """There is nothing to open; the message says what there is."""


@dataclass(frozen=True)
class Session:
    """An open session on `version`."""

    con: duckdb.DuckDBPyConnection
    version: int
    width: int

    def answer(self, text: str) -> Iterator[str]:
        """What each statement of `text` gives, as a box of at most `width` characters, if it gives anything."""
        for statement in self.con.extract_statements(text):
            relation = self.con.sql(statement.query)
            if relation is None or relation.columns == ["Success"]:
                continue
            if statement.type == duckdb.StatementType.EXPLAIN:
                yield from (value for _, value in relation.fetchall())
            else:
                yield boxed(relation, self.width)

    def tables(self, word: str = "") -> str:
        """The tables in which `word` occurs, in name or comment."""
        found = self.con.sql(_TABLES, params={"word": word})
        return boxed(found, self.width, max_rows=1000) if len(found) else f"no table speaks of {word}"


def boxed(relation: duckdb.DuckDBPyRelation, width: int, max_rows: int = 40) -> str:
    """The relation as DuckDB itself draws it."""
    from contextlib import redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()) as drawn:
        relation.show(max_width=width, max_rows=max_rows)
    return drawn.getvalue().rstrip("\n")


@contextmanager
def open_session(settings: Settings, version: int | None, width: int) -> Iterator[Session]:
    """Open `version`, by default the published one; a session stays on its version though another is published.

    Half the cores, unless CAPAIAN_THREADS says otherwise, and a temporary folder of its own, outside the data root.
    Raises `ShellError`.
    """
    root = settings.root
    if version is None:
        manifest = read_manifest(root)
        if manifest is None:
            raise ShellError("nothing is published yet; run: capaian run")
        version = int(manifest["version"])
    if version not in root.kept_versions():
        raise ShellError(why_not_kept(root, version))
    threads = settings.threads or max(1, (os.cpu_count() or 2) // 2)
    with TemporaryDirectory(prefix="capaian-shell-") as scratch:
        resources = replace(settings.resources, threads=threads, scratch=Path(scratch))
        with resources.connect_locked(root.version(version) / DATABASE, SPILL) as con:
            yield Session(con, version, width)


def is_complete(text: str) -> bool:
    """Whether `text` ends with a semicolon that is no part of a string, a name or a comment."""
    rest = _WHOLE.sub(" ", text)
    return rest.rstrip().endswith(";") and not re.search(r"['\"]|/\*|\$\w*\$", rest)


def inputs(lines: Iterable[str]) -> Iterator[str]:
    """The statements and dot commands in `lines`, whole; what is left without a semicolon at the end is one too."""
    waiting = ""
    for line in lines:
        if not waiting.strip() and line.strip().startswith("."):
            yield line.strip()
            continue
        waiting += line.rstrip("\n") + "\n"
        if is_complete(waiting):
            yield waiting.strip()
            waiting = ""
    if waiting.strip():
        yield waiting.strip()
