"""A trial: a data root beside the data with the same deliveries, in which work leaves no trace until it is let in.

Belongs here: what such a root shares with the real one, and how its results are let in. Does not belong here: what is
tried in it (a replay of the quarantine, a backfill).
"""

from __future__ import annotations

from pathlib import Path

from flows.linkage import Linkage
from flows.settings import Settings
from transforms.land import landed_files
from warehouse.layout import DataRoot
from warehouse.ledger import Ledger


def open_trial(settings: Settings, home: Path, *, beside_the_published: bool) -> Settings:
    """The settings of a trial in the folder `home`, made or opened again; what was done in it already stays done.

    `beside_the_published`: what is released in it is built upon the published version, and what people decided counts.
    Each delivery is a link to a whole folder: committing replaces the link, never what it points to.
    """
    trial = settings.model_copy(update={"home": home})
    root, real = trial.root, settings.root
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if beside_the_published:
        for own, shared in ((root.published, real.published), (root.runs, real.runs)):
            _link(own, shared)
        for own, shared in ((root.link_decisions, real.link_decisions), (root.targets, real.targets)):
            _link(own.parent, shared.parent)
    _link(root.vault, real.vault)  # one key of the pseudonyms, and who was erased stays so
    root.create()
    for file in landed_files(real.landed):
        _link(root.landed / file.sha256, file.path.parent)
    for outcome in Ledger(real).outcomes():
        _link(root.lake / outcome.sha256, Ledger(real).folder(outcome.sha256))
    if beside_the_published:
        Linkage(root.lake).begin_from(Linkage(real.lake))
    return trial


def done_in(root: DataRoot) -> set[str]:
    """SHA-256 of the deliveries that were ingested in the trial at `root`."""
    return {
        outcome.sha256 for outcome in Ledger(root).outcomes() if not Ledger(root).folder(outcome.sha256).is_symlink()
    }


def let_in(trial: Settings, settings: Settings) -> None:
    """Make what was done in the trial the state of the data; after an interruption it goes on where it stopped."""
    for sha256 in sorted(done_in(trial.root)):
        Ledger(settings.root).take(sha256, Ledger(trial.root).folder(sha256))
    Linkage(settings.root.lake).take(Linkage(trial.root.lake))


def _link(own: Path, shared: Path) -> None:
    if not own.is_symlink() and not own.exists():
        own.symlink_to(shared)
