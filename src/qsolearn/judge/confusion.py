"""The multi-class confusion matrix in its three forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.judge.selection import class_labels

__all__ = ["Confusion", "confusion"]


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix.

    Attributes
    ----------
    counts : pandas.DataFrame, shape (n_classes, n_classes)
        Rows: true class; columns: predicted class.
    """

    counts: pd.DataFrame

    @property
    def by_predicted(self) -> pd.DataFrame:
        """Each column divided by its total, with precision (efficiency) on the diagonal."""
        return self.counts / self.counts.sum(axis=0).replace(0, np.nan)

    @property
    def by_true(self) -> pd.DataFrame:
        """Each row divided by its total, with recall (completeness) on the diagonal."""
        return self.counts.div(self.counts.sum(axis=1).replace(0, np.nan), axis=0)


def confusion(true: ArrayLike, predicted: ArrayLike, labels: Sequence | None = None) -> Confusion:
    """Count how true classes were predicted.

    Parameters
    ----------
    true, predicted : array_like of labels, shape (n,)
        A missing prediction ("" or NaN) counts as the class "(none)".
    labels : sequence, optional
        Order of the classes; by default sorted.

    Returns
    -------
    Confusion

    Raises
    ------
    ValueError
        If the two differ in length or are empty, or a true label is not in ``labels``.

    Examples
    --------
    >>> confusion(["QSO", "Star", "Star"], ["QSO", "QSO", "Star"]).counts.to_numpy()
    array([[1, 0],
           [1, 1]])
    """
    true, predicted = _text(true), _text(predicted)
    if len(true) != len(predicted) or len(true) == 0:
        raise ValueError(
            f"True and predicted labels must be equally many and not none; got {len(true)} and "
            f"{len(predicted)}."
        )
    found = sorted(set(true) | set(predicted))
    labels = found if labels is None else [str(x) for x in labels]
    left_out = [x for x in found if x not in labels]
    if left_out:
        raise ValueError(f"Label {left_out[0]!r} occurs but is not in labels {labels}.")
    code = {label: i for i, label in enumerate(labels)}
    k = len(labels)
    index = np.array([code[t] for t in true]) * k + np.array([code[p] for p in predicted])
    counts = np.bincount(index, minlength=k * k).reshape(k, k)
    return Confusion(
        pd.DataFrame(
            counts, index=pd.Index(labels, name="true"), columns=pd.Index(labels, name="predicted")
        )
    )


def _text(labels):
    text = class_labels(labels)
    return text.where(text != "", "(none)").to_numpy()
