"""The three methods of the paper, built from the library's general parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.judge import class_labels, completeness, efficiency
from qsolearn.papers.calderone2024.published import BANDS, METHODS, PUBLISHED
from qsolearn.photometry import colors
from qsolearn.selection import BoostedTrees, FrameSelector, ReverseSelectionClassifier

if TYPE_CHECKING:
    import pandas as pd

    from qsolearn.judge import Estimate

__all__ = [
    "ORDER",
    "TARGET",
    "classifier",
    "features",
    "metrics",
    "recipe",
    "run_split",
    "undersample",
]

#: The class that is looked for, and those that reverse selection discards, in order.
TARGET, ORDER = "QSOhighZ", ("Star", "Galaxy", "QSOlowZ")


def classifier(
    method: str = "reverse",
    *,
    n_rounds: int | None = None,
    threshold: float = PUBLISHED["threshold"],
) -> BoostedTrees | ReverseSelectionClassifier:
    """A method of the paper as an unfitted classifier with the paper's settings.

    Parameters
    ----------
    method : {"direct", "undersampled", "reverse"}
        The undersampled method is the direct one with fewer rounds; `undersample` draws its
        training rows.
    n_rounds : int, optional
        Boosting rounds; by default the paper's.
    threshold : float
        Of reverse selection; the others have none.

    Returns
    -------
    BoostedTrees or ReverseSelectionClassifier

    Raises
    ------
    CatalogError
        If there is no such method.

    Notes
    -----
    The paper gives every step the loss multi:softprob; a step with two classes has the logistic
    loss here, which is the same model with half the trees. The starting probability of a class is
    0.5, the default of the xgboost versions of that time; later versions start from the class
    frequencies.

    References
    ----------
    Calderone et al. 2024, Sect. 5.2.

    Examples
    --------
    >>> classifier("direct").n_rounds
    40
    """
    if method not in METHODS:
        raise CatalogError(f"The paper compares {', '.join(METHODS)}, not {method!r}.")
    rounds = PUBLISHED["num_round"][method] if n_rounds is None else n_rounds
    trees = BoostedTrees(n_rounds=rounds, max_depth=PUBLISHED["max_depth"])
    if method != "reverse":
        return trees
    return ReverseSelectionClassifier(trees, threshold=threshold, target=TARGET, order=list(ORDER))


def recipe(method: str = "reverse") -> FrameSelector:
    """The paper's selector for photometric frames.

    Parameters
    ----------
    method : {"direct", "undersampled", "reverse"}
        As for `classifier`.

    Returns
    -------
    FrameSelector
        Unfitted; colors of `BANDS`, quasars of interest are those of class QSOhighZ.

    Examples
    --------
    >>> recipe().estimator.order
    ['Star', 'Galaxy', 'QSOlowZ']
    """
    return FrameSelector(classifier(method), list(BANDS), quasar_classes=[TARGET])


def features(frame: pd.DataFrame) -> np.ndarray:
    """The colors that the paper's classifiers see.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame with the bands `BANDS`.

    Returns
    -------
    ndarray of float32, shape (n, 11)
        Differences of neighboring magnitudes [mag]; NaN where one is missing. An upper limit is
        taken as the magnitude that it is.
    """
    return colors(magnitudes(frame, list(BANDS))).astype(np.float32)


def undersample(labels: ArrayLike, per_class: int | None = None, seed: int = 0) -> np.ndarray:
    """Rows of a training set with equally many sources of every class, drawn at random.

    Parameters
    ----------
    labels : array_like, shape (n,)
        Class of each source.
    per_class : int, optional
        Sources per class; by default as many as the smallest class has.
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray of int
        Row numbers, sorted.

    Raises
    ------
    CatalogError
        If a class has fewer sources than ``per_class``.

    References
    ----------
    Calderone et al. 2024, Sect. 5.4 (1,526 of each class).

    Examples
    --------
    >>> len(undersample(["Star"] * 90 + ["QSO"] * 10))
    20
    """
    text = class_labels(labels).to_numpy(dtype=str)
    names, number = np.unique(text, return_counts=True)
    size = int(number.min()) if per_class is None else int(per_class)
    if size > number.min():
        raise CatalogError(
            f"Class {str(names[number.argmin()])!r} has {number.min():,} sources, fewer than "
            f"{size:,} per class; ask for fewer."
        )
    rng = np.random.default_rng(seed)
    rows = [rng.choice(np.flatnonzero(text == n), size, replace=False) for n in names]
    return np.sort(np.concatenate(rows))


def metrics(labels: ArrayLike, predicted: ArrayLike, z: ArrayLike) -> dict[str, Estimate]:
    """The paper's three numbers of one run.

    Parameters
    ----------
    labels, predicted : array_like of str, shape (n,)
        True and predicted classes.
    z : array_like, shape (n,)
        True redshifts; NaN where there is none.

    Returns
    -------
    dict of str to qsolearn.judge.Estimate
        ``precision`` and ``recall`` of the class QSOhighZ (z > 2.5), and ``recall_z3``, of those
        of its sources that are beyond redshift 3.

    References
    ----------
    Calderone et al. 2024, Sect. 2.

    Examples
    --------
    >>> metrics(["QSOhighZ", "QSOhighZ"], ["QSOlowZ", "QSOhighZ"], [2.6, 3.2])["recall_z3"]
    1 (0.15 to 1, n = 1)
    """
    true = np.asarray(labels).astype(str) == TARGET
    selected = np.asarray(predicted).astype(str) == TARGET
    beyond = true & (np.asarray(z, dtype=float) > 3)
    return {
        "precision": efficiency(true, selected),
        "recall": completeness(true, selected),
        "recall_z3": completeness(beyond, selected),
    }


def run_split(
    method: str,
    X: ArrayLike,
    labels: ArrayLike,
    train: ArrayLike,
    test: ArrayLike,
    *,
    n_rounds: int | None = None,
    threshold: float = PUBLISHED["threshold"],
    seed: int = 0,
) -> tuple[np.ndarray, Any]:
    """Train a method on one part of a sample and classify the other.

    Parameters
    ----------
    method : {"direct", "undersampled", "reverse"}
        As for `classifier`.
    X : array_like, shape (n, k)
        Colors, as `features` gives them.
    labels : array_like of str, shape (n,)
        Classes.
    train, test : array_like of int
        Row numbers of the two parts.
    n_rounds, threshold
        As for `classifier`.
    seed : int
        Seed of the undersampling.

    Returns
    -------
    predicted : ndarray of str, shape (n_test,)
        Class of each source of the test part.
    model : classifier
        Fitted.
    """
    X, labels = np.asarray(X), np.asarray(labels).astype(str)
    train = np.asarray(train)
    if method == "undersampled":
        train = train[undersample(labels[train], seed=seed)]
    model = classifier(method, n_rounds=n_rounds, threshold=threshold).fit(X[train], labels[train])
    return model.predict(X[np.asarray(test)]), model
