"""Sources by redshift: against magnitude, against an estimate, and on the sky."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.display.basic import CLASS_COLORS, _axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MagnitudeRedshiftDisplay", "RedshiftDisplay", "SkyDisplay"]


class MagnitudeRedshiftDisplay:
    """Sources in the plane of redshift and magnitude, bright ones on top.

    Parameters
    ----------
    groups : dict of str to (array_like, array_like)
        Label, and redshifts and magnitudes [mag] of the group; the last is drawn on top. What is
        no class of the book is black.
    mag_name : str
        Name of the magnitude.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, groups: dict[str, tuple[np.ndarray, np.ndarray]], mag_name: str) -> None:
        self.groups, self.mag_name = groups, mag_name

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        for name, (z, mag) in self.groups.items():
            many = len(z) > 500
            self.ax_.scatter(
                z, mag, s=4 if many else 18, alpha=0.5 if many else 0.9, linewidths=0,
                color=CLASS_COLORS.get(name, "#000000"), label=f"{name} ({len(z):,})",
                rasterized=True,
            )  # fmt: skip
        self.ax_.set(xlabel="redshift", ylabel=f"{self.mag_name} [mag]")
        if not self.ax_.yaxis_inverted():
            self.ax_.invert_yaxis()
        legend = self.ax_.legend(markerscale=2)
        for handle in legend.legend_handles:
            handle.set_alpha(1)
        return self


class RedshiftDisplay:
    """Estimated against true redshift, one hue per predicted class.

    Parameters
    ----------
    z_true, z_phot : array_like, shape (n,)
        True and estimated redshifts.
    groups : array_like of str, shape (n,)
        Class of each source, such as the predicted one.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(self, z_true: ArrayLike, z_phot: ArrayLike, groups: ArrayLike) -> None:
        self.z_true, self.z_phot = np.asarray(z_true, float), np.asarray(z_phot, float)
        self.groups = np.asarray(groups).astype(str)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw; the largest group lies underneath.

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        self
        """
        self.ax_ = _axes(ax)
        self.figure_ = self.ax_.figure
        names, number = np.unique(self.groups, return_counts=True)
        for name in names[np.argsort(-number)]:
            own = self.groups == name
            self.ax_.scatter(
                self.z_true[own], self.z_phot[own], s=8, alpha=0.6, linewidths=0,
                color=CLASS_COLORS.get(name), label=f"{name} ({own.sum():,})", rasterized=True,
            )  # fmt: skip
        top = np.nanmax([self.z_true, self.z_phot])
        self.ax_.plot([0, top], [0, top], color="#7f8794", lw=1)
        self.ax_.set(xlabel="true redshift", ylabel="estimated redshift")
        self.ax_.legend(markerscale=2)
        return self


class SkyDisplay:
    """Positions on the whole sky in equatorial coordinates, east to the left.

    Parameters
    ----------
    ra, dec : array_like, shape (n,)
        Positions [deg, ICRS].
    value : array_like, shape (n,)
        What the hue tells, such as the redshift.
    value_name : str
        Its name.

    Attributes
    ----------
    ax_, figure_
        matplotlib axes and figure, after `plot`.
    """

    def __init__(
        self, ra: ArrayLike, dec: ArrayLike, value: ArrayLike, value_name: str = "redshift"
    ) -> None:
        self.ra, self.dec = np.asarray(ra, float), np.asarray(dec, float)
        self.value, self.value_name = np.asarray(value, float), value_name

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw in the Mollweide projection, with the Galactic plane and latitudes +-25 deg.

        Parameters
        ----------
        ax : matplotlib axes of projection "mollweide", optional

        Returns
        -------
        self
        """
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(subplot_kw={"projection": "mollweide"})
        self.ax_ = ax
        self.figure_ = ax.figure
        for latitude, style in ((0.0, "-"), (25.0, ":"), (-25.0, ":")):
            ra, dec = _galactic_circle(latitude)
            ax.plot(_east_left(ra), np.radians(dec), ls=style, lw=1.2, color="#7f8794")
        points = ax.scatter(
            _east_left(self.ra), np.radians(self.dec), c=self.value, s=14, cmap="viridis",
            linewidths=0,
        )  # fmt: skip
        self.figure_.colorbar(
            points, ax=ax, orientation="horizontal", shrink=0.6, label=self.value_name
        )
        hours = {-120: "8h", -60: "4h", 0: "0h", 60: "20h", 120: "16h"}
        ax.set_xticks(np.radians(list(hours)), list(hours.values()))
        for name in ax.get_xticklabels():  # readable on top of points
            name.set(bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 1}, zorder=4)
        return self


def _east_left(ra):
    """Right ascension [deg] as the x of the projection [rad]: 0h in the middle, east left."""
    return -np.radians((np.asarray(ra) + 180) % 360 - 180)


def _galactic_circle(latitude):
    """Right ascension and declination [deg] of a Galactic latitude, broken where it wraps."""
    from astropy.coordinates import SkyCoord

    place = SkyCoord(
        np.linspace(0, 360, 721), np.full(721, latitude), unit="deg", frame="galactic"
    ).icrs
    ra, dec = place.ra.deg.copy(), place.dec.deg.copy()
    jumps = np.abs(np.diff(_east_left(ra))) > 1
    ra[1:][jumps] = np.nan
    return ra, dec
