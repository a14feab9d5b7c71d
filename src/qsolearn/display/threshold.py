"""Completeness and efficiency against the threshold, with a slider to move it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.display.interactive import InteractiveFigure, empty_figure

__all__ = ["ThresholdDisplay"]

_MOVE = """
const k = Math.round((slider.value - slider.start) / slider.step);
const at = name => table.data[name][k];
line.location = at("threshold");
point.data = {x: [at("threshold"), at("threshold")], y: [at("completeness"), at("efficiency")]};
const share = x => Number.isFinite(x) ? x.toFixed(2) : "none";
text.text = `${at("selected")} candidates, ${at("found")} of them quasars: completeness `
  + `${share(at("completeness"))}, efficiency ${share(at("efficiency"))}`;
"""


def _sentence(now):
    """What the script writes below the slider, for its first place."""
    completeness, efficiency = (
        f"{x:.2f}" if np.isfinite(x) else "none" for x in (now["completeness"], now["efficiency"])
    )
    return (
        f"{now['selected']:.0f} candidates, {now['found']:.0f} of them quasars: completeness "
        f"{completeness}, efficiency {efficiency}"
    )


class ThresholdDisplay:
    """Completeness and efficiency of a score at every threshold, one of them chosen by hand.

    Parameters
    ----------
    table : pandas.DataFrame
        ``threshold`` in equal steps, ``selected``, ``found``, ``completeness``, ``efficiency``.

    Attributes
    ----------
    table
        As given.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    @classmethod
    def from_predictions(
        cls, is_quasar: ArrayLike, probability: ArrayLike, step: float = 0.01
    ) -> ThresholdDisplay:
        """Count at each threshold.

        Parameters
        ----------
        is_quasar : array_like of bool, shape (n,)
            Truth.
        probability : array_like, shape (n,)
            0 to 1, higher for quasars; a source is selected at or above the threshold, and never
            with NaN.
        step : float
            Distance of the thresholds.

        Returns
        -------
        ThresholdDisplay

        Raises
        ------
        ValueError
            If shapes differ or there is no quasar.

        Examples
        --------
        >>> shown = ThresholdDisplay.from_predictions([True, False, True], [0.9, 0.4, 0.3], 0.5)
        >>> shown.table[["threshold", "selected", "found"]].to_numpy().tolist()
        [[0.0, 3.0, 2.0], [0.5, 1.0, 1.0], [1.0, 0.0, 0.0]]
        """
        truth, probability = np.asarray(is_quasar, bool), np.asarray(probability, dtype=float)
        if truth.shape != probability.shape or truth.ndim != 1 or not truth.any():
            raise ValueError(
                f"Truth of shape {truth.shape} with {truth.sum()} quasars and probabilities of "
                f"shape {probability.shape}: give one of each per source, and a quasar at least."
            )
        threshold = np.round(np.arange(0, 1 + step / 2, step), 6)
        known = np.sort(probability[np.isfinite(probability)])
        own = np.sort(probability[truth & np.isfinite(probability)])
        selected = len(known) - np.searchsorted(known, threshold)
        found = len(own) - np.searchsorted(own, threshold)
        with np.errstate(invalid="ignore"):
            efficiency = found / selected
        return cls(
            pd.DataFrame(
                {
                    "threshold": threshold,
                    "selected": selected,
                    "found": found,
                    "completeness": found / truth.sum(),
                    "efficiency": efficiency,
                }
            )
        )

    def plot(self, start: float = 0.5) -> InteractiveFigure:
        """Draw with a slider; in a page of the book it works without Python.

        Parameters
        ----------
        start : float
            Threshold at which the slider stands first.

        Returns
        -------
        InteractiveFigure

        Raises
        ------
        ImportError
            If bokeh is not installed.
        """
        figure = empty_figure("threshold on the probability", "share", y_range=(0, 1.03))
        from bokeh.layouts import column
        from bokeh.models import ColumnDataSource, CustomJS, Div, Slider, Span

        table = ColumnDataSource({k: self.table[k].tolist() for k in self.table})
        figure.line("threshold", "completeness", source=table, color="#0072B2", line_width=2.5,
                    legend_label="completeness (recall)")  # fmt: skip
        figure.line("threshold", "efficiency", source=table, color="#D55E00", line_width=2.5,
                    line_dash="dashed", legend_label="efficiency (precision)")  # fmt: skip
        now = self.table.iloc[(self.table["threshold"] - start).abs().argmin()]
        point = ColumnDataSource(
            {"x": [now["threshold"]] * 2, "y": [now["completeness"], now["efficiency"]]}
        )
        figure.scatter("x", "y", source=point, size=10, color="#1b1f24")
        line = Span(location=now["threshold"], dimension="height", line_color="#1b1f24")
        figure.add_layout(line)
        figure.add_layout(figure.legend[0], "above")
        steps = self.table["threshold"].to_numpy()
        slider = Slider(
            start=steps[0],
            end=steps[-1],
            step=steps[1] - steps[0],
            value=now["threshold"],
            title="threshold",
            sizing_mode="stretch_width",
        )
        text = Div(text=_sentence(now), sizing_mode="stretch_width")
        move = CustomJS(
            args=dict(slider=slider, table=table, line=line, point=point, text=text), code=_MOVE
        )
        slider.js_on_change("value", move)
        return InteractiveFigure(
            column(figure, slider, text, sizing_mode="stretch_width"),
            alt="Completeness falls and efficiency rises as the threshold on the probability is "
            "moved up with the slider; the sentence below says how many candidates there are.",
        )
