"""Likelihood ratios: what a classifier says once the class mix is taken out of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import plural

__all__ = [
    "calibrated_ratios",
    "class_mix",
    "likelihood_ratios",
    "scaled_rows",
    "shifted_posterior",
]


def likelihood_ratios(probability: ArrayLike, priors: ArrayLike) -> np.ndarray:
    """Take the class mix of the training sample out of a classifier's probabilities.

    Parameters
    ----------
    probability : array_like, shape (n, k)
        Posterior probabilities of k classes, rows summing to 1; a row with NaN stays NaN.
    priors : array_like, shape (k,)
        Class mix that the probabilities assume: the priors that the classifier was given, or the
        shares of the classes in its training sample. All above 0; they are scaled to sum to 1.

    Returns
    -------
    ndarray, shape (n, k)
        Likelihood of each class, up to a factor per row; the largest of a row is 1.

    Raises
    ------
    ValueError
        If shapes differ, a prior is not above 0, or a probability is outside 0 to 1.

    Notes
    -----
    By Bayes' rule p(x|c) / p(x) = P(c|x) / P(c). Only ratios within a row matter later. The
    probabilities must be calibrated; where they are not, see `calibrated_ratios`.

    Examples
    --------
    >>> likelihood_ratios([[0.5, 0.5]], [0.2, 0.8]).tolist()
    [[1.0, 0.25]]
    """
    probability = np.asarray(probability, dtype=float)
    priors = class_mix(priors, probability)
    known = np.isfinite(probability)
    if np.any((probability[known] < 0) | (probability[known] > 1 + 1e-9)):
        raise ValueError(
            "A probability lies between 0 and 1; got "
            f"{np.nanmin(probability):g} to {np.nanmax(probability):g}."
        )
    return scaled_rows(probability / priors)


def shifted_posterior(ratio: ArrayLike, priors: ArrayLike) -> np.ndarray:
    """Posterior probabilities in another class mix.

    Parameters
    ----------
    ratio : array_like, shape (n, k)
        As `likelihood_ratios` or `calibrated_ratios` gives them; a row with NaN stays NaN.
    priors : array_like, shape (k,)
        Class mix of the new sample; a class may be absent (0).

    Returns
    -------
    ndarray, shape (n, k)
        Rows sum to 1; NaN where no class of the mix is possible.

    Raises
    ------
    ValueError
        If shapes differ or a prior is below 0.

    Notes
    -----
    .. math:: P'(c|x) = \\frac{P'(c)\\,p(x|c)}{\\sum_k P'(k)\\,p(x|k)}

    It holds under prior shift: how common the classes are changes, how each looks does not.

    References
    ----------
    Saerens, Latinne & Decaestecker 2002, Neural Computation 14, 21, eq. 4.

    Examples
    --------
    >>> ratio = likelihood_ratios([[0.9, 0.1]], [0.5, 0.5])
    >>> shifted_posterior(ratio, [0.02, 0.98]).round(3).tolist()
    [[0.155, 0.845]]
    """
    ratio = np.asarray(ratio, dtype=float)
    weighted = ratio * class_mix(priors, ratio, absent=True)
    total = weighted.sum(axis=1, keepdims=True)
    return np.divide(weighted, total, out=np.full(weighted.shape, np.nan), where=total > 0)


def calibrated_ratios(
    is_quasar: ArrayLike, reference_score: ArrayLike, score: ArrayLike
) -> np.ndarray:
    """Likelihood ratios from any score, by counting a labeled sample.

    Parameters
    ----------
    is_quasar : array_like of bool, shape (m,)
        Truth of the labeled sample. It must not have trained the score.
    reference_score : array_like, shape (m,)
        Score of the labeled sample, higher for quasars; NaN is left out.
    score : array_like, shape (n,)
        Scores to turn into ratios; NaN gives a row of NaN.

    Returns
    -------
    ndarray, shape (n, 2)
        Columns others, quasars; the larger of a row is 1. The odds never fall as the score rises,
        and none is 0.

    Raises
    ------
    ValueError
        If shapes differ or one of the two classes is absent.

    Notes
    -----
    The sample is cut into runs of score by isotonic regression (pool adjacent violators) of the
    truth, so that the share of quasars rises from run to run. In a run with q of Q quasars and s
    of S others the ratio is (q + 1/2) / (Q + 1) against (s + 1/2) / (S + 1): half an object added
    as in a Jeffreys interval, so that a run of quasars alone is not certainty. Neighboring runs
    whose order the half objects turn are joined. The class mix of the labeled sample drops out.

    References
    ----------
    Zadrozny & Elkan 2002, KDD 8, 694.

    Examples
    --------
    >>> truth, seen = [False, False, True, False, True, True], [1, 2, 3, 4, 5, 6]
    >>> calibrated_ratios(truth, seen, [0, 6]).round(2).tolist()
    [[1.0, 0.2], [0.2, 1.0]]
    """
    truth, seen = np.asarray(is_quasar), np.asarray(reference_score, dtype=float)
    score = np.asarray(score, dtype=float)
    if truth.dtype != bool or truth.shape != seen.shape or truth.ndim != 1 or score.ndim != 1:
        raise ValueError(
            f"Truth must be boolean and as long as its scores; got {truth.dtype} of shape "
            f"{truth.shape}, scores of shape {seen.shape} and {score.shape}."
        )
    truth, seen = truth[~np.isnan(seen)], seen[~np.isnan(seen)]
    n_quasars, n_others = int(truth.sum()), int((~truth).sum())
    if not n_quasars or not n_others:
        raise ValueError(
            f"The labeled sample has {plural(n_quasars, 'quasar')} and "
            f"{plural(n_others, 'other source')} with a score; it needs both."
        )
    value, place = np.unique(seen, return_inverse=True)
    quasars = np.bincount(place, truth, len(value))
    others = np.bincount(place, ~truth, len(value))
    start, likelihood = _runs(quasars, others, n_quasars, n_others)
    edge = (value[start[1:]] + value[start[1:] - 1]) / 2
    out = scaled_rows(likelihood)[np.searchsorted(edge, score, side="right")]
    out[np.isnan(score)] = np.nan
    return out


def _runs(quasars, others, n_quasars, n_others):
    """Begins of the runs of rising odds, and the smoothed likelihoods of each run."""
    runs = [(k, q, s) for k, (q, s) in enumerate(zip(quasars, others, strict=True))]
    for half in (0.0, 0.5):
        kept = []
        for run in runs:
            kept.append(run)
            while len(kept) > 1 and _share(kept[-2], half) >= _share(kept[-1], half):
                (begin, *first), (_, *second) = kept[-2:]
                kept[-2:] = [(begin, first[0] + second[0], first[1] + second[1])]
        runs = kept
    start, q, s = (np.array(c) for c in zip(*runs, strict=True))
    likelihood = np.column_stack([(s + 0.5) / (n_others + 1), (q + 0.5) / (n_quasars + 1)])
    return start, likelihood


def _share(run, half):
    _, q, s = run
    return (q + half) / (q + s + 2 * half)


def scaled_rows(ratio):
    """Rows divided by their largest value.

    Parameters
    ----------
    ratio : ndarray, shape (n, k)
        Not below 0.

    Returns
    -------
    ndarray, shape (n, k)
        NaN where a whole row is 0 or a value of it is missing.
    """
    largest = ratio.max(axis=1, keepdims=True)
    return np.divide(ratio, largest, out=np.full(ratio.shape, np.nan), where=largest > 0)


def class_mix(priors, table, absent=False):
    """Check a class mix against the columns of a table, and scale it to sum to 1.

    Parameters
    ----------
    priors : array_like, shape (k,)
        Share of each class.
    table : ndarray, shape (n, k)
        One column per class.
    absent : bool
        Whether a share may be 0.

    Returns
    -------
    ndarray, shape (k,)

    Raises
    ------
    ValueError
        If they do not fit.
    """
    priors = np.asarray(priors, dtype=float)
    least = "not below 0" if absent else "above 0"
    right = table.ndim == 2 and priors.shape == table.shape[1:] and np.isfinite(priors).all()
    if not right or priors.sum() <= 0 or (priors < 0).any() or (not absent and (priors == 0).any()):
        raise ValueError(
            f"A class mix of {priors.tolist()} does not fit a table of shape {table.shape}: give "
            f"one share per column, {least}, and one row per source."
        )
    return priors / priors.sum()
