"""`capaian`: demo, run, serve, status, report, verify and more, and the sub-apps backfill, quarantine and review.

Exit codes: 0 done; 1 an audit failed and nothing was published, or a version does not verify; 2 wrong usage;
3 another run holds the lock; 4 input refused, or the published version is too old.
What a verb needs is imported inside it, so that `status` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flows.cli import backfill, quarantine, review, screens
from flows.cli.diff import diff
from flows.cli.doctor import doctor
from flows.cli.erase import erase
from flows.cli.explain import explain
from flows.cli.profile import profile
from flows.cli.read import read
from flows.cli.report import report
from flows.cli.rollback import rollback
from flows.cli.serve import serve
from flows.cli.shell import shell
from flows.cli.vault import app as vault_app
from flows.cli.verify import verify
from flows.cli.weights import weights
from flows.settings import Settings, prepare_prefect

if TYPE_CHECKING:
    from flows.nightly import RunSummary

app = App(name="capaian", help="Registration exports in, audited target attainment out.", version_flags=["--version"])
app.command(read)

app.command(quarantine.app)

app.command(explain)

app.command(verify)

app.command(diff)

app.command(review.app)

app.command(rollback)

app.command(doctor)

app.command(shell)

DEMO_AS_OF = date(2024, 12, 31)
DEMO_ROWS = 50_000
DEMO_SEED = 2022

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")]

app.command(profile)

app.command(weights)

app.command(report)

app.command(serve)

app.command(backfill.app)
app.command(vault_app)

app.command(erase)


@app.command
def run(*, as_of: date | None = None, json_output: Json = False) -> int:
    """Take every delivery that is due, rebuild the register and publish attainment.

    Parameters
    ----------
    as_of
        Day up to which facts are taken into account (YYYY-MM-DD); by default today in Jakarta.
    """
    settings = Settings()
    summary = _run_nightly(settings, as_of, quiet=json_output)
    if json_output:
        print(json.dumps(_summary_document(settings, summary), default=str, ensure_ascii=False))
    else:
        screens.show_run(settings, summary)
    return 0


@app.command
def demo(*, rows: int = DEMO_ROWS, seed: int = DEMO_SEED, json_output: Json = False) -> int:
    """Simulate a small census, run the nightly flow on it and show what came out.

    Parameters
    ----------
    rows
        Registrations to simulate.
    seed
        The same seed gives the same census.
    """
    from transforms.simulation import simulate as simulate_census
    from warehouse.ledger import Ledger
    from warehouse.reference_data import load_reference

    settings = Settings()
    root = settings.root.create()
    scratch = root.scratch / "simulated"
    with settings.resources.connect() as con, screens.working("simulating a census", quiet=json_output):
        load_reference(con)
        files = simulate_census(con, rows, seed, scratch)
    strangers = {entry.file_name for entry in Ledger(root).outcomes()} - {file.file_name for file in files}
    if strangers:
        raise UsageError(
            f"{root.home} holds deliveries that are not simulated (such as {min(strangers)});"
            " set CAPAIAN_HOME to an empty folder for the demo"
        )
    for path in scratch.iterdir():
        path.replace(root.inbox / path.name)
    summary = _run_nightly(settings, DEMO_AS_OF, quiet=json_output)
    if json_output:
        print(json.dumps(_summary_document(settings, summary), default=str, ensure_ascii=False))
    else:
        screens.show_run(settings, summary)
        screens.show_published(settings)
    return 0


@app.command
def status(*, json_output: Json = False) -> int:
    """Say what is published, how old it is, what waits in the inbox and what became of the deliveries.

    Ends with 4 when the published version is too old, or when no run has made one of the deliveries there are.
    """
    from flows.freshness import freshness_of
    from warehouse.ledger import Ledger
    from warehouse.pin import read_pin
    from warehouse.publish import read_manifest

    settings = Settings()
    root = settings.root
    entries = list(Ledger(root).outcomes())
    pin = read_pin(root.pin)
    manifest = read_manifest(root) or {}
    freshness = freshness_of(settings)
    document = {
        "home": str(root.home),
        "version": manifest.get("version"),
        "as_of_date": manifest.get("as_of_date"),
        "published_at": manifest.get("published_at"),
        "freshness": asdict(freshness),
        "pinned": asdict(pin) if pin else None,
        "database": str(root.database) if manifest else None,
        "waiting": len([path for path in root.inbox.iterdir() if path.is_file()]) if root.inbox.exists() else 0,
        "validated": sum(entry.status == "validated" for entry in entries),
        "refused": sum(entry.status == "refused" for entry in entries),
        "registrations": sum(entry.validated_count for entry in entries),
        "quarantined": sum(entry.quarantined_count for entry in entries),
    }
    if json_output:
        print(json.dumps(document))
    else:
        screens.show_status(document)
    if freshness.is_stale and "PREFECT_API_URL" in os.environ:
        from flows.alerts import tell_stale

        prepare_prefect(root)
        tell_stale(freshness.sentence, manifest.get("version"))
    return 4 if freshness.is_stale else 0


@app.command
def simulate(*, rows: int, out: Path, seed: int = DEMO_SEED, noise: float = 1.0, truth: Path | None = None) -> int:
    """Write simulated census exports, since no microdata of the census is public.

    Parameters
    ----------
    rows
        Registrations over all files.
    out
        Folder for the exports.
    seed
        The same seed gives the same bytes.
    noise
        How damaged the exports are, above 0 and at most 2: it multiplies the share of every kind of damage.
    truth
        Parquet file for what is true of each line.
    """
    from transforms.simulation import NoiseOutOfRange
    from transforms.simulation import simulate as simulate_census
    from warehouse.reference_data import load_reference

    settings = Settings()
    settings.root.create()
    with settings.resources.connect() as con, screens.counting("simulating", rows) as advance:
        load_reference(con)
        try:
            files = simulate_census(con, rows, seed, out, truth, advance, noise=noise)
        except NoiseOutOfRange as error:
            raise UsageError(str(error)) from None
    screens.say(f"{rows:,} registrations in {len(files)} files: {out}")
    return 0


@app.command
def dictionary(*, write: bool = False) -> int:
    """Print the data dictionary, or write it into README.md.

    Parameters
    ----------
    write
        Replace the dictionary in the README.md of the current folder.
    """
    from warehouse.dictionary import as_markdown, write_into

    if write:
        write_into(Path("README.md"))
    else:
        print(as_markdown())
    return 0


class UsageError(Exception):
    """The command cannot be carried out as it was given."""


def _run_nightly(settings: Settings, as_of: date | None, *, quiet: bool) -> RunSummary:
    from warehouse.lock import ensure_free

    root = settings.root.create()
    ensure_free(root.lock)
    with screens.following_steps("the nightly flow", quiet=quiet):
        prepare_prefect(root)
        from flows.nightly import nightly

        return nightly(as_of=as_of)


def _summary_document(settings: Settings, summary: RunSummary) -> dict[str, Any]:
    root = settings.root
    return {
        "as_of_date": summary.as_of,
        "version": summary.version,
        "landed": summary.landed,
        "duplicates": summary.duplicates,
        "left": dict(summary.left),
        "deliveries": [
            {name: value for name, value in asdict(entry).items() if name not in ("findings", "rule_results", "key")}
            for entry in summary.ingested
        ],
        "database": root.database,
        "report": root.report,
    }


def main() -> None:
    """Run one verb and exit with its code."""
    try:
        code = app(result_action="return_value")
    except ValidationError as error:
        code = screens.fail(2, "; ".join(_fault(error.title, fault) for fault in error.errors()))
    except Exception as error:
        exit_code, told = _exit_code(error), str(error)
        if exit_code is None:
            from flows.cli.faults import sentence

            exit_code, told = 1, sentence(error, Settings()) or ""
            if not told:
                raise
        code = screens.fail(exit_code, told)
    sys.exit(code or 0)


def _fault(title: str, fault: ErrorDetails) -> str:
    """A setting, or a parameter of a backfill, that cannot be as it was given."""
    place = str(fault["loc"][0]) if fault["loc"] else ""
    name = f"CAPAIAN_{place}".upper() if title == Settings.__name__ else place
    return f"{name}: {fault['msg']}" if name else fault["msg"]


def _exit_code(error: Exception) -> int | None:
    """The exit code of an error that is one of the project's own, said in a sentence; None of a fault."""
    from flows.backfilling.plans import BackfillError, InputsChanged
    from warehouse.lock import LockHeld

    for code, kinds in ((2, (UsageError, BackfillError)), (3, LockHeld), (4, InputsChanged)):
        if isinstance(error, kinds):
            return code
    return 1 if type(error).__module__.split(".")[0] in ("flows", "transforms", "expectations", "warehouse") else None
