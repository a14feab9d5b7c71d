"""How a step is fitted, how rows go through the fitted steps, and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold

from qsolearn.selection.wording import sentences

__all__ = ["account", "class_proba", "fit_proba", "out_of_fold", "walk"]


def fit_proba(model, X, own):
    """Fit a step's model; its probability of the step's class for the same rows.

    Parameters
    ----------
    model : classifier
        Fitted in place; its ``fit_proba``, if it has one, spares the prediction.
    X : (n, d) array
    own : (n,) array of int
        1 for the step's class, 0 for all others.

    Returns
    -------
    model : classifier
    proba : (n,) array
    """
    if hasattr(model, "fit_proba"):
        return model, model.fit_proba(X, own)[:, 1]
    return model, model.fit(X, own).predict_proba(X)[:, 1]


def out_of_fold(estimator, X, own, cv, random_state):
    """Probability of the step's class for each row by a model that has not seen it.

    Parameters
    ----------
    estimator : classifier
        Cloned for each fold.
    X : (n, d) array
    own : (n,) array of bool
    cv : int
        Number of folds.
    random_state : int, RandomState or None

    Returns
    -------
    (n,) array
    """
    proba = np.empty(len(X), dtype=np.float64)
    folds = StratifiedKFold(cv, shuffle=True, random_state=random_state)
    for fit, judge in folds.split(X, own):
        model = clone(estimator).fit(X[fit], own[fit].astype(np.int32))
        proba[judge] = model.predict_proba(X[judge])[:, 1]
    return proba


def walk(model, X):
    """Send rows through the steps of a fitted `ReverseSelectionClassifier`.

    Parameters
    ----------
    model : ReverseSelectionClassifier
    X : (n, d) array

    Returns
    -------
    went : (n,) array of int
        Step at which each row went; ``len(order_)`` = the last.
    proba : (n,) array
        Its probability for that step's class, NaN at the last.
    rows : array of int
        Rows of the last step.
    last : (len(rows), n_classes left) array
        Their probabilities there.
    """
    went = np.full(len(X), len(model.order_), dtype=np.int64)
    proba = np.full(len(X), np.nan)
    rows = np.arange(len(X))
    for step, estimator in enumerate(model.estimators_):
        if not model._active[step] or not len(rows):
            continue
        p = estimator.predict_proba(X)[:, 1]
        gone = p > model.threshold
        went[rows[gone]], proba[rows[gone]] = step, p[gone]
        rows, X = rows[~gone], X[~gone]
    last = np.ones((len(rows), len(model.final_classes_)))
    if model.final_estimator_ is not None and len(rows):
        last = model.final_estimator_.predict_proba(X)
    return went, proba, rows, last


def class_proba(model, went, proba, rows, last):
    """Probability of each class, from what `walk` returned.

    Returns
    -------
    (n, n_classes) array
    """
    out = np.zeros((len(went), len(model.classes_)))
    for step, c in enumerate(_codes(model, model.order_)):
        gone = went == step
        own = np.maximum(proba[gone], np.nextafter(0.5, 1))
        out[gone] = (1 - own)[:, None] * model._shares[step]
        out[gone, c] = own
    out[np.ix_(rows, _codes(model, model.final_classes_))] = last
    return out


def account(model, went, proba, rows, last):
    """Step, class, probability and reason of each row, from what `walk` returned.

    Returns
    -------
    pandas.DataFrame, n rows
        ``step, selected_class, probability, reason``.
    """
    code = _codes(model, model.order_)[np.minimum(went, len(model.order_) - 1)]
    code[rows] = _codes(model, model.final_classes_)[last.argmax(axis=1)]
    proba = proba.copy()
    proba[rows] = last.max(axis=1)
    steps = [*(f"step {k + 1}" for k in range(len(model.order_))), "last step"]
    beginnings = [f"{step}: {c}, " for step in steps for c in model.classes_]
    reason = sentences(beginnings, went * len(model.classes_) + code, proba)
    return pd.DataFrame(
        {
            "step": went + 1,
            "selected_class": model.classes_[code],
            "probability": proba,
            "reason": reason,
        }
    )


def _codes(model, labels):
    return np.searchsorted(model.classes_, np.asarray(labels, dtype=model.classes_.dtype))
