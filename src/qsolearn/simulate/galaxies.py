"""Galaxies of a simulated sky: mixtures of old and young stars at random redshifts.

Deliberately simple: a share of young stars that grows with redshift, counts that rise as
10^(0.45 m), redshifts that grow with magnitude. The counts are approximate values from memory of
the literature (about 430 galaxies per square degree per magnitude at i = 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from qsolearn.sed.filters import LOG_STEP, WAVELENGTH, filter_weights
from qsolearn.sed.galaxy import galaxy_spectrum
from qsolearn.sed.igm import igm_transmission

__all__ = ["draw_galaxies", "galaxy_density"]

_COUNT_AT_19, _SLOPE = 430.0, 0.45
_Z_NODES = np.expm1(LOG_STEP * 20 * np.arange(70))
_YOUNG = np.linspace(0.0, 1.0, 11)


def galaxy_density(bright: float, faint: float) -> float:
    """Galaxies per square degree between two i magnitudes.

    Parameters
    ----------
    bright, faint : float
        Magnitude limits.

    Returns
    -------
    float

    Examples
    --------
    >>> round(galaxy_density(18.5, 19.5))
    449
    """
    log10 = np.log(10.0) * _SLOPE
    ends = [_COUNT_AT_19 * 10 ** (_SLOPE * (m - 19.0)) / log10 for m in (bright, faint)]
    return float(ends[1] - ends[0])


@lru_cache(maxsize=8)
def _grid(bands):
    """Magnitudes relative to SDSS i: (z nodes, young nodes, bands)."""
    weights = filter_weights([*bands, "sdss_i"] if "sdss_i" not in bands else bands)
    spectra = galaxy_spectrum(_YOUNG)
    out = np.empty((len(_Z_NODES), len(_YOUNG), weights.shape[1]))
    pixels = np.arange(len(WAVELENGTH))
    for k, z in enumerate(_Z_NODES):
        rest = spectra[:, np.clip(pixels - 20 * k, 0, None)]
        out[k] = -2.5 * np.log10((rest * igm_transmission(WAVELENGTH, z)) @ weights)
    i = bands.index("sdss_i") if "sdss_i" in bands else -1
    return (out - out[:, :, [i]])[:, :, : len(bands)]


def draw_galaxies(
    n: int, bright: float, faint: float, bands: Sequence[str], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Random galaxies of a flux-limited sky.

    Parameters
    ----------
    n : int
        How many.
    bright, faint : float
        Limits in i, Galactic extinction removed.
    bands : sequence of str, length b
        Band ids.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    dict of ndarray
        ``magnitudes`` (n, b) and ``z`` (n,).
    """
    low, high = 10 ** (_SLOPE * bright), 10 ** (_SLOPE * faint)
    i_mag = np.log10(low + (high - low) * rng.random(n)) / _SLOPE
    # Median redshift 0.1 at i = 17, 0.25 at 19, 0.5 at 21, with a wide spread.
    median = 0.1 * 10 ** (0.19 * (i_mag - 17.0))
    z = np.clip(median * np.exp(0.4 * rng.standard_normal(n)), 0.003, 0.95)
    old = rng.random(n) < 0.45
    young = np.where(old, rng.beta(1.2, 10.0, n), rng.beta(2.5, 2.0, n))
    grid = _grid(tuple(bands))
    place = np.log1p(z) / (LOG_STEP * 20)
    k = place.astype(int)
    t = (place - k)[:, None]
    j = np.round(young * (len(_YOUNG) - 1)).astype(int)
    mags = grid[k, j] * (1 - t) + grid[k + 1, j] * t
    # Dust within the galaxy and everything else that differs: a tilt and a scatter.
    mags = mags + i_mag[:, None] + 0.04 * rng.standard_normal(mags.shape)
    return {"magnitudes": mags, "z": z}
