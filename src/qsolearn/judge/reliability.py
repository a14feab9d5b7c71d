"""Does a probability come true as often as it says?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, proportion

__all__ = ["probability_integral", "reliability"]


def reliability(
    happened: ArrayLike, probability: ArrayLike, bins: int | ArrayLike = 10, level: float = LEVEL
) -> pd.DataFrame:
    """Reported against found probability, in bins of the reported.

    Parameters
    ----------
    happened : array_like of bool, shape (n,)
        Whether what the probability is of is so: the source is a quasar, the redshift lies in the
        range.
    probability : array_like, shape (n,)
        Reported probability, 0 to 1; NaN is left out.
    bins : int or array_like
        Number of equal bins, or their edges.
    level : float
        Probability content of the intervals.

    Returns
    -------
    pandas.DataFrame
        Per bin ``low_edge``, ``high_edge``, ``reported`` (mean; NaN if empty), ``n``, and the found
        share ``value`` with ``low`` and ``high``. ``attrs["largest_gap"]`` is the largest
        difference of reported and found beyond what the interval allows, 0 if none.

    Raises
    ------
    ValueError
        If shapes differ, the outcomes are not boolean, or a probability is outside 0 to 1.

    References
    ----------
    Niculescu-Mizil & Caruana 2005, ICML 22, 625.

    Examples
    --------
    >>> table = reliability([True, False, True, True], [0.9, 0.2, 0.8, 0.7], bins=2)
    >>> table[["reported", "value"]].round(2).to_numpy().tolist()
    [[0.2, 0.0], [0.8, 1.0]]
    """
    happened, probability = np.asarray(happened), np.asarray(probability, dtype=float)
    if happened.shape != probability.shape or happened.ndim != 1 or happened.dtype != bool:
        raise ValueError(
            "Outcomes must be boolean and as many as the probabilities; got "
            f"{happened.dtype} of shape {happened.shape} and shape {probability.shape}."
        )
    known = np.isfinite(probability)
    happened, probability = happened[known], probability[known]
    if len(probability) and not (probability.min() >= 0 and probability.max() <= 1):
        raise ValueError(
            f"A probability lies between 0 and 1; got {probability.min():g} to "
            f"{probability.max():g}."
        )
    bins = np.asarray(bins)
    edges = np.linspace(0, 1, int(bins) + 1) if bins.ndim == 0 else bins.astype(float)
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, len(edges) - 2)
    rows = []
    for b in range(len(edges) - 1):
        own = place == b
        n = int(own.sum())
        share = proportion(int(happened[own].sum()), n, level)
        rows.append(
            {
                "low_edge": float(edges[b]),
                "high_edge": float(edges[b + 1]),
                "reported": float(probability[own].mean()) if n else np.nan,
                "n": n,
                "value": float(share),
                "low": share.low,
                "high": share.high,
            }
        )
    table = pd.DataFrame(rows)
    filled = table[table["n"] > 0]
    outside = np.maximum(filled["low"] - filled["reported"], filled["reported"] - filled["high"])
    table.attrs["largest_gap"] = float(np.maximum(outside, 0).max()) if len(filled) else 0.0
    return table


def probability_integral(density: ArrayLike, grid: ArrayLike, value: ArrayLike) -> np.ndarray:
    """Probability that each density puts below the true value.

    Parameters
    ----------
    density : array_like, shape (n, k)
        Density of each source on the grid; a row with NaN gives NaN.
    grid : array_like, shape (k,)
        Equally spaced centers of the cells.
    value : array_like, shape (n,)
        True values.

    Returns
    -------
    ndarray, shape (n,)
        Between 0 and 1; uniform if the densities are right.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Inside a cell the density is taken as constant. Too narrow densities crowd the values at 0
    and 1, too wide ones in the middle.

    References
    ----------
    Dawid 1984, Journal of the Royal Statistical Society A 147, 278.

    Examples
    --------
    >>> probability_integral([[1.0, 1.0]], [0.25, 0.75], [0.3]).tolist()
    [0.3]
    """
    density, grid = np.asarray(density, dtype=float), np.asarray(grid, dtype=float)
    value = np.asarray(value, dtype=float)
    if density.shape != (len(value), len(grid)) or len(grid) < 2:
        raise ValueError(
            f"Densities of shape {density.shape} do not fit {len(value):,} values on a grid of "
            f"{len(grid)}."
        )
    step = grid[1] - grid[0]
    below = np.hstack([np.zeros((len(value), 1)), np.cumsum(density, axis=1)])
    place = np.clip((value - (grid[0] - step / 2)) / step, 0, len(grid))
    cell = np.minimum(place.astype(int), len(grid) - 1)
    rows = np.arange(len(value))
    part = below[rows, cell] + (place - cell) * density[rows, cell]
    return part / below[:, -1]
