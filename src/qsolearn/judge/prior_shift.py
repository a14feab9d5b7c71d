"""The class mix of an unlabeled sample, and whether it is one of the classes known at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import plural
from qsolearn.judge.estimate import LEVEL, Estimate
from qsolearn.judge.ratios import class_mix, scaled_rows

__all__ = ["PriorEstimate", "estimate_priors", "mix_distance"]

#: Largest change of a prior in the last round of the re-estimation, and most rounds.
_TOLERANCE, _ROUNDS = 1e-7, 5000


@dataclass(frozen=True)
class PriorEstimate:
    """Class mix of an unlabeled sample.

    Attributes
    ----------
    priors : ndarray, shape (k,)
        Share of each class; they sum to 1.
    draws : ndarray, shape (n_bootstrap, k)
        Shares in bootstrap samples.
    n : int
        Number of sources, those without a ratio left out.
    rounds : int
        Rounds until the shares stood still.
    level : float
        Probability content of the intervals.
    """

    priors: np.ndarray
    draws: np.ndarray
    n: int
    rounds: int
    level: float = LEVEL

    def share(self, which: int) -> Estimate:
        """Share of one class with its interval.

        Parameters
        ----------
        which : int
            Column of the class.

        Returns
        -------
        Estimate
            n is the number of sources.
        """
        tail = (1 - self.level) / 2
        low, high = np.quantile(self.draws[:, which], [tail, 1 - tail])
        value = float(self.priors[which])
        return Estimate(value, min(low, value), max(high, value), self.n)


def estimate_priors(
    ratio: ArrayLike,
    *,
    start: ArrayLike | None = None,
    n_bootstrap: int = 200,
    level: float = LEVEL,
    seed: int = 0,
) -> PriorEstimate:
    """Class mix of an unlabeled sample, by expectation and maximization.

    Parameters
    ----------
    ratio : array_like, shape (n, k)
        Likelihood ratios of the sample; rows with NaN are left out.
    start : array_like, shape (k,), optional
        Mix to begin with, all above 0; equal shares by default. It does not change the result.
    n_bootstrap : int
        Number of bootstrap samples for the interval.
    level : float
        Probability content of the interval.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    PriorEstimate

    Raises
    ------
    ValueError
        If there is no source with a ratio, or a source that no class can have made.

    Notes
    -----
    Round by round, the mix becomes the mean of the posteriors that it gives,

    .. math:: P^{(t+1)}(c) = \\frac{1}{n} \\sum_i P^{(t)}(c|x_i),

    which climbs to the one maximum of the likelihood of the mix. The interval covers the chance of
    the draw of this sample alone: not the error of the ratios, and not a sample whose classes
    look different from the training sample's (see `mix_distance`).

    References
    ----------
    Saerens, Latinne & Decaestecker 2002, Neural Computation 14, 21, eq. 9.

    Examples
    --------
    >>> ratio = np.array([[1.0, 0.1]] * 800 + [[0.1, 1.0]] * 200)
    >>> estimate_priors(ratio).share(1)
    0.133 (0.103 to 0.166, n = 1000)
    """
    ratio = np.asarray(ratio, dtype=float)
    if ratio.ndim != 2 or ratio.shape[1] < 2:
        raise ValueError(
            f"Ratios have shape {ratio.shape}; give one row per source and one column per class, "
            "two at least."
        )
    ratio = ratio[np.isfinite(ratio).all(axis=1)]
    if not len(ratio) or np.any(ratio < 0) or np.any(ratio.max(axis=1) <= 0):
        raise ValueError(
            f"There are {plural(len(ratio), 'source')} with ratios; at least one is needed, no "
            "ratio below 0, and none of them 0 for every class."
        )
    k = ratio.shape[1]
    start = np.full(k, 1 / k) if start is None else class_mix(start, ratio)
    rows, count = np.unique(scaled_rows(ratio), axis=0, return_counts=True)
    priors, rounds = _climb(rows, count, start)
    rng = np.random.default_rng(seed)
    again = rng.multinomial(len(ratio), count / len(ratio), size=n_bootstrap)
    # A share of exactly 0 would stay there: begin a little inside.
    inside = 0.98 * priors + 0.02 / k
    draws = np.array([_climb(rows, c, inside)[0] for c in again]).reshape(n_bootstrap, k)
    return PriorEstimate(priors, draws, len(ratio), rounds, level)


def _climb(rows, count, priors):
    kept = count > 0
    rows, weight = rows[kept], count[kept] / count.sum()
    rounds, change = 0, 1.0
    while change > _TOLERANCE and rounds < _ROUNDS:
        rounds += 1
        weighted = rows * priors
        new = weight @ (weighted / weighted.sum(axis=1, keepdims=True))
        change = np.abs(new - priors).max()
        priors = new
    return priors / priors.sum(), rounds


def mix_distance(
    score: ArrayLike,
    is_quasar: ArrayLike,
    reference_score: ArrayLike,
    quasar_share: float,
    *,
    n_bootstrap: int = 200,
    seed: int = 0,
) -> tuple[float, float]:
    """Can any draw of the known classes, mixed so, have made this unlabeled sample?

    Parameters
    ----------
    score : array_like, shape (n,)
        Score of the unlabeled sample; NaN is left out.
    is_quasar : array_like of bool, shape (m,)
        Truth of the labeled sample.
    reference_score : array_like, shape (m,)
        The same score for the labeled sample; NaN is left out.
    quasar_share : float
        Share of quasars to mix, such as the estimated one.
    n_bootstrap : int
        Number of samples drawn from the labeled one to see what chance does.
    seed : int
        Seed of the draws.

    Returns
    -------
    distance : float
        Largest difference of the two cumulative distributions, 0 to 1.
    chance : float
        Share of the drawn samples that lie at least as far; small means that the classes of the
        unlabeled sample look different, and its estimated mix is not to be trusted.

    Raises
    ------
    ValueError
        If a share is outside 0 to 1 or a class has no source.

    Notes
    -----
    The statistic of Kolmogorov and Smirnov between the sample and the mixture of the two classes.
    Each drawn sample has the size of the unlabeled one, and is measured against a labeled
    sample that was drawn again, too.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> truth = np.arange(2000) < 1000
    >>> known = rng.normal(2.0 * truth)
    >>> new = rng.normal(2.0 * (np.arange(1000) < 100))
    >>> bool(mix_distance(new, truth, known, 0.1)[1] > 0.05)
    True
    >>> mix_distance(new + 1, truth, known, 0.4)[1]
    0.0
    """
    score = np.asarray(score, dtype=float)
    truth, known = np.asarray(is_quasar, dtype=bool), np.asarray(reference_score, dtype=float)
    score = np.sort(score[~np.isnan(score)])
    parts = [np.sort(known[own & ~np.isnan(known)]) for own in (truth, ~truth)]
    if not 0 <= quasar_share <= 1 or not len(score) or not all(map(len, parts)):
        raise ValueError(
            f"A share of {quasar_share} with {plural(len(score), 'new source')}, "
            f"{plural(len(parts[0]), 'quasar')} and {plural(len(parts[1]), 'other source')}: give "
            "a share between 0 and 1 and some of each."
        )
    shares = (quasar_share, 1 - quasar_share)
    distance = _largest_gap(score, parts, shares)
    rng = np.random.default_rng(seed)
    farther = 0
    for _ in range(n_bootstrap):
        n_quasars = rng.binomial(len(score), quasar_share)
        drawn = np.concatenate(
            [rng.choice(parts[0], n_quasars), rng.choice(parts[1], len(score) - n_quasars)]
        )
        again = [np.sort(rng.choice(p, len(p))) for p in parts]
        farther += _largest_gap(np.sort(drawn), again, shares) >= distance
    return float(distance), float(farther / n_bootstrap)


def _largest_gap(sample, parts, shares):
    """Largest difference of the cumulative distributions of a sample and of a mixture, sorted."""
    at = np.unique(np.concatenate([sample, *parts]))
    own = np.searchsorted(sample, at, side="right") / len(sample)
    mixed = sum(
        share * np.searchsorted(part, at, side="right") / len(part)
        for share, part in zip(shares, parts, strict=True)
    )
    return np.abs(own - mixed).max()
