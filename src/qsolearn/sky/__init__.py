"""Positions on the sky: matches between catalogs, chance matches, and the area of a catalog.

Two catalogs are matched by position alone (`match_nearest`). Some of the matches are accidents;
`chance_match_rate` says how many, by a formula and by matching positions that were moved away on
purpose. How much sky a catalog covers is told by the HEALPix pixels that hold its sources
(`effective_area`).

Angles are in degrees except where a name says arcsec; right ascension may run past 360 degrees or
below 0, and nothing special happens at the poles.
"""

from qsolearn.sky.blocks import sky_blocks
from qsolearn.sky.coverage import SkyCoverage, effective_area, healpix_pixels
from qsolearn.sky.matching import (
    ChanceRate,
    chance_match_rate,
    chance_probability,
    match_nearest,
)
from qsolearn.sky.positions import galactic_latitude

__all__ = [
    "ChanceRate",
    "SkyCoverage",
    "chance_match_rate",
    "chance_probability",
    "effective_area",
    "galactic_latitude",
    "healpix_pixels",
    "match_nearest",
    "sky_blocks",
]
