"""Precision, recall and false-positive rate as a threshold on the probability moves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, Estimate, proportion

__all__ = [
    "average_precision_gain",
    "precision_recall",
    "recall_at_precision",
    "threshold_curve",
]


def threshold_curve(
    is_target: ArrayLike,
    probability: ArrayLike,
    target: int,
    thresholds: ArrayLike | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Rates of a multi-class classifier when its target predictions must also pass a threshold.

    Parameters
    ----------
    is_target : array_like of bool, shape (n,)
        Truth.
    probability : array_like, shape (n, n_classes)
        Probabilities of the classes; a row with NaN is never selected.
    target : int
        Column of the class that is looked for.
    thresholds : array_like, shape (k,), optional
        By default 0 to 0.95 in steps of 0.05.
    level : float
        Probability content of the intervals.

    Returns
    -------
    pandas.DataFrame, k rows
        ``threshold``, ``selected``, ``found``, and ``precision``, ``recall`` and ``fpr``, each
        with its ``_low`` and ``_high``. ``attrs["floor"]`` is 1 / n_classes.

    Raises
    ------
    ValueError
        If shapes differ, there is no such column, or the truth is not boolean.

    Notes
    -----
    A source is selected if the target is its most probable class and its probability is above the
    threshold. The most probable of N classes has at least the probability 1/N: a threshold below
    that floor changes nothing, and no threshold finds more than having none.

    References
    ----------
    Calderone et al. 2024, Sect. 5.3 and Fig. 4.

    Examples
    --------
    >>> proba = [[0.6, 0.4], [0.1, 0.9], [0.4, 0.6]]
    >>> threshold_curve([False, True, True], proba, 1, [0.0, 0.5, 0.8])["found"].tolist()
    [2, 2, 1]
    """
    is_target, probability = _checked(is_target, probability, 2)
    if not 0 <= target < probability.shape[1]:
        raise ValueError(f"There are {probability.shape[1]} classes, so no column {target}.")
    thresholds = np.arange(0, 0.951, 0.05) if thresholds is None else np.asarray(thresholds, float)
    known = np.isfinite(probability).all(axis=1)
    chosen = np.zeros(len(probability), bool)
    chosen[known] = probability[known].argmax(axis=1) == target
    own = np.where(chosen, probability[:, target], -np.inf)
    rows = []
    n_target, n_other = int(is_target.sum()), int((~is_target).sum())
    for t in thresholds:
        selected = own > t
        found = int((selected & is_target).sum())
        false = int(selected.sum()) - found
        row = {"threshold": float(t), "selected": found + false, "found": found}
        rates = {
            "precision": proportion(found, found + false, level),
            "recall": proportion(found, n_target, level),
            "fpr": proportion(false, n_other, level),
        }
        for name, e in rates.items():
            row |= {name: float(e), f"{name}_low": e.low, f"{name}_high": e.high}
        rows.append(row)
    table = pd.DataFrame(rows)
    table.attrs["floor"] = 1 / probability.shape[1]
    return table


def precision_recall(is_target: ArrayLike, score: ArrayLike) -> pd.DataFrame:
    """Precision and recall at every threshold of a score.

    Parameters
    ----------
    is_target : array_like of bool, shape (n,)
        Truth.
    score : array_like, shape (n,)
        Higher for targets; NaN counts as the lowest. Sources of equal score are selected together.

    Returns
    -------
    pandas.DataFrame
        ``score``, ``selected``, ``found``, ``precision``, ``recall``, from the highest score down.
        ``attrs["average_precision"]`` is the sum of precision times the step in recall.

    Raises
    ------
    ValueError
        If shapes differ, the truth is not boolean, or there is no target.

    Notes
    -----
    With targets one in ten thousand the false-positive rate is always tiny, so completeness
    against false-positive rate looks perfect for every method; precision against recall does not.

    Examples
    --------
    >>> table = precision_recall([True, False, True], [0.9, 0.8, 0.1])
    >>> table["precision"].round(2).tolist(), round(table.attrs["average_precision"], 3)
    ([1.0, 0.5, 0.67], 0.833)
    """
    is_target, score = _checked(is_target, score, 1)
    if not is_target.any():
        raise ValueError("There is no target among the sources, so no recall.")
    score = np.where(np.isnan(score), -np.inf, score)
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    found = np.cumsum(is_target[order])[last]
    selected = last + 1
    precision, recall = found / selected, found / is_target.sum()
    table = pd.DataFrame(
        {
            "score": ranked[last],
            "selected": selected,
            "found": found,
            "precision": precision,
            "recall": recall,
        }
    )
    table.attrs["average_precision"] = float(np.sum(precision * np.diff(recall, prepend=0.0)))
    return table


def recall_at_precision(is_target: ArrayLike, score: ArrayLike, precision: float) -> float:
    """Highest recall that a score reaches at a precision, or better.

    Parameters
    ----------
    is_target, score
        As for `precision_recall`.
    precision : float
        Least precision, above 0 and at most 1.

    Returns
    -------
    float
        0 if no threshold reaches the precision.

    Raises
    ------
    ValueError
        If the precision is outside (0, 1].

    Examples
    --------
    >>> recall_at_precision([True, False, True], [0.9, 0.8, 0.1], 0.6)
    1.0
    """
    if not 0 < precision <= 1:
        raise ValueError(f"A precision lies above 0 and at most at 1, not at {precision}.")
    table = precision_recall(is_target, score)
    reached = table.loc[table["precision"] >= precision, "recall"]
    return float(reached.max()) if len(reached) else 0.0


def average_precision_gain(
    is_target: ArrayLike,
    first: ArrayLike,
    second: ArrayLike | None = None,
    *,
    level: float = LEVEL,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> Estimate:
    """Average precision of a score, or how much higher it is than that of another, with interval.

    Parameters
    ----------
    is_target : array_like of bool, shape (n,)
        Truth.
    first, second : array_like, shape (n,)
        Scores of the same sources; without ``second`` the average precision itself is estimated.
    level : float
        Probability content of the interval.
    n_bootstrap : int
        Number of bootstrap samples.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    Estimate
        n is the number of targets.

    Notes
    -----
    Targets and others are drawn anew separately, so that every sample has the class mix of this
    one, and both scores are judged on the same draw: what makes a sample easy for one makes it
    easy for the other, and drops out of the difference. Others are drawn by Poisson weights, which
    is the same for many and cheaper.

    Examples
    --------
    >>> truth = np.arange(200) < 40
    >>> good, bad = truth + np.sin(np.arange(200)), np.cos(np.arange(200.0))
    >>> average_precision_gain(truth, good, bad).low > 0
    True
    """
    is_target, first = _checked(is_target, first, 1)
    if not is_target.any():
        raise ValueError("There is no target among the sources, so no average precision.")
    scores = [first] if second is None else [first, _checked(is_target, second, 1)[1]]
    ranked = [_Ranked(is_target, score) for score in scores]
    rng = np.random.default_rng(seed)
    n_target = int(is_target.sum())
    draws = np.empty(n_bootstrap)
    for k in range(n_bootstrap):
        weight = rng.poisson(1.0, len(is_target)).astype(float)
        weight[is_target] = np.bincount(rng.integers(0, n_target, n_target), minlength=n_target)
        values = [r.average_precision(weight) for r in ranked]
        draws[k] = values[0] - (values[1] if len(values) > 1 else 0.0)
    ones = np.ones(len(is_target))
    value = ranked[0].average_precision(ones)
    if second is not None:
        value -= ranked[1].average_precision(ones)
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(value, low, high, n_target)


class _Ranked:
    """A score sorted once, for many weightings of the sources."""

    def __init__(self, is_target, score):
        score = np.where(np.isnan(score), -np.inf, score)
        self.order = np.argsort(-score, kind="stable")
        ranked = score[self.order]
        self.last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
        self.target = is_target[self.order]

    def average_precision(self, weight):
        """Average precision with a weight per source."""
        weight = weight[self.order]
        selected = np.cumsum(weight)[self.last]
        found = np.cumsum(np.where(self.target, weight, 0.0))[self.last]
        precision = np.divide(found, selected, out=np.zeros_like(found), where=selected > 0)
        return float(np.sum(precision * np.diff(found, prepend=0.0)) / found[-1])


def _checked(is_target, values, ndim):
    is_target, values = np.asarray(is_target), np.asarray(values, dtype=float)
    if is_target.dtype != bool or is_target.ndim != 1:
        raise ValueError(
            f"Truth must be one-dimensional and boolean, not {is_target.dtype} of shape "
            f"{is_target.shape}."
        )
    if values.ndim != ndim or len(values) != len(is_target):
        raise ValueError(
            f"There are {len(is_target):,} true classes but scores of shape {values.shape}."
        )
    return is_target, values
