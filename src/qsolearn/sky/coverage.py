"""The area of a catalog, from the HEALPix pixels that hold its sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError
from qsolearn.sky.positions import galactic_latitude, unit_vectors

if TYPE_CHECKING:
    import pandas as pd
    from mocpy import MOC

__all__ = ["SkyCoverage", "effective_area", "healpix_pixels"]

_SKY_DEG2 = 4 * np.pi * float(np.degrees(1.0)) ** 2
_LEVELS = (0, 29)


@dataclass(frozen=True)
class SkyCoverage:
    """Part of the sky as HEALPix pixels of one level.

    Attributes
    ----------
    level : int
        HEALPix level (order): the sphere has 12 * 4**level pixels of equal area.
    pixels : ndarray of int, sorted
        Numbers of the covered pixels, nested scheme, ICRS.
    """

    level: int
    pixels: np.ndarray

    @property
    def pixel_area(self) -> float:
        """Area of one pixel [deg^2]."""
        return _SKY_DEG2 / (12 * 4**self.level)

    @property
    def area_deg2(self) -> float:
        """Covered area [deg^2]."""
        return len(self.pixels) * self.pixel_area

    def __float__(self):
        """Covered area [deg^2]."""
        return float(self.area_deg2)

    def contains(self, ra: ArrayLike, dec: ArrayLike) -> np.ndarray:
        """Whether positions lie in covered pixels.

        Parameters
        ----------
        ra, dec : array_like, shape (n,)
            ICRS positions [deg].

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        found = healpix_pixels(ra, dec, self.level)
        if not len(self.pixels):
            return np.zeros(found.shape, dtype=bool)
        place = np.minimum(np.searchsorted(self.pixels, found), len(self.pixels) - 1)
        return self.pixels[place] == found

    def centers(self) -> tuple[np.ndarray, np.ndarray]:
        """Centers of the covered pixels.

        Returns
        -------
        ra, dec : ndarray, shape (n_pixels,)
            Degrees.
        """
        lon, lat = _healpix(self.level).healpix_to_lonlat(self.pixels)
        return np.degrees(lon.value), np.degrees(lat.value)

    def beyond_latitude(self, limit: float) -> SkyCoverage:
        """Keep the pixels whose centers are far from the Galactic plane.

        Parameters
        ----------
        limit : float
            Smallest \\|b\\| [deg].

        Returns
        -------
        SkyCoverage
        """
        if not len(self.pixels):
            return self
        return SkyCoverage(
            self.level, self.pixels[np.abs(galactic_latitude(*self.centers())) > limit]
        )

    def to_moc(self) -> MOC:
        """Coverage as a multi-order coverage map.

        Returns
        -------
        mocpy.MOC
            For unions, intersections and `MOC.save`.

        Raises
        ------
        CatalogError
            If mocpy is not installed.
        """
        try:
            from mocpy import MOC
        except ImportError:
            raise CatalogError(
                "A MOC needs the package mocpy; install it with: pip install 'qsolearn[sky]'."
            ) from None
        return MOC.from_healpix_cells(
            self.pixels.astype(np.uint64), np.uint8(self.level), max_depth=self.level
        )

    def write_moc(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the coverage as a FITS file of the IVOA standard MOC, whole or not at all.

        Parameters
        ----------
        path : str or Path
            File to write, ending in .fits.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        CatalogError
            If mocpy is not installed, or the file exists or cannot be written.
        """
        from qsolearn.frame.write import replace_atomically

        moc = self.to_moc()
        with replace_atomically(path, overwrite=overwrite) as temporary:
            moc.save(temporary, format="fits")


def _healpix(level):
    try:
        from astropy_healpix import HEALPix
    except ImportError:
        raise CatalogError(
            "HEALPix pixels need the package astropy-healpix; install it with: "
            "pip install 'qsolearn[sky]'."
        ) from None
    return HEALPix(nside=2**level, order="nested")


def healpix_pixels(ra: ArrayLike, dec: ArrayLike, level: int) -> np.ndarray:
    """Number the HEALPix pixel of every position.

    Parameters
    ----------
    ra, dec : array_like, shape (n,)
        ICRS positions [deg], none missing.
    level : int
        HEALPix level, 0 to 29.

    Returns
    -------
    ndarray of int, shape (n,)
        Nested scheme.

    Raises
    ------
    CatalogError
        If the level is impossible or astropy-healpix is not installed.

    Examples
    --------
    >>> healpix_pixels([10.0], [-40.0], 0).tolist()
    [8]
    """
    import astropy.units as u

    if level != int(level) or not _LEVELS[0] <= level <= _LEVELS[1]:
        raise CatalogError(f"A HEALPix level is a whole number from 0 to 29, not {level}.")
    return _healpix(int(level)).lonlat_to_healpix(
        np.asarray(ra, dtype=float) * u.deg, np.asarray(dec, dtype=float) * u.deg
    )


def effective_area(sources: pd.DataFrame, level: int = 12) -> SkyCoverage:
    """Area of the HEALPix pixels that hold at least one source.

    Parameters
    ----------
    sources : pandas.DataFrame, n rows
        Columns ``ra``, ``dec`` [deg]: every source that shows that its place was observed well,
        not only the candidates. May have no rows.
    level : int
        HEALPix level, 0 to 29. Pixels shrink by four per level: 2.95, 0.74 and 0.18 arcmin^2 at
        11, 12 and 13.

    Returns
    -------
    SkyCoverage
        Its ``area_deg2`` is the area; it exports a MOC.

    Raises
    ------
    CatalogError
        If the level is impossible, a position is missing, or astropy-healpix is not installed.

    Notes
    -----
    Two errors work against each other. A pixel that is covered in part counts whole, so large
    pixels smear over gaps and edges. A covered pixel without a source does not count: at a density
    :math:`\\rho` and pixel area a, :math:`e^{-\\rho a}` of the pixels stay empty, so small pixels
    lose area.

    References
    ----------
    Gorski et al. 2005, ApJ 622, 759 (HEALPix); Kim et al. 2024, arXiv 2410.17187, Table 2, Fig. 7.

    Examples
    --------
    >>> import pandas as pd
    >>> coverage = effective_area(pd.DataFrame({"ra": [10.0, 10.0], "dec": [-40.0, 20.0]}), level=3)
    >>> len(coverage.pixels), round(coverage.area_deg2, 1)
    (2, 107.4)
    """
    unit_vectors(sources, "sources")
    pixels = np.unique(healpix_pixels(sources["ra"], sources["dec"], level))
    return SkyCoverage(int(level), pixels)
