"""The style, color planes, confusion matrices, binned rates and trade-offs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.bands import color_names
from qsolearn.frame import magnitudes
from qsolearn.judge import Confusion, is_quasar_class
from qsolearn.photometry import colors

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "CLASS_COLORS",
    "BinnedRateDisplay",
    "ColorColorDisplay",
    "ConfusionDisplay",
    "TradeOffDisplay",
    "use_style",
]

#: One color per class in every figure, told apart by color-blind readers (Okabe & Ito 2008).
CLASS_COLORS = {
    "Star": "#7f8794",
    "QSO": "#0072B2",
    "QSOlowZ": "#0072B2",
    "QSOhighZ": "#D55E00",
    "Galaxy": "#009E73",
    "WD": "#CC79A7",
    "other": "#E69F00",
}
_CYCLE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]


def use_style() -> None:
    """Switch matplotlib to the one style of every figure in the book."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=_CYCLE),
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": "#e3e6eb",
            "grid.linewidth": 0.8,
            "figure.figsize": (6.4, 4.2),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "legend.frameon": False,
            "lines.linewidth": 2.0,
            "savefig.facecolor": "white",
        }
    )


def _axes(ax):
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots()
    return ax


class ColorColorDisplay:
    """Sources in the plane of two colors, one hue per class.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Colors [mag].
    label : ndarray of str, shape (n,)
        Class of each source.
    x_name, y_name : str
        Names of the colors.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, label: np.ndarray, x_name: str, y_name: str
    ) -> None:
        self.x, self.y, self.label = np.asarray(x), np.asarray(y), np.asarray(label)
        self.x_name, self.y_name = x_name, y_name

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, bands: Sequence[str], label: ArrayLike
    ) -> ColorColorDisplay:
        """Take the first two neighboring colors of three bands.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.
        bands : sequence of three str
            Bands; the colors are first - second and second - third.
        label : array_like of str, shape (n,)
            Class of each source.

        Returns
        -------
        ColorColorDisplay
        """
        x, y = colors(magnitudes(frame, list(bands)[:3])).T
        return cls(x, y, np.asarray(label), *color_names(list(bands)[:3]))

    def plot(
        self, ax: Axes | None = None, *, size: float = 4.0, order: Sequence[str] = ("Star",)
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        size : float
            Marker area [points^2].
        order : sequence of str
            Classes to draw first, underneath; the others follow by number, the rarest on top.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        number = pd.Series(self.label).value_counts()
        names = [c for c in order if c in number] + [c for c in number.index if c not in order]
        spare = iter(_CYCLE)
        for name in names:
            own = self.label == name
            self.ax_.scatter(
                self.x[own],
                self.y[own],
                s=size * (1 if number[name] > 2000 else 2),
                color=CLASS_COLORS.get(name) or next(spare),
                alpha=0.35 if number[name] > 2000 else 0.8,
                linewidths=0,
                label=f"{name} ({number[name]:,})",
                rasterized=True,
            )
        self.ax_.set(xlabel=f"{self.x_name} [mag]", ylabel=f"{self.y_name} [mag]")
        legend = self.ax_.legend(markerscale=2.5)
        for handle in legend.legend_handles:
            handle.set_alpha(1)
        return self


class ConfusionDisplay:
    """A confusion matrix in one of its three forms.

    Parameters
    ----------
    confusion : qsolearn.judge.Confusion
        The matrix.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, confusion: Confusion) -> None:
        self.confusion = confusion

    @classmethod
    def from_predictions(
        cls, true: ArrayLike, predicted: ArrayLike, labels: Sequence | None = None
    ) -> ConfusionDisplay:
        """Count first.

        Parameters
        ----------
        true, predicted : array_like of labels, shape (n,)
        labels : sequence, optional
            Order of the classes.

        Returns
        -------
        ConfusionDisplay
        """
        from qsolearn.judge import confusion

        return cls(confusion(true, predicted, labels))

    def plot(self, ax: Axes | None = None, *, form: str = "by_true") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        form : {"counts", "by_predicted", "by_true"}
            Counts, shares of each column (efficiency) or shares of each row (completeness).

        Returns
        -------
        self
        """
        if form not in ("counts", "by_predicted", "by_true"):
            raise ValueError(f"form is counts, by_predicted or by_true, not {form!r}.")
        matrix: Confusion = self.confusion
        table = getattr(matrix, form)
        shade = matrix.by_true if form == "counts" else table
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        values = shade.to_numpy(dtype=float)
        self.ax_.imshow(np.nan_to_num(values), cmap="Blues", vmin=0, vmax=1)
        for (i, j), value in np.ndenumerate(table.to_numpy()):
            text = (
                f"{value:,}" if form == "counts" else ("-" if np.isnan(value) else f"{value:.3f}")
            )
            dark = np.nan_to_num(values[i, j]) > 0.5
            self.ax_.text(j, i, text, ha="center", va="center", color="w" if dark else "#222")
        ticks = range(len(table))
        self.ax_.set_xticks(ticks, table.columns, rotation=30, ha="right")
        self.ax_.set_yticks(ticks, table.index)
        title = {
            "counts": "counts",
            "by_predicted": "share of each column (efficiency)",
            "by_true": "share of each row (completeness)",
        }[form]
        self.ax_.set(xlabel="predicted class", ylabel="true class", title=title)
        self.ax_.grid(False)
        return self


class BinnedRateDisplay:
    """A rate with its interval in bins of magnitude or redshift.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        Label and what `qsolearn.judge.completeness` or `efficiency` gave with bins.
    quantity, rate : str
        Names for the axes.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self, tables: dict[str, pd.DataFrame], quantity: str, rate: str = "completeness"
    ) -> None:
        self.tables, self.quantity, self.rate = tables, quantity, rate

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw; empty bins are left out.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        for k, (label, table) in enumerate(self.tables.items()):
            table = table[table["n"] > 0]
            center = (table["low_edge"] + table["high_edge"]) / 2
            width = (table["high_edge"] - table["low_edge"]) / 2
            # Neighboring series are set apart a little so that no interval hides another.
            center = center + width * 0.2 * (k - (len(self.tables) - 1) / 2)
            below, above = table["value"] - table["low"], table["high"] - table["value"]
            self.ax_.errorbar(
                center, table["value"], yerr=[below, above], fmt="o", ms=5, capsize=2, lw=1.3,
                label=label,
            )  # fmt: skip
        self.ax_.set(xlabel=self.quantity, ylabel=self.rate, ylim=(-0.03, 1.03))
        if len(self.tables) > 1:
            self.ax_.legend()
        return self


class TradeOffDisplay:
    """Completeness against false-positive rate as the threshold moves.

    Parameters
    ----------
    curves : dict of str to (ndarray, ndarray)
        Label, and false-positive rate and completeness in order.
    points : dict of str to (float, float), optional
        Single working points.

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
    def from_predictions(cls, true: ArrayLike, scores: dict[str, ArrayLike]) -> TradeOffDisplay:
        """Compute the curves from scores.

        Parameters
        ----------
        true : array_like of str, shape (n,)
            True classes; those that begin with QSO are quasars.
        scores : dict of str to array_like, shape (n,)
            Per method, a score that is higher for quasars; NaN counts as the lowest.

        Returns
        -------
        TradeOffDisplay
        """
        from sklearn.metrics import roc_curve

        is_quasar = is_quasar_class(true)
        curves = {}
        for name, score in scores.items():
            score = np.asarray(score, dtype=float)
            score = np.where(np.isfinite(score), score, np.nanmin(score) - 1.0)
            fpr, found, _ = roc_curve(is_quasar, score)
            curves[name] = (fpr, found)
        return cls(curves)

    def plot(self, ax: Axes | None = None, *, log: bool = True) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        log : bool
            Logarithmic false-positive rate: the small rates are those that matter.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        for name, (fpr, found) in self.curves.items():
            self.ax_.plot(fpr, found, label=name)
        for name, (fpr, found) in self.points.items():
            self.ax_.plot(fpr, found, "o", ms=8, mec="k", label=name)
        if log:
            self.ax_.set_xscale("log")
        self.ax_.set(
            xlabel="false-positive rate (others selected / others)",
            ylabel="completeness (quasars selected / quasars)",
            ylim=(0, 1.02),
        )
        self.ax_.legend()
        return self
