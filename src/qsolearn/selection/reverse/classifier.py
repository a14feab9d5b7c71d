"""Discard the sources that surely belong to a big class, class by class; classify the rest."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from qsolearn.errors import CatalogWarning
from qsolearn.selection.reverse.state import from_state, size_table, to_state
from qsolearn.selection.reverse.steps import account, class_proba, fit_proba, out_of_fold, walk
from qsolearn.selection.reverse.trees import BoostedTrees
from qsolearn.selection.reverse.validation import (
    check_cv,
    check_estimator,
    check_labels,
    check_order,
    check_target,
    check_threshold,
)

__all__ = ["ReverseSelectionClassifier"]


class ReverseSelectionClassifier(ClassifierMixin, BaseEstimator):
    """Reverse selection: find a rare class by throwing the common ones away, one after the other.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``, optional
        Cloned for every step; None is `BoostedTrees`, the paper's. It sees the labels 0 and 1 in
        the steps that discard, and 0, 1, ... in the last one.
    threshold : float in (0, 1]
        A source is discarded if its probability for the step's class exceeds this; at 1 nothing is
        discarded, and the classifier is the direct one.
    target : label, optional
        The class that is looked for; None takes the rarest.
    order : sequence of labels, optional
        Classes to discard, in this order, without the target; None takes all but the target, the
        largest first. A class that is left out keeps its sources to the last step.
    ranker : classifier with ``predict_proba``, optional
        Ranks the sources for `target_score`: it is fitted to all that the first step leaves of the
        training set, where the common class no longer drowns the target, but many more sources
        are left to learn from than in the last step. None fits none.
    cv : int, optional
        Folds for the discards of the training set. None discards by probabilities for the very
        rows that the step was fitted on, as the paper does; with folds each row is judged by a
        model that has not seen it, as the rows of a test set are.
    random_state : int, RandomState or None
        Draws the folds; nothing else here is random.

    Attributes
    ----------
    classes_ : (n_classes,) array
        The labels, sorted.
    target_ : label
        The class that is looked for.
    order_ : list of labels
        The classes that are discarded, in order.
    stages_ : pandas.DataFrame
        Of the training set, one row per step as `stage_table` gives it.
    estimators_ : list of classifiers
        Of the steps that discard; probability of column 1 belongs to the step's class.
    final_estimator_ : classifier or None
        Of the last step; None if only one class was left.
    final_classes_ : array
        Labels of its columns.
    ranker_ : classifier or None
        The fitted ranker.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : (n_features_in_,) array of str
        Column names, if `fit` saw a DataFrame.

    Raises
    ------
    ValueError
        If a parameter is out of range, a label is missing, or there is one class only.

    Notes
    -----
    Step k fits a two-class model, class c_k against all others, to what is left of the training
    set, and discards from it the sources with

    .. math:: P_k(c_k | x) > \\tau \\quad\\mathrm{and\\ the\\ true\\ class}\\ c_k ;

    those of another class stay, since they may be of the target. A source without label is
    discarded by the probability alone and gets the label c_k. The last step is a classifier for all
    classes on what is left, and every label that it gives is accepted.

    The probabilities of a source that reaches the last step are those of the last classifier. One
    discarded at step k has P_k (at least one half) for c_k, and the rest is shared among the other
    classes as in the training set at that step.

    Where a step would discard every target of the training set if they had no label, it would leave
    nothing to find: it discards nothing then, and a warning tells.

    Missing values go to the estimator as they are; if it takes no NaN, neither does this one.

    References
    ----------
    Calderone et al. 2024, A&A 683, A34, Sect. 3.2 and Fig. 2.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> color = np.concatenate([rng.normal(0, 1, 900), rng.normal(3, 1, 90), rng.normal(6, 1, 10)])
    >>> label = np.repeat(["Star", "Galaxy", "QSO"], [900, 90, 10])
    >>> from qsolearn.selection import KernelBayesClassifier
    >>> model = ReverseSelectionClassifier(KernelBayesClassifier(bandwidth=0.5))
    >>> model.fit(color[:, None], label).stages_[["discards", "n", "n_target"]]
         discards     n  n_target
    step
    1        Star  1000        10
    2      Galaxy   150        10
    3               116        10
    >>> model.explain([[0.0], [3.5], [6.5]])["reason"].tolist()
    ['step 1: Star, P = 0.993', 'step 2: Galaxy, P = 0.987', 'last step: QSO, P = 1.000']
    """

    def __init__(
        self,
        estimator: Any = None,
        threshold: float = 0.9,
        target: Any = None,
        order: Sequence | None = None,
        ranker: Any = None,
        cv: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.threshold = threshold
        self.target = target
        self.order = order
        self.ranker = ranker
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: ArrayLike | pd.DataFrame, y: ArrayLike) -> Self:
        """Fit the steps, each to what the one before left.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features (colors); NaN = missing, if the estimator takes it.
        y : (n,) array
            Labels, text or numbers; a missing one is an error.

        Returns
        -------
        self
        """
        estimator = BoostedTrees() if self.estimator is None else self.estimator
        check_threshold(self.threshold)
        check_estimator(estimator)
        if self.ranker is not None:
            check_estimator(self.ranker)
        X, y = validate_data(
            self, X, check_labels(y), dtype=_FLOATS, ensure_all_finite=self._finite()
        )
        check_classification_targets(y)
        self.classes_, codes, sizes = np.unique(y, return_inverse=True, return_counts=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"All labels are {self.classes_[0].item()!r}, only one class: a classifier needs "
                "sources of two classes or more."
            )
        codes = codes.astype(np.int32)
        target = check_target(self.target, self.classes_, sizes)
        order = check_order(self.order, self.classes_, sizes, target)
        check_cv(self.cv, sizes[[*order, target]])
        self.target_ = self.classes_[target]
        self.order_ = [self.classes_[c] for c in order]
        self._fit_steps(estimator, X, codes, target, order)
        return self

    def _fit_steps(self, estimator, X, codes, target, order):
        self.estimators_, self._active, self._shares, seen = [], [], [], []
        for step, c in enumerate(order):
            seen.append((len(codes), int(np.sum(codes == target))))
            others = np.bincount(codes[codes != c], minlength=len(self.classes_))
            self._shares.append(others / others.sum())
            own = codes == c
            model, proba = fit_proba(clone(estimator), X, own.astype(np.int32))
            if self.cv is not None:
                proba = out_of_fold(estimator, X, own, self.cv, self.random_state)
            surely = proba > self.threshold
            active = not surely[codes == target].all()
            if not active:
                warnings.warn(
                    f"Step {step + 1} ({self.classes_[c]}) would discard every source of the "
                    f"target {self.target_}, so it discards nothing; raise the threshold.",
                    CatalogWarning,
                    stacklevel=3,
                )
            else:
                keep = np.flatnonzero(~(surely & own))
                X, codes = X[keep], codes[keep]
            self.estimators_.append(model)
            self._active.append(bool(active))
            if step == 0:
                self._fit_ranker(X, codes, target)
        seen.append((len(codes), int(np.sum(codes == target))))
        left, codes = np.unique(codes, return_inverse=True)
        self.final_classes_ = self.classes_[left]
        self.final_estimator_ = None
        if len(left) > 1:
            self.final_estimator_ = clone(estimator).fit(X, codes)
        self.stages_ = size_table(self.order_, *np.array(seen).T)

    def _fit_ranker(self, X, codes, target):
        self.ranker_ = self._ranked = None
        left, codes = np.unique(codes, return_inverse=True)
        if self.ranker is not None and len(left) > 1:
            self._ranked = int(np.searchsorted(left, target))
            self.ranker_ = clone(self.ranker).fit(X, codes)

    def predict(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """The class of each source: that of the step that discarded it, or of the last step.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones.

        Returns
        -------
        (n,) array
            Labels.
        """
        went, _, rows, last = walk(self, self._check(X))
        code = self._codes(self.order_)[np.minimum(went, len(self.order_) - 1)]
        code[rows] = self._codes(self.final_classes_)[last.argmax(axis=1)]
        return self.classes_[code]

    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones.

        Returns
        -------
        (n, n_classes) array
            In the order of `classes_`; see the notes on what they mean for discarded sources.
        """
        return class_proba(self, *walk(self, self._check(X)))

    def target_score(self, X: ArrayLike | pd.DataFrame) -> np.ndarray:
        """A score that ranks every source by how likely it is of the target, discarded or not.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones.

        Returns
        -------
        (n,) array
            From 0 to 1. A threshold on it selects anything from the surest source to the whole
            sample, so a precision-recall curve has no gap.

        Notes
        -----
        Without a ranker it is the target's column of `predict_proba`. With one, it is the ranker's
        probability of the target for all that the first step lets pass, whichever step discards
        them later; those that the first step discards keep their column of `predict_proba`.
        """
        X = self._check(X)
        if self.ranker_ is None:
            return self.predict_proba(X)[:, self._codes([self.target_])[0]]
        score = np.zeros(len(X))
        passed = np.ones(len(X), bool)
        if self._active[0]:
            p = self.estimators_[0].predict_proba(X)[:, 1]
            passed = p <= self.threshold
            score = (1 - p) * self._shares[0][self._codes([self.target_])[0]]
        if passed.any():
            score[passed] = self.ranker_.predict_proba(X[passed])[:, self._ranked]
        return score

    def explain(self, X: ArrayLike | pd.DataFrame) -> pd.DataFrame:
        """At which step, and with what probability, each source got its class.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones.

        Returns
        -------
        pandas.DataFrame, n rows
            ``step`` (from 1; the last is ``len(order_) + 1``), ``selected_class``,
            ``probability`` of that class by the model of that step, ``reason`` (a sentence).
        """
        return self.predict_explained(X)[1]

    def predict_explained(self, X: ArrayLike | pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
        """What `predict_proba` and `explain` say, with every source sent through the steps once.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features in the order of the training ones.

        Returns
        -------
        proba : (n, n_classes) array
        told : pandas.DataFrame, n rows
        """
        walked = walk(self, self._check(X))
        return class_proba(self, *walked), account(self, *walked)

    def stage_table(self, X: ArrayLike | pd.DataFrame, y: ArrayLike | None = None) -> pd.DataFrame:
        """How many sources reach each step: the table of the paper for any set.

        Parameters
        ----------
        X : (n, d) array or DataFrame
            Features of, say, the test set or the unclassified sources.
        y : (n,) array, optional
            Labels, to count the targets; None if they are not known.

        Returns
        -------
        pandas.DataFrame
            One row per step (index ``step`` from 1): ``discards`` (its class; "" in the last),
            ``n`` sources and ``n_target`` that reach it, ``target_fraction``; the last two are NaN
            without ``y``.

        References
        ----------
        Calderone et al. 2024, Table 4.
        """
        went = walk(self, self._check(X))[0]
        steps = range(len(self.order_) + 1)
        target = None
        if y is not None:
            y = check_labels(y)
            if len(y) != len(went):
                raise ValueError(f"There are {len(went):,} sources but {len(y):,} labels.")
            own = went[y == self.target_]
            target = np.array([np.sum(own >= s) for s in steps])
        return size_table(self.order_, np.array([np.sum(went >= s) for s in steps]), target)

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """The fitted steps as plain values and arrays, to be written as JSON and npz.

        Returns
        -------
        values : dict
            JSON-able: parameters, labels, sizes of the steps, settings of the trees.
        arrays : dict of {str: array}
            ``step_k_booster``, ``last_booster``, ``ranker_booster``: bytes of xgboost's own JSON.

        Raises
        ------
        CatalogError
            If an estimator is not `BoostedTrees`.
        """
        check_is_fitted(self)
        return to_state(self)

    @classmethod
    def from_state(
        cls, values: dict, arrays: Mapping[str, np.ndarray]
    ) -> ReverseSelectionClassifier:
        """Rebuild the classifier that `to_state` described; it predicts the same to the bit.

        Parameters
        ----------
        values : dict
        arrays : mapping of {str: array}

        Returns
        -------
        ReverseSelectionClassifier
            Its ``target`` and ``order`` are those that the training found.
        """
        return from_state(cls, values, arrays)

    def _codes(self, labels):
        return np.searchsorted(self.classes_, np.asarray(labels, dtype=self.classes_.dtype))

    def _check(self, X):
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=_FLOATS, ensure_all_finite=self._finite())

    def _finite(self):
        return "allow-nan" if get_tags(self).input_tags.allow_nan else True

    def __sklearn_tags__(self):
        """Take NaN if the estimator takes it."""
        tags = super().__sklearn_tags__()
        estimator = BoostedTrees() if self.estimator is None else self.estimator
        tags.input_tags.allow_nan = get_tags(estimator).input_tags.allow_nan
        return tags


_FLOATS = (np.float32, np.float64)
