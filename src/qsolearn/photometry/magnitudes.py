"""Magnitudes, fluxes, colors and extinction.

The asinh magnitude of SDSS [1]_ stays finite where a flux is zero or negative:

.. math:: m = -\\frac{2.5}{\\ln 10} \\left[\\sinh^{-1}(f / 2 b f_0) + \\ln b\\right]

References
----------
.. [1] Lupton, Gunn & Szalay 1999, AJ 118, 1406, eq. 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.bands import get_band

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "POGSON",
    "SDSS_SOFTENING",
    "ab_from_vega",
    "asinh_from_flux",
    "color_covariance",
    "colors",
    "deredden",
    "error_from_snr",
    "flux_from_asinh",
    "flux_from_mag",
    "mag_from_flux",
    "snr_from_error",
    "vega_from_ab",
]

#: Softening b of the SDSS asinh magnitudes, in units of the flux of a 0-mag source (SDSS DR1).
SDSS_SOFTENING = {
    "sdss_u": 1.4e-10,
    "sdss_g": 0.9e-10,
    "sdss_r": 1.2e-10,
    "sdss_i": 1.8e-10,
    "sdss_z": 7.4e-10,
}

#: 2.5 / ln(10): a relative flux error times this is a magnitude error.
POGSON = 2.5 / np.log(10.0)
_NANOMAGGY_ZERO = 22.5


def ab_from_vega(mag: ArrayLike, band: str) -> np.ndarray:
    """AB magnitude of a Vega magnitude.

    Parameters
    ----------
    mag : array_like
        Vega magnitudes [mag]; NaN stays NaN.
    band : str
        Band id.

    Returns
    -------
    ndarray
        AB magnitudes [mag], same shape.

    Raises
    ------
    ValueError
        If the band is unknown or has no Vega zero point here.

    Examples
    --------
    >>> float(ab_from_vega(15.0, "wise_w2"))
    18.339
    """
    return np.asarray(mag, dtype=float) + _vega_offset(band)


def vega_from_ab(mag: ArrayLike, band: str) -> np.ndarray:
    """Vega magnitude of an AB magnitude: the inverse of `ab_from_vega`.

    Parameters
    ----------
    mag : array_like
        AB magnitudes [mag]; NaN stays NaN.
    band : str
        Band id.

    Returns
    -------
    ndarray
        Vega magnitudes [mag], same shape.

    Examples
    --------
    >>> float(vega_from_ab(18.339, "wise_w2").round(3))
    15.0
    """
    return np.asarray(mag, dtype=float) - _vega_offset(band)


def _vega_offset(band):
    offset = get_band(band).vega_to_ab
    if offset is None:
        raise ValueError(f"Band {band} is published in AB and has no Vega zero point here.")
    return offset


def flux_from_mag(mag: ArrayLike) -> np.ndarray:
    """Flux of an AB magnitude.

    Parameters
    ----------
    mag : array_like
        AB magnitudes [mag].

    Returns
    -------
    ndarray
        Flux [nanomaggy], same shape.

    Examples
    --------
    >>> float(flux_from_mag(22.5))
    1.0
    """
    return 10.0 ** (0.4 * (_NANOMAGGY_ZERO - np.asarray(mag, dtype=float)))


@overload
def mag_from_flux(flux: ArrayLike) -> np.ndarray: ...
@overload
def mag_from_flux(flux: ArrayLike, error: ArrayLike) -> tuple[np.ndarray, np.ndarray]: ...
def mag_from_flux(
    flux: ArrayLike, error: ArrayLike | None = None
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """AB magnitude of a flux.

    Parameters
    ----------
    flux : array_like
        Flux [nanomaggy]; zero, negative or NaN gives NaN.
    error : array_like, optional
        Flux error [nanomaggy], same shape.

    Returns
    -------
    ndarray, or tuple of two ndarrays
        AB magnitudes [mag]; with ``error`` also their errors [mag].

    Examples
    --------
    >>> mag, err = mag_from_flux([1.0, -3.0], [0.1, 0.1])
    >>> mag
    array([22.5,  nan])
    >>> err.round(4)
    array([0.1086,    nan])
    """
    flux = np.asarray(flux, dtype=float)
    flux = np.where(flux > 0, flux, np.nan)
    mag = _NANOMAGGY_ZERO - 2.5 * np.log10(flux)
    return mag if error is None else (mag, POGSON * np.asarray(error, dtype=float) / flux)


def flux_from_asinh(mag: ArrayLike, band: str) -> np.ndarray:
    """Flux of an SDSS asinh magnitude.

    Parameters
    ----------
    mag : array_like
        Asinh magnitudes [mag]; NaN stays NaN.
    band : str
        An SDSS band id, which fixes the softening.

    Returns
    -------
    ndarray
        Flux [nanomaggy], same shape; may be zero or negative.

    Raises
    ------
    ValueError
        If the band is not an SDSS band.

    References
    ----------
    Lupton, Gunn & Szalay 1999, AJ 118, 1406, eq. 3.

    Examples
    --------
    >>> float(flux_from_asinh(20.0, "sdss_g").round(2))
    10.0
    """
    b = _softening(band)
    mag = np.asarray(mag, dtype=float)
    return 2e9 * b * np.sinh(-mag / POGSON - np.log(b))


def asinh_from_flux(flux: ArrayLike, band: str) -> np.ndarray:
    """SDSS asinh magnitude of a flux: the inverse of `flux_from_asinh`.

    Parameters
    ----------
    flux : array_like
        Flux [nanomaggy]; any sign; NaN stays NaN.
    band : str
        An SDSS band id.

    Returns
    -------
    ndarray
        Asinh magnitudes [mag], same shape.

    Examples
    --------
    >>> float(asinh_from_flux(0.0, "sdss_u").round(2))
    24.63
    """
    b = _softening(band)
    flux = np.asarray(flux, dtype=float)
    return -POGSON * (np.arcsinh(flux * 1e-9 / (2 * b)) + np.log(b))


def _softening(band):
    if band not in SDSS_SOFTENING:
        raise ValueError(
            f"Asinh magnitudes are defined for {', '.join(SDSS_SOFTENING)}, not for {band!r}."
        )
    return SDSS_SOFTENING[band]


def snr_from_error(err: ArrayLike) -> np.ndarray:
    """Signal-to-noise ratio of a magnitude error.

    Parameters
    ----------
    err : array_like
        Magnitude errors [mag].

    Returns
    -------
    ndarray
        1.0857 / err. (Kim et al. 2024 print 1 / err: 8 % less.)

    Examples
    --------
    >>> float(snr_from_error(0.1).round(3))
    10.857
    """
    return POGSON / np.asarray(err, dtype=float)


def error_from_snr(snr: ArrayLike) -> np.ndarray:
    """Magnitude error of a signal-to-noise ratio: the inverse of `snr_from_error`.

    Parameters
    ----------
    snr : array_like
        Signal-to-noise ratio.

    Returns
    -------
    ndarray
        Magnitude error [mag].

    Examples
    --------
    >>> float(error_from_snr(5.0).round(3))
    0.217
    """
    return POGSON / np.asarray(snr, dtype=float)


def colors(mag: ArrayLike) -> np.ndarray:
    """Neighboring colors: each magnitude minus the next.

    Parameters
    ----------
    mag : array_like, shape (n, b)
        Magnitudes in the order of the bands [mag].

    Returns
    -------
    ndarray, shape (n, b - 1)
        Colors [mag]; NaN where either magnitude is NaN.

    Examples
    --------
    >>> colors([[20.0, 19.5, 19.25]])
    array([[0.5 , 0.25]])
    """
    mag = np.asarray(mag, dtype=float)
    return mag[..., :-1] - mag[..., 1:]


def color_covariance(err: ArrayLike) -> np.ndarray:
    """Covariance of neighboring colors: neighbors share a band, so they are anticorrelated.

    Parameters
    ----------
    err : array_like, shape (n, b)
        Magnitude errors in the order of the bands [mag].

    Returns
    -------
    ndarray, shape (n, b - 1, b - 1)
        Covariance [mag^2]: err_i^2 + err_{i+1}^2 on the diagonal, -err_{i+1}^2 beside it.
        NaN wherever an error that enters is NaN.

    Examples
    --------
    >>> color_covariance([[0.1, 0.2, 0.3]])[0].round(2)
    array([[ 0.05, -0.04],
           [-0.04,  0.13]])
    """
    var = np.asarray(err, dtype=float) ** 2
    k = var.shape[-1] - 1
    cov = np.zeros((*var.shape[:-1], k, k))
    i = np.arange(k)
    cov[..., i, i] = var[..., :-1] + var[..., 1:]
    cov[..., i[:-1], i[1:]] = cov[..., i[1:], i[:-1]] = -var[..., 1:-1]
    return cov


def deredden(
    frame: pd.DataFrame, *, convention: str = "sf11", bands: Sequence[str] | None = None
) -> pd.DataFrame:
    """Correct a photometric frame for Galactic extinction, once.

    Parameters
    ----------
    frame : pandas.DataFrame
        A photometric frame with column ``ebv`` (E(B-V) of SFD98, unscaled [mag]).
        A NaN in ``ebv`` makes that row's magnitudes NaN: the extinction is not known.
    convention : {"sf11", "sfd98"}
        Which coefficients: "sf11" has the factor 0.86 inside (Schlafly & Finkbeiner 2011),
        "sfd98" has not (as used by Richards et al. 2004; SDSS bands only).
    bands : sequence of str, optional
        Bands to correct; by default all of the frame.

    Returns
    -------
    pandas.DataFrame
        A copy whose ``attrs["dereddened"]`` names the convention and the coefficients.

    Raises
    ------
    ValueError
        If the frame is dereddened already, has no ``ebv``, or a band has no coefficient.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"ebv": [0.1], "mag_sdss_u": [20.0]})
    >>> out = deredden(frame)
    >>> out["mag_sdss_u"].round(4).tolist()
    [19.5761]
    >>> deredden(out)
    Traceback (most recent call last):
    ...
    ValueError: This frame is dereddened already (sf11); dereddening twice would make it too blue.
    """
    done = frame.attrs.get("dereddened")
    if done:
        raise ValueError(
            f"This frame is dereddened already ({done['convention']}); "
            "dereddening twice would make it too blue."
        )
    if convention not in ("sf11", "sfd98"):
        raise ValueError(f"Unknown convention {convention!r}; use 'sf11' or 'sfd98'.")
    if "ebv" not in frame:
        raise ValueError("Dereddening needs a column ebv, E(B-V) of SFD98 in magnitudes.")
    out = frame.copy()
    used = {}
    wanted = [c for c in frame.columns if c.startswith("mag_")]
    if bands is not None:
        wanted = [c for c in wanted if c.removeprefix("mag_") in bands]
    for column in wanted:
        record = get_band(column.removeprefix("mag_"))
        k = record.extinction if convention == "sf11" else record.extinction_sfd98
        if k is None:
            raise ValueError(
                f"Band {record.id} has no sfd98 coefficient; use convention='sf11' for it."
            )
        out[column] = frame[column] - k * frame["ebv"]
        used[record.id] = k
    out.attrs["dereddened"] = {"convention": convention, "coefficients": used}
    return out
