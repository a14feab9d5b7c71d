"""What any better method has to beat: a cut in one color, and no method at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["UVExcessCut", "dummy_classifier"]


def dummy_classifier() -> DummyClassifier:
    """Classifier that looks at nothing: every source gets the most frequent class.

    Returns
    -------
    sklearn.dummy.DummyClassifier
        With ``strategy="prior"``: its probabilities are the training frequencies.

    Examples
    --------
    >>> clf = dummy_classifier().fit([[0.0], [0.1], [0.2]], ["Star", "Star", "QSO"])
    >>> clf.predict([[9.9]]).tolist()
    ['Star']
    """
    return DummyClassifier(strategy="prior")


class UVExcessCut(ClassifierMixin, BaseEstimator):
    """Quasars are the sources whose first color is bluer than a limit.

    Parameters
    ----------
    limit : float
        Largest first color (u-g) of a candidate, exclusive [mag]. The default stands for the cut
        of Schmidt & Green (1983) carried over to the SDSS filters; its value there is from memory
        of the literature (the published text lost it).
    quasar_class : label, optional
        Which of the two classes the blue sources get; by default that whose median first color
        in the training set is bluer.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
        The two labels, sorted.
    quasar_class_ : label
        The class of the blue sources.
    n_features_in_ : int
        Number of colors seen in `fit`; only the first is used.

    Notes
    -----
    A source whose first color is NaN cannot be cut and raises.

    References
    ----------
    Schmidt & Green 1983, ApJ 269, 352; Richards et al. 2004, ApJS 155, 257, Sect. 4.2.

    Examples
    --------
    >>> cut = UVExcessCut().fit([[0.2], [1.1]], ["QSO", "Star"])
    >>> cut.predict([[0.5], [0.7]]).tolist()
    ['QSO', 'Star']
    """

    def __init__(self, limit: float = 0.6, quasar_class: Any = None) -> None:
        self.limit = limit
        self.quasar_class = quasar_class

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn the two labels, and which of them is blue.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Colors [mag], the first of which is cut.
        y : array_like of labels, shape (n,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are not exactly two classes, or ``quasar_class`` is not one of them.
        """
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) != 2:
            kind = "multiclass" if len(self.classes_) > 2 else "one class"
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{kind}: a single cut parts two classes, not {len(self.classes_)} class"
                f"{'es' if len(self.classes_) > 1 else ''}."
            )
        if self.quasar_class is None:
            medians = [np.median(X[y == c, 0]) for c in self.classes_]
            self.quasar_class_ = self.classes_[int(np.argmin(medians))]
        elif self.quasar_class in self.classes_:
            self.quasar_class_ = self.quasar_class
        else:
            raise ValueError(
                f"quasar_class {self.quasar_class!r} is not among the labels "
                f"{self.classes_.tolist()}."
            )
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probability 1 for the class on the source's side of the cut, 0 for the other.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Colors [mag].

        Returns
        -------
        ndarray, shape (n, 2)
            In the order of ``classes_``.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        blue = X[:, 0] < self.limit
        is_quasar_column = self.classes_ == self.quasar_class_
        return np.where(blue[:, None], is_quasar_column, ~is_quasar_column).astype(float)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Label of each source.

        Parameters
        ----------
        X : array_like, shape (n, k)
            Colors [mag].

        Returns
        -------
        ndarray of labels, shape (n,)
        """
        check_is_fitted(self)
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """What the fitted cut consists of, for saving.

        Returns
        -------
        values : dict
            JSON-able.
        arrays : dict of ndarray
        """
        check_is_fitted(self)
        values = {
            "features": list(map(str, getattr(self, "feature_names_in_", []))),
            "limit": float(self.limit),
            "quasar_class": str(self.quasar_class_),
            "n_features": int(self.n_features_in_),
        }
        return values, {"classes": self.classes_.astype(str)}

    @classmethod
    def from_state(cls, values: dict, arrays: Mapping[str, np.ndarray]) -> UVExcessCut:
        """Make the fitted cut again: the inverse of `to_state`.

        Parameters
        ----------
        values, arrays
            As `to_state` gave them.

        Returns
        -------
        UVExcessCut
        """
        self = cls(limit=values["limit"], quasar_class=values["quasar_class"])
        self.classes_ = arrays["classes"]
        self.quasar_class_ = values["quasar_class"]
        self.n_features_in_ = int(values["n_features"])
        if values["features"]:
            self.feature_names_in_ = np.asarray(values["features"], dtype=object)
        return self

    def __sklearn_tags__(self):
        """Tell scikit-learn: two classes only, and no claim to be accurate."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True
        return tags
