"""Galactic dust: how much of it lies on a sightline.

E(B-V) follows the cosecant law of a flat dust layer with lognormal patchiness. The layer's mean
and the patchiness were chosen so that high-latitude sightlines have the median and spread of the
SFD98 map in wide surveys (about 0.04 mag at b = 45 degrees).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.bands import get_band

__all__ = ["draw_ebv", "extinction_coefficients"]

#: E(B-V) towards the Galactic pole [mag] and natural-log scatter of the patches.
POLE = 0.0275
PATCHINESS = 0.5


def draw_ebv(latitude: ArrayLike, seed: int | np.random.Generator = 0) -> np.ndarray:
    """Random E(B-V) of sightlines.

    Parameters
    ----------
    latitude : array_like, shape (n,)
        Galactic latitudes [deg].
    seed : int or numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray, shape (n,)
        E(B-V) of SFD98, unscaled [mag].

    Examples
    --------
    >>> bool(draw_ebv([20.0] * 1000).mean() > draw_ebv([80.0] * 1000).mean())
    True
    """
    latitude = np.atleast_1d(np.asarray(latitude, dtype=float))
    rng = np.random.default_rng(seed)
    layer = POLE / np.maximum(np.sin(np.radians(np.abs(latitude))), 0.1)
    return layer * np.exp(PATCHINESS * rng.standard_normal(len(latitude)))


def extinction_coefficients(bands: Sequence[str]) -> np.ndarray:
    """A / E(B-V) of bands, for E(B-V) of SFD98 unscaled.

    Parameters
    ----------
    bands : sequence of str, length b
        Band ids.

    Returns
    -------
    ndarray, shape (b,)

    Examples
    --------
    >>> extinction_coefficients(["sdss_u", "wise_w1"])
    array([4.239, 0.184])
    """
    return np.array([get_band(band).extinction for band in bands])
