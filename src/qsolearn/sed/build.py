"""Make ``data/filters.npz`` again: ``python -m qsolearn.sed.build``.

Needs speclite (``pip install qsolearn[filters]``) and, for VISTA, astro-sedpy.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qsolearn.bands import BANDS
from qsolearn.errors import CatalogError
from qsolearn.sed.filters import curve_weights

__all__ = ["build_filters", "load_curve", "main"]

#: Red end of the SDSS u curve [angstrom]: what lies beyond is the red leak.
U_LEAK = 4200.0

_SPECLITE = {
    **{f"sdss_{f}": f"sdss2010-{f}" for f in "ugriz"},
    **{f"ps1_{f}": f"panstarrs-{f}" for f in "grizy"},
    "gaia_g": "gaiadr3-G",
    "gaia_bp": "gaiadr3-BP",
    "gaia_rp": "gaiadr3-RP",
    "twomass_j": "twomass-J",
    "twomass_h": "twomass-H",
    "twomass_ks": "twomass-Ks",
    **{f"kmt_{f.lower()}": f"bessell-{f}" for f in "BVRI"},
    **{f"wise_w{k}": f"wise2010-W{k}" for k in (1, 2, 3, 4)},
    "legacy_g": "BASS-g",
    "legacy_r": "BASS-r",
    "legacy_z": "MzLS-z",
}
_SEDPY = {f"vista_{f.lower()}": f"vista_vircam_{f}" for f in ("J", "H", "Ks")}


def load_curve(band: str) -> tuple[np.ndarray, np.ndarray]:
    """Filter curve of a band from the package that holds it.

    Parameters
    ----------
    band : str
        Band id.

    Returns
    -------
    wavelength, response : ndarray, shape (k,)
        Wavelength [angstrom] and response per photon.

    Raises
    ------
    CatalogError
        If the package that holds the curve is not installed.
    """
    package = "speclite" if band in _SPECLITE else "astro-sedpy"
    try:
        if band in _SPECLITE:
            from speclite.filters import load_filter

            curve = load_filter(_SPECLITE[band])
            wavelength, response = np.array(curve.wavelength), np.array(curve.response)
        else:
            from sedpy.observate import Filter

            curve = Filter(_SEDPY[band])
            wavelength, response = curve.wavelength, curve.transmission
    except ImportError:
        raise CatalogError(
            f"The filter curve of {band} comes from {package}; install it with "
            f"'pip install {package}'."
        ) from None
    if band == "sdss_u":
        kept = wavelength < U_LEAK
        wavelength, response = np.append(wavelength[kept], U_LEAK), np.append(response[kept], 0.0)
    return wavelength, np.clip(response, 0.0, None)


def build_filters(path: str | Path) -> None:
    """Write the weights of every band that has a curve.

    Parameters
    ----------
    path : str or Path
        The npz file to write.
    """
    arrays: dict[str, Any] = {}
    for band in BANDS:
        weights = curve_weights(*load_curve(band))
        inside = np.flatnonzero(weights)
        first, last = inside[0], inside[-1] + 1
        arrays[band] = weights[first:last].astype(np.float32)
        arrays[f"{band}:first"] = np.int64(first)
    np.savez_compressed(path, **arrays)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line: write the file beside this module, or where told."""
    parser = argparse.ArgumentParser(description="Build the filter weights.")
    parser.add_argument("path", nargs="?", default=Path(__file__).parent / "data" / "filters.npz")
    build_filters(parser.parse_args(argv).path)


if __name__ == "__main__":
    main()
