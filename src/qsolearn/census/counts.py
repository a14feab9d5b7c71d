"""Counts of quasars as if every one had been selected."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from qsolearn.errors import CatalogError

__all__ = ["corrected_counts"]


def corrected_counts(
    z: ArrayLike,
    magnitude: ArrayLike,
    selection: Callable,
    area_deg2: float,
    bins: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    least: float = 0.05,
    level: float = 0.95,
) -> pd.DataFrame:
    """Quasars per square degree in bins of magnitude, corrected for those not selected.

    Parameters
    ----------
    z, magnitude : array_like, shape (n,)
        Redshift and i magnitude, Galactic extinction removed, of the quasars that were selected
        **and have a spectrum**: contaminants are left out beforehand, by their spectra.
    selection : callable
        Probability of being selected of arrays (z, magnitude), such as a `SelectionFunction`.
    area_deg2 : float
        Area that was searched [deg^2].
    bins : array_like, shape (k + 1,)
        Bin edges [mag].
    weights : array_like, shape (n,), optional
        Candidates for which each quasar with a spectrum stands: candidates over spectra among
        sources of its kind. None = every candidate has a spectrum.
    least : float
        Quasars less likely to be selected than this are left out, and told: their weight would be
        that of all others.
    level : float
        Probability content of the intervals.

    Returns
    -------
    pandas.DataFrame, k rows
        ``low_edge, high_edge, center`` [mag], ``n`` (quasars used), ``left_out``, ``found``
        (quasars among the candidates, not corrected), ``per_deg2`` with ``low`` and ``high``
        [1 / deg^2 / bin].

    Raises
    ------
    CatalogError
        If lengths, area, edges or ``least`` cannot be used.

    Notes
    -----
    The sum of w / S over the quasars. Its interval is the exact Poisson interval of
    (sum w / S)^2 / sum (w / S)^2 objects, scaled. Cells of redshift and magnitude where nothing can
    be selected remain missing: state the range of redshifts.

    Examples
    --------
    >>> corrected_counts([1.0, 2.0], [18.2, 18.4], lambda z, m: 0.5 + 0 * z, 10.0, [18.0, 18.5])[
    ...     ["n", "per_deg2"]]
       n  per_deg2
    0  2       0.4
    """
    z, magnitude = np.asarray(z, dtype=float), np.asarray(magnitude, dtype=float)
    weights = np.ones(len(z)) if weights is None else np.asarray(weights, dtype=float)
    if not (z.shape == magnitude.shape == weights.shape and z.ndim == 1):
        raise CatalogError(
            f"Redshifts, magnitudes and weights differ in shape: {z.shape}, {magnitude.shape}, "
            f"{weights.shape}."
        )
    bins = np.asarray(bins, dtype=float)
    if bins.ndim != 1 or len(bins) < 2 or not (np.diff(bins) > 0).all():
        raise CatalogError("Bin edges must be at least two and increase.")
    if not area_deg2 > 0:
        raise CatalogError(f"The area must be positive, not {area_deg2} square degrees.")
    if not 0 < least < 1:
        raise CatalogError(f"The least probability lies between 0 and 1, not at {least}.")
    probability = np.asarray(selection(z, magnitude), dtype=float)
    use = probability >= least
    full = weights[use] / probability[use]

    def summed(values, rows):
        return np.histogram(magnitude[rows], bins, weights=values)[0]

    total, squares = summed(full, use), summed(full**2, use)
    some = squares > 0
    scale = np.divide(squares, total, out=np.zeros(len(total)), where=some)
    # An empty bin: what one typical quasar there would count.
    typical = np.median(full) if len(full) else np.nan
    objects = np.divide(total, scale, out=np.zeros(len(total)), where=some)
    tail = (1 - level) / 2
    low = np.where(some, stats.chi2.ppf(tail, np.maximum(2 * objects, 1e-9)) / 2, 0.0) * scale
    high = stats.chi2.ppf(1 - tail, 2 * (objects + 1)) / 2 * np.where(some, scale, typical)
    return pd.DataFrame(
        {
            "low_edge": bins[:-1],
            "high_edge": bins[1:],
            "center": (bins[:-1] + bins[1:]) / 2,
            "n": np.histogram(magnitude[use], bins)[0],
            "left_out": np.histogram(magnitude[~use], bins)[0],
            "found": summed(weights, np.ones(len(z), bool)),
            "per_deg2": total / area_deg2,
            "low": low / area_deg2,
            "high": high / area_deg2,
        }
    )
