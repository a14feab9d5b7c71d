"""Random splits into training and test sets, and what repeating them tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from qsolearn.errors import plural
from qsolearn.judge.estimate import LEVEL, Estimate
from qsolearn.judge.selection import class_labels

__all__ = ["block_splits", "over_splits", "paired_difference", "split_mean", "stratified_splits"]


def stratified_splits(
    labels: ArrayLike, n_splits: int = 1, test_fraction: float = 0.2, seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Shuffled splits that keep the share of every class.

    Parameters
    ----------
    labels : array_like, shape (n,)
        Class of each source; a missing one is an error.
    n_splits : int
        Number of independent splits.
    test_fraction : float
        Share of each class in the test set, between 0 and 1.
    seed : int
        Split k depends on the seed and on k alone, so the first splits of a long series are
        those of a short one.

    Returns
    -------
    list of (ndarray, ndarray)
        Per split the row numbers of the training and of the test set, each shuffled.

    Raises
    ------
    ValueError
        If a label is missing, the fraction is not between 0 and 1, or a class would be empty on
        one side.

    Notes
    -----
    Of a class of n sources, n times the fraction go to the test set, rounded to the nearest whole
    number (halves to the even one).

    Examples
    --------
    >>> train, test = stratified_splits(["Star"] * 40 + ["QSO"] * 10)[0]
    >>> len(train), len(test), int((test >= 40).sum())
    (40, 10, 2)
    """
    text = class_labels(labels)
    missing = int((text == "").sum())
    if missing:
        raise ValueError(
            f"{missing:,} of {plural(len(text), 'source')} have no label; leave them out."
        )
    if not 0 < test_fraction < 1:
        raise ValueError(f"The test fraction is {test_fraction}; it must lie between 0 and 1.")
    code, names = pd.factorize(text)
    members = [np.flatnonzero(code == c) for c in range(len(names))]
    sizes = [int(np.round(test_fraction * len(m))) for m in members]
    for name, own, size in zip(names, members, sizes, strict=True):
        if not 0 < size < len(own):
            raise ValueError(
                f"Class {name!r} has {plural(len(own), 'source')}, too few for a test fraction of "
                f"{test_fraction}; leave the class out or change the fraction."
            )
    splits = []
    for k in range(n_splits):
        rng = np.random.default_rng([seed, k])
        drawn = [rng.permutation(own) for own in members]
        test = np.concatenate([d[:s] for d, s in zip(drawn, sizes, strict=True)])
        train = np.concatenate([d[s:] for d, s in zip(drawn, sizes, strict=True)])
        splits.append((rng.permutation(train), rng.permutation(test)))
    return splits


def block_splits(
    blocks: ArrayLike, n_splits: int = 5, seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Parts of about equal size that never tear a block: each is the test set once.

    Parameters
    ----------
    blocks : array_like, shape (n,)
        Block of each source: a pixel of sky (`qsolearn.sky.sky_blocks`), a plate, a night, or the
        number of the object itself where files repeat objects.
    n_splits : int
        Number of parts, at least 2 and at most the number of blocks.
    seed : int
        Seed of the order in which blocks of equal size are dealt out.

    Returns
    -------
    list of (ndarray, ndarray)
        Per split the row numbers of the training and of the test set, in order.

    Raises
    ------
    ValueError
        If a block is missing or there are too few blocks.

    Notes
    -----
    The blocks are dealt out from the largest to the smallest, each to the part that is smallest
    so far. Sources of a block share what a random split would leak from the training into the test
    set: dust, seeing, zero point, depth, and their own second measurement.

    References
    ----------
    Roberts et al. 2017, Ecography 40, 913.

    Examples
    --------
    >>> for train, test in block_splits([7, 7, 7, 3, 3, 5], n_splits=2):
    ...     print(train, test)
    [3 4 5] [0 1 2]
    [0 1 2] [3 4 5]
    """
    code, names = pd.factorize(np.asarray(blocks))
    if (code < 0).any() or not 2 <= n_splits <= len(names):
        raise ValueError(
            f"{plural(len(code), 'source')} with {plural(len(names), 'block')}, "
            f"{int((code < 0).sum())} of them without one, cannot be parted into {n_splits}; give "
            "every source a block, and ask for 2 parts at least and no more than there are blocks."
        )
    size = np.bincount(code)
    order = np.random.default_rng(seed).permutation(len(size))
    part, filled = np.empty(len(size), dtype=int), np.zeros(n_splits)
    for block in order[np.argsort(-size[order], kind="stable")]:
        part[block] = filled.argmin()
        filled[part[block]] += size[block]
    own = part[code]
    return [(np.flatnonzero(own != k), np.flatnonzero(own == k)) for k in range(n_splits)]


def over_splits(
    run: Callable[..., dict],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    settings: Sequence = (None,),
) -> pd.DataFrame:
    """Run a method on every split, for one setting or for many.

    Parameters
    ----------
    run : callable
        ``run(train, test, setting)`` gives a dict of numbers; ``train`` and ``test`` are the row
        numbers of one split.
    splits : sequence of (ndarray, ndarray)
        As `stratified_splits` makes them.
    settings : sequence
        Values handed to ``run`` in turn, such as a number of rounds or a threshold; every setting
        sees the same splits, so that differences are paired.

    Returns
    -------
    pandas.DataFrame
        One row per split and setting: ``split``, ``setting``, then the numbers.

    Examples
    --------
    >>> splits = stratified_splits(["a"] * 10 + ["b"] * 10, n_splits=2)
    >>> over_splits(lambda train, test, power: {"size": len(test) ** power}, splits, [1, 2])
       split  setting  size
    0      0        1     4
    1      0        2    16
    2      1        1     4
    3      1        2    16
    """
    rows = []
    for k, (train, test) in enumerate(splits):
        for setting in settings:
            rows.append({"split": k, "setting": setting, **run(train, test, setting)})
    return pd.DataFrame(rows)


def split_mean(values: ArrayLike, test_fraction: float = 0.2, level: float = LEVEL) -> Estimate:
    """Mean of a number over random splits, with an interval that knows that splits overlap.

    Parameters
    ----------
    values : array_like, shape (n,)
        The number of each split; NaN is left out.
    test_fraction : float
        Share of the sources in each test set.
    level : float
        Probability content of the interval.

    Returns
    -------
    Estimate
        n is the number of splits; the interval is NaN for fewer than two.

    Notes
    -----
    Training sets of random splits share most of their sources, so the scatter of the splits
    divided by the root of their number is too small an error: it would shrink to nothing with
    ever more splits of the same sources. With the sample variance s^2 and the test fraction f the
    corrected variance of the mean is

    .. math:: s^2 \\left( \\frac{1}{n} + \\frac{f}{1 - f} \\right),

    and the interval is Student's with n - 1 degrees of freedom.

    References
    ----------
    Nadeau & Bengio 2003, Machine Learning 52, 239.

    Examples
    --------
    >>> split_mean([0.84, 0.86, 0.85, 0.87, 0.83])
    0.85 (0.821 to 0.879, n = 5)
    """
    x = np.asarray(values, dtype=float)
    x = x[np.isfinite(x)]
    if not 0 < test_fraction < 1:
        raise ValueError(f"The test fraction is {test_fraction}; it must lie between 0 and 1.")
    if len(x) < 2:
        return Estimate(x.mean() if len(x) else np.nan, np.nan, np.nan, len(x))
    sigma = np.sqrt(x.var(ddof=1) * (1 / len(x) + test_fraction / (1 - test_fraction)))
    reach = stats.t.ppf(0.5 + level / 2, len(x) - 1) * sigma
    return Estimate(x.mean(), x.mean() - reach, x.mean() + reach, len(x))


def paired_difference(
    first: ArrayLike, second: ArrayLike, test_fraction: float = 0.2, level: float = LEVEL
) -> Estimate:
    """Mean difference of two methods over the same splits, with its interval.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        The number that each method reached, split by split.
    test_fraction, level
        As for `split_mean`.

    Returns
    -------
    Estimate
        first - second; the methods differ where the interval leaves out 0.

    Raises
    ------
    ValueError
        If the two have not equally many splits.

    Examples
    --------
    >>> paired_difference([0.84, 0.86, 0.85], [0.80, 0.83, 0.80])
    0.04 (0.007 to 0.073, n = 3)
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"Paired numbers come from the same splits; got shapes {first.shape} and "
            f"{second.shape}."
        )
    return split_mean(first - second, test_fraction, level)
