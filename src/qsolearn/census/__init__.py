"""What a catalog says of the sky: selection functions, corrected counts, luminosity functions."""

from qsolearn.census.binned import binned_luminosity_function
from qsolearn.census.cells import Cells, count_cells
from qsolearn.census.counts import corrected_counts
from qsolearn.census.fit import LuminosityFit, fit_luminosity_function
from qsolearn.census.measure import candidates_of, measure_selection_function, sky_version
from qsolearn.census.selection_function import AXES, SelectionFunction

__all__ = [
    "AXES",
    "Cells",
    "LuminosityFit",
    "SelectionFunction",
    "binned_luminosity_function",
    "candidates_of",
    "corrected_counts",
    "count_cells",
    "fit_luminosity_function",
    "measure_selection_function",
    "sky_version",
]
