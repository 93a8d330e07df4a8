"""Marts: attainment, as a pure function of the register, the reference data and the as-of date. No personal column."""

from transforms.marts.marts import build_marts

__all__ = ["build_marts"]
