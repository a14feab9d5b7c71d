"""Efficiency of a whole catalog from the part that has spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, Estimate
from qsolearn.judge.selection import efficiency

__all__ = ["Extrapolation", "extrapolated_efficiency"]


@dataclass(frozen=True)
class Extrapolation:
    """Efficiency of a catalog, by magnitude and in all.

    Attributes
    ----------
    efficiency : Estimate
        Share of quasars in the whole catalog.
    n_quasars : Estimate
        Quasars expected in it.
    by_magnitude : pandas.DataFrame
        Per bin: ``low_edge, high_edge``, the number ``n`` with spectra, their efficiency ``value``
        with ``low`` and ``high``, and the number ``n_catalog``.
    """

    efficiency: Estimate
    n_quasars: Estimate
    by_magnitude: pd.DataFrame


def extrapolated_efficiency(
    is_quasar: ArrayLike,
    mag: ArrayLike,
    catalog_mag: ArrayLike,
    bins: ArrayLike,
    *,
    level: float = LEVEL,
    n_draws: int = 4000,
    seed: int = 0,
) -> Extrapolation:
    """Apply the efficiency by magnitude of the objects with spectra to a whole catalog.

    Parameters
    ----------
    is_quasar : array_like of bool, shape (n,)
        What the spectra say of the candidates that have one.
    mag : array_like, shape (n,)
        Their magnitudes [mag].
    catalog_mag : array_like, shape (m,)
        Magnitudes of all candidates [mag]; those outside the bins are not counted.
    bins : array_like, shape (k + 1,)
        Bin edges [mag].
    level : float
        Probability content of the intervals.
    n_draws : int
        Random draws behind the interval of the whole.
    seed : int
        Their seed.

    Returns
    -------
    Extrapolation

    Raises
    ------
    ValueError
        If lengths or edges do not fit, or no candidate lies in the bins.

    Notes
    -----
    E = sum_k N_k e_k / sum_k N_k with N_k candidates and efficiency e_k in bin k. Each e_k is drawn
    from Beta(q + 1/2, n - q + 1/2), q quasars among n spectra. A bin without spectra takes the
    efficiency of the nearest bin that has some (so the faint end is carried on as it was), with an
    interval that does not know that. The result holds if, at a given magnitude, candidates with
    spectra are like those without.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 4.2 and Fig. 6.

    Examples
    --------
    >>> spectra = [True] * 9 + [False] + [True, False]
    >>> mag = [18.5] * 10 + [20.5] * 2
    >>> out = extrapolated_efficiency(spectra, mag, [18.5] * 50 + [20.5] * 50, [18, 19.5, 21])
    >>> round(float(out.efficiency), 2), round(float(out.n_quasars))
    (0.7, 70)
    """
    is_quasar = np.asarray(is_quasar)
    table: pd.DataFrame = efficiency(is_quasar, np.ones(is_quasar.shape, bool), mag, bins, level)
    catalog_mag = np.asarray(catalog_mag, dtype=float)
    counts, _ = np.histogram(catalog_mag[np.isfinite(catalog_mag)], np.asarray(bins, dtype=float))
    if counts.sum() == 0:
        raise ValueError("No candidate lies in the magnitude bins; look at their edges.")
    n = table["n"].to_numpy()
    if n.sum() == 0:
        raise ValueError("No candidate with a spectrum lies in the magnitude bins.")
    k = np.rint(table["value"].fillna(0.0).to_numpy() * n)
    filled = np.flatnonzero(n > 0)
    nearest = filled[np.abs(np.arange(len(n))[:, None] - filled).argmin(axis=1)]
    draws = np.random.default_rng(seed).beta(k + 0.5, n - k + 0.5, (n_draws, len(n)))
    weight = counts / counts.sum()
    value = float(np.sum(weight * (k / np.maximum(n, 1))[nearest]))
    tail = (1 - level) / 2
    low, high = np.quantile(draws[:, nearest] @ weight, [tail, 1 - tail])
    low, high = min(low, value), max(high, value)
    total = int(counts.sum())
    return Extrapolation(
        Estimate(value, low, high, int(n.sum())),
        Estimate(value * total, low * total, high * total, total),
        table.assign(n_catalog=counts),
    )
