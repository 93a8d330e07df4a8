"""`capaian shell`: the terminal of a session. What is opened and answered is in `flows/shell.py`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.shell import Session


def shell(*, version: int | None = None) -> int:
    """Ask the published file in SQL: read-only, no other file, bounded memory; a run at work is not disturbed.

    Reads statements until a semicolon, from the terminal or from a pipe; of a pipe it ends with 1 when one failed.

    Parameters
    ----------
    version
        Number of the version; by default the published one.
    """
    from flows.shell import ShellError, open_session

    is_interactive = sys.stdin.isatty()
    width = shutil.get_terminal_size((120, 24)).columns
    try:
        with open_session(Settings(), version, width) as session:
            if is_interactive:
                print(f"capaian version {session.version}, read-only. .help for help, .quit to leave")
                return _talk(session)
            return _read(session)
    except ShellError as error:
        return screens.fail(2, str(error))
    except BrokenPipeError:  # whoever read the answers has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _read(session: Session) -> int:
    from flows.shell import inputs

    failed = 0
    for text in inputs(sys.stdin):
        if text in (".quit", ".exit"):
            break
        failed += not _answered(session, text)
    return 1 if failed else 0


def _talk(session: Session) -> int:
    import readline  # noqa: F401  # lines are edited and called up again; nothing is kept after the session

    from flows.shell import inputs

    while True:
        begun = False

        def typed() -> Iterator[str]:
            nonlocal begun
            while True:
                line = input("    ...> " if begun else "capaian> ")
                begun = bool(line.strip())
                yield line

        try:
            for text in inputs(typed()):
                begun = False
                if text in (".quit", ".exit"):
                    return 0
                _answered(session, text)
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()


def _answered(session: Session, text: str) -> bool:
    import duckdb

    from flows.shell import HELP

    if text.startswith("."):
        name, _, word = text.rstrip(";").partition(" ")
        if name == ".tables":
            print(session.tables(word.strip()))
        elif name == ".help":
            print(HELP)
        else:
            screens.fail(1, f"there is no {name}; .help names what there is")
            return False
        return True
    try:
        for box in session.answer(text):
            print(box)
    except duckdb.Error as error:
        screens.fail(1, str(error).strip())
        return False
    return True
