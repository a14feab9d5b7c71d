"""Input of the redshift estimators: arrays in, or one sentence that says what is wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError, plural

__all__ = ["object_errors", "photometry", "training_set"]


def training_set(
    colors: ArrayLike,
    z: ArrayLike,
    covariance: ArrayLike | None = None,
    magnitude: ArrayLike | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Check a training set.

    Parameters
    ----------
    colors : array_like, shape (n, k)
        Colors [mag].
    z : array_like, shape (n,)
        Redshifts.
    covariance : array_like, shape (n, k, k), optional
        Covariances of the color errors [mag^2].
    magnitude : array_like, shape (n,), optional
        One magnitude per source [mag].

    Returns
    -------
    X : ndarray, shape (n, k) or (n, k + 1)
        Colors, the magnitude last where there is one.
    z : ndarray, shape (n,)
    covariance : ndarray, shape (n, k, k), or None

    Raises
    ------
    CatalogError
        If lengths differ, a value is missing or infinite, or a redshift is negative.
    """
    X = photometry(colors, magnitude)
    z = np.asarray(z, dtype=float)
    if z.shape != (len(X),):
        raise CatalogError(
            f"There are {plural(len(X), 'source')} but redshifts of shape {z.shape}; give one "
            "redshift per source."
        )
    broken = ~np.isfinite(X).all(axis=1)
    if broken.any():
        raise CatalogError(
            f"A color or magnitude is missing in {broken.sum():,} of {len(X):,} training sources; "
            "leave them out of the training set."
        )
    if not np.isfinite(z).all():
        raise CatalogError(
            f"The redshift is missing in {(~np.isfinite(z)).sum():,} of {len(z):,} training "
            "sources; leave them out of the training set."
        )
    if (z < 0).any():
        raise CatalogError(
            f"The redshift is negative in {(z < 0).sum():,} of {len(z):,} training sources (lowest "
            f"{z.min():g}); a quasar's is at least 0, so look for a sentinel value."
        )
    k = np.shape(colors)[1]
    covariance = object_errors(covariance, len(X), k, k)
    if covariance is not None and not np.isfinite(covariance).all():
        raise CatalogError(
            "A training source has a missing color error; leave it out of the training set or "
            "give no covariance."
        )
    return X, z, covariance


def photometry(colors: ArrayLike, magnitude: ArrayLike | None = None) -> np.ndarray:
    """Colors as a float64 array, with the magnitude as last column where there is one.

    Parameters
    ----------
    colors : array_like, shape (n, k)
        Colors [mag]; NaN = missing.
    magnitude : array_like, shape (n,), optional
        One magnitude per source [mag]; NaN = missing.

    Returns
    -------
    ndarray, shape (n, k) or (n, k + 1)

    Raises
    ------
    CatalogError
        If the shapes are wrong.
    """
    X = np.asarray(colors, dtype=float)
    if X.ndim != 2 or X.shape[1] == 0:
        raise CatalogError(
            f"Colors have the shape {X.shape}; give a table with one row per source and one column "
            "per color."
        )
    if magnitude is None:
        return X
    magnitude = np.asarray(magnitude, dtype=float)
    if magnitude.shape != (len(X),):
        raise CatalogError(
            f"There are {plural(len(X), 'source')} but magnitudes of shape {magnitude.shape}; give "
            "one magnitude per source."
        )
    return np.column_stack([X, magnitude])


def object_errors(
    covariance: ArrayLike | None, n: int, n_colors: int, size: int
) -> np.ndarray | None:
    """Color covariances of n sources, padded with zeros to a larger size.

    Parameters
    ----------
    covariance : array_like, shape (n, n_colors, n_colors), or None
        Covariances of the color errors [mag^2].
    n, n_colors : int
        Number of sources and of colors.
    size : int
        Wanted size; what is beyond the colors (a magnitude) gets no error.

    Returns
    -------
    ndarray, shape (n, size, size), or None

    Raises
    ------
    CatalogError
        If the shape is wrong.
    """
    if covariance is None:
        return None
    covariance = np.asarray(covariance, dtype=float)
    if covariance.shape != (n, n_colors, n_colors):
        raise CatalogError(
            f"The covariances have the shape {covariance.shape}, not {(n, n_colors, n_colors)}; "
            "make them with qsolearn.photometry.color_covariance from the errors of the same "
            "bands."
        )
    out = np.zeros((n, size, size))
    out[:, :n_colors, :n_colors] = covariance
    return out
