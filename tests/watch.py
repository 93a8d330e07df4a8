"""Counts what a process does to names and files of a data root, to kill it, or let it fail, at one of these boundaries."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

WRAPPED = ("rename", "replace", "link", "symlink", "unlink", "mkdir", "rmdir", "chmod", "fsync")


class Watch:
    """Counts the boundaries that this process passes under `home`, and kills it at one; knows what was not synced.

    With an `error` number it does not kill: calls of the `kinds` fail, from the boundary on.
    """

    def __init__(
        self,
        home: Path,
        boundary: int | None = None,
        is_after: bool = False,
        *,
        error: int | None = None,
        kinds: tuple[str, ...] = (),
    ) -> None:
        self.home, self.boundary, self.is_after = str(home), boundary, is_after
        self.error, self.kinds = error, kinds
        self.passed: list[str] = []
        self.is_paused = False
        self._synced: set[int] = set()
        self._renamed: dict[int, str] = {}
        self._early: list[str] = []
        self._originals: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Watch:
        for name in WRAPPED:
            self._wrap(os, name)
        self._wrap(io, "open")
        self._wrap(pq, "write_table")
        return self

    def __exit__(self, *_: object) -> None:
        for module, name, original in self._originals:
            setattr(module, name, original)

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def unsynced(self) -> list[str]:
        """What was given its name before its bytes, or whose name itself, was not forced to disk."""
        lost = [f"{place}: renamed, its folder was never synced" for place in self._renamed.values()]
        return [f"not durable: {what}" for what in (*self._early, *lost)]

    def _wrap(self, module: Any, name: str) -> None:
        original = getattr(module, name)
        self._originals.append((module, name, original))

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            place = self._place(name, args, kwargs)
            if self.is_paused or place is None:
                return original(*args, **kwargs)
            number = len(self.passed)
            self.passed.append(f"{name} {place}")
            if self.error is not None:
                if number >= (self.boundary or 0) and name in self.kinds:
                    raise OSError(self.error, os.strerror(self.error), f"{self.home}/{place}")
                return original(*args, **kwargs)
            if number == self.boundary and not self.is_after:
                os.kill(os.getpid(), signal.SIGKILL)
            if name in ("rename", "replace"):
                self._note_rename(args)
            try:
                result = original(*args, **kwargs)
            finally:
                if number == self.boundary:
                    os.kill(os.getpid(), signal.SIGKILL)
            if name == "fsync":
                self._note_sync(args[0])
            return result

        setattr(module, name, wrapped)

    def _place(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """The path within the data root that the call is about, None when it is about something else."""
        if name == "open" and not set("wax+") & set(kwargs.get("mode", args[1] if len(args) > 1 else "r")):
            return None
        what = kwargs.get("where", args[1] if len(args) > 1 else None) if name == "write_table" else args[0]
        if name in ("link", "symlink", "rename", "replace"):
            what = args[1]
        if isinstance(what, int):
            what = Path(f"/proc/self/fd/{what}").readlink()
        elif kwargs.get("dir_fd") is not None:
            folder = Path(f"/proc/self/fd/{kwargs['dir_fd']}").readlink()
            what = f"{folder}/{what}"
        what = str(what)
        return what[len(self.home) + 1 :] if what.startswith(self.home) else None

    def _note_sync(self, descriptor: int) -> None:
        inode = os.fstat(descriptor).st_ino
        self._synced.add(inode)
        place = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        for other, target in list(self._renamed.items()):
            if str(Path(target).parent) == place:
                del self._renamed[other]

    def _note_rename(self, args: tuple[Any, ...]) -> None:
        source, target = Path(args[0]), Path(args[1])
        kept = target.relative_to(self.home).parts
        if (
            kept[0] not in ("landed", "lake", "published")
            or "linkage" in kept
            or any(part.startswith(".") for part in kept)
        ):
            return
        if source.is_symlink():
            return
        for path in (source, *source.rglob("*")):
            if path.stat().st_ino not in self._synced and kept[0] != "landed":
                self._early.append(f"{'/'.join(kept)}: renamed before {path.name} was synced")
        self._renamed[source.stat().st_ino] = str(target)
