"""Simulated skies: quasars, stars and galaxies as surveys would see them, with known truth."""

from qsolearn.simulate.catalog import observe_quasars
from qsolearn.simulate.luminosity import luminosity_function, quasar_counts
from qsolearn.simulate.luminosity_parameters import LuminosityParameters
from qsolearn.simulate.quasars import quasar_colors, quasar_magnitudes
from qsolearn.simulate.sky import make_sky
from qsolearn.simulate.surveys import SURVEYS

__all__ = [
    "SURVEYS",
    "LuminosityParameters",
    "luminosity_function",
    "make_sky",
    "observe_quasars",
    "quasar_colors",
    "quasar_counts",
    "quasar_magnitudes",
]
