"""Simulate: exports of the census as they really look, with their defects, and the truth behind them.

No microdata of the census is or may be public. Every identity here is invented.
"""

from transforms.simulation.exports import NoiseOutOfRange, SimulatedFile, simulate

__all__ = ["NoiseOutOfRange", "SimulatedFile", "simulate"]
