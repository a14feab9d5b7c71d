"""A kernel density in one color, with a slider for its bandwidth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.display.interactive import InteractiveFigure, empty_figure

__all__ = ["BandwidthDisplay"]

_MOVE = """
const k = slider.value;
const now = name => table.data[name][k];
curve.data = {x: curve.data.x, y: densities[k]};
point.data = {x: [now("bandwidth")], y: [now("score")]};
line.location = now("bandwidth");
text.text = now("sentence");
"""


class BandwidthDisplay:
    """Epanechnikov density of points at many bandwidths, and how well each foretells a point.

    Parameters
    ----------
    x : ndarray, shape (g,)
        Places at which the density is drawn.
    density : ndarray, shape (m, g)
        Density at each bandwidth.
    table : pandas.DataFrame, m rows
        ``bandwidth`` [mag], ``peaks`` (number of maxima of the drawn curve), ``score``
        (least-squares cross-validation [1/mag], higher is better), ``alone`` (share of points
        without a neighbor in reach).

    Attributes
    ----------
    x, density, table
        As given.
    """

    def __init__(self, x: np.ndarray, density: np.ndarray, table: pd.DataFrame) -> None:
        self.x, self.density, self.table = x, density, table

    @classmethod
    def from_points(
        cls, points: ArrayLike, bandwidths: ArrayLike, x: ArrayLike
    ) -> BandwidthDisplay:
        """Compute the densities.

        Parameters
        ----------
        points : array_like, shape (n,)
            A color [mag]; NaN is left out.
        bandwidths : array_like, shape (m,)
            Increasing, above 0 [mag].
        x : array_like, shape (g,)
            Places at which to draw [mag].

        Returns
        -------
        BandwidthDisplay

        Raises
        ------
        ValueError
            If there are fewer than two points, or the bandwidths are not increasing above 0.

        Notes
        -----
        The density f is the mean of 0.75 (1 - (r / h)^2) / h over the points within h. The score is

        .. math:: \\frac{2}{n} \\sum_i f_{-i}(x_i) - \\int f^2,

        with the density of the n - 1 others at each point: up to a constant minus the expected
        integrated squared error. It needs no logarithm, so that a point without a neighbor counts.

        References
        ----------
        Silverman 1986, Density Estimation for Statistics and Data Analysis, eq. 3.35.

        Examples
        --------
        >>> shown = BandwidthDisplay.from_points([0.0, 0.1, 5.0], [0.2, 1.0], [0.0, 5.0])
        >>> shown.table[["bandwidth", "alone"]].round(2).to_numpy().tolist()
        [[0.2, 0.33], [1.0, 0.33]]
        """
        points = np.asarray(points, dtype=float).ravel()
        points, x = points[np.isfinite(points)], np.asarray(x, dtype=float)
        h = np.asarray(bandwidths, dtype=float)
        if len(points) < 2 or h.ndim != 1 or not len(h) or h[0] <= 0 or np.any(np.diff(h) <= 0):
            raise ValueError(
                f"{len(points)} points and bandwidths {h.tolist()}: give two points at least and "
                "bandwidths above 0 that increase."
            )
        density = np.array([_bumps(x, points, width).mean(axis=1) for width in h])
        rows = []
        for width, curve in zip(h, density, strict=True):
            own = (_bumps(points, points, width).sum(axis=1) - 0.75 / width) / (len(points) - 1)
            fine = np.arange(points.min() - width, points.max() + width, width / 10)
            squared = np.trapezoid(_bumps(fine, points, width).mean(axis=1) ** 2, fine)
            rows.append(
                {
                    "bandwidth": width,
                    "peaks": int(np.sum(np.diff(np.sign(np.diff(curve))) < 0)),
                    "score": 2 * own.mean() - squared,
                    "alone": np.mean(own < 1e-9),
                }
            )
        return cls(x, density, pd.DataFrame(rows))

    def plot(self, start: float, x_label: str = "color [mag]") -> InteractiveFigure:
        """Draw with a slider; in a page of the book it works without Python.

        Parameters
        ----------
        start : float
            Bandwidth at which the slider stands first: the nearest of the table.
        x_label : str
            Label of the horizontal axis.

        Returns
        -------
        InteractiveFigure

        Raises
        ------
        ImportError
            If bokeh is not installed.
        """
        top = 1.25 * float(np.median(self.density.max(axis=1)))
        figure = empty_figure(x_label, "density [1/mag]", height=260, y_range=(0, top))
        below = empty_figure("bandwidth [mag]", "score [1/mag]", height=190, x_axis_type="log")
        from bokeh.layouts import column
        from bokeh.models import (
            ColumnDataSource,
            CustomJS,
            CustomJSTickFormatter,
            Div,
            Slider,
            Span,
        )

        k = int((self.table["bandwidth"] - start).abs().argmin())
        sentences = [_sentence(row) for row in self.table.itertuples()]
        table = ColumnDataSource(
            {
                "bandwidth": self.table["bandwidth"].tolist(),
                "score": self.table["score"].tolist(),
                "sentence": sentences,
            }
        )
        densities = [np.round(row, 4).tolist() for row in self.density]
        curve = ColumnDataSource({"x": self.x.tolist(), "y": densities[k]})
        figure.line("x", "y", source=curve, color="#0072B2", line_width=2.5)
        below.line("bandwidth", "score", source=table, color="#0072B2", line_width=2)
        now = self.table.iloc[k]
        point = ColumnDataSource({"x": [now["bandwidth"]], "y": [now["score"]]})
        below.scatter("x", "y", source=point, size=10, color="#D55E00")
        line = Span(location=now["bandwidth"], dimension="height", line_color="#D55E00")
        below.add_layout(line)
        slider = Slider(
            start=0,
            end=len(self.table) - 1,
            step=1,
            value=k,
            title="bandwidth [mag]",
            format=CustomJSTickFormatter(
                args={"values": [f"{h:.3g}" for h in self.table["bandwidth"]]},
                code="return values[Math.round(tick)]",
            ),
            sizing_mode="stretch_width",
        )
        text = Div(text=sentences[k], sizing_mode="stretch_width")
        args = dict(slider=slider, table=table, curve=curve, point=point, line=line, text=text)
        slider.js_on_change("value", CustomJS(args=args | {"densities": densities}, code=_MOVE))
        return InteractiveFigure(
            column(figure, below, slider, text, sizing_mode="stretch_width"),
            alt="Above, the density of the points, spiky at small and smooth at large bandwidths; "
            "below, how well each bandwidth foretells a point that was left out. A slider chooses "
            "the bandwidth.",
        )


def _bumps(x, points, width):
    """Kernel of each point at each place, shape (len(x), len(points))."""
    r = (x[:, None] - points[None, :]) / width
    return np.where(np.abs(r) < 1, 0.75 / width * (1 - r**2), 0.0)


def _sentence(row):
    peaks = "1 peak" if row.peaks == 1 else f"{row.peaks} peaks"
    return (
        f"Bandwidth {row.bandwidth:.3g} mag: {peaks}, score {row.score:.3f} per mag, "
        f"{row.alone:.1%} of the points without a neighbor."
    )
