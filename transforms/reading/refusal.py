"""Refusal: how a reader says that a delivery cannot be taken. Why it is, is said where it is read."""

from __future__ import annotations

import errno

_OF_THE_MACHINE = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EIO,
        errno.ESTALE,
        errno.EACCES,
        errno.EPERM,
        errno.EMFILE,
        errno.ENFILE,
    }
)


class RefusedDelivery(Exception):
    """A file that cannot be taken; `reason` names the cause and the cure, and never quotes the file's rows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_of_the_machine(error: BaseException) -> bool:
    """Whether `error` says something about disk and rights and nothing about the file: it is no reason to refuse it.

    What is refused stays refused; on a better day the same file may be read.
    """
    return isinstance(error, OSError) and error.errno in _OF_THE_MACHINE
