"""The luminosity function in bins, without a model of its shape."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from qsolearn.errors import CatalogError
from qsolearn.simulate import LuminosityParameters
from qsolearn.simulate.cosmology import comoving_volume_per_deg2
from qsolearn.simulate.luminosity import luminosity_function, mean_i_magnitude, spread_factor

__all__ = ["binned_luminosity_function"]

_Z_STEP, _MAG_STEP = 0.01, 0.02


def binned_luminosity_function(
    z: ArrayLike,
    magnitude: ArrayLike,
    selection: Callable,
    area_deg2: float,
    z_bins: ArrayLike,
    absolute_bins: ArrayLike,
    *,
    limits: tuple[float, float],
    weights: ArrayLike | None = None,
    level: float = 0.95,
    assumed: LuminosityParameters | None = None,
) -> pd.DataFrame:
    """Quasars per comoving volume and magnitude in bins, each with the volume that was searched.

    Parameters
    ----------
    z, magnitude : array_like, shape (n,)
        Spectroscopic redshift and i magnitude, Galactic extinction removed, of selected quasars.
    selection : callable
        Probability of being selected of arrays (z, magnitude), such as a `SelectionFunction`.
    area_deg2 : float
        Area that was searched [deg^2].
    z_bins, absolute_bins : array_like
        Bin edges in redshift and in M_g(z=2) [mag].
    limits : tuple of float
        Bright and faint limit in i of the quasars that are used [mag].
    weights : array_like, shape (n,), optional
        Candidates for which each quasar stands, as for `corrected_counts`.
    level : float
        Probability content of the intervals.
    assumed : LuminosityParameters, optional
        Luminosity function whose slopes turn counts by i into counts by M_g(z=2): quasars differ in
        color. The published one.

    Returns
    -------
    pandas.DataFrame, one row per bin that was searched
        ``z`` and ``absolute`` (centers), ``n``, ``volume`` (searched, times the probability of
        being selected [Mpc^3 mag]), ``share`` (part of the bin within the limits and selected at
        all), ``phi`` with ``low`` and ``high`` [Mpc^-3 mag^-1], and ``model``: the assumed
        luminosity function averaged over the same part of the bin.

    Raises
    ------
    CatalogError
        If edges, limits, area or lengths cannot be used.

    Notes
    -----
    Phi = N / (integral of S dV dM) over the part of the bin within the limits. It is 1/Vmax with
    the selection function as part of the volume, but not biased in bins that the limit cuts.

    References
    ----------
    Schmidt 1968, ApJ 151, 393 (1/Vmax); Page & Carrera 2000, MNRAS 311, 433 (this estimator).
    """
    z, magnitude = np.asarray(z, dtype=float), np.asarray(magnitude, dtype=float)
    weights = np.ones(len(z)) if weights is None else np.asarray(weights, dtype=float)
    if not (z.shape == magnitude.shape == weights.shape and z.ndim == 1):
        raise CatalogError(
            f"Redshifts, magnitudes and weights differ in shape: {z.shape}, {magnitude.shape}, "
            f"{weights.shape}."
        )
    z_bins, absolute_bins = (np.asarray(b, dtype=float) for b in (z_bins, absolute_bins))
    for edges in (z_bins, absolute_bins):
        if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
            raise CatalogError("Bin edges must be at least two and increase.")
    bright, faint = limits
    if not (area_deg2 > 0 and faint > bright):
        raise CatalogError(
            f"The area must be positive and the limits increase; got {area_deg2} square degrees "
            f"and {bright} to {faint} mag."
        )
    assumed = LuminosityParameters() if assumed is None else assumed
    inside = (magnitude > bright) & (magnitude < faint)
    z, magnitude, weights = z[inside], magnitude[inside], weights[inside]
    absolute = magnitude - mean_i_magnitude(0.0, z)
    edges = (z_bins, absolute_bins)
    number = np.histogram2d(z, absolute, edges)[0]
    total = np.histogram2d(z, absolute, edges, weights=weights)[0]
    squares = np.histogram2d(z, absolute, edges, weights=weights**2)[0]
    fine_z = _fine(z_bins, _Z_STEP)
    fine_mag = np.arange(bright + _MAG_STEP / 2, faint, _MAG_STEP)
    grid = np.broadcast_to(fine_z[:, None], (len(fine_z), len(fine_mag)))
    at = fine_mag[None, :] - mean_i_magnitude(0.0, fine_z)[:, None]
    phi = luminosity_function(at, grid, assumed)
    seen = np.nan_to_num(np.asarray(selection(grid, fine_mag[None, :] + 0 * grid), dtype=float))
    cell = comoving_volume_per_deg2(fine_z)[:, None] * _width(z_bins, fine_z)[:, None] * _MAG_STEP
    cell = cell * area_deg2
    useful = cell * seen * spread_factor(fine_z, fine_mag, phi)

    def summed(values):
        return np.histogram2d(grid.ravel(), at.ravel(), edges, weights=values.ravel())[0]

    volume, model = summed(useful), summed(useful * phi)
    whole = np.histogram(
        fine_z, z_bins, weights=(comoving_volume_per_deg2(fine_z) * _width(z_bins, fine_z))
    )[0] * area_deg2  # fmt: skip
    some = volume > 0
    safe = np.where(some, volume, 1.0)
    scale = np.where(total > 0, squares / np.where(total > 0, total, 1.0), 1.0)
    scale = np.where(total > 0, scale, np.median(weights) if len(weights) else 1.0)
    objects, tail = total / scale, (1 - level) / 2
    low = np.where(total > 0, stats.chi2.ppf(tail, np.maximum(2 * objects, 1e-9)) / 2, 0.0)
    high = stats.chi2.ppf(1 - tail, 2 * (objects + 1)) / 2
    centers = [(b[1:] + b[:-1]) / 2 for b in edges]
    at_z, at_m = np.meshgrid(*centers, indexing="ij")
    table = pd.DataFrame(
        {
            "z": at_z[some],
            "absolute": at_m[some],
            "n": number[some].astype(int),
            "volume": volume[some],
            "share": (summed(cell * (seen > 0)) / (whole[:, None] * np.diff(absolute_bins)))[some],
            "phi": (total / safe)[some],
            "low": (low * scale / safe)[some],
            "high": (high * scale / safe)[some],
            "model": (model / safe)[some],
        }
    )
    return table


def _fine(bins, step):
    """Centers of fine cells that no bin edge cuts."""
    parts = [_cells(a, b, step) for a, b in pairwise(bins)]
    return np.concatenate(parts)


def _cells(low, high, step):
    n = max(1, round((high - low) / step))
    return low + (high - low) * (np.arange(n) + 0.5) / n


def _width(bins, fine):
    """Width of each fine cell."""
    which = np.searchsorted(bins, fine) - 1
    count = np.bincount(which, minlength=len(bins) - 1)
    return (np.diff(bins) / count)[which]
