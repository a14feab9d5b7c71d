"""Number counts per square degree and magnitude, and their slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from qsolearn.judge.estimate import LEVEL

__all__ = ["CountsSlope", "counts_slope", "number_counts"]


def number_counts(
    mag: ArrayLike, area_deg2: float, bins: ArrayLike, level: float = LEVEL
) -> pd.DataFrame:
    """Sources per square degree in bins of magnitude.

    Parameters
    ----------
    mag : array_like, shape (n,)
        Magnitudes [mag]; NaN is in no bin.
    area_deg2 : float
        Area that was searched [deg^2].
    bins : array_like, shape (k + 1,)
        Bin edges [mag].
    level : float
        Probability content of the Poisson intervals.

    Returns
    -------
    pandas.DataFrame
        Columns low_edge, high_edge, center [mag], n, per_deg2, low, high [1 / deg^2 / bin].

    Raises
    ------
    ValueError
        If the area is not positive or the edges do not increase.

    References
    ----------
    Intervals: Gehrels 1986, ApJ 303, 336 (exact Poisson limits).

    Examples
    --------
    >>> number_counts([18.1, 18.2], 10.0, [18.0, 18.5])["per_deg2"].tolist()
    [0.2]
    """
    area, bins = float(area_deg2), np.asarray(bins, dtype=float)
    if not area > 0:
        raise ValueError(f"The area must be positive, not {area_deg2} square degrees.")
    if bins.ndim != 1 or len(bins) < 2 or np.any(np.diff(bins) <= 0):
        raise ValueError("Bin edges must be at least two and increase.")
    mag = np.asarray(mag, dtype=float)
    n, _ = np.histogram(mag[np.isfinite(mag)], bins)
    tail = (1 - level) / 2
    low = np.where(n > 0, stats.chi2.ppf(tail, 2 * np.maximum(n, 1)) / 2, 0.0)
    high = stats.chi2.ppf(1 - tail, 2 * (n + 1)) / 2
    return pd.DataFrame(
        {
            "low_edge": bins[:-1],
            "high_edge": bins[1:],
            "center": (bins[:-1] + bins[1:]) / 2,
            "n": n,
            "per_deg2": n / area,
            "low": low / area,
            "high": high / area,
        }
    )


@dataclass(frozen=True)
class CountsSlope:
    """Slope of log10 N against magnitude, fitted in two ways.

    Attributes
    ----------
    slope : float
        Least squares of log10 N, every bin with the same weight.
    slope_error : float
        Its standard error from the scatter of the bins; NaN for two bins.
    likelihood_slope : float
        Poisson likelihood of the counts: each bin weighs as much as it has objects.
    """

    slope: float
    slope_error: float
    likelihood_slope: float


def counts_slope(mag: ArrayLike, counts: ArrayLike) -> CountsSlope:
    """Fit log10 N = a + slope * mag.

    Parameters
    ----------
    mag : array_like, shape (k,)
        Bin centers [mag].
    counts : array_like, shape (k,)
        Counts per bin, in any unit; NaN and zero bins are left out of the least squares, NaN bins
        of the likelihood.

    Returns
    -------
    CountsSlope

    Raises
    ------
    ValueError
        If fewer than two bins have counts, or the two differ in length.

    Notes
    -----
    The likelihood fit maximizes sum(N ln m - m), m = 10^(a + slope mag); a common factor on the
    counts does not move it, so counts per square degree may be given.

    Examples
    --------
    >>> fit = counts_slope([16.0, 17.0, 18.0], [1.0, 10.0, 100.0])
    >>> round(fit.slope, 6), round(fit.likelihood_slope, 6)
    (1.0, 1.0)
    """
    mag, counts = np.asarray(mag, dtype=float), np.asarray(counts, dtype=float)
    if mag.shape != counts.shape or mag.ndim != 1:
        raise ValueError(f"Magnitudes and counts differ in shape: {mag.shape}, {counts.shape}.")
    good = np.isfinite(mag) & np.isfinite(counts)
    mag, counts = mag[good], counts[good]
    used = counts > 0
    if used.sum() < 2:
        raise ValueError("A slope needs at least two bins with counts.")
    if used.sum() > 2:
        fit = stats.linregress(mag[used], np.log10(counts[used]))
        slope, error = float(fit.slope), float(fit.stderr)
    else:
        slope, error = float(np.polyfit(mag[used], np.log10(counts[used]), 1)[0]), np.nan

    x = mag - np.average(mag, weights=counts)

    def score(b):
        # With the intercept maximized out, the derivative of the log likelihood in the slope.
        weight = np.exp(b * x - np.max(b * x))
        return np.sum(counts * x) - counts.sum() * np.sum(weight * x) / weight.sum()

    b = optimize.brentq(score, -50.0, 50.0, xtol=1e-12)
    return CountsSlope(slope, error, float(b / np.log(10)))
