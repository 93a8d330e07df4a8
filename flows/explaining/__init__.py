"""Explaining: why registrations are one business, or are not."""

from flows.explaining.explain import explain, hold_together
from flows.explaining.told import ExplainError

__all__ = ["ExplainError", "explain", "hold_together"]
