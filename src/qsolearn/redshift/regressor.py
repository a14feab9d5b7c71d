"""One number per source: boosted regression trees, as Calderone et al. 2024 used them."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["RedshiftRegressor"]


class RedshiftRegressor(RegressorMixin, BaseEstimator):
    """Redshift from colors by gradient-boosted trees with a squared error.

    Parameters
    ----------
    n_rounds : int
        Boosting rounds (the paper's num_round).
    max_depth : int
        Depth of a tree.
    n_jobs : int
        Threads.

    Attributes
    ----------
    booster_ : xgboost.Booster
        The trees.
    n_features_in_ : int
        Number of colors.
    feature_names_in_ : ndarray of str, shape (n_features_in_,)
        Column names, if `fit` saw a DataFrame.

    Notes
    -----
    The squared error is least at the mean of the possible redshifts: where the colors allow two,
    the answer lies between them. `ConditionalRedshift` gives a density instead. But the trees take
    sources with missing colors (NaN), which a density does not.

    References
    ----------
    Calderone et al. 2024, A&A 683, A34, Sect. 6 (num_round 15, max_depth 15).

    Examples
    --------
    >>> color = np.linspace(0, 1, 200)[:, None]
    >>> model = RedshiftRegressor().fit(color, 1 + 2 * color[:, 0])
    >>> model.predict([[0.5], [np.nan]]).round(1).tolist()
    [2.0, 3.0]
    """

    def __init__(self, n_rounds: int = 15, max_depth: int = 15, n_jobs: int = 1) -> None:
        self.n_rounds = n_rounds
        self.max_depth = max_depth
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Colors [mag] of quasars; NaN = missing.
        y : array_like, shape (n,)
            Their redshifts; none may be missing.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If xgboost is not installed.
        ValueError
            If a redshift is missing, shapes differ, or a setting is below 1.
        """
        try:
            import xgboost
        except ImportError:
            raise ImportError(
                "RedshiftRegressor needs xgboost, which is not installed; pip install "
                "qsolearn[trees], or use ConditionalRedshift."
            ) from None
        for name in ("n_rounds", "max_depth"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be 1 or more.")
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", y_numeric=True)
        if not np.isfinite(y).all():
            raise ValueError(
                f"{int((~np.isfinite(y)).sum()):,} of {len(y):,} training redshifts are missing "
                "(NaN); leave those sources out."
            )
        params = {
            "objective": "reg:squarederror",
            "tree_method": "hist",
            "max_depth": self.max_depth,
            "nthread": self.n_jobs,
        }
        self.booster_ = xgboost.train(params, xgboost.QuantileDMatrix(X, y), self.n_rounds)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Estimate redshifts.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Colors [mag] in the order of the training ones; NaN = missing.

        Returns
        -------
        ndarray of float, shape (n,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        return self.booster_.inplace_predict(X).astype(float)

    def __sklearn_tags__(self):
        """Tell scikit-learn that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
