"""Weights that make a bright sample stand for a faint one, as far as weights can."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, Estimate

__all__ = ["CovariateWeights", "covariate_weights"]


@dataclass(frozen=True)
class CovariateWeights:
    """One weight per labeled source, and what the weights cost and cannot do.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Mean 1.
    effective_size : float
        Number of sources without weights that would know as much, at most n.
    uncovered : float
        Share of the target sample outside the range of the labeled one in some feature; no
        weight reaches it.
    """

    weights: np.ndarray
    effective_size: float
    uncovered: float

    def rate(
        self,
        hit: ArrayLike,
        among: ArrayLike,
        *,
        level: float = LEVEL,
        n_bootstrap: int = 500,
        seed: int = 0,
    ) -> Estimate:
        """Weighted share, such as the completeness in the target sample.

        Parameters
        ----------
        hit, among : array_like of bool, shape (n,)
            Which labeled sources count, and among which: selected, and the quasars.
        level : float
            Probability content of the interval.
        n_bootstrap : int
            Number of bootstrap samples.
        seed : int
            Seed of the bootstrap.

        Returns
        -------
        Estimate
            n is the number of sources it is counted among.

        Raises
        ------
        ValueError
            If shapes differ or there is nothing to count among.
        """
        hit, among = np.asarray(hit, dtype=bool), np.asarray(among, dtype=bool)
        if hit.shape != self.weights.shape or among.shape != hit.shape or not among.any():
            raise ValueError(
                f"There are {len(self.weights):,} weights, but flags of shape {hit.shape} and "
                f"{among.shape}, the second with {int(among.sum()):,} sources to count among."
            )
        w, h = self.weights[among], hit[among]
        rng = np.random.default_rng(seed)
        again = rng.integers(0, len(w), (n_bootstrap, len(w)))
        draws = (w * h)[again].sum(axis=1) / w[again].sum(axis=1)
        value = (w * h).sum() / w.sum()
        tail = (1 - level) / 2
        low, high = np.quantile(draws, [tail, 1 - tail])
        return Estimate(value, min(low, value), max(high, value), len(w))


def covariate_weights(
    labeled: ArrayLike, target: ArrayLike, *, largest: float = 50.0
) -> CovariateWeights:
    """Weights of labeled sources that give them the magnitudes and colors of a target sample.

    Parameters
    ----------
    labeled : array_like, shape (n,) or (n, d)
        Features of the labeled sources in which the samples differ, such as the magnitude; none
        missing.
    target : array_like, shape (m,) or (m, d)
        The same features of the sources that are to be judged or classified; no labels needed.
    largest : float
        Weights are cut at so many times their mean, so that no single source rules.

    Returns
    -------
    CovariateWeights

    Raises
    ------
    ValueError
        If shapes do not fit, a feature is missing, or a sample has fewer than 10 sources.

    Notes
    -----
    The weight is the ratio of the densities, p(x | target) / p(x | labeled). It is read from a
    logistic regression that tells the two samples apart by the features, their squares and their
    products, which is exact for Gaussian samples. Weights are right under *covariate shift*: at
    given features, the labeled sources are like the target ones. They cannot make up for what the
    labeled sample lacks altogether (``uncovered``).

    References
    ----------
    Shimodaira 2000, Journal of Statistical Planning and Inference 90, 227.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bright, faint = rng.normal(19.0, 0.7, 4000), rng.normal(20.0, 0.7, 4000)
    >>> shift = covariate_weights(bright, faint)
    >>> float(np.average(bright, weights=shift.weights).round(1)), shift.effective_size < 2000
    (20.0, True)
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    a, b = (_columns(x) for x in (labeled, target))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 10:
        raise ValueError(
            f"Features have shapes {np.shape(labeled)} and {np.shape(target)}; give the same "
            "features of ten sources or more of each sample."
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("A feature is missing in some source; leave such sources out.")
    which = np.repeat([0, 1], [len(a), len(b)])
    model = make_pipeline(
        StandardScaler(),
        PolynomialFeatures(2, include_bias=False),
        StandardScaler(),
        LogisticRegression(C=100.0, max_iter=1000),
    ).fit(np.vstack([a, b]), which)
    weights = np.exp(np.clip(model.decision_function(a), -30, 30))
    weights = np.minimum(weights / weights.mean(), largest)
    weights = weights / weights.mean()
    outside = ((b < a.min(axis=0)) | (b > a.max(axis=0))).any(axis=1)
    size = float(weights.sum() ** 2 / (weights**2).sum())
    return CovariateWeights(weights, size, float(outside.mean()))


def _columns(x):
    x = np.asarray(x, dtype=float)
    return x[:, None] if x.ndim == 1 else x
