"""How sure a score is: bootstrap intervals by sentence and by document, and paired tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Interval", "PairedTest", "bootstrap_documents", "bootstrap_sentences", "paired_test"]

_BLOCK = 4_000_000


class Interval(NamedTuple):
    """A mean with its bootstrap interval."""

    value: float
    low: float
    high: float


class PairedTest(NamedTuple):
    """Result of a paired comparison of two systems.

    Attributes
    ----------
    difference : float
        Mean over documents of the first system's score minus the second's.
    low, high : float
        Bootstrap interval of the difference, by document.
    p_value : float
        Two-sided p value of the sign-flip permutation test.
    wins : float
        Share of documents in which the first is better; a tie counts one half.
    n_documents : int
        Number of documents.
    """

    difference: float
    low: float
    high: float
    p_value: float
    wins: float
    n_documents: int


def _check_level(level):
    if not 0 < level < 1:
        raise ValueError(f"The level of an interval lies between 0 and 1, got {level}: try 0.95.")


def bootstrap_sentences(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    level: float = 0.95,
    n_draws: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> Interval:
    """Mean over the sentences of one text, with the interval from drawing sentences.

    Parameters
    ----------
    values : array (n,)
        One value per sentence; NaN is left out.
    weights : array (n,), optional
        Weight of each sentence.
    level : float
        Probability inside the interval.
    n_draws : int
        Number of bootstrap samples.
    random_state : int or Generator
        Where the randomness comes from.

    Returns
    -------
    Interval
        All NaN where no value is left. The interval is [value, value] for a single sentence: one
        sentence tells nothing about the spread.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Examples
    --------
    >>> bootstrap_sentences([0.2, 0.4, 0.6, 0.8])
    Interval(value=0.5, low=0.3, high=0.7)
    """
    _check_level(level)
    values = np.asarray(values, dtype=float)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=float)
    kept = np.isfinite(values) & (weights > 0)
    values, weights = values[kept], weights[kept]
    if len(values) == 0:
        return Interval(*[float("nan")] * 3)
    rng = np.random.default_rng(random_state)
    means = []
    step = max(1, _BLOCK // len(values))
    for begin in range(0, n_draws, step):
        draws = rng.integers(0, len(values), (min(step, n_draws - begin), len(values)))
        drawn = weights[draws]
        means.append((values[draws] * drawn).sum(axis=1) / drawn.sum(axis=1))
    return _interval(float(np.average(values, weights=weights)), np.concatenate(means), level)


def _interval(value, draws, level):
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(*(round(float(x), 12) for x in (value, low, high)))


def bootstrap_documents(
    statistic: Callable,
    documents: ArrayLike,
    *,
    level: float = 0.95,
    n_draws: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> Interval:
    """Any statistic over many texts, with the interval from drawing whole documents.

    Summaries of one document are not independent, so they are drawn together.

    Parameters
    ----------
    statistic : callable
        Takes an array of row indices and returns a float; NaN draws are left out.
    documents : array (n,)
        Document of each row.
    level, n_draws, random_state
        As in `bootstrap_sentences`.

    Returns
    -------
    Interval
        The statistic of all rows, with its interval.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or there are fewer than two documents.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> bootstrap_documents(lambda rows: x[rows].mean(), ["a", "a", "b", "b"])
    Interval(value=2.5, low=1.5, high=3.5)
    """
    _check_level(level)
    names, codes = np.unique(np.asarray(documents), return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            f"A bootstrap by document needs at least 2 documents, got {len(names)}: give more, or "
            "use bootstrap_sentences."
        )
    rows_of = [np.flatnonzero(codes == k) for k in range(len(names))]
    rng = np.random.default_rng(random_state)
    draws = np.array(
        [
            statistic(np.concatenate([rows_of[k] for k in rng.integers(0, len(names), len(names))]))
            for _ in range(n_draws)
        ]
    )
    draws = draws[np.isfinite(draws)]
    value = float(statistic(np.arange(len(codes))))
    return _interval(value, draws, level) if len(draws) else Interval(value, np.nan, np.nan)


def paired_test(
    first: ArrayLike,
    second: ArrayLike,
    documents: ArrayLike | None = None,
    *,
    level: float = 0.95,
    n_draws: int = 10_000,
    random_state: int | np.random.Generator = 0,
) -> PairedTest:
    """Compare two systems on the same documents.

    Parameters
    ----------
    first, second : array (n,)
        Scores of the two systems, text by text; a pair with NaN is left out.
    documents : array (n,), optional
        Document of each pair; scores are averaged within one first. None = one pair a document.
    level, n_draws, random_state
        As in `bootstrap_sentences`.

    Returns
    -------
    PairedTest
        Difference, interval, p value and share of wins.

    Raises
    ------
    ValueError
        If the arrays differ in length, or hold fewer than two documents.

    Notes
    -----
    If the systems were equal, each document's difference d_i could as well have the other sign.
    The p value is ``(1 + #{|mean(s_i d_i)| >= |mean(d_i)|}) / (1 + n_draws)`` over random signs.

    Examples
    --------
    >>> test = paired_test([0.9, 0.8, 0.7, 0.9, 0.8, 0.9], [0.5, 0.6, 0.6, 0.5, 0.7, 0.4])
    >>> round(test.difference, 3), test.wins
    (0.283, 1.0)
    """
    _check_level(level)
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"Paired scores have the same length, got {first.shape} and {second.shape}: give one "
            "score of each system per text."
        )
    documents = np.arange(len(first)) if documents is None else np.asarray(documents)
    kept = np.isfinite(first) & np.isfinite(second)
    _, codes = np.unique(documents[kept], return_inverse=True)
    count = np.bincount(codes)
    if len(count) < 2:
        raise ValueError(
            f"A paired test needs at least 2 documents, got {len(count)}: give more documents."
        )
    difference = np.bincount(codes, (first - second)[kept]) / count
    rng = np.random.default_rng(random_state)
    mean = difference.mean()
    extreme, boot = 0, []
    step = max(1, _BLOCK // len(difference))
    for begin in range(0, n_draws, step):
        size = (min(step, n_draws - begin), len(difference))
        signs = rng.integers(0, 2, size) * 2 - 1
        extreme += int((np.abs((signs * difference).mean(axis=1)) >= abs(mean) - 1e-12).sum())
        boot.append(difference[rng.integers(0, len(difference), size)].mean(axis=1))
    interval = _interval(float(mean), np.concatenate(boot), level)
    wins = float(((difference > 0) + 0.5 * (difference == 0)).mean())
    p_value = (1 + extreme) / (1 + n_draws)
    return PairedTest(interval.value, interval.low, interval.high, p_value, wins, len(difference))
