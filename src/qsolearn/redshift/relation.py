"""The color-redshift relation: one Gaussian in color space per redshift bin."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError
from qsolearn.redshift.checks import training_set
from qsolearn.redshift.solutions import DensityRedshift

__all__ = ["ColorRedshiftRelation"]

#: Least share of a bin's scatter that stays when the errors are taken out of it.
_LEAST_INTRINSIC = 0.05


class ColorRedshiftRelation(DensityRedshift):
    """Redshift from the mean colors of quasars and their scatter per redshift bin.

    Parameters
    ----------
    bin_width : float
        Width of a redshift bin.
    bin_step : float
        Distance of neighboring bins; less than the width, so that the bins slide.
    min_objects : int
        A bin with fewer training quasars is not used: no source gets a redshift there.
    count_prior : bool
        Whether each bin is weighted by its number of training quasars, the N(z) of the sample.

    Attributes
    ----------
    z_grid_ : ndarray, shape (n_z,)
        Centers of the bins.
    n_objects_ : ndarray of int, shape (n_z,)
        Training quasars per bin.
    mean_ : ndarray, shape (n_z, k)
        Mean colors per bin [mag]; NaN where the bin is not used.
    covariance_ : ndarray, shape (n_z, k, k)
        Covariance of the colors per bin [mag^2]; NaN where the bin is not used.
    n_colors_ : int
        Number of colors k.

    Notes
    -----
    With the mean M and the covariance V of a bin, and the covariance V0 of the source's own errors,

    .. math:: \\chi^2 = (x - M)^T (V + V_0)^{-1} (x - M), \\qquad
              P \\propto N \\, |V + V_0|^{-1/2} \\exp(-\\chi^2 / 2).

    Neighboring colors share a band, so V0 has entries off its diagonal
    (`qsolearn.photometry.color_covariance`). A missing color gives NaN; an upper limit is taken as
    the magnitude that it is.

    References
    ----------
    Weinstein et al. 2004, ApJS 155, 243; used by Richards et al. 2004, ApJS 155, 257. Their bin
    width (about 0.05) and the weighting by counts are from memory of the literature.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.uniform(0.5, 1.5, 2000)
    >>> colors = np.column_stack([z, -z]) + rng.normal(0, 0.05, (2000, 2))
    >>> relation = ColorRedshiftRelation().fit(colors, z)
    >>> relation.predict([[1.0, -1.0]])["z_phot"].round(1).tolist()
    [1.0]
    """

    _arrays = ("n_objects_", "mean_", "covariance_")

    def __init__(
        self,
        bin_width: float = 0.05,
        bin_step: float = 0.01,
        min_objects: int = 20,
        count_prior: bool = True,
    ) -> None:
        self.bin_width = bin_width
        self.bin_step = bin_step
        self.min_objects = min_objects
        self.count_prior = count_prior

    def fit(self, colors: ArrayLike, z: ArrayLike, covariance: ArrayLike | None = None) -> Self:
        """Learn mean and covariance of the colors in each redshift bin.

        Parameters
        ----------
        colors : array_like, shape (n, k)
            Colors of quasars [mag]; none may be missing.
        z : array_like, shape (n,)
            Their redshifts.
        covariance : array_like, shape (n, k, k), optional
            Covariances of their color errors [mag^2]. If given, their mean per bin is taken out of
            the scatter of the bin, so that errors do not count twice; without it V is the scatter
            as observed, as in the paper.

        Returns
        -------
        self

        Raises
        ------
        CatalogError
            If a value is missing, shapes differ, a redshift is negative, a setting is not
            positive, or no bin has enough quasars.
        """
        X, z, covariance = training_set(colors, z, covariance)
        if not (0 < self.bin_step <= self.bin_width):
            raise CatalogError(
                f"The bins have the step {self.bin_step} and the width {self.bin_width}; both must "
                "be positive and the step at most the width."
            )
        k = X.shape[1]
        least = max(int(self.min_objects), k + 1)
        order = np.argsort(z, kind="stable")
        X, z = X[order], z[order]
        first = max(0, int(np.floor((z[0] - self.bin_width) / self.bin_step)))
        last = int(np.ceil(z[-1] / self.bin_step)) + 1
        self.z_grid_ = (np.arange(first, last + 1) + 0.5) * self.bin_step
        low = np.searchsorted(z, self.z_grid_ - self.bin_width / 2, side="left")
        high = np.searchsorted(z, self.z_grid_ + self.bin_width / 2, side="left")
        self.n_objects_ = high - low
        if self.n_objects_.max() < least:
            raise CatalogError(
                f"No redshift bin of width {self.bin_width} has the {least} quasars that it needs "
                f"(the fullest has {self.n_objects_.max()}); widen the bins or add quasars."
            )
        self.mean_ = np.full((len(self.z_grid_), k), np.nan)
        self.covariance_ = np.full((len(self.z_grid_), k, k), np.nan)
        for b in np.flatnonzero(self.n_objects_ >= least):
            own = slice(low[b], high[b])
            self.mean_[b] = X[own].mean(axis=0)
            scatter = np.atleast_2d(np.cov(X[own], rowvar=False))
            if covariance is not None:
                scatter = _take_out(scatter, covariance[order[own]].mean(axis=0))
            self.covariance_[b] = scatter
        self.n_colors_, self.uses_magnitude_ = k, False
        return self

    def chi2(self, colors: ArrayLike, covariance: ArrayLike | None = None) -> np.ndarray:
        """Squared distance of each source from each bin, in units of scatter and errors.

        Parameters
        ----------
        colors : array_like, shape (n, k)
            Colors [mag].
        covariance : array_like, shape (n, k, k), optional
            Covariances of the color errors [mag^2].

        Returns
        -------
        ndarray, shape (n, n_z)
            NaN where the bin is not used or a color is missing.

        Raises
        ------
        CatalogError
            If a shape is wrong.
        """
        return self._distances(*self._check(colors, covariance, None))[0]

    def _distances(self, X, covariance):
        chi2 = np.full((len(X), len(self.z_grid_)), np.nan)
        log_det = np.full_like(chi2, np.nan)
        for b in np.flatnonzero(np.isfinite(self.mean_[:, 0])):
            total = self.covariance_[b] if covariance is None else self.covariance_[b] + covariance
            away = X - self.mean_[b]
            inverse = np.linalg.inv(total)
            shape = "ni,ij,nj->n" if covariance is None else "ni,nij,nj->n"
            chi2[:, b] = np.einsum(shape, away, inverse, away, optimize=covariance is None)
            log_det[:, b] = np.linalg.slogdet(total)[1]
        return chi2, log_det

    def _density(self, X, covariance):
        chi2, log_det = self._distances(X, covariance)
        log_p = -0.5 * (chi2 + log_det)
        if self.count_prior:
            log_p += np.log(np.maximum(self.n_objects_, 1))
        log_p = np.where(np.isfinite(log_p), log_p, -np.inf)
        return np.exp(log_p - log_p.max(axis=1, keepdims=True))


def _take_out(scatter, errors):
    """Scatter minus errors, in no direction less than a small share of the scatter."""
    root = np.linalg.cholesky(scatter)
    whitened = np.linalg.solve(root, np.linalg.solve(root, errors).T)
    value, vector = np.linalg.eigh((whitened + whitened.T) / 2)
    kept = np.maximum(1.0 - value, _LEAST_INTRINSIC)
    half = root @ vector * np.sqrt(kept)
    return half @ half.T
