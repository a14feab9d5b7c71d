"""Efficiency, candidates and hours against the class mix, with sliders for mix and exposure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qsolearn.display.interactive import InteractiveFigure, empty_figure

__all__ = ["FollowUpDisplay"]

_COLUMNS = ["quasar_share", "candidates", "found", "efficiency", "completeness"]
_MOVE = """
const k = mix.categories.indexOf(mix.value);
const at = (table, name) => table.data[name][k];
line.location = at(shifted, "quasar_share");
const plan = (what, table) => {
  const n = at(table, "candidates"), hours = Math.ceil(n / fibers) * exposure.value / 60;
  const share = x => Number.isFinite(x) ? x.toFixed(2) : "none";
  const whole = x => Math.round(x).toLocaleString("en-US");
  return `<b>${what}</b>: ${whole(n)} candidates, ${whole(at(table, "found"))} of them quasars; `
    + `efficiency ${share(at(table, "efficiency"))}, completeness `
    + `${share(at(table, "completeness"))}; ${whole(hours)} hours.`;
};
text.text = plan("Weighed by the new mix", shifted) + "<br>" + plan("As trained", trained);
"""


class FollowUpDisplay:
    """What a class mix makes of a selection, by the new mix and as trained.

    Parameters
    ----------
    shifted, trained : pandas.DataFrame
        As `qsolearn.judge.follow_up_table` gives them, for the same shares of quasars: with the
        posterior of each mix, and with that of the training sample (``rule_share``).
    fibers : int
        Candidates observed in one visit.
    """

    def __init__(self, shifted: pd.DataFrame, trained: pd.DataFrame, fibers: int = 1) -> None:
        shifted, trained = pd.DataFrame(shifted), pd.DataFrame(trained)
        if not np.array_equal(shifted["quasar_share"], trained["quasar_share"]):
            raise ValueError(
                "The two tables are not for the same shares of quasars; make both with one list."
            )
        self.shifted, self.trained, self.fibers = shifted, trained, fibers

    def plot(self, start: float = 0.02, exposure: float = 20.0) -> InteractiveFigure:
        """Draw with sliders; in a page of the book they work without Python.

        Parameters
        ----------
        start : float
            Share of quasars at which the slider stands first; the nearest of the table is taken.
        exposure : float
            Time per visit [min] at which the slider stands first.

        Returns
        -------
        InteractiveFigure

        Raises
        ------
        ImportError
            If bokeh is not installed.
        """
        share = self.shifted["quasar_share"].to_numpy()
        figure = empty_figure(
            "share of quasars in the catalog",
            "efficiency, completeness",
            x_axis_type="log",
            x_range=(share[0], share[-1]),
            y_range=(0, 1.03),
        )
        from bokeh.layouts import column
        from bokeh.models import (
            CategoricalSlider,
            ColumnDataSource,
            CustomJS,
            CustomJSTickFormatter,
            Div,
            FixedTicker,
            Slider,
            Span,
        )

        bands = ["efficiency_low", "efficiency_high"]
        shifted = ColumnDataSource({c: self.shifted[c].tolist() for c in _COLUMNS + bands})
        trained = ColumnDataSource({c: self.trained[c].tolist() for c in _COLUMNS})
        figure.varea("quasar_share", *bands, source=shifted, color="#0072B2", alpha=0.2)
        lines = [
            (shifted, "efficiency", "efficiency, weighed by the new mix", "#0072B2", "solid"),
            (shifted, "completeness", "completeness, weighed by the new mix", "#009E73", "dotted"),
            (trained, "efficiency", "efficiency, as trained", "#D55E00", "dashed"),
        ]
        for table, y, label, color, dash in lines:
            figure.line("quasar_share", y, source=table, color=color, line_width=2.5,
                        line_dash=dash, legend_label=label)  # fmt: skip
        place = int(np.abs(np.log(share / start)).argmin())
        line = Span(location=share[place], dimension="height", line_color="#1b1f24")
        figure.add_layout(line)
        figure.add_layout(figure.legend[0], "above")
        figure.xaxis.ticker = FixedTicker(ticks=[0.001, 0.01, 0.1, 0.5])
        figure.xaxis.formatter = CustomJSTickFormatter(code="return +(100 * tick).toFixed(2)+' %'")
        wide = {"sizing_mode": "stretch_width"}
        names = [f"{100 * s:.3g} %" for s in share]
        mix = CategoricalSlider(
            categories=names, value=names[place], title="quasars in the catalog", **wide
        )
        minutes = Slider(start=5, end=60, step=5, value=exposure, title="minutes per visit", **wide)
        text = Div(text=self._sentences(place, exposure), **wide)
        move = CustomJS(
            args=dict(mix=mix, exposure=minutes, line=line, text=text, shifted=shifted,
                      trained=trained, fibers=self.fibers),
            code=_MOVE,
        )  # fmt: skip
        mix.js_on_change("value", move)
        minutes.js_on_change("value", move)
        return InteractiveFigure(
            column(figure, mix, minutes, text, **wide),
            alt="Efficiency and completeness against the share of quasars in a catalog. As "
            "trained, the efficiency falls towards rare quasars; weighed by the new mix it stays "
            "higher and the completeness falls. Sliders choose the share and the minutes per "
            "visit; a sentence below tells candidates and hours.",
        )

    def _sentences(self, place, exposure):
        """What the script writes below the sliders, for their first places."""
        said = []
        for what, table in (
            ("Weighed by the new mix", self.shifted),
            ("As trained", self.trained),
        ):
            row = table.iloc[place]
            hours = np.ceil(row["candidates"] / self.fibers) * exposure / 60
            efficiency, completeness = (
                f"{x:.2f}" if np.isfinite(x) else "none"
                for x in (row["efficiency"], row["completeness"])
            )
            said.append(
                f"<b>{what}</b>: {row['candidates']:,.0f} candidates, {row['found']:,.0f} of them "
                f"quasars; efficiency {efficiency}, completeness {completeness}; {hours:,.0f} "
                "hours."
            )
        return "<br>".join(said)
