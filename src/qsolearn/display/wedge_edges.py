"""A color wedge whose edges can be moved, and what that does to completeness and efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.bands import color_names
from qsolearn.display.interactive import InteractiveFigure, empty_figure
from qsolearn.display.wedge import WedgeDisplay

if TYPE_CHECKING:
    from qsolearn.selection import ColorWedge

__all__ = ["WedgeEdgesDisplay"]

_MOVE = """
const shift = sliders.map(s => s.value);
let found = 0, called = 0;
const state = sources.data.quasar.map((quasar, i) => {
  const inside = sources.data.rest[i] > 0 && margins.every((m, k) => m[i] + shift[k] > 0);
  if (inside) { called += 1; found += quasar; }
  return inside ? 0.85 : 0.15;
});
sources.data.alpha = state;
sources.change.emit();
lines.forEach((line, k) => {
  line.data = {x: line.data.x, y: start[k].map(y => y + sign[k] * shift[k])};
});
const percent = x => Number.isFinite(x) ? (100 * x).toFixed(0) + " %" : "none";
text.text = `${called} inside, ${found} of them quasars: completeness `
  + `${percent(found / total)}, efficiency ${percent(found / called)} (${total} quasars among `
  + `${state.length} sources)`;
"""


class WedgeEdgesDisplay:
    """Sources in the plane of a wedge, and a slider for each of its sloping edges.

    Parameters
    ----------
    wedge : ColorWedge
        The wedge as it stands when nothing was moved.
    frame : pandas.DataFrame, n rows
        A photometric frame.
    is_quasar : array_like of bool, shape (n,)
        Truth.

    Attributes
    ----------
    wedge
        As given.
    colors : pandas.DataFrame
        ``x`` and ``y`` [mag] of the sources that have all the colors of the wedge.
    is_quasar : ndarray of bool
        Truth of those.
    margins : pandas.DataFrame
        How far each is inside each edge [mag].
    movable : list of ColorEdge
        Edges in the plane of the first edge, which have a slider.
    """

    def __init__(self, wedge: ColorWedge, frame: pd.DataFrame, is_quasar: ArrayLike) -> None:
        first = wedge.edges[0]
        truth = np.asarray(is_quasar, dtype=bool)
        if truth.shape != (len(frame),) or first.against is None:
            raise ValueError(
                f"Truth of shape {truth.shape} for {len(frame)} sources and a first edge "
                f"'{first}': give one truth per source and a wedge whose first edge has a slope."
            )
        margins = wedge.margins(frame).reset_index(drop=True)
        whole = margins.notna().all(axis=1).to_numpy()
        x, y = WedgeDisplay.from_wedge(wedge, first.against, first.color).colors_of(frame)
        self.wedge = wedge
        self.margins = margins[whole].reset_index(drop=True)
        self.colors = pd.DataFrame({"x": x[whole], "y": y[whole]})
        self.is_quasar = truth[whole]
        self.movable = [
            e for e in wedge.edges if e.color == first.color and e.against == first.against
        ]

    def counts(self, shifts: ArrayLike) -> tuple[int, int]:
        """What the wedge keeps when its edges are moved outward.

        Parameters
        ----------
        shifts : array_like
            One per movable edge [mag]; positive makes the wedge larger.

        Returns
        -------
        inside, found : int
            Sources inside, and quasars among them.

        Raises
        ------
        ValueError
            If there is not one shift per movable edge.

        Examples
        --------
        >>> from qsolearn.selection import MATEOS2012_AB
        >>> frame = pd.DataFrame({"mag_wise_w1": [17.0, 17.0], "mag_wise_w2": [16.8, 17.3],
        ...                       "mag_wise_w3": [16.0, 17.0]})
        >>> shown = WedgeEdgesDisplay(MATEOS2012_AB, frame, [True, False])
        >>> shown.counts([0, 0, 0]), shown.counts([0, 0.2, 1.0])
        ((1, 1), (2, 1))
        """
        shifts = np.asarray(shifts, dtype=float)
        if shifts.shape != (len(self.movable),):
            raise ValueError(
                f"{shifts.size} shifts for {len(self.movable)} movable edges; give one for each."
            )
        moved = self.margins.copy()
        moved[[e.name for e in self.movable]] += shifts
        inside = (moved > 0).all(axis=1).to_numpy()
        return int(inside.sum()), int((inside & self.is_quasar).sum())

    def plot(
        self,
        *,
        x_range: tuple[float, float] = (-0.5, 3.2),
        y_range: tuple[float, float] = (-0.8, 1.5),
        reach: float = 0.6,
    ) -> InteractiveFigure:
        """Draw with a slider for each movable edge; in a page of the book no Python is needed.

        Parameters
        ----------
        x_range, y_range : tuple of float
            Part of the plane [mag].
        reach : float
            How far an edge can be moved either way [mag].

        Returns
        -------
        InteractiveFigure

        Raises
        ------
        ImportError
            If bokeh is not installed.
        """
        first = self.movable[0]
        unit = "AB" if first.system == "ab" else "Vega"
        labels = [f"{color_names(c)[0]} [{unit} mag]" for c in (first.against or (), first.color)]
        figure = empty_figure(*labels, height=360, x_range=x_range, y_range=y_range)
        from bokeh.layouts import column
        from bokeh.models import ColumnDataSource, CustomJS, Div, Slider

        names = [e.name for e in self.movable]
        rest = self.margins.drop(columns=names)
        still = rest.min(axis=1) if rest.shape[1] else pd.Series(1.0, index=rest.index)
        inside = (self.margins > 0).all(axis=1)
        data = self.colors.round(3).assign(
            quasar=self.is_quasar.astype(int),
            rest=(still > 0).astype(int),
            alpha=np.where(inside, 0.85, 0.15),
            color=np.where(self.is_quasar, "#0072B2", "#D55E00"),
            marker=np.where(self.is_quasar, "circle", "triangle"),
            kind=np.where(self.is_quasar, "quasars", "others"),
        )
        sources = ColumnDataSource({c: data[c].tolist() for c in data})
        figure.scatter("x", "y", source=sources, size=6, color="color", marker="marker",
                       alpha="alpha", legend_group="kind")  # fmt: skip
        figure.add_layout(figure.legend[0], "above")
        figure.legend[0].orientation = "horizontal"
        lines, start = [], []
        for edge in self.movable:
            ends = np.array(x_range, dtype=float)
            line = ColumnDataSource({"x": ends.tolist(), "y": edge.line(ends).tolist()})
            figure.line("x", "y", source=line, color="#1b1f24", line_width=2)
            lines.append(line)
            start.append(list(line.data["y"]))
        sliders = [
            Slider(start=-reach, end=reach, step=0.02, value=0, title=f"{name}, outward [mag]",
                   sizing_mode="stretch_width")
            for name in names
        ]  # fmt: skip
        n_inside, found = self.counts(np.zeros(len(names)))
        text = Div(text=self._sentence(n_inside, found), sizing_mode="stretch_width")
        args = dict(
            sliders=sliders,
            sources=sources,
            margins=[self.margins[name].round(4).tolist() for name in names],
            lines=lines,
            start=start,
            sign=[1 if e.side[0] == "<" else -1 for e in self.movable],
            total=int(self.is_quasar.sum()),
            text=text,
        )
        move = CustomJS(args=args, code=_MOVE)
        for slider in sliders:
            slider.js_on_change("value", move)
        return InteractiveFigure(
            column(figure, *sliders, text, sizing_mode="stretch_width"),
            alt="Quasars and other sources in the plane of two infrared colors with the edges of "
            "a wedge. A slider moves each edge; the sentence below says how many quasars are "
            "inside and how pure the selection is.",
        )

    def _sentence(self, inside, found):
        total = int(self.is_quasar.sum())

        def percent(part, whole):
            return f"{100 * part / whole:.0f} %" if whole else "none"

        return (
            f"{inside} inside, {found} of them quasars: completeness {percent(found, total)}, "
            f"efficiency {percent(found, inside)} ({total} quasars among {len(self.is_quasar)} "
            "sources)"
        )
