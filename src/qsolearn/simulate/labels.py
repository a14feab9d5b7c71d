"""What a survey knows of its sources: stars by their motion, the rest by spectra.

As Calderone et al. 2024 label stars: a proper motion or a parallax above zero by 3 sigma. The
errors are those of Gaia by G magnitude (approximate values from memory of the literature), or
3 mas/yr of photographic plates without a parallax. Sources without such a label are the fainter and
farther ones, as in a real catalog.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["gaia_error", "moving"]

# Median error of parallax [mas] by G [Vega mag]; of each component of proper motion, 1.05 times it.
_G = np.array([13.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0])
_PARALLAX = np.array([0.02, 0.03, 0.045, 0.075, 0.13, 0.25, 0.52, 1.3])
_MOTION = 1.05
_PLATES = 3.0
#: How many sigma make a detection.
SIGMAS = 3.0


def gaia_error(g: ArrayLike) -> np.ndarray:
    """Median parallax error of Gaia.

    Parameters
    ----------
    g : array_like
        G magnitude (Vega); brighter than 13 and fainter than 21 the end values are given.

    Returns
    -------
    ndarray
        Error [mas].

    Examples
    --------
    >>> float(gaia_error(18.0))
    0.13
    """
    return np.exp(np.interp(np.asarray(g, dtype=float), _G, np.log(_PARALLAX)))


def moving(
    parallax: np.ndarray, motion: np.ndarray, g: np.ndarray, gaia: bool, rng: np.random.Generator
) -> np.ndarray:
    """Whether a source is seen to move, or to be near, at 3 sigma.

    Parameters
    ----------
    parallax, motion : ndarray, shape (n,)
        True parallax [mas] and proper motion [mas/yr]; 0 for quasars and galaxies.
    g : ndarray, shape (n,)
        G magnitude (Vega).
    gaia : bool
        Gaia's errors, or those of photographic plates.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    n = len(g)
    if not gaia:
        seen = np.hypot(motion + _PLATES * rng.standard_normal(n), _PLATES * rng.standard_normal(n))
        return seen > SIGMAS * _PLATES
    sigma = gaia_error(g)
    near = parallax + sigma * rng.standard_normal(n) > SIGMAS * sigma
    both = sigma * _MOTION
    seen = np.hypot(motion + both * rng.standard_normal(n), both * rng.standard_normal(n))
    return near | (seen > SIGMAS * both)
