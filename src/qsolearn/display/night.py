"""Candidates over a night: when each stands how high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from qsolearn.display.basic import _axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["NightDisplay"]


class NightDisplay:
    """Altitude of candidates and of the Moon over the dark part of a night.

    Parameters
    ----------
    altitudes : pandas.DataFrame
        As `qsolearn.observing.night_curves` gives them [deg]; one column per candidate.
    moon : pandas.Series
        Altitude of the Moon [deg].
    min_altitude : float
        Lowest altitude that counts as visible [deg].
    title : str
        Site and night.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self, altitudes: pd.DataFrame, moon: pd.Series, min_altitude: float = 30.0, title: str = ""
    ) -> None:
        self.altitudes, self.moon = altitudes, moon
        self.min_altitude, self.title = min_altitude, title

    @classmethod
    def from_plan(
        cls, plan: pd.DataFrame, *, n: int = 8, min_altitude: float = 30.0
    ) -> NightDisplay:
        """Take the first candidates of a plan.

        Parameters
        ----------
        plan : pandas.DataFrame
            As `qsolearn.observing.observing_plan` gives it, in its own order.
        n : int
            How many to draw, evenly spread over the plan.
        min_altitude : float
            As for the class.

        Returns
        -------
        NightDisplay
        """
        from qsolearn.observing import night_curves

        site, night = plan.attrs["site"], plan.attrs["night"]
        rows = np.unique(np.linspace(0, len(plan) - 1, min(n, len(plan))).round().astype(int))
        altitudes, moon = night_curves(plan.iloc[rows], site, night)
        return cls(altitudes, moon, min_altitude, f"{site}, night of {night}")

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        import matplotlib.dates as mdates

        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        hours = self.altitudes.index
        styles = ("-", (0, (5, 1.5)))  # eight hues are too many to tell apart alone
        for k, name in enumerate(self.altitudes):
            self.ax_.plot(
                hours, self.altitudes[name].to_numpy(), ls=styles[k // 4 % 2], color=f"C{k % 4}",
                lw=1.8, label=str(name),
            )  # fmt: skip
        self.ax_.plot(hours, self.moon.to_numpy(), color="#7f8794", lw=4, alpha=0.5, label="Moon")
        self.ax_.axhspan(0, self.min_altitude, color="#7f8794", alpha=0.15, lw=0)
        self.ax_.set(
            xlim=(hours[0], hours[-1]), ylim=(0, 90), xlabel="UTC", ylabel="altitude [deg]",
            title=self.title,
        )  # fmt: skip
        self.ax_.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))
        self.ax_.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3, fontsize=8, title="id"
        )
        return self
