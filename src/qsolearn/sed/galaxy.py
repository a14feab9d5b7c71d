"""Galaxies from two parametric populations of stars.

An old population is the light of cool stars whose metals absorb the blue and ultraviolet; a young
one is the light of hot stars with the Balmer break, plus nebular lines. A galaxy is a mixture.
These are shapes that reproduce the main breaks, not stellar population synthesis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.sed.filters import WAVELENGTH

__all__ = ["galaxy_spectrum"]

#: Where each population is 1 [angstrom].
_PIVOT = 5100.0


def _planck(temperature):
    with np.errstate(over="ignore"):
        return WAVELENGTH**-5 / np.expm1(1.4388e8 / (WAVELENGTH * temperature))


def _unit(spectrum):
    return spectrum / np.interp(_PIVOT, WAVELENGTH, spectrum)


def _step(center, width):
    """0 far to the blue of ``center``, 1 far to the red."""
    return 1.0 / (1.0 + np.exp(-np.clip((WAVELENGTH - center) / width, -60, 60)))


def _old():
    stars = _unit(_planck(4900.0)) + 0.55 * _unit(_planck(3300.0))
    blanketing = 0.42 + 0.58 * _step(3950.0, 45.0)
    blanketing *= 0.35 + 0.65 * _step(3200.0, 150.0)
    blanketing *= 0.12 + 0.88 * _step(2650.0, 80.0)
    # The H- opacity minimum lifts the light at 1.6 micron; molecules take it beyond 2.3.
    hump = 1.0 + 0.35 * np.exp(-0.5 * (np.log(WAVELENGTH / 1.6e4) / 0.25) ** 2)
    magnesium = 1.0 - 0.12 * np.exp(-0.5 * ((WAVELENGTH - 5175.0) / 60.0) ** 2)
    return stars * blanketing * hump * magnesium


def _young():
    stars = _unit(_planck(16_000.0)) * (0.55 + 0.45 * _step(3700.0, 35.0)) + 0.45 * _old()
    lyman = _step(920.0, 5.0)
    lines = ((3728.0, 25.0), (4861.0, 10.0), (5007.0, 15.0), (6563.0, 45.0))
    for center, width in lines:
        level = np.interp(center, WAVELENGTH, stars)
        sigma = 6.0
        shape = np.exp(-0.5 * ((WAVELENGTH - center) / sigma) ** 2)
        stars = stars + level * width / (sigma * np.sqrt(2 * np.pi)) * shape
    # Warm dust and PAH light of star formation in the mid-infrared.
    pah = sum(
        a * np.exp(-0.5 * (np.log(WAVELENGTH / w) / s) ** 2)
        for w, s, a in ((3.3e4, 0.03, 0.01), (6.2e4, 0.06, 0.05), (7.9e4, 0.10, 0.07),
                        (1.2e5, 0.10, 0.03), (2.4e5, 0.3, 0.03))
    )  # fmt: skip
    return stars * lyman + pah


def galaxy_spectrum(young: ArrayLike) -> np.ndarray:
    """Rest-frame spectrum of a mixture of old and young stars.

    Parameters
    ----------
    young : float or array_like, shape (n,)
        Share of the light at 5100 angstrom that comes from the young population, 0 to 1.

    Returns
    -------
    ndarray, shape ([n,] pixels)
        f_lambda on `qsolearn.sed.WAVELENGTH`, 1 at 5100 angstrom.

    Raises
    ------
    ValueError
        If the share is outside 0 to 1.

    Examples
    --------
    >>> old, blue = galaxy_spectrum([0.0, 1.0])
    >>> bool(np.interp(3500.0, WAVELENGTH, blue) > 2 * np.interp(3500.0, WAVELENGTH, old))
    True
    """
    young = np.asarray(young, dtype=float)
    if not np.all((young >= 0) & (young <= 1)):
        raise ValueError("The share of young stars must lie between 0 and 1.")
    old, new = _unit(_old()), _unit(_young())
    return old + young[..., None] * (new - old)
