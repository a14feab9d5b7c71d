"""Folders of spectral templates, as the codes that fit spectra of galaxies keep them.

A template is a text file of two columns. Its ending tells what they are, because such files do not
say so themselves:

``.sed``
    wavelength [angstrom] and f_lambda in any unit, as LePhare and EAZY write them;
``.dat``
    wavelength [micron] and f_nu in any unit, as the AGN templates of Lyu & Rieke come; a first
    line ``# name tau_V= 0.25`` tells the optical depth of polar dust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qsolearn.errors import CatalogError
from qsolearn.sed.filters import WAVELENGTH

__all__ = ["Template", "read_folder", "read_sed"]

#: Light bluer than this is absorbed anyway: a template may begin here [angstrom].
_LYMAN_LIMIT = 912.0
#: A template may be continued redward by this factor in wavelength, not further.
_STRETCH = 1.5
_TAU = re.compile(r"tau_V\s*=\s*([0-9.]+)")


@dataclass(frozen=True)
class Template:
    """One rest-frame spectrum.

    Attributes
    ----------
    name : str
        File name without its ending.
    flux : ndarray, shape (pixels,)
        f_lambda on `qsolearn.sed.WAVELENGTH`, any unit; NaN where the template says nothing.
    tau_v : float
        Optical depth of polar dust at V; 0 where the file names none.
    """

    name: str
    flux: np.ndarray
    tau_v: float = 0.0


def read_sed(path: str | Path, *, star: bool = False) -> Template:
    """Read one template onto the wavelength grid of the project.

    Parameters
    ----------
    path : str or Path
        A ``.sed`` (angstrom, f_lambda) or ``.dat`` (micron, f_nu) file.
    star : bool
        Whether it is a star: its red end is then continued as f_lambda ~ lambda^-4 without limit.

    Returns
    -------
    Template

    Raises
    ------
    CatalogError
        If the file cannot be read, has no two columns, wavelengths that do not rise, or fluxes
        that are not finite or nowhere above zero.

    Notes
    -----
    Between the points a ``.sed`` file is interpolated linearly (it has lines and zeros), a ``.dat``
    file in the logarithms (it is smooth and coarse). Redward of its last point above zero a galaxy
    or AGN is continued by the power law of its last tenth of wavelength, to 1.5 times the last
    wavelength; below its first point it is zero if that lies below the Lyman limit. Elsewhere it
    is NaN: a band there is not covered.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        rows = np.loadtxt(text.splitlines(), dtype=float, comments="#", ndmin=2)
    except (OSError, ValueError) as error:
        raise CatalogError(f"The template {path} cannot be read ({error}).") from None
    if rows.shape[0] < 2 or rows.shape[1] != 2:
        raise CatalogError(
            f"The template {path} must have two columns of numbers, wavelength and flux."
        )
    wave, flux = rows.T
    if path.suffix == ".dat":
        # f_nu to f_lambda; the unit does not matter.
        wave, flux = wave * 1e4, flux / wave**2
    elif path.suffix != ".sed":
        raise CatalogError(
            f"The template {path} must end in .sed (angstrom, f_lambda) or .dat (micron, f_nu)."
        )
    if not (np.diff(wave) >= 0).all() or wave[0] <= 0:
        raise CatalogError(f"The wavelengths of the template {path} do not rise.")
    if not (np.isfinite(flux).all() and (flux > 0).any()):
        raise CatalogError(
            f"The fluxes of the template {path} must be finite and somewhere above zero."
        )
    # Measured spectra scatter below zero where a star has no light.
    flux = np.maximum(flux, 0.0)
    tau = _TAU.search(text[:200])
    smooth = path.suffix == ".dat"
    return Template(path.stem, _onto_grid(wave, flux, smooth, star), float(tau[1]) if tau else 0.0)


def _onto_grid(wave, flux, smooth, star):
    # A zero at the red end is where the file ends, not where the light does.
    last = np.flatnonzero(flux > 0)[-1] + 1
    wave, flux = wave[:last], flux[:last]
    if smooth:
        keep = flux > 0
        x = np.log(WAVELENGTH)
        out = np.exp(np.interp(x, np.log(wave[keep]), np.log(flux[keep])))
    else:
        out = np.interp(WAVELENGTH, wave, flux)
    below, above = wave[0] > WAVELENGTH, wave[-1] < WAVELENGTH
    out[below] = 0.0 if wave[0] <= _LYMAN_LIMIT else np.nan
    if star:
        slope, end = -4.0, np.inf
    else:
        # The last tenth of the wavelengths, as a straight line in the logarithms.
        tail = (wave > 0.9 * wave[-1]) & (flux > 0)
        slope = np.polyfit(np.log(wave[tail]), np.log(flux[tail]), 1)[0] if tail.sum() > 1 else -4.0
        end = _STRETCH * wave[-1]
    out[above] = flux[-1] * (WAVELENGTH[above] / wave[-1]) ** slope
    out[end < WAVELENGTH] = np.nan
    return out


def read_folder(folder: str | Path, *, star: bool = False) -> list[Template]:
    """Read every template of one folder, in the order of their names.

    Parameters
    ----------
    folder : str or Path
        Folder with ``.sed`` and ``.dat`` files; other files are left alone.
    star : bool
        Whether they are stars, see `read_sed`.

    Returns
    -------
    list of Template

    Raises
    ------
    CatalogError
        If the folder is absent or holds no template.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CatalogError(f"There is no folder of templates {folder}.")
    found = sorted(p for p in folder.iterdir() if p.suffix in (".sed", ".dat"))
    if not found:
        raise CatalogError(f"The folder {folder} holds no template (.sed or .dat).")
    return [read_sed(path, star=star) for path in found]
