"""Galactic E(B-V) from the maps of Schlegel, Finkbeiner & Davis 1998."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError

__all__ = ["sfd_ebv"]

_FILES = ("SFD_dust_4096_ngp.fits", "SFD_dust_4096_sgp.fits")


def sfd_ebv(ra: ArrayLike, dec: ArrayLike, folder: str | Path | None = None) -> np.ndarray:
    """E(B-V) of the SFD map, as printed.

    Parameters
    ----------
    ra, dec : array_like, shape (n,)
        ICRS positions [deg].
    folder : str or Path, optional
        Folder with the two files SFD_dust_4096_ngp.fits and SFD_dust_4096_sgp.fits (64 MB each),
        which you fetch yourself; by default the environment variable ``SFD_DIR`` names it.

    Returns
    -------
    ndarray, shape (n,)
        E(B-V) [mag], unscaled: this is what the column ``ebv`` of a photometric frame holds. The
        factor 0.86 of Schlafly & Finkbeiner 2011 stands in the coefficients of `deredden`, and
        nowhere else.

    Raises
    ------
    CatalogError
        If the package sfdmap2 or one of the maps is absent.

    References
    ----------
    Schlegel, Finkbeiner & Davis 1998, ApJ 500, 525.
    """
    folder = folder or os.environ.get("SFD_DIR")
    missing = [name for name in _FILES if not folder or not (Path(folder) / name).is_file()]
    if missing:
        raise CatalogError(
            f"The dust map {missing[0]} is not in {folder or 'any folder that SFD_DIR names'}; "
            "fetch the two SFD_dust_4096 files and give their folder, or use a column ebv of "
            "your own."
        )
    try:
        from sfdmap2.sfdmap import SFDMap
    except ImportError:
        raise CatalogError(
            "Reading the dust maps needs the package sfdmap2; install it with: "
            "pip install 'qsolearn[sky]'."
        ) from None
    # The package scales by 0.86 unless told not to.
    ebv = SFDMap(str(folder), scaling=1.0).ebv(
        np.asarray(ra, dtype=float), np.asarray(dec, dtype=float)
    )
    return np.asarray(ebv, dtype=float)
