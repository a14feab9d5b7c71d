"""The photometric frame: one row per source, AB magnitudes, NaN = missing.

Every selector, figure and table of the project speaks this one format, a pandas DataFrame with
the columns ``id, ra, dec`` [deg, ICRS], ``ebv`` [mag, SFD98 unscaled] and, for each band,
``mag_<band>`` [AB mag], ``err_<band>`` [mag] and ``limit_<band>`` (True: the magnitude is an
upper limit on the flux). Magnitudes are not dereddened unless ``attrs["dereddened"]`` says so.
"""

from qsolearn.frame.columns import guess_bands, load_column_map
from qsolearn.frame.files import read_table
from qsolearn.frame.read import frame_from_table, read_frame
from qsolearn.frame.schema import bands_of, magnitudes, validate_frame
from qsolearn.frame.write import attach_columns, write_frame, write_table

__all__ = [
    "attach_columns",
    "bands_of",
    "frame_from_table",
    "guess_bands",
    "load_column_map",
    "magnitudes",
    "read_frame",
    "read_table",
    "validate_frame",
    "write_frame",
    "write_table",
]
