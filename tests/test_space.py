"""Space: a run that would fill the disk is refused before it begins, in a sentence, and changes nothing."""

from __future__ import annotations

import gzip
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from conftest import write_sidt

from flows import ingesting, space
from flows.settings import Settings
from flows.space import ALWAYS_BYTES, SpaceError, check_space, needed_bytes, needed_for

Usage = namedtuple("Usage", "total used free")


def occupied(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_an_estimate_grows_with_what_is_due_and_with_what_is_published(reported: Settings, tmp_path: Path) -> None:
    assert needed_bytes(0, 0, 10**9) == ALWAYS_BYTES
    assert needed_bytes(100, 0, 10**9) - ALWAYS_BYTES > 100 and needed_bytes(0, 100, 10**9) - ALWAYS_BYTES > 100
    gigabytes = [needed_bytes(10**9, 10**9, memory) for memory in (10**11, 10**9, 10**8)]
    assert gigabytes == sorted(set(gigabytes))  # what does not fit into memory is spilled
    published = occupied(reported.root.current.resolve())
    text = tmp_path / "a.csv"
    write_sidt(text, [{"nomor_registrasi": f"R{n}"} for n in range(200)])
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(text.read_bytes() + bytes(range(32, 127))))
    assert needed_for(reported, [text]) == needed_bytes(text.stat().st_size, published, 10**9)
    assert needed_for(reported, [packed]) == needed_bytes(space.PACKED * packed.stat().st_size, published, 10**9)


def test_what_a_small_register_takes_is_within_the_estimate(reported: Settings) -> None:
    """A gross error of the factors; `benchmarks/space.py` measures them."""
    root = reported.root
    taken = occupied(root.lake) + occupied(root.version(1))
    landed = [path for path in root.landed.rglob("*") if path.is_file()]
    assert taken < needed_bytes(sum(path.stat().st_size for path in landed), 0, 10**9)


@pytest.mark.parametrize(
    ("memory", "count"),
    [("2GB", 2 * 10**9), ("1.5 GiB", 3 * 2**29), ("250MB", 250 * 10**6), ("7B", 7), ("3KiB", 3072), ("1TB", 10**12)],
)
def test_memory_is_read_in_the_notation_of_duckdb(memory: str, count: int) -> None:
    assert Settings(memory=memory).resources.memory_bytes == count


def test_a_run_is_refused_when_the_disk_has_less_and_not_when_it_has_enough(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sidt(settings.root.inbox / "a.csv", [{}])
    ingesting.land_inbox(settings)
    due = ingesting.plan_deliveries(settings)
    needed = needed_for(settings, [file.path for file in due])
    for free in (needed, needed - 1):
        monkeypatch.setattr(shutil, "disk_usage", lambda place, free=free: Usage(0, 0, free))
        if free == needed:
            check_space(settings, due)
        else:
            with pytest.raises(SpaceError, match=r"needs about 32 MB .*, and 32 MB are free; .*Nothing was ingested"):
                check_space(settings, due)
    assert not list(settings.root.lake.iterdir()) and [file.path.exists() for file in due] == [True]
