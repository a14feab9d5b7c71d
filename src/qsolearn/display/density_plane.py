"""The plane of two densities, in which contaminants show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.display.basic import _CYCLE, CLASS_COLORS, _axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qsolearn.selection import FrameSelector

__all__ = ["DensityPlaneDisplay"]


class DensityPlaneDisplay:
    """Density of quasars against density of stars, at each candidate.

    Parameters
    ----------
    log_star, log_quasar : array_like, shape (n,)
        log10 of the densities [1 / mag^d]; what is not finite is drawn at the edge of the plane.
    label : array_like of str, shape (n,), optional
        Class of each, for the hue.
    limit : float, optional
        Limit on the star density, drawn as a dashed line.
    floor : float
        Edge of the plane: lower densities are drawn there.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self,
        log_star: ArrayLike,
        log_quasar: ArrayLike,
        label: ArrayLike | None = None,
        limit: float | None = None,
        floor: float = -8.0,
    ) -> None:
        star, quasar = np.asarray(log_star, dtype=float), np.asarray(log_quasar, dtype=float)
        self.log_star = np.maximum(np.nan_to_num(star, nan=floor), floor)
        self.log_quasar = np.maximum(np.nan_to_num(quasar, nan=floor), floor)
        self.label = np.full(len(star), "candidates") if label is None else np.asarray(label)
        self.limit = limit

    @classmethod
    def from_selector(
        cls, selector: FrameSelector, frame: pd.DataFrame, label: ArrayLike | None = None
    ) -> DensityPlaneDisplay:
        """Take the densities and the limit of a fitted selector, at what it calls a quasar.

        Parameters
        ----------
        selector : FrameSelector
            Around a `TwoPassBayes` or another classifier that tells densities.
        frame : pandas.DataFrame, n rows
            A photometric frame.
        label : array_like of str, shape (n,), optional
            Class of each source.

        Returns
        -------
        DensityPlaneDisplay
        """
        quasar = np.isin(selector.predict(frame), selector.quasar_classes_)
        log_quasar, log_star = selector.log10_densities(frame[quasar]).T
        limit = getattr(selector.estimator_, "star_density_limit_", None)
        label = None if label is None else np.asarray(label)[quasar]
        return cls(log_star, log_quasar, label, limit)

    def plot(self, ax: Axes | None = None, *, size: float = 8.0) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        size : float
            Marker area [points^2].

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        spare = iter(_CYCLE)
        for name in pd.Series(self.label).value_counts().index:
            own = self.label == name
            color = CLASS_COLORS.get(name) or next(spare)
            self.ax_.scatter(
                self.log_star[own], self.log_quasar[own], s=size, color=color, alpha=0.6,
                linewidths=0, label=f"{name} ({own.sum():,})", rasterized=True,
            )  # fmt: skip
        if self.limit is not None and np.isfinite(self.limit):
            self.ax_.axvline(self.limit, color="#D55E00", ls="--", label="limit")
        names = (f"log10 density of {kind}" for kind in ("stars", "quasars"))
        self.ax_.set(**dict(zip(("xlabel", "ylabel"), names, strict=True)))
        self.ax_.legend(markerscale=2.0, loc="lower left", frameon=True, framealpha=0.8)
        return self
