"""A selection against a list of known quasars, and against another list of candidates."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, proportion

__all__ = ["compare_lists", "recovery_by_reason"]


def recovery_by_reason(
    rejected_by: ArrayLike,
    by: ArrayLike | None = None,
    bins: ArrayLike | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """What became of known quasars: selected, or rejected by which step.

    Parameters
    ----------
    rejected_by : array_like of str, shape (n,)
        Per known quasar the step that rejects it, "" = selected, as
        `qsolearn.selection.rejected_by` gives it.
    by : array_like, shape (n,), optional
        Redshift or magnitude of each; NaN is in no bin.
    bins : array_like, shape (k + 1,), optional
        Bin edges; needed with ``by``.
    level : float
        Probability content of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row, or one per bin that is not empty: ``low_edge, high_edge`` (with bins), ``n``,
        ``selected``, one column per rejecting step in order of first appearance, ``recovery`` with
        ``low`` and ``high``.

    Raises
    ------
    ValueError
        If there is no quasar, or of ``by`` and ``bins`` only one is given, or lengths differ.

    Examples
    --------
    >>> recovery_by_reason(["", "color", "", "SED"])[["n", "selected", "color", "SED", "recovery"]]
       n  selected  color  SED  recovery
    0  4         2      1    1       0.5
    """
    reason = np.asarray(rejected_by, dtype=object)
    if not len(reason):
        raise ValueError("There is no known quasar in the list.")
    if (by is None) != (bins is None):
        raise ValueError("Give both by and bins, or none of the two.")
    steps = [s for s in dict.fromkeys(reason) if s != ""]
    if by is None:
        return pd.DataFrame([_row(reason, steps, level)])
    by = np.asarray(by, dtype=float)
    if by.shape != reason.shape:
        raise ValueError(f"There are {len(reason)} quasars but {by.size} values to bin by.")
    rows = [
        {"low_edge": float(low), "high_edge": float(high), **_row(reason[own], steps, level)}
        for low, high in itertools.pairwise(np.asarray(bins, dtype=float))
        if (own := (by >= low) & (by < high)).any()
    ]
    return pd.DataFrame(rows)


def _row(reason, steps, level):
    selected = int((reason == "").sum())
    share = proportion(selected, len(reason), level)
    return {
        "n": len(reason),
        "selected": selected,
        **{step: int((reason == step).sum()) for step in steps},
        "recovery": float(share),
        "low": share.low,
        "high": share.high,
    }


def compare_lists(rejected_by: ArrayLike, other: ArrayLike) -> pd.Series:
    """Candidates in both lists, in ours alone, and in the other alone with our reason.

    Parameters
    ----------
    rejected_by : array_like of str, shape (n,)
        Per source of the catalog the step that rejects it, "" = our candidate.
    other : array_like of bool, shape (n,)
        Whether the other list has the source.

    Returns
    -------
    pandas.Series of int
        ``both``, ``only here``, and ``rejected: <step>`` for those of the other list that a step
        rejects, in order of first appearance.

    Raises
    ------
    ValueError
        If the two differ in length.

    Examples
    --------
    >>> compare_lists(["", "", "color"], [True, False, True])
    both               1
    only here          1
    rejected: color    1
    dtype: int64
    """
    reason, other = np.asarray(rejected_by, dtype=object), np.asarray(other, dtype=bool)
    if reason.shape != other.shape:
        raise ValueError(
            f"There are {reason.size} sources here and {other.size} in the other list."
        )
    ours = reason == ""
    out = {"both": ours & other, "only here": ours & ~other}
    for step in dict.fromkeys(reason[other & ~ours]):
        out[f"rejected: {step}"] = other & (reason == step)
    return pd.Series({name: int(own.sum()) for name, own in out.items()})
