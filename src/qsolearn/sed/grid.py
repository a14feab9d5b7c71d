"""The quasar grid: band fluxes of every part of a quasar at every redshift.

On the logarithmic wavelength grid a redshift is a shift by whole pixels, so the grid of about 420
redshifts, 8 parts and any bands takes about a second to make and is then kept for the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qsolearn.sed.dust import smc_extinction
from qsolearn.sed.filters import LOG_STEP, WAVELENGTH, filter_weights
from qsolearn.sed.igm import LYMAN_LIMIT, lyman_continuum_depth, lyman_series_depths
from qsolearn.sed.quasar import COMPONENTS, PIVOT, quasar_components, quasar_parameters

__all__ = ["LYC_FACTORS", "MAX_REDSHIFT", "QuasarGrid", "quasar_grid"]

#: Highest redshift of the quasar model.
MAX_REDSHIFT = 7.0

#: Lyman-continuum depths of the grid, in units of the mean depth.
LYC_FACTORS = np.array([0.0, 0.5, 1.0, 2.0, 4.0])

#: Pixels between two redshift nodes: a step of 0.005 in ln(1 + z).
_STRIDE = 10

#: Beyond this rest wavelength dust shines and the disk's slope no longer matters [angstrom].
SLOPE_END = 12_000.0


@dataclass(frozen=True)
class QuasarGrid:
    """Band fluxes of the parts of a quasar, by redshift.

    Attributes
    ----------
    bands : tuple of str, length b
        Band ids.
    step : float
        Step of the nodes in ln(1 + z); node k stands at z = exp(k step) - 1.
    flux : ndarray, shape (nodes, b, 8)
        AB flux of each part through the mean intergalactic gas, for f_lambda = 1 of the disk at
        rest 3000 angstrom and unit distance (arbitrary scale, same for all).
    log_wave : ndarray, shape (nodes, b)
        Mean ln(rest wavelength / 3000) of the disk's light in the band: what a change of slope
        multiplies. Constant beyond 1.2 micron.
    smc : ndarray, shape (nodes, b)
        SMC extinction of the disk's light in the band per E(B-V), relative to 3000 angstrom [mag].
    forest : ndarray, shape (nodes, b)
        Change of the band's magnitude per unit of the factor on the forest's depth [mag].
    limit : ndarray, shape (nodes, b, 5)
        Change of the band's magnitude at each of `LYC_FACTORS` [mag].
    """

    bands: tuple[str, ...]
    step: float
    flux: np.ndarray
    log_wave: np.ndarray
    smc: np.ndarray
    forest: np.ndarray
    limit: np.ndarray


def apertures(bands):
    """Share of the host's light in each band's aperture, relative to a point-source magnitude.

    Gaia's G comes from a window narrower than a galaxy, BP and RP from wider ones; the beam of
    WISE holds the whole galaxy. The values were fitted with the rest of the model.
    """
    given = quasar_parameters()["aperture"]
    return np.array([given.get(band, given.get(band.split("_")[0], 1.0)) for band in bands])


def build_grid(bands, components, stars=None):
    """Grid of some bands from the spectra of the parts.

    Parameters
    ----------
    bands : sequence of str, length b
        Band ids.
    components : ndarray, shape (8, pixels)
        As `qsolearn.sed.quasar.quasar_components` gives them.
    stars : ndarray, shape (b,), optional
        Factor on the host in each band; by default `apertures`.

    Returns
    -------
    QuasarGrid
    """
    weights = filter_weights(bands)
    used = np.flatnonzero(weights.any(axis=1))
    used = slice(used[0], used[-1] + 1)
    weights, observed = weights[used], WAVELENGTH[used]
    step = LOG_STEP * _STRIDE
    nodes = int(np.log1p(MAX_REDSHIFT) / step) + 2
    nuclear = components[0] + components[1] + components[2] + components[3]
    slope_lever = np.log(np.minimum(WAVELENGTH, SLOPE_END) / PIVOT)
    dust_lever = smc_extinction(WAVELENGTH) - smc_extinction(PIVOT)
    # Deep in the far ultraviolet the curve runs away; nothing of it is seen through the gas.
    dust_lever = np.minimum(dust_lever, dust_lever[np.searchsorted(WAVELENGTH, 800.0)])
    rows = np.vstack([components, nuclear * slope_lever, nuclear * dust_lever])
    b = len(bands)
    stars = apertures(bands) if stars is None else stars
    flux = np.zeros((nodes, b, len(COMPONENTS)))
    log_wave, smc, forest = (np.zeros((nodes, b)) for _ in range(3))
    limit = np.zeros((nodes, b, len(LYC_FACTORS)))
    series_at = lyman_series_depths(observed)
    for k in range(nodes):
        z = np.expm1(k * step)
        # Rest pixel = observed pixel - shift; (1 + z) once for the stretched band, in f_lambda.
        first = used.start - k * _STRIDE
        at = np.clip(np.arange(first, first + len(observed)), 0, len(WAVELENGTH) - 1)
        rest = rows[:, at] / (1 + z)
        series = series_at(z)
        beyond = lyman_continuum_depth(observed, z)
        through = weights * np.exp(-series - beyond)[:, None]
        values = rest @ through
        flux[k] = values[: len(COMPONENTS)].T
        flux[k, :, 6:] *= stars[:, None]
        nuclear_flux = values[:4].sum(axis=0)
        log_wave[k] = values[-2] / nuclear_flux
        smc[k] = values[-1] / nuclear_flux
        if observed[0] < 1216.0 * (1 + z):
            core = nuclear[at] / (1 + z)
            base = core @ through
            forest[k] = 2.5 / np.log(10) * ((core * series) @ through) / base
        if observed[0] < LYMAN_LIMIT * (1 + z):
            for j, factor in enumerate(LYC_FACTORS):
                other = weights * np.exp(-series - factor * beyond)[:, None]
                limit[k, :, j] = -2.5 * np.log10((core @ other) / base)
    return QuasarGrid(tuple(bands), step, flux, log_wave, smc, forest, limit)


@lru_cache(maxsize=16)
def quasar_grid(bands: tuple[str, ...]) -> QuasarGrid:
    """Grid of some bands with the shipped parameters, made once per session.

    Parameters
    ----------
    bands : tuple of str, length b
        Band ids.

    Returns
    -------
    QuasarGrid

    Raises
    ------
    ValueError
        If a band is unknown or has no filter curve.

    Examples
    --------
    >>> quasar_grid(("sdss_g", "sdss_i")).flux.shape
    (417, 2, 8)
    """
    return build_grid(bands, quasar_components())
