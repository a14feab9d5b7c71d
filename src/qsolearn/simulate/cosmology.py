"""Distances and volumes in a flat universe of matter and a cosmological constant.

H0 = 70 km/s/Mpc and Omega_m = 0.3: the round values that luminosity functions are usually given in.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["comoving_volume_per_deg2", "distance_modulus"]

HUBBLE = 70.0
OMEGA_M = 0.3
_SPEED = 299_792.458
_STEP = 1e-3
_LAST = 10.0


@lru_cache(maxsize=1)
def _comoving():
    z = np.arange(0.0, _LAST + _STEP, _STEP)
    inverse = 1.0 / np.sqrt(OMEGA_M * (1 + z) ** 3 + 1 - OMEGA_M)
    steps = 0.5 * (inverse[1:] + inverse[:-1]) * _STEP
    return z, np.concatenate([[0.0], np.cumsum(steps)]) * _SPEED / HUBBLE, inverse


def distance_modulus(z: ArrayLike) -> np.ndarray:
    """Distance modulus of the luminosity distance.

    Parameters
    ----------
    z : array_like
        Redshifts, above 0 and up to 10.

    Returns
    -------
    ndarray
        5 log10(d_L / 10 pc) [mag].

    Examples
    --------
    >>> float(distance_modulus(1.0).round(2))
    44.1
    """
    nodes, distance, _ = _comoving()
    z = np.asarray(z, dtype=float)
    return 5 * np.log10((1 + z) * np.interp(z, nodes, distance)) + 25.0


def comoving_volume_per_deg2(z: ArrayLike) -> np.ndarray:
    """Comoving volume per square degree and unit redshift.

    Parameters
    ----------
    z : array_like
        Redshifts, up to 10.

    Returns
    -------
    ndarray
        dV/dz [Mpc^3 / deg^2].

    Examples
    --------
    >>> float((comoving_volume_per_deg2(1.0) / 1e6).round(1))
    8.1
    """
    nodes, distance, inverse = _comoving()
    z = np.asarray(z, dtype=float)
    radius = np.interp(z, nodes, distance)
    shell = radius**2 * _SPEED / HUBBLE * np.interp(z, nodes, inverse)
    return shell * (np.pi / 180.0) ** 2
