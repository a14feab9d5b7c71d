"""Random quasars: colors and magnitudes at given redshifts.

A quasar is the sum of the parts of `qsolearn.sed.quasar`, each scaled by a random factor and by the
quasar's luminosity (bright quasars have weaker lines, the Baldwin effect, and outshine their host
galaxy more), with a random slope of the disk, random dust and a random sightline through the
intergalactic gas:

.. math:: f_b = 10^{-0.4 (s T_b + C_b)} \\Big[ e^{\\delta\\,\\ell_b} 10^{-0.4 E k_b}
          \\sum_{nuclear} a_k G_{bk}(z) + \\sum_{hot, warm, stars} a_k G_{bk}(z) \\Big]

Here G is the redshift grid, delta the slope, E the reddening E(B-V) around the quasar, s the
sightline's factor on the forest and C the Lyman-limit systems that happen to lie on it. Quasars
vary: surveys that look at different times see them at different brightness, which scatters colors
across surveys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import ArrayLike

from qsolearn.bands import check_bands, get_band
from qsolearn.photometry import colors
from qsolearn.sed.grid import LYC_FACTORS, MAX_REDSHIFT, quasar_grid
from qsolearn.sed.quasar import quasar_parameters
from qsolearn.simulate.cosmology import distance_modulus
from qsolearn.simulate.extinction import extinction_coefficients

if TYPE_CHECKING:
    from qsolearn.sed.grid import QuasarGrid

__all__ = ["quasar_colors", "quasar_magnitudes"]

#: The band that a magnitude of a quasar refers to.
REFERENCE_BAND = "sdss_i"


@numba.njit(cache=True)
def _combine(position, flux, log_wave, smc, forest, limit, lyc, amount, slope, dust, sight, cloud):
    """Magnitudes (n, b) of the model, arbitrary zero point; the sum in the module's docstring."""
    n, b = len(position), flux.shape[1]
    out = np.empty((n, b))
    ln_mag = 0.4 * np.log(10.0)
    for i in range(n):
        k = int(position[i])
        t = position[i] - k
        c = np.searchsorted(lyc, cloud[i], side="right") - 1
        c = min(max(c, 0), len(lyc) - 2)
        u = (cloud[i] - lyc[c]) / (lyc[c + 1] - lyc[c])
        for j in range(b):
            nuclear = 0.0
            for m in range(4):
                g = flux[k, j, m] + t * (flux[k + 1, j, m] - flux[k, j, m])
                nuclear += amount[i, m] * g
            rest = 0.0
            for m in range(4, 8):
                g = flux[k, j, m] + t * (flux[k + 1, j, m] - flux[k, j, m])
                rest += amount[i, m] * g
            lever = log_wave[k, j] + t * (log_wave[k + 1, j] - log_wave[k, j])
            red = smc[k, j] + t * (smc[k + 1, j] - smc[k, j])
            total = nuclear * np.exp(slope[i] * lever - ln_mag * dust[i] * red) + rest
            gas = sight[i] * (forest[k, j] + t * (forest[k + 1, j] - forest[k, j]))
            near = limit[k, j, c] + u * (limit[k, j, c + 1] - limit[k, j, c])
            far = limit[k + 1, j, c] + u * (limit[k + 1, j, c + 1] - limit[k + 1, j, c])
            gas += near + t * (far - near)
            out[i, j] = gas - 2.5 * np.log10(total)
    return out


def _check(z, bands, magnitude, ebv):
    bands = check_bands(bands)
    z = np.atleast_1d(np.asarray(z, dtype=float))
    if z.ndim != 1:
        raise ValueError(f"Redshifts are one-dimensional, one per quasar, not of shape {z.shape}.")
    wrong = ~((z >= 0) & (z <= MAX_REDSHIFT))
    if wrong.any():
        raise ValueError(
            f"Redshift {z[wrong][0]:g} is outside the model; give redshifts from 0 to "
            f"{MAX_REDSHIFT:g}."
        )
    out = []
    for name, values in (("magnitude", magnitude), ("ebv", ebv)):
        if values is not None:
            values = np.broadcast_to(np.asarray(values, dtype=float), z.shape)
            if not np.isfinite(values).all():
                raise ValueError(f"Every {name} must be a finite number, one per quasar.")
        out.append(values)
    return z, bands, *out


def absolute_magnitude(z, magnitude):
    """Absolute AB magnitude at rest 3000 angstrom of mean quasars of given i magnitude.

    Parameters
    ----------
    z, magnitude : ndarray, shape (n,)
        Redshift and observed i magnitude, Galactic extinction removed [AB mag].

    Returns
    -------
    ndarray, shape (n,)
    """
    grid = quasar_grid((REFERENCE_BAND,))
    shape = -2.5 * np.log10(grid.flux[:, 0, :6].sum(axis=1))
    nodes = grid.step * np.arange(len(shape))
    # At z = 0 the disk's flux at 3000 angstrom, in the same arbitrary units as the grid.
    zero = -2.5 * np.log10(1e9 * 3000.0**2 / (3631e-23 * 2.99792458e18))
    correction = np.interp(np.log1p(z), nodes, shape) - zero
    return magnitude - distance_modulus(np.maximum(z, 0.01)) - correction


def draw_quasars(z, magnitude, rng, parameters=None):
    """Random properties of quasars.

    Parameters
    ----------
    z, magnitude : ndarray, shape (n,)
        Redshift and i magnitude free of Galactic extinction.
    rng : numpy.random.Generator
        Source of randomness.
    parameters : dict, optional
        As `qsolearn.sed.quasar.quasar_parameters`, the default.

    Returns
    -------
    dict of ndarray
        ``amount`` (n, 8), ``slope``, ``dust`` (E(B-V) [mag]), ``sight``, ``cloud``, each (n,).
    """
    p = quasar_parameters() if parameters is None else parameters
    s, lum = p["scatter"], p["luminosity"]
    n = len(z)
    # Luminosities in units that are 0 at the reference and grow with faintness.
    faint = 0.4 * np.clip(absolute_magnitude(z, magnitude) - lum["reference"], -5.0, 5.0)
    amount = np.ones((n, 8))
    normal = rng.standard_normal((7, n), dtype=np.float32).astype(float)
    for column, (name, power) in enumerate(
        (
            ("high", lum["baldwin_high"]),
            ("low", lum["baldwin_low"]),
            ("iron", 0.0),
            ("hot", lum["hot"]),
            ("warm", lum["warm"]),
            ("host", lum["host"]),
            ("young", lum["host"]),
        ),
        start=1,
    ):
        ln_faint = power * np.log(10.0) * faint
        amount[:, column] = np.exp(s[name] * normal[column - 1] + ln_faint)
    # A big galaxy is big in both populations; their ratio has a scatter of its own.
    amount[:, 7] *= np.exp(s["host"] * normal[5])
    deficient = rng.random(n)
    amount[:, 4] *= np.where(deficient < s["hot_deficient"], s["hot_left"], 1.0)
    warm = (deficient >= s["hot_deficient"]) & (
        deficient < s["hot_deficient"] + s["warm_deficient"]
    )
    amount[:, 5] *= np.where(warm, s["warm_left"], 1.0)
    slope = s["slope"] * rng.standard_normal(n)
    dust = np.where(rng.random(n) < s["dust_share"], s["dust_mean"], s["dust_small"])
    dust = dust * rng.standard_exponential(n)
    sight = s["forest"] * rng.standard_normal(n)
    # Lyman-limit systems are few: the depth scatters by as much as itself.
    cloud = np.clip(
        rng.standard_gamma(s["cloud_shape"], n) / s["cloud_shape"], 0.0, LYC_FACTORS[-1]
    )
    return {"amount": amount, "slope": slope, "dust": dust, "sight": sight, "cloud": cloud}


def combine_quasars(z, bands, drawn, grid=None):
    """Magnitudes of drawn quasars, arbitrary zero point, no extinction, no scatter between bands.

    Parameters
    ----------
    z : ndarray, shape (n,)
        Redshifts.
    bands : sequence of str, length b
        Band ids.
    drawn : dict of ndarray
        As `draw_quasars` gives it.
    grid : QuasarGrid, optional
        Grid of these bands.

    Returns
    -------
    ndarray, shape (n, b)
    """
    grid = quasar_grid(tuple(bands)) if grid is None else grid
    return _combine(
        np.log1p(z) / grid.step, grid.flux, grid.log_wave, grid.smc, grid.forest, grid.limit,
        LYC_FACTORS, drawn["amount"], drawn["slope"], drawn["dust"], drawn["sight"],
        drawn["cloud"],
    )  # fmt: skip


def variability(bands, slope_scatter, n, rng):
    """Brightness of each survey's epoch and the scatter of single bands [mag], shape (n, b)."""
    s = quasar_parameters()["scatter"] if slope_scatter is None else slope_scatter
    surveys = [get_band(b).survey for b in bands]
    size = np.array([s["band"].get(survey, s["band"]["other"]) for survey in surveys])
    out = size * rng.standard_normal((n, len(bands)), dtype=np.float32).astype(float)
    waves = np.array([get_band(b).wavelength for b in bands])
    for survey in dict.fromkeys(surveys):
        mine = [k for k, name in enumerate(surveys) if name == survey]
        epoch = s["survey"] * rng.standard_normal(n)
        # Quasars vary more in the blue, and little in the infrared.
        size = np.minimum((waves[mine] / 5000.0) ** -s["survey_tilt"], 2.0)
        out[:, mine] += epoch[:, None] * size
    return out


def quasar_magnitudes(
    z: ArrayLike,
    bands: Sequence[str],
    magnitude: ArrayLike,
    *,
    ebv: ArrayLike | None = None,
    sightline: ArrayLike | None = None,
    seed: int | np.random.Generator = 0,
    parameters: dict | None = None,
    grid: QuasarGrid | None = None,
) -> np.ndarray:
    """Noise-free magnitudes of random quasars.

    Parameters
    ----------
    z : array_like, shape (n,)
        Redshifts, 0 to 7.
    bands : sequence of str, length b
        Band ids.
    magnitude : array_like, shape (n,)
        i magnitude (AB, SDSS) of each, Galactic extinction removed.
    ebv : array_like, shape (n,), optional
        Galactic E(B-V), SFD98 [mag]; None = no Galactic dust.
    sightline : array_like, shape (n,), optional
        Optical depth of the Lyman-limit systems in front of each, in units of the mean at its
        redshift, 0 to 4; None = drawn at random.
    seed : int or numpy.random.Generator
        Where the randomness comes from.
    parameters, grid : optional
        Another quasar model (the fit of the model uses them).

    Returns
    -------
    ndarray, shape (n, b)
        AB magnitudes, with Galactic extinction if ``ebv`` was given.

    Raises
    ------
    ValueError
        If a redshift is outside 0 to 7, a band is unknown, a magnitude is not finite, or a
        sightline is outside 0 to 4.

    Examples
    --------
    >>> quasar_magnitudes([1.0, 2.0], ["sdss_g", "sdss_i"], [18.0, 19.0], seed=1).shape
    (2, 2)
    """
    z, bands, magnitude, ebv = _check(z, bands, magnitude, ebv)
    rng = np.random.default_rng(seed)
    drawn = draw_quasars(z, magnitude, rng, parameters)
    if sightline is not None:
        drawn["cloud"] = np.broadcast_to(np.asarray(sightline, dtype=float), z.shape)
        if not ((drawn["cloud"] >= 0) & (drawn["cloud"] <= LYC_FACTORS[-1])).all():
            raise ValueError(
                f"Every sightline lies between 0 and {LYC_FACTORS[-1]:g}, in units of the mean."
            )
    joined = bands if REFERENCE_BAND in bands else [*bands, REFERENCE_BAND]
    mags = combine_quasars(z, joined, drawn, grid)
    mags += (magnitude - mags[:, joined.index(REFERENCE_BAND)])[:, None]
    mags = mags[:, : len(bands)]
    mags = mags + variability(bands, parameters and parameters["scatter"], len(z), rng)
    if ebv is not None:
        mags += extinction_coefficients(bands) * ebv[:, None]
    return mags


def quasar_colors(
    z: ArrayLike,
    bands: Sequence[str],
    *,
    magnitude: ArrayLike | None = None,
    ebv: ArrayLike | None = None,
    seed: int | np.random.Generator = 0,
) -> np.ndarray:
    """Random quasar colors at given redshifts, noise-free.

    Parameters
    ----------
    z : array_like, shape (n,)
        Redshifts, 0 to 7.
    bands : sequence of str, length b
        Band ids; colors are neighboring differences in this order.
    magnitude : array_like, shape (n,), optional
        i magnitude (AB) of each; None = drawn from the luminosity function at that redshift,
        limited at i < 19.1, or 20.2 beyond z = 3.
    ebv : array_like, shape (n,), optional
        Galactic E(B-V), SFD98 [mag]; None = no Galactic dust.
    seed : int or numpy.random.Generator
        Where the randomness comes from; the same seed gives the same colors.

    Returns
    -------
    ndarray, shape (n, b - 1)
        AB colors [mag].

    Raises
    ------
    ValueError
        If a redshift is outside 0 to 7, a band is unknown, or fewer than two bands are given.

    Examples
    --------
    >>> quasar_colors([0.5, 1.5], ["sdss_g", "sdss_r", "sdss_i"], seed=3).shape
    (2, 2)
    """
    z, bands, magnitude, ebv = _check(z, bands, magnitude, ebv)
    if len(bands) < 2:
        raise ValueError("A color needs two bands; name at least two.")
    rng = np.random.default_rng(seed)
    if magnitude is None:
        from qsolearn.simulate.luminosity import draw_magnitudes

        magnitude = draw_magnitudes(z, np.where(z > 3.0, 20.2, 19.1), rng)
    return colors(quasar_magnitudes(z, bands, magnitude, ebv=ebv, seed=rng))
