"""`capaian weights`: estimate the match weights of linking anew."""

from __future__ import annotations

from pathlib import Path

from flows.cli import screens
from flows.settings import Settings


def weights(*, out: Path, truth: Path | None = None) -> int:
    """Estimate what each level of agreement weighs, from labelled pairs or without labels, and write it as CSV.

    The weights in force are transforms/resolve/weights.csv; put the file there to change them.

    Parameters
    ----------
    out
        CSV file to write.
    truth
        Labels: Parquet with file_name, line_number, business_key and owner_key, as `capaian simulate --truth` writes.
        Without it the weights are found by expectation maximisation.
    """
    from flows.weights import estimate_weights
    from transforms.resolve.weights import write_weights

    with screens.working("estimating the match weights", quiet=False):
        estimated = estimate_weights(Settings(), truth)
    write_weights(estimated, out)
    screens.say(f"{len(estimated)} weights: {out}")
    return 0
