"""The final model of a stack: bent lines on the scores, and shallow trees on scores and colors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.selection.reverse import BoostedTrees
from qsolearn.selection.stacked.final import LogOddsRegression

__all__ = ["TREES", "CombinedModel"]

#: Size of the trees, chosen by cross-validation in training sets (benchmarks/three_combiners.py).
TREES = {"n_rounds": 20, "max_depth": 4}


class CombinedModel:
    """Mean of two log-odds: a `LogOddsRegression` on scores, and trees on scores and colors.

    Parameters
    ----------
    with_trees : bool
        Whether there are trees; without them it is the regression alone.

    Attributes
    ----------
    lines_ : LogOddsRegression
        On the scores.
    trees_ : BoostedTrees or None
        On the scores, sorted by name, and the colors.

    Notes
    -----
    A line, bent or not, weighs each score in the same way for all sources, and scores alone have
    forgotten the colors: neither can say "here believe the templates". Trees can, but they are
    steps, and noisy where sources are few. Their errors differ, so the mean is better than each.
    """

    def __init__(self, with_trees: bool = True) -> None:
        self.with_trees = with_trees

    def fit(self, scores: pd.DataFrame, colors: ArrayLike, quasar: ArrayLike) -> Self:
        """Fit both.

        Parameters
        ----------
        scores : pandas.DataFrame, n rows
            Log-odds, a column per selector; NaN = silent.
        colors : array_like, shape (n, c)
            NaN = missing [mag].
        quasar : array_like of bool, shape (n,)

        Returns
        -------
        self
        """
        self.lines_ = LogOddsRegression().fit(scores.to_numpy(), quasar)
        self.trees_ = None
        if self.with_trees:
            self.trees_ = BoostedTrees(**TREES).fit(_features(scores, colors), quasar)
        return self

    def decision_function(self, scores: pd.DataFrame, colors: ArrayLike) -> np.ndarray:
        """Log-odds of a quasar.

        Parameters
        ----------
        scores, colors
            As in `fit`.

        Returns
        -------
        ndarray, shape (n,)
        """
        lines = self.lines_.decision_function(scores.to_numpy())
        if self.trees_ is None:
            return lines
        return 0.5 * (lines + self._of_trees(scores, colors))

    def _of_trees(self, scores, colors):
        # In double precision and from the smaller side, so that 0 and 1 stay finite.
        p = self.trees_.predict_proba(_features(scores, colors)).astype(float)
        tiny = np.finfo(np.float32).tiny
        return np.log(np.maximum(p[:, 1], tiny)) - np.log(np.maximum(p[:, 0], tiny))

    def to_state(self) -> tuple[dict, dict[str, np.ndarray]]:
        """Plain values and arrays, to be written as JSON and npz.

        Returns
        -------
        values : dict
            JSON-able.
        arrays : dict of {str: array}
        """
        values: dict[str, Any] = {"intercept": self.lines_.intercept_, "trees": None}
        arrays = {"weights": self.lines_.weights_}
        if self.trees_ is not None:
            values["trees"], more = self.trees_.to_state()
            arrays |= {f"trees/{name}": array for name, array in more.items()}
        return values, arrays

    @classmethod
    def from_state(cls, values: dict, arrays: Mapping, n_scores: int) -> CombinedModel:
        """Make the model again: the inverse of `to_state`.

        Parameters
        ----------
        values, arrays
            As `to_state` gave them; stacks that were saved before there were trees have none.
        n_scores : int
            Number of selectors.

        Returns
        -------
        CombinedModel
        """
        self = cls(with_trees=values.get("trees") is not None)
        self.lines_, self.trees_ = LogOddsRegression(), None
        self.lines_.classes_ = np.array([False, True])
        self.lines_.weights_, self.lines_.intercept_ = arrays["weights"], values["intercept"]
        self.lines_.n_features_in_ = n_scores
        if self.with_trees:
            own = {k.removeprefix("trees/"): v for k, v in arrays.items() if k.startswith("trees/")}
            self.trees_ = BoostedTrees.from_state(values["trees"], own)
        return self


def _features(scores, colors):
    """Scores in the order of their names, then colors; trees break ties by order."""
    ordered = scores[sorted(scores)].to_numpy(dtype=np.float32)
    return np.hstack([ordered, np.asarray(colors, dtype=np.float32)])
