"""The part of the sky that a catalog covers, around a pole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.display.basic import _axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qsolearn.sky import SkyCoverage

__all__ = ["SkyMapDisplay"]


class SkyMapDisplay:
    """Map of positions around a point of the sky, in equal areas.

    Parameters
    ----------
    center : tuple of float
        RA and Dec of the middle [deg].

    Attributes
    ----------
    layers : dict of str to (ndarray, ndarray)
        Positions in the plane of the map [deg from the middle], by name.
    ax_, figure_
        matplotlib axes and figure, after `plot`.

    Notes
    -----
    Lambert's azimuthal equal-area projection: equal areas on the sky are equal areas on the map. RA
    grows to the left, north is up at the middle.
    """

    #: The south ecliptic pole, around which KS4 is drawn [deg].
    SOUTH_ECLIPTIC_POLE = (90.0, -66.56)

    def __init__(self, center: tuple[float, float] = SOUTH_ECLIPTIC_POLE) -> None:
        self.center = center
        self.layers: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    @classmethod
    def from_coverage(
        cls,
        coverage: SkyCoverage,
        label: str = "covered",
        center: tuple[float, float] = SOUTH_ECLIPTIC_POLE,
    ) -> SkyMapDisplay:
        """Show the pixels of a coverage.

        Parameters
        ----------
        coverage : SkyCoverage
            As `effective_area` gives it.
        label : str
            Name for the legend.
        center : tuple of float
            As for the class.

        Returns
        -------
        SkyMapDisplay
        """
        return cls(center).add(*coverage.centers(), label)

    def add(self, ra: ArrayLike, dec: ArrayLike, label: str) -> Self:
        """Add positions.

        Parameters
        ----------
        ra, dec : array_like, shape (n,)
            Degrees.
        label : str
            Name for the legend.

        Returns
        -------
        self
        """
        self.layers[label] = self.project(ra, dec)
        return self

    def project(self, ra: ArrayLike, dec: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the plane of the map.

        Parameters
        ----------
        ra, dec : array_like, shape (n,)
            Degrees.

        Returns
        -------
        x, y : ndarray, shape (n,)
            Degrees from the middle; x grows with RA.
        """
        ra, dec = np.radians(np.asarray(ra, float)), np.radians(np.asarray(dec, float))
        ra0, dec0 = np.radians(self.center)
        cosine = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra - ra0)
        k = np.degrees(np.sqrt(2 / np.maximum(1 + cosine, 1e-12)))
        x = k * np.cos(dec) * np.sin(ra - ra0)
        y = np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra - ra0)
        return x, k * y

    def plot(self, ax: Axes | None = None, *, size: float = 1.0, grid: bool = True) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
        size : float
            Marker area [points^2].
        grid : bool
            Whether to draw circles of declination.

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        cycle = iter(("#D55E00", "#0072B2", "#009E73", "#CC79A7"))
        for label, (x, y) in self.layers.items():
            self.ax_.scatter(
                x, y, s=size, color=next(cycle), linewidths=0, label=label, rasterized=True
            )
        if grid:
            around = np.linspace(0, 360, 721)
            for dec in (-80, -60, -40, -20):
                self.ax_.plot(*self.project(around, np.full(721, dec)), color="#9aa1ab", lw=0.6)
                x, y = self.project([self.center[0]], [dec])
                self.ax_.text(
                    x[0], y[0], f"{dec}°", fontsize=8, color="#374151", ha="center", va="center",
                    bbox={"boxstyle": "round,pad=0.15", "fc": "w", "ec": "none", "alpha": 0.85},
                )  # fmt: skip
        xy = np.concatenate([np.abs(np.concatenate(v)) for v in self.layers.values()] or [[10.0]])
        top = float(np.max(xy, initial=1.0)) * 1.05
        self.ax_.set(
            xlim=(top, -top), ylim=(-top, top), aspect="equal",
            xlabel="degrees from the middle (RA grows to the left)", ylabel="degrees",
        )  # fmt: skip
        self.ax_.grid(False)
        self.ax_.legend(markerscale=4 / max(np.sqrt(size), 0.5), loc="upper right", fontsize=9)
        return self
