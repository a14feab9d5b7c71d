"""Curves of a comparison: settings, splits, precision against recall, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.display.basic import _axes
from qsolearn.judge import precision_recall

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "PrecisionRecallDisplay",
    "ReliabilityDisplay",
    "SettingsDisplay",
    "SplitHistogramDisplay",
]


class SettingsDisplay:
    """Numbers against a setting: the mean over splits with its standard deviation.

    Parameters
    ----------
    table : pandas.DataFrame
        As `qsolearn.judge.over_splits` makes it: ``split``, ``setting`` and the numbers.
    columns : dict of str to str
        Numbers to draw and their names in the legend.
    x_name : str
        Name of the setting.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, table: pd.DataFrame, columns: dict[str, str], x_name: str) -> None:
        self.table, self.columns, self.x_name = table, columns, x_name

    def plot(self, ax: Axes | None = None, *, marks: Sequence[float] = ()) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        marks : sequence of float
            Settings to mark by a vertical line, such as the chosen one.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        groups = self.table.groupby("setting")
        for column, label in self.columns.items():
            mean, std = groups[column].mean(), groups[column].std()
            (line,) = self.ax_.plot(mean.index, mean, marker="o", ms=4, label=label)
            self.ax_.fill_between(
                mean.index, mean - std, mean + std, color=line.get_color(), alpha=0.2, lw=0
            )
        for mark in marks:
            self.ax_.axvline(mark, color="#7f8794", lw=1, ls="--")
        self.ax_.set(xlabel=self.x_name)
        self.ax_.legend()
        return self


class SplitHistogramDisplay:
    """One number of several methods over many splits, as histograms.

    Parameters
    ----------
    values : dict of str to array_like
        Per method its number, split by split.
    name : str
        Name of the number.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, values: dict[str, ArrayLike], name: str) -> None:
        self.values = {k: np.asarray(v, dtype=float) for k, v in values.items()}
        self.name = name

    def plot(self, ax: Axes | None = None, *, bins: int = 12) -> Self:
        """Draw; the legend tells mean and standard deviation.

        Parameters
        ----------
        ax : matplotlib axes, optional
        bins : int
            Bins between the smallest and the largest value of all methods.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        everything = np.concatenate(list(self.values.values()))
        edges = np.histogram_bin_edges(everything[np.isfinite(everything)], bins)
        for name, values in self.values.items():
            values = values[np.isfinite(values)]
            label = f"{name}: {values.mean():.3f} ± {values.std(ddof=1):.3f}"
            self.ax_.hist(values, edges, alpha=0.6, label=label)
        self.ax_.set(xlabel=self.name, ylabel="splits")
        self.ax_.set_ylim(top=1.35 * self.ax_.get_ylim()[1])  # room for the legend
        self.ax_.legend(loc="upper left")
        return self


class PrecisionRecallDisplay:
    """Precision against recall, one curve per method.

    Parameters
    ----------
    curves : dict of str to (ndarray, ndarray)
        Label, and recall and precision in order.
    points : dict of str to (float, float), optional
        Single working points: recall, precision.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self,
        curves: dict[str, tuple[np.ndarray, np.ndarray]],
        points: dict[str, tuple[float, float]] | None = None,
    ) -> None:
        self.curves, self.points = curves, points or {}

    @classmethod
    def from_predictions(
        cls,
        is_target: ArrayLike,
        scores: dict[str, ArrayLike],
        points: dict[str, tuple[float, float]] | None = None,
    ) -> PrecisionRecallDisplay:
        """Compute the curves from scores.

        Parameters
        ----------
        is_target : array_like of bool, shape (n,)
            Truth.
        scores : dict of str to array_like, shape (n,)
            Per method, a score that is higher for targets; NaN counts as the lowest.
        points : dict of str to (float, float), optional
            Single working points.

        Returns
        -------
        PrecisionRecallDisplay
        """
        curves = {}
        for name, score in scores.items():
            table = precision_recall(is_target, score)
            curves[name] = (table["recall"].to_numpy(), table["precision"].to_numpy())
        return cls(curves, points)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw; a point has the color of the curve of its name.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        hues = {}
        for name, (recall, precision) in self.curves.items():
            (line,) = self.ax_.plot(recall, precision, label=name)
            hues[name] = line.get_color()
        for name, (recall, precision) in self.points.items():
            label = None if name in hues else name
            self.ax_.plot(
                recall, precision, "o", ms=8, mec="k", color=hues.get(name), label=label
            )  # fmt: skip
        self.ax_.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
        self.ax_.legend(loc="lower left")
        return self


class ReliabilityDisplay:
    """Found against reported probability; on the diagonal a probability is what it says.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Label and what `qsolearn.judge.reliability` gave.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, tables: dict[str, pd.DataFrame]) -> None:
        self.tables = tables

    def plot(self, ax: Axes | None = None, *, at_least: int = 1) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        at_least : int
            Bins with fewer sources are left out.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        self.ax_.plot([0, 1], [0, 1], color="#7f8794", lw=1)
        for k, (label, table) in enumerate(self.tables.items()):
            table = table[table["n"] >= at_least]
            # Neighboring series are set apart a little so that no interval hides another.
            at = table["reported"] + 0.01 * (k - (len(self.tables) - 1) / 2)
            bars = [table["value"] - table["low"], table["high"] - table["value"]]
            self.ax_.errorbar(at, table["value"], bars, fmt="o-", ms=5, lw=1.3, label=label)
        self.ax_.set(xlabel="reported probability", ylabel="share that came true")
        self.ax_.legend()
        return self
