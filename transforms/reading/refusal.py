"""Refusal: how a reader says that a delivery cannot be taken. Why it is, is said where it is read."""

from __future__ import annotations


class RefusedDelivery(Exception):
    """A file that cannot be taken; `reason` names the cause and the cure, and never quotes the file's rows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
