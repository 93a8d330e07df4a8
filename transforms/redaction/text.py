"""Text: a text file without some of its physical lines, which stay as blank ones.

Belongs here: bytes, line ends, numbers of lines; nothing is decoded, so that every other line keeps its bytes.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from transforms.redaction.numbers import candidates_in, runs_pattern

CHUNK = 1 << 24
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
Places = npt.NDArray[np.int64]


def unit_of(head: bytes, encoding: str) -> str:
    """What line ends are made of: `u1` for encodings of single bytes and UTF-8, `<u2` or `>u2` for UTF-16."""
    if not encoding.startswith("utf-16"):
        return "u1"
    return ">u2" if encoding.endswith("be") or head.startswith(b"\xfe\xff") else "<u2"


def lines_with(path: Path, unit: str, is_sought: Callable[[str], bool]) -> set[int]:
    """Numbers of the physical lines in which 16 digits in a row stand that `is_sought`."""
    pattern = runs_pattern(1 if unit == "u1" else 2, unit == ">u2")
    with _mapped(path) as content:
        places = [run.start() for run in pattern.finditer(content) if any(map(is_sought, candidates_in(run)))]
        if not places:
            return set()
        starts, _ = _lines(content, unit)
        return {int(number) for number in np.searchsorted(starts, places, side="right")}


def blank_lines(path: Path, target: Path, unit: str, lines: Iterable[int]) -> None:
    """Write `path` to `target`, each of the physical `lines` (from 1) as one blank; a byte-order mark stays."""
    with _mapped(path) as content, target.open("wb") as sink:
        starts, ends = _lines(content, unit)
        mark = next((len(mark) for mark in _MARKS if content[: len(mark)] == mark), 0)
        written = 0
        for line in sorted(set(lines)):
            start = max(int(starts[line - 1]), mark)
            _copy(content, written, start, sink.write)
            written = max(int(ends[line - 1]), start)
            # Without it a last line would be none, and the ends of two lines could become one.
            sink.write({"u1": b" ", "<u2": b" \0", ">u2": b"\0 "}[unit])
        _copy(content, written, len(content), sink.write)


def _copy(content: bytes | mmap.mmap, start: int, end: int, write: Callable[[bytes], int]) -> None:
    for place in range(start, end, CHUNK):
        write(content[place : min(place + CHUNK, end)])


@contextmanager
def _mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    with path.open("rb") as stream:
        if not stream.seek(0, 2):
            yield b""
            return
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def _lines(content: bytes | mmap.mmap, unit: str) -> tuple[Places, Places]:
    """Where the text of each physical line starts and ends, in bytes; lines end as `land.take_census` counts them."""
    width = int(unit[-1])
    feeds, returns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for place in range(0, len(content), CHUNK):
        piece = content[place : place + CHUNK]
        units = np.frombuffer(piece[: len(piece) // width * width], dtype=unit)
        feeds.append(np.flatnonzero(units == 10) * width + place)
        returns.append(np.flatnonzero(units == 13) * width + place)
    fed, returned = (
        np.concatenate(found).astype(np.int64) if found else np.empty(0, np.int64) for found in (feeds, returns)
    )
    pairs = np.isin(returned + width, fed)
    ends = np.sort(np.concatenate([fed[~np.isin(fed - width, returned)], returned]))
    following = np.sort(np.concatenate([fed, returned[~pairs]])) + width
    size = np.array([len(content)], np.int64)
    return np.concatenate([np.zeros(1, np.int64), following]), np.concatenate([ends, size])
