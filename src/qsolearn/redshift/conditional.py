"""The full conditional density of redshift: one small Gaussian on every training quasar."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError
from qsolearn.redshift.checks import training_set
from qsolearn.redshift.solutions import DensityRedshift

__all__ = ["ConditionalRedshift"]

#: Spacing of the redshift grid.
_STEP = 0.01
#: Least width of a bump in any direction [mag]: identical training quasars are no singularity.
_LEAST_WIDTH = 1e-3


class ConditionalRedshift(DensityRedshift):
    """Density over redshift given colors, and a magnitude if wanted, from kernels of fitted shape.

    Parameters
    ----------
    bandwidth : float
        Size h of the bump on each training quasar, in units of the scatter of the quasars at its
        redshift: the bump has the same shape and direction as that scatter. Near 0, each quasar
        counts by itself; very large, all quasars of a bin make one Gaussian, as in
        `ColorRedshiftRelation`.
    error_weight : float
        Share of the source's own error covariance that widens the bumps. Training quasars are
        scattered by errors already, so the best share is below 1.
    smoothing : float
        Standard deviation of the smoothing in redshift.
    window : float
        The best redshift is the middle of the interval of this half width that holds the most
        probability.
    bin_width : float
        Width of the redshift bins in which the scatter is measured.
    min_objects : int
        Where a bin has fewer training quasars, that many of the nearest in redshift are used.
    background : float
        Share of sources whose colors tell nothing (blends, reddened quasars): their redshift is as
        probable as in the whole training set. It keeps the reported probabilities from promising
        what outliers break; the best redshift hardly moves.

    Attributes
    ----------
    z_grid_ : ndarray, shape (n_z,)
        Redshifts of the density, 0.01 apart.
    shape_ : ndarray, shape (n_bins, k, k)
        Covariance of colors (and magnitude, last) per redshift bin [mag^2]; NaN for a bin without
        training quasars.
    n_colors_ : int
        Number of colors.
    uses_magnitude_ : bool
        Whether the training set had a magnitude.

    Notes
    -----
    With the mean m and the scatter S of the bin of training quasar j, the covariance V0 of the
    source's own errors, the bandwidth h, the error weight w and the smoothing s,

    .. math:: p(z \\mid x) \\propto \\sum_j N\\left(x;\\, \\mu_j,\\,
              \\tfrac{h^2}{1 + h^2} S_j + w V_0\\right) N(z;\\, z_j,\\, s^2), \\qquad
              \\mu_j = m_j + \\frac{x_j - m_j}{\\sqrt{1 + h^2}}.

    Bumps alone would make the quasars of a bin scatter more than they do, by 1 + h^2, and the
    probabilities too cautious; drawn together by the root of that, bumps and all, they keep their
    mean and their scatter.

    With a background b the density is (1 - b) p(z|x) + b p(z), p(z) being that of the training set
    smoothed over a bin width.

    The sample's own redshift distribution is in it, as each quasar counts once. For a source far
    from every training quasar the nearest decide, however far they are. A missing color gives NaN;
    an upper limit is taken as the magnitude that it is; the magnitude is taken without error.
    The work is one multiplication of matrices per bin: (n, m) by (m, N) with m = 15 or 21.
    The defaults were chosen by cross-validation on half of the quasars of Schneider et al. 2007
    with u-g < 1 (``benchmarks/real_redshift.py``).

    References
    ----------
    Silverman 1986, Density Estimation, Sect. 6.4 (bumps that keep the variance).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.uniform(0.5, 1.5, 2000)
    >>> colors = np.column_stack([z, -z]) + rng.normal(0, 0.05, (2000, 2))
    >>> model = ConditionalRedshift().fit(colors, z)
    >>> model.predict([[1.0, -1.0]])["z_phot"].round(1).tolist()
    [1.0]
    """

    _arrays = ("shape_", "_center", "_points", "_bin_start", "_cell", "_spread")

    def __init__(
        self,
        bandwidth: float = 0.55,
        error_weight: float = 0.35,
        smoothing: float = 0.03,
        window: float = 0.1,
        bin_width: float = 0.1,
        min_objects: int = 50,
        background: float = 0.0,
    ) -> None:
        self.bandwidth = bandwidth
        self.error_weight = error_weight
        self.smoothing = smoothing
        self.window = window
        self.bin_width = bin_width
        self.min_objects = min_objects
        self.background = background

    def fit(self, colors: ArrayLike, z: ArrayLike, magnitude: ArrayLike | None = None) -> Self:
        """Keep the training quasars and measure their scatter in redshift bins.

        Parameters
        ----------
        colors : array_like, shape (n, k)
            Colors of quasars [mag]; none may be missing.
        z : array_like, shape (n,)
            Their redshifts.
        magnitude : array_like, shape (n,), optional
            One magnitude of each [mag], used as one more dimension; none may be missing.

        Returns
        -------
        self

        Raises
        ------
        CatalogError
            If a value is missing, shapes differ, a redshift is negative, a setting is not
            positive, or there are too few quasars to measure a scatter.
        """
        X, z, _ = training_set(colors, z, None, magnitude)
        for name in ("bandwidth", "smoothing", "bin_width"):
            if not getattr(self, name) > 0:
                raise CatalogError(f"The {name} is {getattr(self, name)}; it must be positive.")
        if self.error_weight < 0 or self.window < 0:
            raise CatalogError(
                f"error_weight is {self.error_weight} and window {self.window}; neither may be "
                "negative."
            )
        if not 0 <= self.background < 1:
            raise CatalogError(
                f"The background is {self.background}; it is a share of at least 0 and below 1."
            )
        least = max(int(self.min_objects), X.shape[1] + 1)
        if len(X) < least:
            raise CatalogError(
                f"There are {len(X)} training quasars, but measuring a scatter takes {least}; add "
                "quasars or lower min_objects."
            )
        order = np.argsort(z, kind="stable")
        z = z[order]
        self._center = X.mean(axis=0)
        n_z = int(np.ceil((z[-1] + 4 * self.smoothing) / _STEP)) + 1
        self.z_grid_ = (np.arange(n_z) + 0.5) * _STEP
        self._cell = np.minimum((z / _STEP).astype(int), n_z - 1)
        edges = np.arange(0.0, z[-1] + self.bin_width, self.bin_width)
        edges = np.append(edges, edges[-1] + self.bin_width)
        self._bin_start = np.searchsorted(z, edges)
        self.shape_ = np.full((len(edges) - 1, X.shape[1], X.shape[1]), np.nan)
        shrink = 1.0 / np.sqrt(1.0 + self.bandwidth**2)
        offsets = X[order] - self._center
        self._points = np.empty_like(offsets)
        for b in np.flatnonzero(np.diff(self._bin_start)):
            own = slice(*self._bin_start[b : b + 2])
            around = own
            if own.stop - own.start < least:
                middle = np.searchsorted(z, (edges[b] + edges[b + 1]) / 2)
                low = min(max(middle - least // 2, 0), len(z) - least)
                around = slice(low, low + least)
            scatter = np.atleast_2d(np.cov(offsets[around], rowvar=False))
            self.shape_[b] = scatter + _LEAST_WIDTH**2 * np.eye(X.shape[1])
            mean = offsets[around].mean(axis=0)
            self._points[own] = mean + shrink * (offsets[own] - mean)
        spread = np.exp(-0.5 * ((self.z_grid_[:, None] - self.z_grid_) / self.smoothing) ** 2)
        self._spread = spread / spread.sum(axis=1, keepdims=True)
        wide = np.exp(-0.5 * ((self.z_grid_[:, None] - self.z_grid_) / self.bin_width) ** 2)
        everywhere = np.bincount(self._cell, minlength=n_z) @ wide
        self._everywhere = everywhere / everywhere.sum()
        self._window = self.window
        self.n_colors_ = np.shape(colors)[1]
        self.uses_magnitude_ = magnitude is not None
        return self

    def _density(self, X, covariance):
        X = X - self._center
        k = X.shape[1]
        i, j = np.triu_indices(k)
        twice = np.where(i == j, 1.0, 2.0)
        size = self.bandwidth**2 / (1.0 + self.bandwidth**2)
        top = np.full(len(X), -np.inf)
        density = np.zeros((len(X), len(self.z_grid_)))
        for b in np.flatnonzero(np.diff(self._bin_start)):
            own = slice(*self._bin_start[b : b + 2])
            points, cell = self._points[own], self._cell[own]
            width = np.broadcast_to(size * self.shape_[b], (len(X), k, k))
            if covariance is not None:
                width = width + self.error_weight * covariance
            inverse = np.linalg.inv(width)
            # (x - x_j)^T A (x - x_j) is linear in the products of the coordinates of x_j, so that
            # all distances of a bin are one product of two matrices.
            at = np.einsum("nij,nj->ni", inverse, X)
            constant = np.einsum("ni,ni->n", at, X) + np.linalg.slogdet(width)[1]
            terms = np.hstack([inverse[:, i, j] * twice, -2.0 * at, constant[:, None]])
            basis = np.hstack([points[:, i] * points[:, j], points, np.ones((len(points), 1))])
            log_bump = -0.5 * (terms @ basis.T)
            # Running maximum: a source far from all quasars must not underflow to nothing.
            new_top = np.maximum(top, log_bump.max(axis=1))
            density *= np.exp(top - new_top)[:, None]
            log_bump -= new_top[:, None]
            bump = np.exp(log_bump, out=log_bump)
            filled, start = np.unique(cell, return_index=True)
            density[:, filled] += np.add.reduceat(bump, start, axis=1)
            top = new_top
        density = density @ self._spread
        if self.background == 0:
            return density
        density /= density.sum(axis=1, keepdims=True)
        return (1.0 - self.background) * density + self.background * self._everywhere
