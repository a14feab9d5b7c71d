"""Simulated skies with known truth."""

from qsolearn.simulate.sky import make_sky

__all__ = ["make_sky"]
