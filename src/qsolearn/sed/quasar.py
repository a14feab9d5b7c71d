"""The mean quasar, in parts: accretion disk, emission lines, Fe II, hot dust, host galaxy.

Each part is a spectrum on `qsolearn.sed.WAVELENGTH` in the rest frame, in units of the disk's
f_lambda at 3000 angstrom, so that parts can be scaled and added:

disk
    a broken power law f_nu ~ nu^alpha, times a smooth correction (below) and the Balmer continuum;
high, low
    emission lines of high and low ionization: equivalent widths and widths of the composite
    spectrum of Vanden Berk et al. 2001 [1]_;
iron
    the blended Fe II lines between 2000 and 3100 angstrom and around H beta, as broad humps;
hot, warm
    dust at 1244 K (Temple et al. 2021 [2]_) and cooler dust that carries W3 and W4;
old, young
    the stars of the galaxy around the quasar, from `qsolearn.sed.galaxy`.

The correction is a smooth curve in ln(wavelength) that multiplies disk, iron, hot and warm; the
composite alone misses real colors by up to 0.2 mag. It was fitted to the median colors of the even
rows of real catalogs by ``benchmarks/fit_sky.py`` and stands in ``data/quasar.json`` with the rest
of the parameters; the odd rows judge it.

References
----------
.. [1] Vanden Berk et al. 2001, AJ 122, 549, Table 2.
.. [2] Temple, Hewett & Banerji 2021, MNRAS 508, 737.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files

import numpy as np
from scipy.interpolate import CubicSpline

from qsolearn.sed.filters import WAVELENGTH
from qsolearn.sed.galaxy import galaxy_spectrum

__all__ = ["COMPONENTS", "quasar_components", "quasar_parameters"]

#: Parts of a quasar, in the order of every array of parts.
COMPONENTS = ("disk", "high", "low", "iron", "hot", "warm", "old", "young")

#: Where the disk is 1 [angstrom].
PIVOT = 3000.0

# Line [angstrom], equivalent width [angstrom], sigma [angstrom]: Vanden Berk et al. 2001, Table 2.
_HIGH = (
    (1033.0, 9.77, 7.76), (1216.3, 92.91, 19.46), (1239.9, 1.11, 2.71), (1398.3, 8.13, 12.5),
    (1546.2, 23.78, 14.33), (1905.9, 21.19, 23.58),
)  # fmt: skip
_LOW = (
    (2076.6, 2.46, 16.99), (2800.3, 32.28, 34.95), (4102.7, 5.05, 18.62), (4346.4, 12.62, 20.32),
    (4853.1, 46.21, 40.44), (4960.4, 3.50, 3.85), (5008.2, 13.23, 6.04), (5877.4, 4.94, 23.45),
    (6565.0, 194.52, 47.39),
)  # fmt: skip
# Fe II around H beta as in the same table; its ultraviolet humps were estimated by eye.
_IRON = (
    (2250.0, 12.0, 90.0), (2480.0, 40.0, 90.0), (2620.0, 12.0, 50.0), (2950.0, 12.0, 55.0),
    (4564.7, 19.52, 61.69), (5305.6, 21.47, 74.83),
)  # fmt: skip


@lru_cache(maxsize=1)
def quasar_parameters() -> dict:
    """Parameters of the quasar model, with where each comes from.

    Returns
    -------
    dict
        The content of ``data/quasar.json``; treat it as read-only.
    """
    path = files("qsolearn.sed") / "data" / "quasar.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _blackbody(temperature, at):
    """Planck f_lambda, 1 at the wavelength ``at``."""

    def planck(w):
        with np.errstate(over="ignore"):
            return w**-5 / np.expm1(1.4388e8 / (w * temperature))

    return planck(WAVELENGTH) / planck(at)


def _broken_power_law(slopes, breaks):
    """f_lambda of f_nu ~ nu^alpha with one slope per interval, continuous, 1 at the pivot."""
    x = np.log(WAVELENGTH)
    edges = np.log(np.concatenate([[WAVELENGTH[0]], breaks, [WAVELENGTH[-1]]]))
    # d ln f_lambda / d ln lambda = -alpha_nu - 2
    steps = (-np.asarray(slopes) - 2.0) * np.diff(edges)
    log_flux = np.interp(x, edges, np.concatenate([[0.0], np.cumsum(steps)]))
    return np.exp(log_flux - np.interp(np.log(PIVOT), x, log_flux))


def _gaussians(lines, continuum):
    out = np.zeros_like(WAVELENGTH)
    for center, width, sigma in lines:
        level = np.interp(center, WAVELENGTH, continuum)
        shape = np.exp(-0.5 * ((WAVELENGTH - center) / sigma) ** 2)
        out += level * width / (sigma * np.sqrt(2 * np.pi)) * shape
    return out


def quasar_components(parameters: dict | None = None) -> np.ndarray:
    """Rest-frame spectra of the parts of the mean quasar.

    Parameters
    ----------
    parameters : dict, optional
        As `quasar_parameters` gives them, which is the default.

    Returns
    -------
    ndarray, shape (8, pixels)
        One row per name of `COMPONENTS`, f_lambda in units of the disk at 3000 angstrom. Dust
        and stars stand at the strength of a quasar of reference luminosity.

    Examples
    --------
    >>> parts = quasar_components()
    >>> float(np.interp(3000.0, WAVELENGTH, parts[0]).round(1))
    1.0
    """
    p = quasar_parameters() if parameters is None else parameters
    disk = _broken_power_law(p["slopes"], p["breaks"])
    # Balmer continuum: optically thin, falling to the blue of its edge.
    edge = 3646.0
    balmer = np.where(edge > WAVELENGTH, (WAVELENGTH / edge) ** 3 * _blackbody(15_000.0, edge), 0.0)
    smooth = np.exp(-0.5 * (np.arange(-40, 41) / 15.0) ** 2)
    balmer = np.convolve(balmer, smooth / smooth.sum(), mode="same")
    level = np.interp(edge, WAVELENGTH, disk)
    spline = CubicSpline(np.log(p["correction_wavelength"]), p["correction"], bc_type="natural")
    x = np.clip(
        np.log(WAVELENGTH),
        np.log(p["correction_wavelength"][0]),
        np.log(p["correction_wavelength"][-1]),
    )
    correction = np.exp(spline(x) - spline(np.log(PIVOT)))
    continuum = (disk + p["balmer"] * level * balmer) * correction
    one_micron = np.interp(1e4, WAVELENGTH, disk)
    hot = p["hot_dust"] * one_micron * _blackbody(p["hot_temperature"], 2e4) * correction
    warm = p["warm_dust"] * one_micron * _blackbody(p["warm_temperature"], 1e5) * correction
    stars = p["host"] * np.interp(5100.0, WAVELENGTH, disk) * galaxy_spectrum([0.0, 1.0])
    old, young = (1 - p["host_young"]) * stars[0], p["host_young"] * stars[1]
    return np.array(
        [
            continuum,
            _gaussians(_HIGH, continuum),
            _gaussians(_LOW, continuum),
            _gaussians(_IRON, continuum),
            hot,
            warm,
            old,
            young,
        ]
    ) / np.interp(PIVOT, WAVELENGTH, continuum)
