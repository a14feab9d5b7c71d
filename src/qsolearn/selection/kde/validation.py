"""What the classifier and the bandwidth search accept, and one sentence for what they do not."""

import numbers

import numpy as np
from joblib import effective_n_jobs

from qsolearn.selection.kde.tiles import MAX_FEATURES

__all__ = [
    "KERNELS",
    "check_bandwidths",
    "check_features",
    "check_kernel",
    "check_priors",
    "count_threads",
    "weigh_classes",
]

KERNELS = ("epanechnikov", "gaussian")


def check_features(X, where):
    """Raise ValueError unless `X` has 1 to 8 columns and no NaN or infinite value."""
    if X.shape[1] > MAX_FEATURES:
        raise ValueError(
            f"X has {X.shape[1]} features, but kernel densities are for 1 to {MAX_FEATURES}: "
            "choose fewer columns."
        )
    bad = len(X) - np.isfinite(X).all(axis=1).sum()
    if bad:
        raise ValueError(
            f"X has NaN or infinite values (inf) in {bad} of {len(X)} rows: drop those rows or "
            f"fill in their values before {where}."
        )


def check_kernel(kernel):
    """Raise ValueError unless the kernel has a known name."""
    if kernel not in KERNELS:
        raise ValueError(f"kernel is {kernel!r}: give one of {', '.join(map(repr, KERNELS))}.")


def check_bandwidths(bandwidth, classes):
    """Bandwidth of each class, shape (n_classes,), from one number or a dict by label."""
    if isinstance(bandwidth, dict):
        values = _by_label(bandwidth, classes, "bandwidth")
    else:
        values = np.full(len(classes), bandwidth, dtype=object)
    for label, value in zip(classes.tolist(), values, strict=True):
        if not (isinstance(value, numbers.Real) and 0 < value < np.inf):
            raise ValueError(
                f"The bandwidth of class {label!r} is {value!r}: "
                f"give a finite number above 0 in the units of X."
            )
    return values.astype(np.float64)


def check_priors(priors, classes, totals):
    """Prior of each class, shape (n_classes,); None takes the training frequencies."""
    if priors is None:
        return totals / totals.sum()
    values = _by_label(priors, classes, "priors").astype(np.float64)
    if not (values > 0).all() or abs(values.sum() - 1.0) > 1e-9:
        raise ValueError(
            f"priors are {priors!r}: give every class a probability above 0, summing to 1."
        )
    return values


def weigh_classes(classes, labels, weights):
    """Total weight of each class, shape (n_classes,), every one above zero."""
    totals = np.bincount(labels, weights, minlength=len(classes))
    if not (totals > 0).all():
        raise ValueError(
            f"Every weight of class {classes.tolist()[np.argmin(totals)]!r} is zero: "
            f"give it an object of positive weight, or leave the class out."
        )
    return totals


def count_threads(n_jobs):
    """Number of threads that `n_jobs` asks for, by joblib's rules."""
    return effective_n_jobs(n_jobs)


def _by_label(values, classes, name):
    labels = classes.tolist()
    if not isinstance(values, dict) or set(values) != set(labels):
        raise ValueError(
            f"{name} is {values!r}: give a dict with one number for each of the classes {labels!r}."
        )
    return np.array([values[label] for label in labels], dtype=object)
