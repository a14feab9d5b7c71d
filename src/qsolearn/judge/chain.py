"""A completeness chain: what each cut in turn leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.estimate import LEVEL, proportion

__all__ = ["completeness_chain"]


def completeness_chain(cuts: dict[str, ArrayLike], level: float = LEVEL) -> pd.DataFrame:
    """Apply cuts one after the other and count what each leaves.

    Parameters
    ----------
    cuts : dict of str to array_like of bool, shape (n,)
        Name of each cut and which objects pass it, in the order of application.
    level : float
        Probability content of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row for all objects and one per cut: ``n`` that are left, ``of_previous`` with ``low``
        and ``high``, the share of the row above, and ``of_all``.

    Raises
    ------
    ValueError
        If there is no cut, one is not boolean, or their lengths differ.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 4.1.

    Examples
    --------
    >>> chain = completeness_chain({"bright": [True, True, False], "blue": [True, False, True]})
    >>> chain[["n", "of_previous"]].round(2).values.tolist()
    [[3.0, 1.0], [2.0, 0.67], [1.0, 0.5]]
    """
    if not cuts:
        raise ValueError("A chain needs at least one cut.")
    masks = {name: np.asarray(mask) for name, mask in cuts.items()}
    shapes = {mask.shape for mask in masks.values()}
    if len(shapes) > 1 or len(next(iter(shapes))) != 1:
        raise ValueError(f"The cuts have the shapes {sorted(shapes)}; give one value per object.")
    for name, mask in masks.items():
        if mask.dtype != bool:
            raise ValueError(f"The cut {name!r} must be boolean, not {mask.dtype}.")
    left = np.ones(next(iter(shapes)), bool)
    n_all = before = len(left)
    rows = {"all": _row(n_all, n_all, n_all, level)}
    for name, mask in masks.items():
        left = left & mask
        n = int(left.sum())
        rows[name] = _row(n, before, n_all, level)
        before = n
    return pd.DataFrame(rows).T.astype({"n": int})


def _row(n, before, n_all, level):
    share = proportion(n, before, level)
    return {
        "n": n,
        "of_previous": float(share),
        "low": share.low,
        "high": share.high,
        "of_all": float(proportion(n, n_all, level)),
    }
