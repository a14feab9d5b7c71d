"""From a photometric frame to fluxes and weights, upper limits included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsolearn.errors import CatalogError, plural
from qsolearn.frame import magnitudes
from qsolearn.photometry import POGSON, flux_from_mag

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LIMIT_SIGMA", "fluxes_and_weights"]

#: An upper limit stands this many sigma above a flux of zero.
LIMIT_SIGMA = 2.0


def fluxes_and_weights(
    frame: pd.DataFrame, bands: Sequence[str], floor: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fluxes of sources and the weight of each.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame.
    bands : sequence of str, length b
        Band ids.
    floor : ndarray, shape (b,)
        Systematic error of each band [mag], added in quadrature to measured errors.

    Returns
    -------
    flux : ndarray, shape (n, b)
        AB flux [nanomaggy]; 0 where not measured.
    weight : ndarray, shape (n, b)
        1 / sigma^2; 0 where not measured.
    detected : ndarray of bool, shape (n, b)
        Whether the band is a measurement, not a limit.

    Raises
    ------
    CatalogError
        If an error is zero or negative, or a band has no column of errors.

    Notes
    -----
    With err the magnitude error, sigma = f sqrt(err^2 + floor^2) / 1.0857.
    An upper limit f_lim is taken as the measurement 0 +- f_lim / 2: models far below it cost
    nothing, a model at the limit costs chi2 = 4, and the amplitudes stay linear. A magnitude
    without an error cannot be weighed and counts as missing.
    """
    mag = magnitudes(frame, bands)
    err = np.full(mag.shape, np.nan)
    limit = np.zeros(mag.shape, dtype=bool)
    for k, band in enumerate(bands):
        if f"limit_{band}" in frame:
            limit[:, k] = frame[f"limit_{band}"].fillna(False).to_numpy(dtype=bool)
        if f"err_{band}" not in frame:
            raise CatalogError(
                f"Band {band} has magnitudes but no errors (column err_{band}); give the errors, "
                "or leave the band out."
            )
        err[:, k] = frame[f"err_{band}"].to_numpy(dtype=float, na_value=np.nan)
        seen = np.isfinite(mag[:, k]) & ~limit[:, k]
        wrong = int(np.sum(seen & (err[:, k] <= 0)))
        if wrong:
            raise CatalogError(
                f"{plural(wrong, 'row')} have an error of zero or below in {band}; a fit weighs by "
                "errors, so set them to the true ones or to NaN (missing)."
            )
    limit &= np.isfinite(mag)
    detected = np.isfinite(mag) & ~limit & np.isfinite(err)
    flux = flux_from_mag(np.where(np.isfinite(mag), mag, 99.0))
    with np.errstate(divide="ignore"):
        sigma = flux * np.hypot(np.where(detected, err, 1.0), floor) / POGSON
        sigma = np.where(limit, flux / LIMIT_SIGMA, sigma)
        weight = np.where(detected | limit, sigma**-2.0, 0.0)
    return np.where(detected, flux, 0.0), weight, detected
