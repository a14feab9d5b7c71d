"""How far a catalog lies from a training sample, feature by feature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

import numpy as np

from qsolearn.display.basic import _axes
from qsolearn.selection.domain.summary import LEVELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qsolearn.selection import DomainReport

__all__ = ["DomainDisplay"]


class DomainDisplay:
    """Ranges of every color (or magnitude) in the training sample and in a catalog.

    Parameters
    ----------
    names : sequence of str, length k
        Features.
    training, catalog : ndarray, shape (k, len(LEVELS))
        Quantiles of each [mag].
    marked : sequence of bool, length k
        Features that the report does not call alike.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self,
        names: Iterable[str],
        training: np.ndarray,
        catalog: np.ndarray,
        marked: Iterable[bool],
    ) -> None:
        self.names, self.training, self.catalog = list(names), training, catalog
        self.marked = list(marked)

    @classmethod
    def from_report(cls, report: DomainReport, *, magnitudes: bool = False) -> DomainDisplay:
        """Take the colors, or the magnitudes, of a report.

        Parameters
        ----------
        report : DomainReport
        magnitudes : bool
            Draw the magnitudes instead of the colors.

        Returns
        -------
        DomainDisplay
        """
        names = report.features.index
        rows = np.flatnonzero(names.str.startswith("mag ") == magnitudes)
        return cls(
            names[rows].str.removeprefix("mag "),
            report.training_quantiles[rows],
            report.quantiles[rows],
            (report.features["verdict"] != "alike").to_numpy()[rows],
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Thick bars hold the central 68 %, thin lines the central 99 %, dots are medians. The name of
        a feature that is not alike is bold.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        at = {level: k for k, level in enumerate(LEVELS)}
        y = np.arange(len(self.names))
        sides = (
            (self.training, "#7f8794", "training sample", -0.17),
            (self.catalog, "#D55E00", "catalog", 0.17),
        )
        for values, color, label, off in sides:
            self.ax_.hlines(y + off, values[:, 0], values[:, -1], color=color, lw=1.2)
            self.ax_.hlines(
                y + off, values[:, at[0.16]], values[:, at[0.84]], color=color, lw=6, label=label
            )
            self.ax_.plot(
                values[:, at[0.5]], y + off, "o", ms=4.5, color="white", mec="#333333", mew=1.0
            )
        self.ax_.set_yticks(y, self.names)
        for tick, bold in zip(self.ax_.get_yticklabels(), self.marked, strict=True):
            tick.set_fontweight("bold" if bold else "normal")
        self.ax_.set(xlabel="mag", ylim=(len(self.names) - 0.5, -0.5))
        self.ax_.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9)
        return self
