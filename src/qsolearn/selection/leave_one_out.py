"""What a kernel classifier says of its own training objects when each is left out in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from qsolearn.errors import CatalogError
from qsolearn.selection.kde import KernelBayesClassifier, leave_one_out_accuracy

__all__ = ["choose_bandwidths", "leave_one_out_labels"]


def choose_bandwidths(
    X: ArrayLike,
    y: ArrayLike,
    candidates: Sequence[float],
    priors: dict[str, float] | None = None,
    *,
    n_jobs: int | None = None,
) -> tuple[dict[str, float], pd.DataFrame]:
    """Choose the bandwidth of each class by how well the training objects classify each other.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Features (colors) of the training objects [mag].
    y : array_like, shape (n,)
        Their labels.
    candidates : sequence of float, length m
        Bandwidths to try for each class, in every combination [mag].
    priors : dict of {label: float}, optional
        Prior of each class; None takes the training frequencies.
    n_jobs : int, optional
        Threads; None is 1, -1 is all cores.

    Returns
    -------
    bandwidths : dict of {label: float}
        The best combination; of equals, the one with the larger bandwidths.
    table : pandas.DataFrame, m^n_classes rows
        ``h_<label>``, ``accuracy_<label>`` of every combination, and ``score``.

    Raises
    ------
    CatalogError
        If no candidate is given or one is not positive.

    Notes
    -----
    The score is the mean of the leave-one-out accuracies weighted by the priors: the share of right
    labels in a sample that has the class mix of the priors. Richards et al. choose by the two
    accuracies together, after what misclassification they expect; their exact rule is not known.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 3.6.

    Examples
    --------
    >>> X = [[0.0], [0.2], [0.3], [1.0], [1.1], [1.3]]
    >>> y = ["QSO", "QSO", "QSO", "Star", "Star", "Star"]
    >>> best, table = choose_bandwidths(X, y, [0.01, 0.4])
    >>> best, len(table)
    ({'QSO': 0.4, 'Star': 0.4}, 4)
    """
    values = np.unique(np.asarray(candidates, dtype=float))
    if len(values) == 0 or not (np.isfinite(values).all() and values[0] > 0):
        raise CatalogError(
            f"The bandwidths to try are {list(np.atleast_1d(candidates))}; give at least one, all "
            "above 0 in the units of the features."
        )
    classes = np.unique(np.asarray(y))
    mesh = np.meshgrid(*[values] * len(classes), indexing="ij")
    pairs = np.column_stack([m.ravel() for m in mesh])
    accuracy = leave_one_out_accuracy(X, y, pairs, priors, n_jobs=n_jobs)
    table = pd.DataFrame(
        {f"h_{c}": pairs[:, k] for k, c in enumerate(classes)}
        | {f"accuracy_{c}": accuracy[:, k] for k, c in enumerate(classes)}
    )
    sizes = np.array([np.mean(np.asarray(y) == c) for c in classes])
    weights = sizes if priors is None else np.array([priors[c] for c in classes.tolist()])
    table["score"] = accuracy @ weights
    best = len(table) - 1 - int(np.argmax(table["score"].to_numpy()[::-1]))
    return {c: float(h) for c, h in zip(classes.tolist(), pairs[best], strict=True)}, table


def leave_one_out_labels(
    X: ArrayLike,
    y: ArrayLike,
    bandwidths: float | dict[str, float],
    priors: dict[str, float] | None = None,
    *,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Label that each training object gets when it is not in its own class's density.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Features (colors) of the training objects [mag].
    y : array_like, shape (n,)
        Their labels.
    bandwidths : float or dict of {label: float}
        Epanechnikov bandwidths [mag].
    priors : dict of {label: float}, optional
        Prior of each class; None takes the training frequencies.
    n_jobs : int, optional
        Threads; None is 1, -1 is all cores.

    Returns
    -------
    labels : ndarray, shape (n,)
        The most probable class of each; the class with the largest prior where nothing is near.
    proba : ndarray, shape (n, n_classes)
        Its posterior, classes sorted.

    Notes
    -----
    The density of an object's own class holds the peak of the object's own kernel; it is taken
    away, and the rest divided by N - 1 in place of N. What is then below 1e-9 of one kernel's peak
    is rounding, and counts as zero.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 3.6 and 3.7.

    Examples
    --------
    >>> X = [[0.0], [0.1], [0.2], [1.0], [1.1], [0.1]]
    >>> y = ["QSO", "QSO", "QSO", "Star", "Star", "Star"]
    >>> leave_one_out_labels(X, y, 0.3)[0].tolist()
    ['QSO', 'QSO', 'QSO', 'Star', 'Star', 'QSO']
    """
    y = np.asarray(y)
    model = KernelBayesClassifier(bandwidths, priors=priors, n_jobs=n_jobs).fit(X, y)
    log_density = model.log_density(X)
    code = np.searchsorted(model.classes_, y)
    for c, (h, name) in enumerate(zip(model.bandwidths_, model.classes_, strict=True)):
        own = np.flatnonzero(code == c)
        n = len(own)
        one = KernelBayesClassifier(h).fit(np.zeros((1, model.n_features_in_)), [name])
        peak = float(one.log_density(np.zeros((1, model.n_features_in_)))[0, 0])
        # In units of one kernel's peak: n f / K(0) is 1 for an object that is alone.
        others = n * np.exp(log_density[own, c] - peak) - 1.0
        empty = (others < 1e-9) | (n == 1)
        safe = np.where(empty, 1.0, others)
        log_density[own, c] = np.where(empty, -np.inf, np.log(safe) + peak - np.log(max(n - 1, 1)))
    alone = np.isneginf(log_density).all(axis=1)
    log_density[alone] = 0.0
    joint = log_density + np.log(model.priors_)
    proba = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return model.classes_[joint.argmax(axis=1)], proba
