"""Boosted trees of xgboost that hold at tens of millions of rows and at one target in 10,000."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BoostedTrees", "import_xgboost"]

#: Rows that are predicted at once: bounds the memory, costs no time.
_CHUNK = 1_000_000


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """Gradient-boosted trees of xgboost with the settings of Calderone et al. 2024.

    Parameters
    ----------
    n_rounds : int
        Boosting rounds (the paper's num_round: 20 in reverse selection, 40 in the direct one).
    max_depth : int
        Depth of a tree.
    base_score : float or None
        Starting probability of every class, before the first tree. None is xgboost's own default,
        the class frequencies, which is unstable where a class is one source in ten thousand.
    max_delta_step : float
        Largest step of a leaf per round, in units of the logit; 0 is no bound.
    n_jobs : int, optional
        Threads; None is 1, -1 is all cores.

    Attributes
    ----------
    classes_ : (n_classes,) array
        The labels, sorted.
    booster_ : xgboost.Booster
        The trees.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : (n_features_in_,) array of str
        Column names, if `fit` saw a DataFrame.

    Notes
    -----
    Two classes are fitted with the logistic loss (binary:logistic), more with the softmax loss
    (multi:softprob). Missing values are NaN: each split of a tree has learned on which side they
    go; at a split where none was missing in training they go to the side that xgboost sets.

    The features are put into 256 bins once (hist); the tree sums of the training rows are kept
    while the trees grow, so `fit_proba` costs no second pass over them. The same rows in the same
    order with the same number of threads give the same trees.

    References
    ----------
    Chen & Guestrin 2016, KDD '16, 785; Calderone et al. 2024, A&A 683, A34, Sect. 5.2.

    Examples
    --------
    >>> color, label = np.linspace(0, 1, 50)[:, None], ["QSO"] * 20 + ["Star"] * 30
    >>> trees = BoostedTrees(n_rounds=5, max_depth=3).fit(color, label)
    >>> trees.predict([[0.1], [0.9]]).tolist()
    ['QSO', 'Star']
    """

    def __init__(
        self,
        n_rounds: int = 20,
        max_depth: int = 20,
        base_score: float | None = 0.5,
        max_delta_step: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_rounds = n_rounds
        self.max_depth = max_depth
        self.base_score = base_score
        self.max_delta_step = max_delta_step
        self.n_jobs = n_jobs

    def fit(
        self, X: ArrayLike | pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features; float32 is taken as it is, without a copy. NaN = missing.
        y : (n,) array
            Labels of at least two classes.
        sample_weight : (n,) array, optional
            Weight of each row in the loss; None weighs all alike.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If xgboost is not installed.
        ValueError
            If there is one class only, or a setting is out of range.
        """
        self._grow(X, y, sample_weight)
        return self

    def fit_proba(
        self, X: ArrayLike | pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> np.ndarray:
        """Grow the trees and give the probabilities of the training rows.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        (n, n_classes) array of float32
            The same as ``fit(X, y).predict_proba(X)``, without a second pass over the rows.
        """
        booster, matrix = self._grow(X, y, sample_weight)
        return _columns(booster.predict(matrix))

    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones; NaN = missing.

        Returns
        -------
        (n, n_classes) array of float32
            In the order of `classes_`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=_FLOATS, ensure_all_finite="allow-nan")
        self.booster_.set_param({"nthread": _threads(self.n_jobs)})
        parts = [
            self.booster_.inplace_predict(X[start : start + _CHUNK])
            for start in range(0, len(X), _CHUNK)
        ]
        return _columns(np.concatenate(parts) if len(parts) > 1 else parts[0])

    def predict(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """The most probable class.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones; NaN = missing.

        Returns
        -------
        (n,) array
            Labels.
        """
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def params(self, n_classes: int) -> dict[str, Any]:
        """The settings as xgboost takes them.

        Parameters
        ----------
        n_classes : int
            Two give the logistic loss, more the softmax loss.

        Returns
        -------
        dict
        """
        self._check_settings()
        params = {
            "tree_method": "hist",
            "max_depth": self.max_depth,
            "max_delta_step": self.max_delta_step,
            "nthread": _threads(self.n_jobs),
            "objective": "binary:logistic",
        }
        if n_classes > 2:
            params |= {"objective": "multi:softprob", "num_class": n_classes}
        if self.base_score is not None:
            params["base_score"] = self.base_score
        return params

    def adopt(self, booster: Any, classes: ArrayLike, n_features: int, names: Any = None) -> Self:
        """Take trees that were grown elsewhere with `params`.

        Parameters
        ----------
        booster : xgboost.Booster
        classes : (n_classes,) array
            Labels, sorted; the trees know them by their place.
        n_features : int
        names : sequence of str, optional
            Names of the features, in order.

        Returns
        -------
        self
        """
        self.booster_, self.classes_ = booster, np.asarray(classes)
        self.n_features_in_ = n_features
        if names is not None:
            self.feature_names_in_ = np.array(list(names), dtype=object)
        return self

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """The fitted trees as plain values and arrays, to be written as JSON and npz.

        Returns
        -------
        values : dict
            JSON-able: parameters, labels, feature names.
        arrays : dict of {str: array}
            ``booster``: the bytes of xgboost's own JSON.
        """
        check_is_fitted(self)
        values = {
            **self.get_params(),
            "classes": self.classes_.tolist(),
            "classes_dtype": self.classes_.dtype.str,
            "n_features_in": self.n_features_in_,
        }
        if hasattr(self, "feature_names_in_"):
            values["feature_names_in"] = self.feature_names_in_.tolist()
        raw = self.booster_.save_raw(raw_format="json")
        return values, {"booster": np.frombuffer(raw, dtype=np.uint8)}

    @classmethod
    def from_state(cls, values: dict, arrays: Mapping[str, np.ndarray]) -> BoostedTrees:
        """Rebuild the trees that `to_state` described; they predict the same to the bit.

        Parameters
        ----------
        values : dict
        arrays : mapping of {str: array}

        Returns
        -------
        BoostedTrees
        """
        xgboost = import_xgboost()
        model = cls(**{name: values[name] for name in cls().get_params()})
        model.classes_ = np.array(values["classes"], dtype=np.dtype(values["classes_dtype"]))
        model.n_features_in_ = values["n_features_in"]
        if "feature_names_in" in values:
            model.feature_names_in_ = np.array(values["feature_names_in"], dtype=object)
        text = np.asarray(arrays["booster"], dtype=np.uint8).tobytes()
        try:
            json.loads(text)
            model.booster_ = xgboost.Booster(model_file=bytearray(text))
        except (ValueError, xgboost.core.XGBoostError):
            raise ValueError("the trees are not xgboost's JSON") from None
        return model

    def _grow(self, X, y, weight):
        """Booster and quantile matrix of the training rows."""
        xgboost = import_xgboost()
        self._check_settings()
        X, y = validate_data(self, X, y, dtype=_FLOATS, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        if weight is not None:
            weight = _check_sample_weight(weight, X, ensure_non_negative=True)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"All labels are {self.classes_[0].item()!r}, only one class: a classifier needs "
                "sources of two classes or more."
            )
        params = self.params(len(self.classes_))
        matrix = xgboost.QuantileDMatrix(
            X, codes.astype(np.float32), weight=weight, nthread=params["nthread"]
        )
        # xgboost.train would drop the running sums of the training rows; this loop keeps them.
        booster = xgboost.Booster(params, [matrix])
        for k in range(self.n_rounds):
            booster.update(matrix, k)
        self.booster_ = booster
        return booster, matrix

    def _check_settings(self):
        for name, least in (("n_rounds", 1), ("max_depth", 1), ("max_delta_step", 0)):
            value = getattr(self, name)
            if not value >= least:
                raise ValueError(f"{name} is {value!r}; it must be {least} or more.")
        if self.base_score is not None and not 0 < self.base_score < 1:
            raise ValueError(
                f"base_score is {self.base_score!r}; it is a probability between 0 and 1, or None."
            )

    def __sklearn_tags__(self):
        """Tell scikit-learn that NaN is allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


_FLOATS = (np.float32, np.float64)


def import_xgboost():
    """The package, imported so that its waiting threads sleep: spinning ones cost four times."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import xgboost
    except ImportError:
        raise ImportError(
            "Boosted trees need xgboost, which is not installed; pip install qsolearn[trees], or "
            "give another estimator."
        ) from None
    return xgboost


def _threads(n_jobs):
    if n_jobs is None:
        return 1
    return (os.cpu_count() or 1) if n_jobs == -1 else n_jobs


def _columns(proba):
    """One column per class: of two classes xgboost gives only the second."""
    return np.column_stack([1 - proba, proba]) if proba.ndim == 1 else proba
