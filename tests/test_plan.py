"""What is due again when code changes."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from flows import fingerprints
from transforms.land import LandedFile


@pytest.mark.parametrize(
    ("changed", "ingests_again", "publishes_again"),
    [
        ("standardise.py", True, True),
        ("readers/dates.sql", True, True),
        ("resolve/edges.sql", False, True),
        ("marts/stock.sql", False, True),
        ("simulation/macros.sql", False, False),
    ],
)
def test_a_change_of_code_makes_due_what_depends_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, ingests_again: bool, publishes_again: bool
) -> None:
    shutil.copytree(Path(fingerprints.__file__).parent.parent / "transforms", tmp_path / "transforms")
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "flows" / "fingerprints.py"))

    def keys() -> tuple[str, str]:
        fingerprints.transforms_fingerprint.cache_clear()
        file = LandedFile(tmp_path / "a.csv", "0" * 64, False)
        return fingerprints.delivery_key(file), fingerprints.input_fingerprint([], date(2024, 12, 31))

    before = keys()
    path = tmp_path / "transforms" / changed
    path.write_bytes(path.read_bytes() + b"\n")
    after = keys()
    fingerprints.transforms_fingerprint.cache_clear()
    assert (before[0] != after[0], before[1] != after[1]) == (ingests_again, publishes_again)
