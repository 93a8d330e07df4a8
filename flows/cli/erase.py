"""`capaian erase`: a data subject's erasure. What it does is in `flows/erasing/`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.erasing.erase import Erased
    from flows.erasing.person import Person

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]
Nik = Annotated[str, Parameter(allow_leading_hyphen=True)]
Yes = Annotated[bool, Parameter(name="--yes", negative="", help="Erase; without it, only count what would go.")]


def erase(*, nik: Nik, reason: str = "", yes: Yes = False, json_output: Json = False) -> int:
    """Take a person out of landed files, lake, vault and versions, and keep the person out of later deliveries.

    Ends with 1 when the search of all files afterwards still finds the person.

    Parameters
    ----------
    nik
        The person's NIK, or - to read it from standard input, so that it stays out of the history of the shell.
    reason
        Why, such as the number of the request; it is kept, so it may name nobody.
    """
    from flows.erasing.erase import ErasureError, count
    from flows.erasing.erase import erase as carry_out
    from flows.erasing.finding import NotRedactable
    from flows.plan import JAKARTA

    settings, number = Settings(), (sys.stdin.readline() if nik == "-" else nik).strip()
    try:
        if not yes:
            person = count(settings, number)
            print(json.dumps(_counted(person))) if json_output else _show_count(person)
            return 0
        if json_output:
            done = carry_out(settings, number, reason, datetime.now(JAKARTA))
        else:
            with screens.console.status("erasing") as status:
                done = carry_out(
                    settings, number, reason, datetime.now(JAKARTA), lambda what: status.update(escape(what))
                )
    except ErasureError as error:
        return screens.fail(2, str(error))
    except NotRedactable as error:
        return screens.fail(1, f"nothing was erased: {error}")
    print(json.dumps(_document(done), ensure_ascii=False)) if json_output else show(done)
    return 0 if done.proof.holds else 1


def _counted(person: Person) -> dict[str, Any]:
    return {
        "deliveries": [
            {
                "delivery_id": part.file.delivery_id,
                "file_name": part.file.path.name,
                "validated": part.validated_count,
                "quarantined": part.quarantined_count,
                "other_lines": part.other_count,
            }
            for part in person.parts
        ],
        "linked_with_another_nik": person.linked_count,
    }


def _document(done: Erased) -> dict[str, Any]:
    return _counted(done.person) | {
        "version": done.version,
        "retired": done.retired,
        "decisions": done.decision_count,
        "searched_files": done.proof.file_counts,
        "searched_bytes": done.proof.byte_count,
        "searched_for": done.proof.searched_for,
        "hits": [{"file": file, "holds": kinds} for file, kinds in done.proof.hits],
        "waiting_in_inbox": done.proof.waiting,
        "unopened": done.proof.unopened,
    }


def _show_count(person: Person) -> None:
    _show_parts(person)
    screens.say("Nothing was changed. Erase: the same command with --yes")


def _show_parts(person: Person) -> None:
    if not person.parts:
        screens.say("No line of any delivery holds the person.")
        return
    table = Table(title="Lines of the person", **screens.STYLE)
    table.add_column("delivery", overflow="fold")
    for name in ("validated", "quarantined", "other"):
        table.add_column(name, justify="right")
    for part in person.parts:
        counts = (part.validated_count, part.quarantined_count, part.other_count)
        table.add_row(escape(part.file.path.name), *(f"{count:,}" for count in counts))
    screens.console.print(table)
    if person.linked_count:
        screens.say(f"{person.linked_count:,} rows of the same owner have another valid NIK; they stay.")


def show(done: Erased) -> None:
    """Say what was erased, and what the search found."""
    _show_parts(done.person)
    retired = ", ".join(map(str, done.retired)) or "none"
    published = f"Published version {done.version}; " if done.version else "Nothing new was to be published; "
    screens.say(f"{published}retired versions: {retired}.")
    if done.decision_count:
        screens.say(f"{done.decision_count} decisions about the person's registrations were taken out.")
    files, places = sum(done.proof.file_counts.values()), len(done.proof.file_counts)
    screens.say(
        f"Searched {files:,} files ({done.proof.byte_count:,} bytes) in {places} folders for:"
        f" {', '.join(done.proof.searched_for)}."
    )
    for name in done.proof.waiting:
        screens.say(f"{escape(name)} holds the person; the next run takes those lines out.")
    for name in done.proof.unopened:
        screens.say(f"{escape(name)} is damaged or encrypted: only its bytes were searched.")
    if done.proof.holds:
        screens.say("[bold green]The person is in none of them.[/]")
        return
    for name, kinds in done.proof.hits:
        screens.say(f"[red]✘[/] {escape(name)}: {kinds}")
    screens.say(f"[bold red]{len(done.proof.hits)} files still hold the person.[/]")
