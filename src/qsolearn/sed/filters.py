"""Filter curves on one grid, so that synthetic photometry is one matrix product.

Every spectrum of the project stands on `WAVELENGTH`, a grid of constant step in ln(wavelength).
Two things follow. A redshift is a shift by whole pixels, and the flux of any number of spectra in
any number of bands is a product of two matrices: spectra (n, pixels) times weights (pixels, bands).

.. math:: f_b = \\frac{\\int f_\\lambda R_b \\lambda\\,d\\lambda}{\\int 3631\\,\\mathrm{Jy}\\;
          (c/\\lambda^2) R_b \\lambda\\,d\\lambda}

The weights are shipped as ``data/filters.npz``; ``python -m qsolearn.sed.build`` makes the file
again from the curves of speclite [1]_ and, for VISTA, astro-sedpy [2]_.

References
----------
.. [1] https://speclite.readthedocs.io (BSD license).
.. [2] https://github.com/bd-j/sedpy (MIT license).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.bands import BANDS, check_bands

__all__ = ["LOG_STEP", "WAVELENGTH", "band_fluxes", "curve_weights", "filter_weights"]

#: Step of the grid in ln(wavelength); a redshift node is a whole number of these.
LOG_STEP = 5e-4

_FIRST = 250.0
_LAST = 320_000.0

#: Wavelengths of every spectrum [angstrom], shape (14309,).
WAVELENGTH = _FIRST * np.exp(LOG_STEP * np.arange(int(np.log(_LAST / _FIRST) / LOG_STEP)))
WAVELENGTH.flags.writeable = False

#: c / (3631 Jy) for f_lambda in erg/s/cm^2/angstrom, times 1e9: fluxes come out in nanomaggies.
_ZERO = 1e9 / (3631e-23 * 2.99792458e18)


def curve_weights(wavelength: ArrayLike, response: ArrayLike) -> np.ndarray:
    """Weights that turn a spectrum on `WAVELENGTH` into a band flux.

    Parameters
    ----------
    wavelength : array_like, shape (k,)
        Wavelengths of the filter curve [angstrom], increasing.
    response : array_like, shape (k,)
        Response per photon, any scale; zero outside.

    Returns
    -------
    ndarray, shape (pixels,)
        The AB flux [nanomaggy] of a spectrum f [erg/s/cm^2/angstrom] is ``f @ weights``.

    Raises
    ------
    ValueError
        If the curve leaves the grid or has no area.

    Examples
    --------
    >>> weights = curve_weights([4000.0, 5000.0, 6000.0], [0.0, 1.0, 0.0])
    >>> flat = 3631e-23 * 2.99792458e18 / WAVELENGTH**2  # AB = 0 at every wavelength
    >>> round(float(flat @ weights))
    1000000000
    """
    wavelength, response = np.asarray(wavelength, float), np.asarray(response, float)
    used = wavelength[response > 0]
    if used.size == 0:
        raise ValueError("The filter curve is zero everywhere; give one with a response above 0.")
    if used[0] < WAVELENGTH[0] or used[-1] > WAVELENGTH[-1]:
        raise ValueError(
            f"The filter curve spans {used[0]:.0f} to {used[-1]:.0f} angstrom; the spectra reach "
            f"from {WAVELENGTH[0]:.0f} to {WAVELENGTH[-1]:.0f} angstrom."
        )
    curve = np.interp(WAVELENGTH, wavelength, response, left=0.0, right=0.0)
    # d(lambda) = lambda d(ln lambda): both integrals have the constant step, which cancels.
    return _ZERO * curve * WAVELENGTH**2 / curve.sum()


@lru_cache(maxsize=1)
def _shipped():
    path = files("qsolearn.sed") / "data" / "filters.npz"
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def filter_weights(bands: Sequence[str]) -> np.ndarray:
    """Weights of some bands, for one matrix product.

    Parameters
    ----------
    bands : sequence of str, length b
        Band ids.

    Returns
    -------
    ndarray, shape (pixels, b)
        ``spectra @ weights`` are AB fluxes [nanomaggy] of spectra in erg/s/cm^2/angstrom.

    Raises
    ------
    ValueError
        If a band is unknown, named twice or has no filter curve here.

    Examples
    --------
    >>> filter_weights(["sdss_g", "wise_w1"]).shape
    (14309, 2)
    """
    stored = _shipped()
    bands = check_bands(bands)
    out = np.zeros((len(WAVELENGTH), len(bands)))
    for k, band in enumerate(bands):
        if band not in stored:
            raise ValueError(
                f"Band {band} has no filter curve here; the bands with one are "
                f"{', '.join(b for b in BANDS if b in stored)}."
            )
        first = int(stored[f"{band}:first"])
        out[first : first + len(stored[band]), k] = stored[band]
    return out


def band_fluxes(spectra: ArrayLike, bands: Sequence[str]) -> np.ndarray:
    """Fluxes of spectra in bands: one matrix product.

    Parameters
    ----------
    spectra : array_like, shape ([n,] pixels)
        Spectra on `WAVELENGTH` [erg/s/cm^2/angstrom], observed frame.
    bands : sequence of str, length b
        Band ids.

    Returns
    -------
    ndarray, shape ([n,] b)
        AB fluxes [nanomaggy].

    Raises
    ------
    ValueError
        If the spectra are not on the grid, or a band has no filter curve.

    Examples
    --------
    >>> flat = 3631e-23 * 2.99792458e18 / WAVELENGTH**2
    >>> band_fluxes(flat, ["sdss_r", "ps1_y"]).round(-3)
    array([1.e+09, 1.e+09])
    """
    spectra = np.asarray(spectra, dtype=float)
    if spectra.shape[-1] != len(WAVELENGTH):
        raise ValueError(
            f"A spectrum here has {len(WAVELENGTH):,} pixels, not {spectra.shape[-1]:,}; "
            "interpolate it onto qsolearn.sed.WAVELENGTH."
        )
    return spectra @ filter_weights(bands)
