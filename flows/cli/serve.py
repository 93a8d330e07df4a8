"""`capaian serve`: the schedule on one machine, without a work pool. What is served is in `flows/serving.py`."""

from __future__ import annotations

from flows.cli import screens
from flows.settings import Settings, prepare_prefect


def serve() -> int:
    """Run the nightly at its hour (01:00 in Jakarta) and backfills when they are asked for, until it is stopped.

    With `PREFECT_API_URL` it reports to that server, on whose pages runs can be started; without, to an API of its own.
    """
    settings = Settings()
    prepare_prefect(settings.root.create())
    from flows.serving import CRONS, TIMEZONE, serve_flows

    served = ", ".join(f"{name} ({cron or 'when asked for'})" for name, cron in CRONS.items())
    screens.say(f"[bold]serving[/] {served}, clock of {TIMEZONE}, on {settings.root.home}; Ctrl-C ends it")
    serve_flows()
    return 0
