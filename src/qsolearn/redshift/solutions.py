"""From a density over redshift to a best value, its range, its probability and a second value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qsolearn.errors import CatalogError
from qsolearn.redshift.checks import object_errors, photometry

__all__ = ["DensityRedshift", "solutions"]

#: Lowest density of a range, as a share of its peak. The paper's threshold was not recovered.
FLOOR = 0.1
#: Sources that are worked on at once: their densities fit into the processor's cache.
_BLOCK = 1000


def solutions(density: ArrayLike, z: ArrayLike, *, window: float = 0.0) -> pd.DataFrame:
    """Summarize densities over redshift.

    Parameters
    ----------
    density : array_like, shape (n, n_z)
        Probability per unit redshift; a row with NaN gives a row of NaN.
    z : array_like, shape (n_z,)
        Redshifts, equally spaced.
    window : float
        The best redshift is the middle of the interval of this half width that holds the most
        probability; 0 takes the peak itself.

    Returns
    -------
    pandas.DataFrame, n rows
        ``z_phot``; ``z_low`` and ``z_high``, the contiguous range around it in which the density
        (averaged over the window) is at least a tenth of its peak; ``probability`` of that range;
        ``z_second``, the best redshift among the other ranges above the same level, NaN if there
        is none.

    Notes
    -----
    To be right within 0.1 as often as possible one has to choose the redshift whose surroundings
    z +- 0.1 hold the most probability. The mean of the density does not do that: between two peaks
    it is a redshift that neither of them allows.

    References
    ----------
    Weinstein et al. 2004, ApJS 155, 243 (range, probability, second solution).

    Examples
    --------
    >>> z = np.arange(0.05, 3, 0.1)
    >>> peaks = 2 * np.exp(-50 * (z - 0.85) ** 2) + np.exp(-50 * (z - 2.05) ** 2)
    >>> solutions([peaks / peaks.sum() / 0.1], z).round(2)
       z_phot  z_low  z_high  probability  z_second
    0    0.85    0.6     1.1         0.66      2.05
    """
    density, z = np.asarray(density, dtype=float), np.asarray(z, dtype=float)
    n, n_z = density.shape
    step = z[1] - z[0]
    half = round(window / step)
    summed = np.zeros((n, n_z + 2 * half + 1))
    summed[:, half + 1 : half + 1 + n_z] = np.cumsum(density, axis=1)
    summed[:, half + 1 + n_z :] = summed[:, [half + n_z]]
    smooth = summed[:, 2 * half + 1 :] - summed[:, :n_z] if half else density
    known = np.isfinite(density).all(axis=1)
    rows = np.arange(n)
    peak = np.argmax(smooth, axis=1)
    level = FLOOR * smooth[rows, peak]
    place = np.arange(n_z)
    under = smooth < level[:, None]
    low = np.where(under & (place < peak[:, None]), place, -1).max(axis=1) + 1
    high = np.where(under & (place > peak[:, None]), place, n_z).min(axis=1) - 1
    inside = (place >= low[:, None]) & (place <= high[:, None])
    rest = np.where(inside, -1.0, smooth)
    second = np.argmax(rest, axis=1)
    table = pd.DataFrame(
        {
            "z_phot": z[peak],
            "z_low": z[low] - step / 2,
            "z_high": z[high] + step / 2,
            "probability": np.minimum(np.sum(density * inside, axis=1) * step, 1.0),
            "z_second": np.where(rest[rows, second] >= level, z[second], np.nan),
        }
    )
    table[~known] = np.nan
    return table


class DensityRedshift(BaseEstimator):
    """What the estimators of a density over redshift share.

    A subclass has ``z_grid_`` [redshift, equally spaced], ``n_colors_``, ``uses_magnitude_`` and
    ``_log_density(X, covariance)``, and may set ``_window``.
    """

    _window = 0.0
    #: Fitted arrays of the subclass beside ``z_grid_``.
    _arrays: tuple[str, ...] = ()

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """The fitted estimator as plain values and arrays, to be written as JSON and npz.

        Returns
        -------
        values : dict
            JSON-able: parameters, number of colors, whether a magnitude is used.
        arrays : dict of {str: ndarray}
        """
        check_is_fitted(self)
        values = {
            "parameters": self.get_params(deep=False),
            "n_colors": int(self.n_colors_),
            "uses_magnitude": bool(self.uses_magnitude_),
        }
        return values, {k.strip("_"): getattr(self, k) for k in ("z_grid_", *self._arrays)}

    @classmethod
    def from_state(cls, values: dict, arrays: Mapping[str, np.ndarray]) -> DensityRedshift:
        """Rebuild the estimator that `to_state` described; it predicts the same to the bit.

        Parameters
        ----------
        values : dict
        arrays : mapping of {str: ndarray}

        Returns
        -------
        DensityRedshift
        """
        model = cls(**values["parameters"])
        for name in ("z_grid_", *cls._arrays):
            setattr(model, name, np.array(arrays[name.strip("_")]))
        model.n_colors_ = int(values["n_colors"])
        model.uses_magnitude_ = bool(values["uses_magnitude"])
        model._window = getattr(model, "window", 0.0)
        return model

    def predict_density(
        self,
        colors: ArrayLike,
        covariance: ArrayLike | None = None,
        magnitude: ArrayLike | None = None,
    ) -> np.ndarray:
        """Density over redshift of each source.

        Parameters
        ----------
        colors : array_like, shape (n, k)
            Colors [mag] in the order of the training set; a source with a NaN gets a row of NaN.
        covariance : array_like, shape (n, k, k), optional
            Covariances of the color errors [mag^2]; a NaN gives a row of NaN.
        magnitude : array_like, shape (n,), optional
            The magnitude [mag], if and only if one was given to `fit`; NaN gives a row of NaN.

        Returns
        -------
        ndarray, shape (n, n_z)
            Probability per unit redshift on ``z_grid_``; each row integrates to 1.

        Raises
        ------
        CatalogError
            If a shape is wrong, or the magnitude is missing or was not trained with.
        """
        X, covariance = self._check(colors, covariance, magnitude)
        density = np.empty((len(X), len(self.z_grid_)))
        for block, values in self._blocks(X, covariance):
            density[block] = values
        return density

    def predict(
        self,
        colors: ArrayLike,
        covariance: ArrayLike | None = None,
        magnitude: ArrayLike | None = None,
    ) -> pd.DataFrame:
        """Best redshift of each source, with its range, its probability and a second solution.

        Parameters
        ----------
        colors, covariance, magnitude
            As in `predict_density`.

        Returns
        -------
        pandas.DataFrame, n rows
            ``z_phot, z_low, z_high, probability, z_second`` as `solutions` gives them, with the
            index of ``colors`` if that is a DataFrame.

        Raises
        ------
        CatalogError
            As in `predict_density`.
        """
        X, covariance = self._check(colors, covariance, magnitude)
        parts = [
            solutions(values, self.z_grid_, window=self._window)
            for _, values in self._blocks(X, covariance)
        ]
        empty = solutions(np.empty((0, len(self.z_grid_))), self.z_grid_)
        table = pd.concat(parts, ignore_index=True) if parts else empty
        return table.set_index(colors.index) if isinstance(colors, pd.DataFrame) else table

    def _check(self, colors, covariance, magnitude):
        check_is_fitted(self)
        X = photometry(colors)
        if X.shape[1] != self.n_colors_:
            raise CatalogError(
                f"There are {X.shape[1]} colors per source, but {self.n_colors_} were trained "
                "with; give the same colors in the same order."
            )
        if self.uses_magnitude_ and magnitude is None:
            raise CatalogError("This estimator was trained with a magnitude; give magnitude too.")
        if magnitude is not None and not self.uses_magnitude_:
            raise CatalogError(
                "This estimator was trained without a magnitude; leave magnitude out or train "
                "with it."
            )
        X = photometry(colors, magnitude)
        return X, object_errors(covariance, len(X), self.n_colors_, X.shape[1])

    def _blocks(self, X, covariance):
        """Slices of the rows and their normalized densities."""
        step = self.z_grid_[1] - self.z_grid_[0]
        known = np.isfinite(X).all(axis=1)
        if covariance is not None:
            known &= np.isfinite(covariance).all(axis=(1, 2))
        for start in range(0, len(X), _BLOCK):
            block = slice(start, min(start + _BLOCK, len(X)))
            use = known[block]
            density = np.full((len(use), len(self.z_grid_)), np.nan)
            if use.any():
                errors = None if covariance is None else covariance[block][use]
                values = self._density(X[block][use], errors)
                density[use] = values / (values.sum(axis=1, keepdims=True) * step)
            yield block, density
