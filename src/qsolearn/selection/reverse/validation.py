"""What reverse selection can be asked for; every error is one sentence."""

from __future__ import annotations

from numbers import Real

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from qsolearn.errors import plural

__all__ = [
    "check_cv",
    "check_estimator",
    "check_labels",
    "check_order",
    "check_target",
    "check_threshold",
]


def check_threshold(threshold):
    """Refuse a threshold outside (0, 1]."""
    if not (isinstance(threshold, Real) and 0 < threshold <= 1):
        raise ValueError(
            f"threshold is {threshold!r}; it must lie above 0 and not above 1, such as 0.9."
        )


def check_estimator(estimator):
    """Refuse what is no classifier with probabilities."""
    if not hasattr(estimator, "predict_proba") or not is_classifier(estimator):
        raise ValueError(
            f"{type(estimator).__name__} gives no probabilities (predict_proba); reverse selection "
            "needs a classifier that does, such as RandomForestClassifier()."
        )


def check_labels(y):
    """Labels as an array; a missing one is an error."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None; give the labels.")
    if not hasattr(y, "dtype") or y.dtype.kind in "fO":
        # As objects: a list of text with a NaN in it would turn the NaN into the text "nan".
        missing = int(np.sum(pd.isna(np.asarray(y, dtype=object))))
        if missing:
            raise ValueError(
                f"{plural(missing, 'label')} of {len(y):,} {'is' if missing == 1 else 'are'} "
                "missing (NaN); leave those rows out of the training set."
            )
    return np.asarray(y)


def check_target(target, classes, sizes):
    """Place of the target among the classes; the rarest if none is named."""
    if target is None:
        return int(np.argmin(sizes))
    return _place(target, classes, "target")


def check_order(order, classes, sizes, target):
    """Places of the classes to discard; all but the target by falling size if none are named."""
    if order is None:
        by_size = np.argsort(-sizes, kind="stable")
        return [int(c) for c in by_size if c != target]
    if isinstance(order, str):
        raise ValueError(f"order is the text {order!r}; it must be a list of classes.")
    order = [_place(c, classes, "order") for c in order]
    if not order or len(set(order)) < len(order) or target in order:
        raise ValueError(
            f"order is {[classes[c].item() for c in order]}; it must name classes other than the "
            f"target {classes[target].item()!r}, each once."
        )
    return order


def check_cv(cv, sizes):
    """Refuse folds that cannot each hold a source of every class in play."""
    if cv is None:
        return
    if not (isinstance(cv, (int, np.integer)) and cv >= 2):
        raise ValueError(f"cv is {cv!r}; it must be None or a number of folds from 2 on.")
    if sizes.min() < cv:
        raise ValueError(
            f"The smallest class has {plural(int(sizes.min()), 'source')}, too few for {cv} folds; "
            "use fewer folds or cv=None."
        )


def _place(label, classes, name):
    found = np.flatnonzero(classes == label)
    if not len(found):
        known = ", ".join(map(str, classes))
        raise ValueError(f"{name} names the class {label!r}, which is not among {known}.")
    return int(found[0])
