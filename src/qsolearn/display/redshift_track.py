"""A quasar's path through a plane of colors, with a slider for its redshift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsolearn.display.basic import CLASS_COLORS
from qsolearn.display.interactive import InteractiveFigure, empty_figure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RedshiftTrackDisplay"]

_MOVE = """
const k = slider.value;
point.data = {x: [path.data.x[k]], y: [path.data.y[k]]};
bar.data = {x: [path.data.z[k]], y: [path.data.near[k]]};
text.text = path.data.sentence[k];
"""


class RedshiftTrackDisplay:
    """The colors of the median quasar by redshift, over the stars it must be told from.

    Parameters
    ----------
    track : pandas.DataFrame, m rows
        Colors [mag] by redshift (the index, increasing).
    background : pandas.DataFrame, n rows
        The same colors of single stars.
    near : ndarray, shape (m,)
        Share of the stars within the radius of the track.
    radius : float
        [mag], in all colors together.

    Attributes
    ----------
    track, background, near, radius
        As given.
    """

    def __init__(
        self, track: pd.DataFrame, background: pd.DataFrame, near: np.ndarray, radius: float
    ) -> None:
        self.track, self.background, self.near, self.radius = track, background, near, radius

    @classmethod
    def from_track(
        cls, track: pd.DataFrame, background: pd.DataFrame, radius: float = 0.3
    ) -> RedshiftTrackDisplay:
        """Count the stars near each step of a track.

        Parameters
        ----------
        track : pandas.DataFrame, m rows
            Colors [mag] by redshift (the index, increasing).
        background : pandas.DataFrame, n rows
            The same columns for single stars; a star without all colors is near nothing.
        radius : float
            Largest distance [mag] in all colors together.

        Returns
        -------
        RedshiftTrackDisplay

        Raises
        ------
        ValueError
            If a color of the track is missing among the stars, or its redshifts do not increase.

        Examples
        --------
        >>> import pandas as pd
        >>> track = pd.DataFrame({"u-g": [0.0, 2.0], "g-r": [0.0, 0.0]}, index=[1.0, 3.0])
        >>> stars = pd.DataFrame({"u-g": [1.9, 1.0], "g-r": [0.1, 0.5]})
        >>> RedshiftTrackDisplay.from_track(track, stars).near.tolist()
        [0.0, 0.5]
        """
        lacking = [c for c in track if c not in background]
        if lacking or not track.index.is_monotonic_increasing or not len(track):
            raise ValueError(
                f"The stars lack the colors {lacking} or the redshifts of the track do not "
                "increase; give the same colors for both, one row per redshift."
            )
        stars = background[list(track)]
        steps = stars.to_numpy(float)[:, None, :] - track.to_numpy(float)
        near = (np.sqrt((steps**2).sum(axis=2)) < radius).mean(axis=0)
        return cls(track, stars, near, radius)

    def plot(
        self,
        x: str,
        y: str,
        start: float,
        *,
        x_range: tuple[float, float] | None = None,
        y_range: tuple[float, float] | None = None,
        n_background: int = 700,
    ) -> InteractiveFigure:
        """Draw with a slider; in a page of the book it works without Python.

        Parameters
        ----------
        x, y : str
            The two colors to draw.
        start : float
            Redshift at which the slider stands first: the nearest of the track.
        x_range, y_range : tuple of float, optional
            Part of the plane [mag].
        n_background : int
            At most so many stars are drawn, the first ones.

        Returns
        -------
        InteractiveFigure

        Raises
        ------
        ImportError
            If bokeh is not installed.
        """
        given = {"x_range": x_range, "y_range": y_range}
        ranges: dict = {name: value for name, value in given.items() if value is not None}
        figure = empty_figure(f"{x} [mag]", f"{y} [mag]", **ranges)
        below = empty_figure("redshift", "stars nearby [%]", height=170)
        from bokeh.layouts import column
        from bokeh.models import ColumnDataSource, CustomJS, CustomJSTickFormatter, Div, Slider

        stars = self.background[[x, y]].dropna().iloc[:n_background].round(3)
        figure.scatter(stars[x].tolist(), stars[y].tolist(), size=3, fill_alpha=0.5,
                       color=CLASS_COLORS["Star"], line_color=None)  # fmt: skip
        z = self.track.index.to_numpy(float)
        percent = 100 * self.near
        sentences = [self._sentence(k) for k in range(len(z))]
        path = ColumnDataSource(
            {
                "x": self.track[x].tolist(),
                "y": self.track[y].tolist(),
                "z": z.tolist(),
                "near": percent.tolist(),
                "sentence": sentences,
            }
        )
        k = int(np.abs(z - start).argmin())
        figure.line("x", "y", source=path, color="#1b1f24", line_width=1.5)
        figure.scatter("x", "y", source=path, size=5, color="#1b1f24")
        point = ColumnDataSource({"x": [path.data["x"][k]], "y": [path.data["y"][k]]})
        figure.scatter("x", "y", source=point, size=16, color="#0072B2", line_color="#1b1f24")
        width = 0.85 * float(np.diff(z).min()) if len(z) > 1 else 0.1
        below.vbar("z", top="near", width=width, source=path, color="#b6bdc7")
        bar = ColumnDataSource({"x": [z[k]], "y": [percent[k]]})
        below.vbar("x", top="y", width=width, source=bar, color="#0072B2")
        below.scatter("x", "y", source=bar, size=9, color="#0072B2")
        below.y_range.start = 0
        slider = Slider(
            start=0,
            end=len(z) - 1,
            step=1,
            value=k,
            title="redshift",
            format=CustomJSTickFormatter(
                args={"values": [f"{value:.2f}" for value in z]},
                code="return values[Math.round(tick)]",
            ),
            sizing_mode="stretch_width",
        )
        text = Div(text=sentences[k], sizing_mode="stretch_width")
        args = dict(slider=slider, path=path, point=point, bar=bar, text=text)
        slider.js_on_change("value", CustomJS(args=args, code=_MOVE))
        return InteractiveFigure(
            column(figure, below, slider, text, sizing_mode="stretch_width"),
            alt=f"A path of the median quasar in the plane of {x} and {y} over gray stars, and "
            "below it the share of stars close by. A slider moves the quasar along its path.",
        )

    def _sentence(self, k):
        row = self.track.iloc[k]
        colors = ", ".join(f"{name} = {value:.2f}" for name, value in row.items())
        return (
            f"Redshift {self.track.index[k]:.2f}: {colors}; {self.near[k]:.1%} of the stars within "
            f"{self.radius:g} mag."
        )
