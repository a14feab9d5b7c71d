"""Tiles of a mosaic camera: how many of the dithered exposures see a place, and the exact area.

KS4 looks at fields of 2 by 2 degrees with a camera of four CCDs and a cross-shaped gap between
them, four times, moved by a few arcminutes. What lies in a gap or off the edge once has only three
exposures left. The pattern is a product of a pattern in RA and one in Dec, so the share of a tile
with all four exposures is known exactly; that makes it a test for areas that are measured from
sources.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["KS4_MOSAIC", "Mosaic"]


@dataclass(frozen=True)
class Mosaic:
    """Grid of square tiles over a range of declinations.

    Attributes
    ----------
    dec : tuple of float
        Range of declinations that the rows of tiles fill, from its southern end [deg].
    side : float
        Side of a tile, the field of view [deg].
    gaps : tuple of float
        Width of the gap between the CCDs in RA and in Dec [arcsec].
    offsets : tuple of float
        Step of the four dithered exposures in RA and in Dec [arcmin]: they are the corners of a
        rectangle around the tile's center.
    """

    dec: tuple[float, float]
    side: float
    gaps: tuple[float, float]
    offsets: tuple[float, float]

    def _rows(self, dec):
        """Row of each declination, center of the row [deg], tiles in it."""
        row = np.floor((np.asarray(dec, dtype=float) - self.dec[0]) / self.side)
        center = self.dec[0] + (row + 0.5) * self.side
        # Tiles are laid out along the row's longer edge, so that none is apart from the next.
        longer = np.clip(np.abs(center) - self.side / 2, 0, None)
        return row, center, np.ceil(360.0 * np.cos(np.radians(longer)) / self.side)

    def tiles_in_row(self, dec: float) -> int:
        """Number of tiles around the sky in the row of a declination.

        Parameters
        ----------
        dec : float
            Degrees.

        Returns
        -------
        int
        """
        return int(self._rows(dec)[2])

    def place(self, ra: ArrayLike, dec: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Position within the nearest tile.

        Parameters
        ----------
        ra, dec : array_like, shape (n,)
            ICRS positions [deg].

        Returns
        -------
        x, y : ndarray, shape (n,)
            Along RA (a true angle) and Dec from the tile's center [deg].
        """
        ra, dec = np.asarray(ra, dtype=float), np.asarray(dec, dtype=float)
        _, center, tiles = self._rows(dec)
        step = 360.0 / tiles
        x = (np.mod(ra, step) - step / 2) * np.cos(np.radians(dec))
        return x, dec - center

    def _seen(self, at, axis):
        """How many of the two steps of one axis see a place, shape (n,)."""
        half, offset = self.side / 2, self.offsets[axis] / 60 / 2
        seen = [
            (np.abs(at - o) <= half) & (np.abs(at - o) > self.gaps[axis] / 3600 / 2)
            for o in (-offset, offset)
        ]
        return np.sum(seen, axis=0)

    def exposures(self, ra: ArrayLike, dec: ArrayLike) -> np.ndarray:
        """Number of exposures of each position, 0 to 4.

        Parameters
        ----------
        ra, dec : array_like, shape (n,)
            ICRS positions [deg].

        Returns
        -------
        ndarray of int, shape (n,)
        """
        x, y = self.place(ra, dec)
        # The exposures are all pairs of a step in RA and a step in Dec.
        return self._seen(x, 0) * self._seen(y, 1)

    def exact_area(self, dec: tuple[float, float], *, ra_width: float = 360.0) -> float:
        """Area with all four exposures between two declinations.

        Parameters
        ----------
        dec : tuple of float
            Range, of whole rows of tiles [deg].
        ra_width : float
            Width in RA, of whole tiles [deg].

        Returns
        -------
        float
            [deg^2], from lengths along each parallel, with steps of 0.36 arcsec in Dec.
        """
        step = 1e-4
        y = np.arange(dec[0] + step / 2, dec[1], step)
        _, center, tiles = self._rows(y)
        half = 180.0 / tiles * np.cos(np.radians(y))
        full = self._seen(y - center, 1) == 2
        length = np.where(full, tiles * ra_width / 360.0 * self._covered(half), 0.0)
        return float(length.sum() * step)

    def _covered(self, half):
        """Length within +-half of a tile's center that both steps in RA see [deg]."""
        offset, gap = self.offsets[0] / 60 / 2, self.gaps[0] / 3600 / 2
        outer = np.minimum(half, self.side / 2 - offset)
        # The two gaps, at -offset and +offset, as one or two blind pieces on each side of zero.
        low, high = max(offset - gap, 0.0), offset + gap
        return 2 * (outer - np.clip(np.minimum(high, outer) - low, 0, None))


#: KS4: tile and offsets from Kim et al. 2024, Sect. 2. The text lost the widths of the gaps; 184
#: and 373 arcsec are those of the camera, from memory of the literature (approximate).
KS4_MOSAIC = Mosaic(dec=(-85.0, -29.0), side=2.0, gaps=(184.0, 373.0), offsets=(4.0, 7.0))
