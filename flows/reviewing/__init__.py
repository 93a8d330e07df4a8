"""Reviewing: pairs that no threshold settles go out to a person as XLSX, and come back as decisions."""

from flows.reviewing.answering import Applied, apply
from flows.reviewing.asking import Asked, export
from flows.reviewing.registered import ReviewError

__all__ = ["Applied", "Asked", "ReviewError", "apply", "export"]
