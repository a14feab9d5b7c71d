"""Absorption by the gas between a quasar and us: Lyman-alpha forest and Lyman limit.

The mean transmission of Inoue et al. 2014 [1]_. With x = observed wavelength / line, each Lyman
line j absorbs where it lies on the way, line < wavelength < line (1 + z), with

.. math:: \\tau_j = \\tau_j^{LAF}(x) + \\tau_j^{DLA}(x)

and photons beyond the Lyman limit are absorbed by both kinds of clouds as well. A single
sightline differs from the mean: `qsolearn.simulate` draws that scatter.

References
----------
.. [1] Inoue, Shimizu, Iwata & Tanaka 2014, MNRAS 442, 1805, eqs 20 to 29 and Table 2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["LYMAN_LIMIT", "igm_transmission", "lyman_continuum_depth", "lyman_series_depth"]

#: Lyman limit as Inoue et al. 2014 use it [angstrom].
LYMAN_LIMIT = 911.75

#: Inoue et al. 2014, Table 2, j = 2 to 40: line [angstrom], A_LAF,1..3, A_DLA,1..2.
_SERIES = np.array([
    (1215.670, 1.68976e-2, 2.35379e-3, 1.02611e-4, 1.61698e-4, 5.38995e-5),
    (1025.720, 4.69229e-3, 6.53625e-4, 2.84940e-5, 1.54539e-4, 5.15129e-5),
    (972.537, 2.23898e-3, 3.11884e-4, 1.35962e-5, 1.49767e-4, 4.99222e-5),
    (949.743, 1.31901e-3, 1.83735e-4, 8.00974e-6, 1.46031e-4, 4.86769e-5),
    (937.803, 8.70656e-4, 1.21280e-4, 5.28707e-6, 1.42893e-4, 4.76312e-5),
    (930.748, 6.17843e-4, 8.60640e-5, 3.75186e-6, 1.40159e-4, 4.67196e-5),
    (926.226, 4.60924e-4, 6.42055e-5, 2.79897e-6, 1.37714e-4, 4.59048e-5),
    (923.150, 3.56887e-4, 4.97135e-5, 2.16720e-6, 1.35495e-4, 4.51650e-5),
    (920.963, 2.84278e-4, 3.95992e-5, 1.72628e-6, 1.33452e-4, 4.44841e-5),
    (919.352, 2.31771e-4, 3.22851e-5, 1.40743e-6, 1.31561e-4, 4.38536e-5),
    (918.129, 1.92348e-4, 2.67936e-5, 1.16804e-6, 1.29785e-4, 4.32617e-5),
    (917.181, 1.62155e-4, 2.25878e-5, 9.84689e-7, 1.28117e-4, 4.27056e-5),
    (916.429, 1.38498e-4, 1.92925e-5, 8.41033e-7, 1.26540e-4, 4.21799e-5),
    (915.824, 1.19611e-4, 1.66615e-5, 7.26340e-7, 1.25041e-4, 4.16804e-5),
    (915.329, 1.04314e-4, 1.45306e-5, 6.33446e-7, 1.23614e-4, 4.12046e-5),
    (914.919, 9.17397e-5, 1.27791e-5, 5.57091e-7, 1.22248e-4, 4.07494e-5),
    (914.576, 8.12784e-5, 1.13219e-5, 4.93564e-7, 1.20938e-4, 4.03127e-5),
    (914.286, 7.25069e-5, 1.01000e-5, 4.40299e-7, 1.19681e-4, 3.98938e-5),
    (914.039, 6.50549e-5, 9.06198e-6, 3.95047e-7, 1.18469e-4, 3.94896e-5),
    (913.826, 5.86816e-5, 8.17421e-6, 3.56345e-7, 1.17298e-4, 3.90995e-5),
    (913.641, 5.31918e-5, 7.40949e-6, 3.23008e-7, 1.16167e-4, 3.87225e-5),
    (913.480, 4.84261e-5, 6.74563e-6, 2.94068e-7, 1.15071e-4, 3.83572e-5),
    (913.339, 4.42740e-5, 6.16726e-6, 2.68854e-7, 1.14011e-4, 3.80037e-5),
    (913.215, 4.06311e-5, 5.65981e-6, 2.46733e-7, 1.12983e-4, 3.76609e-5),
    (913.104, 3.73821e-5, 5.20723e-6, 2.27003e-7, 1.11972e-4, 3.73241e-5),
    (913.006, 3.45377e-5, 4.81102e-6, 2.09731e-7, 1.11002e-4, 3.70005e-5),
    (912.918, 3.19891e-5, 4.45601e-6, 1.94255e-7, 1.10051e-4, 3.66836e-5),
    (912.839, 2.97110e-5, 4.13867e-6, 1.80421e-7, 1.09125e-4, 3.63749e-5),
    (912.768, 2.76635e-5, 3.85346e-6, 1.67987e-7, 1.08220e-4, 3.60734e-5),
    (912.703, 2.58178e-5, 3.59636e-6, 1.56779e-7, 1.07337e-4, 3.57789e-5),
    (912.645, 2.41479e-5, 3.36374e-6, 1.46638e-7, 1.06473e-4, 3.54909e-5),
    (912.592, 2.26347e-5, 3.15296e-6, 1.37450e-7, 1.05629e-4, 3.52096e-5),
    (912.543, 2.12567e-5, 2.96100e-6, 1.29081e-7, 1.04802e-4, 3.49340e-5),
    (912.499, 1.99967e-5, 2.78549e-6, 1.21430e-7, 1.03991e-4, 3.46636e-5),
    (912.458, 1.88476e-5, 2.62543e-6, 1.14452e-7, 1.03198e-4, 3.43994e-5),
    (912.420, 1.77928e-5, 2.47850e-6, 1.08047e-7, 1.02420e-4, 3.41402e-5),
    (912.385, 1.68222e-5, 2.34330e-6, 1.02153e-7, 1.01657e-4, 3.38856e-5),
    (912.353, 1.59286e-5, 2.21882e-6, 9.67268e-8, 1.00908e-4, 3.36359e-5),
    (912.324, 1.50996e-5, 2.10334e-6, 9.16925e-8, 1.00168e-4, 3.33895e-5),
])  # fmt: skip


def _check_redshift(z):
    z = float(z)
    if not 0.0 <= z <= 10.0:
        raise ValueError(f"Redshift {z:g} is outside the model; give one from 0 to 10.")
    return z


def lyman_series_depth(wavelength: ArrayLike, z: float) -> np.ndarray:
    """Mean optical depth of the Lyman lines.

    Parameters
    ----------
    wavelength : array_like, shape (k,)
        Observed wavelengths [angstrom].
    z : float
        Redshift of the source, 0 to 10.

    Returns
    -------
    ndarray, shape (k,)
        Optical depth of the 39 lines together.

    Raises
    ------
    ValueError
        If the redshift is outside the model.

    References
    ----------
    Inoue et al. 2014, eqs 21 and 22.

    Examples
    --------
    >>> float(lyman_series_depth([4700.0], 3.0)[0].round(3))
    0.354
    """
    z = _check_redshift(z)
    wavelength = np.asarray(wavelength, dtype=float)
    return lyman_series_depths(wavelength)(z)


def lyman_series_depths(wavelength: np.ndarray) -> Callable[[float], np.ndarray]:
    """Prepare `lyman_series_depth` for many redshifts at the same wavelengths.

    A line absorbs between its own wavelength and that times 1 + z. The lines are in falling order,
    so those that reach a wavelength are the first few, and their sums do not depend on z.
    """
    wavelength = np.asarray(wavelength, dtype=float)
    sums = np.zeros((len(_SERIES) + 1, *wavelength.shape))
    for k, (line, laf1, laf2, laf3, dla1, dla2) in enumerate(_SERIES):
        x = wavelength / line
        laf = np.where(x < 2.2, laf1 * x**1.2, np.where(x < 5.7, laf2 * x**3.7, laf3 * x**5.5))
        own = np.where(wavelength > line, laf + np.where(x < 3.0, dla1 * x**2, dla2 * x**3), 0.0)
        sums[k + 1] = sums[k] + own
    rising = _SERIES[::-1, 0]

    def depth(z):
        reached = len(_SERIES) - np.searchsorted(rising * (1 + z), wavelength, side="right")
        return np.take_along_axis(sums, reached[None], axis=0)[0]

    return depth


def lyman_continuum_depth(wavelength: ArrayLike, z: float) -> np.ndarray:
    """Mean optical depth of the Lyman continuum.

    Parameters
    ----------
    wavelength : array_like, shape (k,)
        Observed wavelengths [angstrom].
    z : float
        Redshift of the source, 0 to 10.

    Returns
    -------
    ndarray, shape (k,)
        Optical depth; 0 at and beyond the redshifted Lyman limit.

    Raises
    ------
    ValueError
        If the redshift is outside the model.

    References
    ----------
    Inoue et al. 2014, eqs 25 to 29.

    Examples
    --------
    >>> float(lyman_continuum_depth([3500.0], 3.5)[0].round(3))
    2.001
    """
    z = _check_redshift(z)
    x_all = np.asarray(wavelength, dtype=float) / LYMAN_LIMIT
    depth = np.zeros(x_all.shape)
    # Light that left the source bluer than the limit and is still bluer than it here (x < 1)
    # was absorbed all the way; the formula then holds at x = 1.
    on = x_all < 1 + z
    x = np.maximum(x_all[on], 1.0)
    a = 1 + z
    if z < 1.2:
        laf = 0.325 * (x**1.2 - a**-0.9 * x**2.1)
    elif z < 4.7:
        near = 0.0255 * a**1.6 * x**2.1 + 0.325 * x**1.2 - 0.250 * x**2.1
        laf = np.where(x < 2.2, near, 0.0255 * (a**1.6 * x**2.1 - x**3.7))
    else:
        near = 5.22e-4 * a**3.4 * x**2.1 + 0.325 * x**1.2 - 0.0314 * x**2.1
        middle = 5.22e-4 * a**3.4 * x**2.1 + 0.218 * x**2.1 - 0.0255 * x**3.7
        far = 5.22e-4 * (a**3.4 * x**2.1 - x**5.5)
        laf = np.where(x < 2.2, near, np.where(x < 5.7, middle, far))
    if z < 2.0:
        dla = 0.211 * a**2 - 0.0766 * a**2.3 * x**-0.3 - 0.135 * x**2
    else:
        near = 0.634 + 0.047 * a**3 - 0.0178 * a**3.3 * x**-0.3 - 0.135 * x**2 - 0.291 * x**-0.3
        dla = np.where(x < 3.0, near, 0.047 * a**3 - 0.0178 * a**3.3 * x**-0.3 - 0.0292 * x**3)
    depth[on] = laf + dla
    return depth


def igm_transmission(
    wavelength: ArrayLike, z: float, *, forest: float = 1.0, continuum: float = 1.0
) -> np.ndarray:
    """Share of the light that passes the intergalactic gas.

    Parameters
    ----------
    wavelength : array_like, shape (k,)
        Observed wavelengths [angstrom].
    z : float
        Redshift of the source, 0 to 10.
    forest, continuum : float
        Factors on the optical depth of the lines and of the Lyman continuum; 1 is the mean
        sightline.

    Returns
    -------
    ndarray, shape (k,)
        Transmission, 0 to 1.

    Raises
    ------
    ValueError
        If the redshift is outside the model.

    Examples
    --------
    >>> igm_transmission([3500.0, 4500.0, 6000.0], 3.0).round(2)
    array([0.42, 0.74, 1.  ])
    """
    depth = forest * lyman_series_depth(wavelength, z)
    return np.exp(-depth - continuum * lyman_continuum_depth(wavelength, z))
