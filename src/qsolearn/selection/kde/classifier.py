"""Bayes' rule with one kernel density per class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from qsolearn.selection.bayes import log_joint, posterior
from qsolearn.selection.kde.engine import label_objects, log_densities, prepare
from qsolearn.selection.kde.validation import (
    check_bandwidths,
    check_features,
    check_kernel,
    check_priors,
    count_threads,
    weigh_classes,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KernelBayesClassifier"]


class KernelBayesClassifier(ClassifierMixin, BaseEstimator):
    """Nonparametric Bayes classifier: a kernel density for each class, and class priors.

    Parameters
    ----------
    bandwidth : float or dict of {label: float}
        Kernel radius (Epanechnikov) or standard deviation (Gaussian), in the units of the
        features: one for all classes or one for each.
    kernel : {"epanechnikov", "gaussian"}
        Shape of the kernel. Epanechnikov densities are exact and zero beyond one bandwidth from
        every training object; Gaussian densities hold a relative tolerance of 1e-4.
    priors : dict of {label: float}, optional
        Prior probability of each class, summing to 1. None takes the training frequencies.
    n_jobs : int, optional
        Threads; None is 1, -1 is all cores. The result is the same for any number.

    Attributes
    ----------
    classes_ : (n_classes,) array
        The labels, sorted.
    priors_ : (n_classes,) array
        Prior of each class.
    bandwidths_ : (n_classes,) array
        Bandwidth of each class.
    n_features_in_ : int
        Number of features, 1 to 8.
    feature_names_in_ : (n_features_in_,) array of str
        Column names, if `fit` saw a DataFrame.

    Notes
    -----
    With N_c training objects y_j of class c in d dimensions and bandwidth h_c, the density is

    .. math:: p(x|c) = \\frac{1}{N_c h_c^d} \\sum_j K\\left(\\frac{x - y_j}{h_c}\\right),

    with K(u) proportional to ``1 - |u|^2`` inside the unit ball (Epanechnikov) or to
    ``exp(-|u|^2 / 2)`` (Gaussian), and Bayes' rule gives P(c|x) = p(x|c) P(c) / sum of the same
    over the classes. With weights, each term of the sum has its weight and N_c is their total.
    Where every density is zero the data say nothing: the posterior is the prior, and
    `outside_support` tells these objects. A kernel sum below 1e-12 of one mean
    weight is rounding, and counts as zero.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 3.1 and 3.4; Gray & Riegel 2006, Proc. COMPSTAT.

    Examples
    --------
    >>> import numpy as np
    >>> colors = [[0.1, 0.2], [0.2, 0.1], [1.1, 0.4], [1.2, 0.5], [1.0, 0.4]]
    >>> label = ["QSO", "QSO", "star", "star", "star"]
    >>> model = KernelBayesClassifier(bandwidth=0.3, priors={"QSO": 0.12, "star": 0.88})
    >>> model.fit(colors, label).predict([[0.15, 0.15], [1.1, 0.45], [9.0, 9.0]])
    array(['QSO', 'star', 'star'], dtype='<U4')
    >>> model.outside_support([[0.15, 0.15], [9.0, 9.0]])
    array([False,  True])
    """

    def __init__(
        self,
        bandwidth: float | dict[str, float] = 0.15,
        kernel: str = "epanechnikov",
        priors: dict[str, float] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.priors = priors
        self.n_jobs = n_jobs

    def fit(
        self, X: ArrayLike | pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Keep the training objects of each class.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features (colors), d from 1 to 8. NaN is an error.
        y : (n,) array
            Labels.
        sample_weight : (n,) array, optional
            Weight of each object in its class's density and in the training frequencies: an
            object of weight 2 counts as two. None weighs all alike.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has NaN or more than 8 columns, a class has no positive weight, or a parameter
            is out of range.
        """
        check_kernel(self.kernel)
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        self.classes_, labels = np.unique(y, return_inverse=True)
        totals = weigh_classes(self.classes_, labels, weights)
        check_features(X, "fit")
        self.priors_ = check_priors(self.priors, self.classes_, totals)
        self.bandwidths_ = check_bandwidths(self.bandwidth, self.classes_)
        count_threads(self.n_jobs)
        kept = weights > 0
        self._points = [X[kept & (labels == c)] for c in range(len(self.classes_))]
        self._weights = [weights[kept & (labels == c)] for c in range(len(self.classes_))]
        self._prepare()
        return self

    def log_density(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """Log of each class's density at each object.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones. NaN is an error.

        Returns
        -------
        (n, n_classes) array
            Natural log of the density per unit volume of the features; -inf where it is zero.
        """
        return self._log_densities(self._check(X, "log_density"))

    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """Posterior probability of each class by Bayes' rule.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones. NaN is an error.

        Returns
        -------
        (n, n_classes) array
            Columns in the order of `classes_`; the priors where every density is zero.
        """
        X = self._check(X, "predict_proba")
        return posterior(self._log_densities(X), self.priors_)

    def predict(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """The most probable class of each object.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones. NaN is an error.

        Returns
        -------
        (n,) array
            Labels; the class with the largest prior where every density is zero, the first in
            `classes_` where two are exactly equal.
        """
        X = self._check(X, "predict")
        n_threads = count_threads(self.n_jobs)
        if self.kernel == "epanechnikov":
            return self.classes_[label_objects(self._training, self.priors_, X, n_threads)]
        return self.classes_[log_joint(self._log_densities(X), self.priors_).argmax(axis=1)]

    def outside_support(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """Whether every class has zero density there, so that the prior decides.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones. NaN is an error.

        Returns
        -------
        (n,) bool array
        """
        X = self._check(X, "outside_support")
        return np.isneginf(self._log_densities(X)).all(axis=1)

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """The fitted classifier as plain values and arrays, to be written as JSON and npz.

        Returns
        -------
        values : dict
            JSON-able: parameters, labels, feature names.
        arrays : dict of {str: array}
            Training points and weights by class, priors and bandwidths; float64.
        """
        check_is_fitted(self)
        labels = self.classes_.tolist()
        values = {
            "kernel": self.kernel,
            "bandwidth": _pairs(self.bandwidth),
            "priors": _pairs(self.priors),
            "n_jobs": self.n_jobs,
            "classes": labels,
            "classes_dtype": self.classes_.dtype.str,
            "n_features_in": self.n_features_in_,
        }
        if hasattr(self, "feature_names_in_"):
            values["feature_names_in"] = self.feature_names_in_.tolist()
        arrays = {"priors": self.priors_, "bandwidths": self.bandwidths_}
        for c in range(len(labels)):
            arrays[f"points_{c}"] = self._points[c]
            arrays[f"weights_{c}"] = self._weights[c]
        return values, arrays

    @classmethod
    def from_state(cls, values: dict, arrays: Mapping[str, np.ndarray]) -> KernelBayesClassifier:
        """Rebuild the classifier that `to_state` described; it predicts the same to the bit.

        Parameters
        ----------
        values : dict
        arrays : mapping of {str: array}
            Such as an open npz file.

        Returns
        -------
        KernelBayesClassifier
        """
        model = cls(
            bandwidth=_from_pairs(values["bandwidth"]),
            kernel=values["kernel"],
            priors=_from_pairs(values["priors"]),
            n_jobs=values["n_jobs"],
        )
        model.classes_ = np.array(values["classes"], dtype=np.dtype(values["classes_dtype"]))
        model.n_features_in_ = values["n_features_in"]
        if "feature_names_in" in values:
            model.feature_names_in_ = np.array(values["feature_names_in"], dtype=object)
        model.priors_ = np.array(arrays["priors"])
        model.bandwidths_ = np.array(arrays["bandwidths"])
        model._points = [np.array(arrays[f"points_{c}"]) for c in range(len(model.classes_))]
        model._weights = [np.array(arrays[f"weights_{c}"]) for c in range(len(model.classes_))]
        model._prepare()
        return model

    def _check(self, X, where):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite=False, reset=False)
        check_features(X, where)
        return X

    def _log_densities(self, X):
        return log_densities(self._training, X, count_threads(self.n_jobs))

    def _prepare(self):
        self._training = prepare(self._points, self._weights, self.bandwidths_, self.kernel)


def _pairs(parameter):
    """A dict by label as a list of [label, number], since JSON keys are always strings."""
    if isinstance(parameter, dict):
        return [list(item) for item in parameter.items()]
    return parameter


def _from_pairs(parameter):
    return dict(map(tuple, parameter)) if isinstance(parameter, list) else parameter
