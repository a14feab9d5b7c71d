"""The class of each source, and the sentence that tells it, for many sources at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["most_probable", "sentences"]


def most_probable(classes: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """Class of the highest probability per row.

    Parameters
    ----------
    classes : (k,) array of str
    proba : (n, k) array

    Returns
    -------
    (n,) array of str
        As objects; "" where a probability is NaN.
    """
    known = np.isfinite(proba).all(axis=1)
    best = np.argmax(np.where(np.isfinite(proba), proba, -1.0), axis=1)
    return np.where(known, classes.astype(object)[best], "")


def sentences(beginnings: Sequence[str], which: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """A beginning and a probability of three digits for each row.

    Parameters
    ----------
    beginnings : sequence of str, length k
    which : (n,) array of int
        The beginning of each row's sentence.
    proba : (n,) array
        Probabilities; none is missing.

    Returns
    -------
    (n,) array of str
        As objects; rows that say the same share one.

    Examples
    --------
    >>> sentences(["Star: ", "QSO: "], np.array([0, 1]), np.array([0.98765, 1.0])).tolist()
    ['Star: P = 0.988', 'QSO: P = 1.000']
    """
    # Millions of rows say few different things: each is worded once.
    key = which * 1001 + np.rint(proba * 1000).astype(np.int64)
    kinds, place = np.unique(key, return_inverse=True)
    texts = [f"{beginnings[k // 1001]}P = {k % 1001 / 1000:.3f}" for k in kinds.tolist()]
    return np.array(texts, dtype=object)[place]
