"""How good are photometric redshifts?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, Estimate, proportion

__all__ = ["nmad", "outlier_fraction", "redshift_report"]


def nmad(
    residuals: ArrayLike, *, level: float = LEVEL, n_bootstrap: int = 1000, seed: int = 0
) -> Estimate:
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
    Calderone et al. 2024, A&A 683, A34, Sect. 2 (plain dz).

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


def outlier_fraction(residuals: ArrayLike, limit: float, level: float = LEVEL) -> Estimate:
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


def redshift_report(
    z_phot: ArrayLike,
    z_true: ArrayLike,
    groups: ArrayLike,
    *,
    n_nmad: float = 3.0,
    level: float = LEVEL,
    seed: int = 0,
) -> pd.DataFrame:
    """Scatter and outliers of redshifts, group by group.

    Parameters
    ----------
    z_phot, z_true : array_like, shape (n,)
        Estimated and true redshifts; a source with a NaN is left out.
    groups : array_like, shape (n,)
        What to group by, such as the predicted class.
    n_nmad : float
        An outlier is off by more than this many NMADs of its group.
    level : float
        Probability content of the intervals.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row per group, sorted: ``n``, ``nmad`` with ``nmad_low`` and ``nmad_high``, ``std``,
        ``outliers``, and ``outlier_fraction`` with ``outlier_low`` and ``outlier_high``.

    Raises
    ------
    ValueError
        If the three are not equally long.

    Notes
    -----
    Residuals are plain, z_phot - z_true, not divided by 1 + z. Grouped by the predicted class, a
    low-z quasar taken for a high-z one counts as an error of the high-z group; grouped by the
    true class it does not: say which.

    References
    ----------
    Calderone et al. 2024, Sect. 6 and Fig. 7.

    Examples
    --------
    >>> redshift_report([1.0, 1.2, 3.0], [1.1, 1.1, 2.9], ["low", "low", "high"])["n"].tolist()
    [1, 2]
    """
    z_phot, z_true = np.asarray(z_phot, dtype=float), np.asarray(z_true, dtype=float)
    groups = np.asarray(groups).astype(str)
    if not z_phot.shape == z_true.shape == groups.shape:
        raise ValueError(
            f"Redshifts and groups must be equally many; got {z_phot.shape}, {z_true.shape} and "
            f"{groups.shape}."
        )
    residuals = z_phot - z_true
    rows = {}
    for name in np.unique(groups):
        own = residuals[(groups == name) & np.isfinite(residuals)]
        scatter = nmad(own, level=level, n_bootstrap=200, seed=seed)
        beyond = outlier_fraction(own, n_nmad * float(scatter), level)
        rows[name] = {
            "n": len(own),
            "nmad": float(scatter),
            "nmad_low": scatter.low,
            "nmad_high": scatter.high,
            "std": float(np.std(own)) if len(own) else np.nan,
            "outliers": int(np.sum(np.abs(own) > n_nmad * float(scatter))),
            "outlier_fraction": float(beyond),
            "outlier_low": beyond.low,
            "outlier_high": beyond.high,
        }
    return pd.DataFrame.from_dict(rows, orient="index")
