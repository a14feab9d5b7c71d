"""What a class mix makes of a selection: candidates, efficiency, recall, hours at the telescope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, Estimate

__all__ = ["FollowUp", "follow_up", "follow_up_table"]


@dataclass(frozen=True)
class FollowUp:
    """What to expect of the follow-up of one catalog.

    Attributes
    ----------
    quasar_share : float
        Share of quasars in the catalog.
    candidates, found : Estimate
        Number of candidates, and of quasars among them.
    efficiency, completeness : Estimate
        Found per candidate, and per quasar of the catalog.
    hours : Estimate
        Telescope time [h].
    """

    quasar_share: float
    candidates: Estimate
    found: Estimate
    efficiency: Estimate
    completeness: Estimate
    hours: Estimate


def follow_up(
    is_quasar: ArrayLike,
    odds: ArrayLike,
    quasar_share: ArrayLike,
    n_sources: int,
    *,
    threshold: float = 0.5,
    rule_share: float | None = None,
    exposure: float = 20.0,
    fibers: int = 1,
    n_draws: int = 2000,
    level: float = LEVEL,
    seed: int = 0,
) -> FollowUp:
    """Expect candidates, efficiency, recall and hours in a catalog of another class mix.

    Parameters
    ----------
    is_quasar : array_like of bool, shape (m,)
        Truth of a labeled sample that did not train the classifier.
    odds : array_like, shape (m,)
        Likelihood ratio of that sample, quasars over others; NaN is never selected.
    quasar_share : float or array_like, shape (d,)
        Share of quasars in the catalog: one number, or draws of it, such as
        ``PriorEstimate.draws[:, 1]``, whose scatter then enters the intervals.
    n_sources : int
        Sources of the catalog.
    threshold : float
        Least posterior probability of a candidate, between 0 and 1.
    rule_share : float, optional
        Share of quasars that the posterior assumes; by default that of the catalog (the mean of
        the draws). A selector used as it was trained has the share of its training sample.
    exposure : float
        Time per visit [min], overheads included.
    fibers : int
        Candidates observed in one visit.
    n_draws : int
        Number of catalogs drawn for the intervals.
    level : float
        Probability content of the intervals.
    seed : int
        Seed of the draws.

    Returns
    -------
    FollowUp

    Raises
    ------
    ValueError
        If shapes differ, a class is absent, or a number is out of its range.

    Notes
    -----
    With C and F the shares of the labeled quasars and others whose posterior reaches the threshold
    under the rule's mix P, which is where the odds are at least t (1 - P) / ((1 - t) P), a catalog
    of N sources with a share f of quasars gives N (f C + (1 - f) F) candidates. The intervals are
    those of the numbers that a catalog will show: C and F are drawn from their Jeffreys
    posteriors, the share from its draws, then counts from binomial distributions.

    Examples
    --------
    >>> truth = np.repeat([True, False], [1000, 1000])
    >>> odds = np.where(np.arange(2000) % 50 == 0, 1.0, np.where(truth, 1000.0, 0.001))
    >>> plan = follow_up(truth, odds, 0.02, 10_000, fibers=100)
    >>> plan.candidates
    196 (171 to 231, n = 10000)
    >>> round(float(plan.hours), 2)
    0.67
    """
    truth, odds = np.asarray(is_quasar), np.asarray(odds, dtype=float)
    if truth.dtype != bool or truth.shape != odds.shape or truth.ndim != 1 or truth.all():
        truth = np.zeros(0, bool)
    if not truth.any():
        raise ValueError(
            f"Truth and odds must be one boolean and one number per source; got shapes "
            f"{np.shape(is_quasar)} and {odds.shape}, and there must be quasars and others."
        )
    share = np.atleast_1d(np.asarray(quasar_share, dtype=float))
    rule = float(share.mean() if rule_share is None else rule_share)
    _check(share, rule, threshold, n_sources, exposure, fibers)
    if rule > 0:
        with np.errstate(divide="ignore"):
            limit = np.log(threshold / (1 - threshold)) + np.log1p(-rule) - np.log(rule)
            selected = np.log(odds) >= limit
    else:
        selected = np.zeros(len(odds), dtype=bool)
    n_q, n_o = int(truth.sum()), int((~truth).sum())
    k_q, k_o = int((truth & selected).sum()), int((~truth & selected).sum())

    f, n = float(share.mean()), int(n_sources)
    value_found, value_false = n * f * k_q / n_q, n * (1 - f) * k_o / n_o
    rng = np.random.default_rng(seed)
    quasars = rng.binomial(n, share[rng.integers(0, len(share), n_draws)])
    found = rng.binomial(quasars, rng.beta(k_q + 0.5, n_q - k_q + 0.5, n_draws))
    false = rng.binomial(n - quasars, rng.beta(k_o + 0.5, n_o - k_o + 0.5, n_draws))

    def estimate(value, draws, count):
        draws = draws[np.isfinite(draws)]
        if not np.isfinite(value) or not len(draws):
            return Estimate(np.nan, np.nan, np.nan, count)
        tail = (1 - level) / 2
        low, high = np.quantile(draws, [tail, 1 - tail])
        return Estimate(value, min(low, value), max(high, value), count)

    def hours(candidates):
        return np.ceil(np.round(candidates, 6) / fibers) * exposure / 60

    candidates = value_found + value_false
    with np.errstate(invalid="ignore", divide="ignore"):
        return FollowUp(
            f,
            estimate(candidates, found + false, n),
            estimate(value_found, found, n),
            estimate(
                value_found / candidates if candidates else np.nan, found / (found + false), n
            ),
            estimate(k_q / n_q, found / quasars, n_q),
            estimate(hours(candidates), hours(found + false), n),
        )


def _check(share, rule, threshold, n_sources, exposure, fibers):
    ranges = {
        "quasar_share": share.size > 0 and bool(np.all((share >= 0) & (share <= 1))),
        "rule_share": 0 <= rule < 1,
        "threshold": 0 < threshold < 1,
        "n_sources": n_sources >= 1,
        "exposure": exposure > 0,
        "fibers": fibers >= 1,
    }
    wrong = [name for name, fine in ranges.items() if not fine]
    if wrong:
        raise ValueError(
            f"{wrong[0]} is out of its range: shares and the threshold lie between 0 and 1, a "
            "catalog has sources, a visit takes minutes and holds a fiber at least."
        )


def follow_up_table(
    is_quasar: ArrayLike,
    odds: ArrayLike,
    quasar_shares: Sequence[float],
    n_sources: int,
    **options: Any,
) -> pd.DataFrame:
    """Follow-up of many class mixes, one row each.

    Parameters
    ----------
    is_quasar, odds, n_sources
        As for `follow_up`.
    quasar_shares : sequence of float
        Class mixes.
    **options
        Handed to `follow_up`.

    Returns
    -------
    pandas.DataFrame
        ``quasar_share``, and ``candidates``, ``found``, ``efficiency``, ``completeness``,
        ``hours``, each with its ``_low`` and ``_high``.

    Examples
    --------
    >>> truth = np.repeat([True, False], 500)
    >>> odds = np.where(truth, 50.0, 0.02)
    >>> follow_up_table(truth, odds, [0.01, 0.1], 1000)["candidates"].tolist()
    [0.0, 100.0]
    """
    rows = []
    for share in quasar_shares:
        plan = follow_up(is_quasar, odds, share, n_sources, **options)
        row = {"quasar_share": plan.quasar_share}
        for name in ("candidates", "found", "efficiency", "completeness", "hours"):
            e = getattr(plan, name)
            row |= {name: float(e), f"{name}_low": e.low, f"{name}_high": e.high}
        rows.append(row)
    return pd.DataFrame(rows)
