"""A color wedge in a plane of two colors, with contours of sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from qsolearn.bands import color_names
from qsolearn.display.basic import _axes
from qsolearn.frame import magnitudes
from qsolearn.photometry import vega_from_ab

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from qsolearn.selection import ColorWedge

__all__ = ["WedgeDisplay"]

#: Contours at half, one, one and a half ... sigma of a two-dimensional Gaussian.
SIGMAS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


class WedgeDisplay:
    """The edges of a wedge in the plane of two colors, and sources as contours or points.

    Parameters
    ----------
    wedge : ColorWedge
        Whose edges are drawn: all that concern the two colors alone. Edges in other systems than
        the first edge's are left out.
    x, y : tuple of two str
        Bands of the two colors.

    Attributes
    ----------
    contours : dict of str to (ndarray, ndarray, sequence of float)
        Colors of the samples that are drawn as contours, and their levels.
    points : dict of str to (ndarray, ndarray)
        Colors of the samples that are drawn one by one.
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, wedge: ColorWedge, x: tuple[str, str], y: tuple[str, str]) -> None:
        self.wedge, self.x, self.y = wedge, tuple(x), tuple(y)
        self.system = wedge.edges[0].system
        self.contours: dict[str, tuple] = {}
        self.points: dict[str, tuple] = {}

    @classmethod
    def from_wedge(
        cls,
        wedge: ColorWedge,
        x: tuple[str, str] = ("wise_w2", "wise_w3"),
        y: tuple[str, str] = ("wise_w1", "wise_w2"),
    ) -> WedgeDisplay:
        """Make a display without sources; add them with `add_contours` and `add_points`.

        Parameters
        ----------
        wedge, x, y
            As for the class.

        Returns
        -------
        WedgeDisplay
        """
        return cls(wedge, x, y)

    def colors_of(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """The two colors of a frame, in the system of the wedge.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        x, y : ndarray, shape (n,)
            [mag]; NaN where a band is missing.
        """
        out = []
        for bands in (self.x, self.y):
            mags = magnitudes(frame, bands).T
            if self.system == "vega":
                mags = [vega_from_ab(m, b) for m, b in zip(mags, bands, strict=True)]
            out.append(mags[0] - mags[1])
        return out[0], out[1]

    def _colors(self, frame):
        x, y = self.colors_of(frame)
        good = np.isfinite(x) & np.isfinite(y)
        return x[good], y[good]

    def add_contours(
        self, frame: pd.DataFrame, label: str, sigmas: Sequence[float] = SIGMAS
    ) -> Self:
        """Draw a sample as contours of equal density.

        Parameters
        ----------
        frame : pandas.DataFrame
            A photometric frame; sources without one of the colors are left out.
        label : str
            Name for the legend.
        sigmas : sequence of float
            A contour at s encloses the share 1 - exp(-s^2 / 2) of the sample, which is what s
            standard deviations of a two-dimensional Gaussian enclose.

        Returns
        -------
        self
        """
        self.contours[label] = (*self._colors(frame), tuple(sigmas))
        return self

    def add_points(self, frame: pd.DataFrame, label: str) -> Self:
        """Draw a sample one by one.

        Parameters
        ----------
        frame, label
            As for `add_contours`.

        Returns
        -------
        self
        """
        self.points[label] = self._colors(frame)
        return self

    def edge_lines(
        self, x_range: tuple[float, float], y_range: tuple[float, float], steps: int = 2001
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Edges where they bound the region inside.

        Parameters
        ----------
        x_range, y_range : tuple of float
            Part of the plane [mag].
        steps : int
            Points along each edge.

        Returns
        -------
        dict of str to (ndarray, ndarray)
            Per edge the x and y along it, NaN where another edge cuts it off.
        """
        own = [e for e in self.wedge.edges if e.system == self.system and self._in_plane(e)]
        lines = {}
        for edge in own:
            if edge.color == self.y:
                x = np.linspace(*x_range, steps)
                y = edge.line(x)
            else:
                y = np.linspace(*y_range, steps)
                x = np.full(steps, edge.intercept)
            kept = np.all([self._side(other, x, y) for other in own if other is not edge], axis=0)
            lines[edge.name] = (np.where(kept, x, np.nan), np.where(kept, y, np.nan))
        return lines

    def _in_plane(self, edge):
        if edge.color == self.y:
            return edge.against in (None, self.x)
        return edge.color == self.x and edge.against is None

    def _side(self, edge, x, y):
        value = (edge.line(x) if edge.against else edge.intercept) - (
            y if edge.color == self.y else x
        )
        return value * (1 if edge.side[0] == "<" else -1) >= 0

    def plot(
        self,
        ax: Axes | None = None,
        *,
        x_range: tuple[float, float] | None = None,
        y_range: tuple[float, float] | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        x_range, y_range : tuple of float, optional
            Part of the plane [mag]; by default what holds the sources, or the wedge's corner.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        drawn = [(x, y) for x, y, *_ in (*self.contours.values(), *self.points.values()) if len(x)]
        x_range = x_range or self._range([x for x, _ in drawn], (-0.5, 3.0))
        y_range = y_range or self._range([y for _, y in drawn], (-0.6, 1.6))
        cycle = iter(("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"))
        for label, (x, y, sigmas) in self.contours.items():
            self._contour(x, y, sigmas, x_range, y_range, next(cycle), label)
        for (label, (x, y)), mark in zip(self.points.items(), "osD^v", strict=False):
            color = next(cycle)
            self.ax_.plot(x, y, mark, ms=3.5, mew=0, color=color, alpha=0.7, label=label)
        name = "edges"
        for x, y in self.edge_lines(x_range, y_range).values():
            self.ax_.plot(x, y, color="k", lw=1.6, label=name)
            name = None
        unit = "AB" if self.system == "ab" else "Vega"
        self.ax_.set(
            xlim=x_range, ylim=y_range,
            xlabel=f"{color_names(self.x)[0]} [{unit} mag]",
            ylabel=f"{color_names(self.y)[0]} [{unit} mag]",
        )  # fmt: skip
        self.ax_.legend(fontsize=9)
        return self

    @staticmethod
    def _range(values, default):
        if not values:
            return default
        low, high = np.percentile(np.concatenate(values), [0.5, 99.5])
        return float(low - 0.3), float(high + 0.3)

    def _contour(self, x, y, sigmas, x_range, y_range, color, label):
        from scipy.ndimage import gaussian_filter

        if len(x) < 10:
            return
        bins = 120
        density, x_edges, y_edges = np.histogram2d(x, y, bins, [x_range, y_range])
        # A smoothing length that shrinks with the number of sources (Scott's rule), in cells.
        width = len(x) ** (-1 / 6)
        steps = [np.std(v) * width / (e[1] - e[0]) for v, e in ((x, x_edges), (y, y_edges))]
        density = gaussian_filter(density, np.clip(steps, 0.8, 12))
        ordered = np.sort(density.ravel())[::-1]
        share = np.cumsum(ordered) / ordered.sum()
        inside = 1 - np.exp(-(np.asarray(sigmas) ** 2) / 2)
        levels = np.unique(ordered[np.searchsorted(share, inside).clip(0, len(share) - 1)])
        centers = [(e[1:] + e[:-1]) / 2 for e in (x_edges, y_edges)]
        self.ax_.contour(*centers, density.T, levels=levels, colors=color, linewidths=1.1)
        self.ax_.plot([], [], color=color, label=label)
