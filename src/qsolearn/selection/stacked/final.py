"""The final model of a stack: a logistic regression on log-odds that may be missing."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["LogOddsRegression", "stacking_features"]

#: Where the weight of a score may change [log-odds].
KNOTS = (-6.0, -3.0, 0.0, 3.0)


def stacking_features(scores: ArrayLike) -> np.ndarray:
    """What the final model sees of the scores of the selectors.

    Parameters
    ----------
    scores : array_like, shape (n, k)
        Log-odds of each selector; NaN = silent.

    Returns
    -------
    ndarray, shape (n, 6 k)
        Of each selector in turn: the score, its excess over each of four knots (-6, -3, 0, 3), and
        1 where it is silent; a silent selector has 0 in the other five.

    Examples
    --------
    >>> stacking_features([[2.0], [np.nan]]).tolist()
    [[2.0, 8.0, 5.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]
    """
    scores = np.asarray(scores, dtype=float)
    silent = np.isnan(scores)
    parts = [np.where(silent, 0.0, scores)]
    parts += [np.where(silent, 0.0, np.maximum(scores - knot, 0.0)) for knot in KNOTS]
    return np.stack([*parts, silent], axis=2).reshape(len(scores), -1)


class LogOddsRegression(ClassifierMixin, BaseEstimator):
    """Logistic regression on scores, each with a bent line of its own and a value for silence.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
        Labels, sorted; the scores speak for the second (``False, True``).
    weights_ : ndarray, shape (6 k,)
        Weights of the features of `stacking_features`.
    intercept_ : float
        The constant.
    n_features_in_ : int
        Number k of scores.

    Notes
    -----
    .. math:: \\ln\\frac{P}{1-P} = a + \\sum_k \\left[ f_k(s_k)\\ \\mathrm{or}\\ b_k
              \\ \\mathrm{if\\ silent} \\right]

    with each f_k a line with four bends, fitted with a weak quadratic penalty (C = 1) on the
    standardized features.

    Examples
    --------
    >>> scores = np.array([[3.0, np.nan], [2.0, 1.0], [-2.0, 0.5], [-3.0, np.nan]])
    >>> model = LogOddsRegression().fit(scores, [True, True, False, False])
    >>> model.predict([[2.5, np.nan], [-4.0, 0.0]])
    array([ True, False])
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit weights and constant.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Log-odds; NaN = silent.
        y : array_like, shape (n,)
            Two labels.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are not exactly two labels.
        """
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", dtype=np.float64)
        check_classification_targets(y)
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            kind = "multiclass" if len(self.classes_) > 2 else "one class"
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{kind}: scores speak for or against, and there are {len(self.classes_)} labels."
            )
        features = stacking_features(X)
        center, scale = features.mean(axis=0), features.std(axis=0)
        # A feature that never changes has no say, whatever rounding makes of its spread.
        scale[scale <= 1e-12 * (1 + np.abs(center))] = np.inf
        model = LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=200)
        model.fit((features - center) / scale, code)
        self.weights_ = model.coef_[0] / scale
        self.intercept_ = float(model.intercept_[0] - center @ self.weights_)
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Log-odds of the second label.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Log-odds; NaN = silent.

        Returns
        -------
        ndarray, shape (n,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=np.float64)
        return stacking_features(X) @ self.weights_ + self.intercept_

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probability of each label.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Log-odds; NaN = silent.

        Returns
        -------
        ndarray, shape (n, 2)
        """
        p = 0.5 * (1 + np.tanh(0.5 * self.decision_function(X)))
        return np.column_stack([1 - p, p])

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The more probable label.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Log-odds; NaN = silent.

        Returns
        -------
        ndarray, shape (n,)
        """
        second = self.decision_function(X) > 0
        return self.classes_[second.astype(int)]

    def __sklearn_tags__(self):
        """Tell scikit-learn: two classes only, and NaN is welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags
