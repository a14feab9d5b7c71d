"""How good are photometric redshifts?"""

from __future__ import annotations

import numpy as np

from qsolearn.judge.estimate import LEVEL, Estimate, proportion

__all__ = ["nmad", "outlier_fraction"]


def nmad(residuals, *, level=LEVEL, n_bootstrap=1000, seed=0):
    """Normalized median absolute deviation, a scatter that outliers do not move.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        Such as z_phot - z_true; NaN is left out.
    level : float
        Probability content of the interval.
    n_bootstrap : int
        Number of bootstrap samples for the interval.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    Estimate
        NaN if no residual is finite.

    Notes
    -----
    NMAD = 1.4826 median|x - median(x)|: the standard deviation for Gaussian residuals.

    References
    ----------
    Calderone et al. 2024, A&A 683, A34, Sect. 4 (plain dz).

    Examples
    --------
    >>> round(float(nmad([-1.0, 0.0, 1.0, 50.0])), 4)
    1.4826
    """
    x = np.asarray(residuals, dtype=float)
    x = x[np.isfinite(x)]
    if len(x) == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    draws = [_nmad(x[rng.integers(0, len(x), len(x))]) for _ in range(n_bootstrap)]
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(_nmad(x), low, high, len(x))


def _nmad(x):
    return 1.4826 * np.median(np.abs(x - np.median(x)))


def outlier_fraction(residuals, limit, level=LEVEL):
    """Share of the redshifts that are off by more than a limit.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        Such as z_phot - z_true; NaN is left out.
    limit : float
        Largest residual that is no outlier.
    level : float
        Probability content of the interval.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> float(outlier_fraction([0.0, 0.1, -0.2, 2.0], 0.3))
    0.25
    """
    x = np.asarray(residuals, dtype=float)
    x = x[np.isfinite(x)]
    return proportion(np.sum(np.abs(x) > limit), len(x), level)
