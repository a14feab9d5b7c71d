"""A first simulated sky: colors as measured, classes as counted.

Stars follow the published stellar locus and white-dwarf tables, quasars the medians and
covariances of real quasar colors per redshift bin, both in the numbers per square degree that the
sky has. Magnitude errors grow towards the survey's limit as photon noise makes them.
"""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pandas as pd

from qsolearn.bands import get_band, survey_bands
from qsolearn.errors import CatalogError
from qsolearn.photometry import (
    SDSS_SOFTENING,
    asinh_from_flux,
    error_from_snr,
    flux_from_asinh,
    flux_from_mag,
)
from qsolearn.simulate.tables import STELLAR_LOCUS, SURFACE_DENSITY, WHITE_DWARFS

__all__ = ["make_sky"]

_BANDS = tuple(SDSS_SOFTENING)
_BRIGHT, _FAINT = 17.0, 21.0
#: Redshift ranges of the three quasar columns of SURFACE_DENSITY.
_Z_RANGES = ((0.3, 2.2), (2.2, 3.5), (3.5, 5.0))
#: Share of the stars that are white dwarfs: about that of the blue, hot end of the real point
#: sources (approximate).
_WHITE_DWARF_SHARE = 0.008
#: Halo stars are poorer in metals than the locus and bluer in u-g; mean and width of the shift
#: measured on real point sources with 0.5 < g-i < 1.3.
_METALLICITY = (-0.17, 0.11)
_LOCUS_SCATTER = 0.03
_CALIBRATION_FLOOR = 0.015
#: Typical E(B-V) at high Galactic latitude (approximate): median and scatter in the logarithm.
_EBV = (0.03, 0.5)


def make_sky(survey, area_deg2=None, n_sources=None, seed=0):
    """Simulate a survey catalog of point sources with known truth.

    Parameters
    ----------
    survey : {"sdss"}
        Which survey: SDSS PSF magnitudes in ugriz of point sources with 17 < i < 21.
    area_deg2 : float, optional
        Area [deg^2]; the numbers per class are Poisson draws around the sky's density.
    n_sources : int, optional
        Number of sources instead of an area, in the sky's class mix.
    seed : int
        Same seed, same sky.

    Returns
    -------
    pandas.DataFrame
        A photometric frame (AB asinh magnitudes with noise, not dereddened) with the truth:
        ``true_class`` ("Star", "QSOlowZ", "QSOhighZ" parted at z = 2.5), ``true_z`` (NaN for
        stars), ``true_ebv`` [mag], ``label_class`` (what a spectroscopic survey would know: every
        class for i < 19.1, "" beyond). Rows are in random order. ``attrs["area_deg2"]`` is the
        area.

    Raises
    ------
    CatalogError
        If the survey is unknown, or not exactly one of area and number is given and positive.

    Notes
    -----
    Numbers per square degree: Bovy et al. 2011. Stars: Davenport et al. 2014 and the Montreal white
    dwarfs, the share per g-i as in real point sources. Quasars: medians and covariances of
    Schneider et al. 2007 per redshift bin, redshifts as in that catalog within each range of the
    counts, so with its own selection (few at 2.5 < z < 3).

    Examples
    --------
    >>> sky = make_sky("sdss", n_sources=1000, seed=1)
    >>> len(sky), sorted(sky["true_class"].unique())
    (1000, ['QSOhighZ', 'QSOlowZ', 'Star'])
    """
    if survey != "sdss":
        raise CatalogError(f"Unknown survey {survey!r}; the survey that can be simulated is sdss.")
    if (area_deg2 is None) == (n_sources is None):
        raise CatalogError("Give either area_deg2 or n_sources, one of the two.")
    given = area_deg2 if n_sources is None else n_sources
    if not (np.isfinite(given) and given > 0):
        raise CatalogError(f"Area and number of sources must be positive, not {given}.")
    rng = np.random.default_rng(seed)
    grid = np.linspace(_BRIGHT, _FAINT, 401)
    density = _density(grid)  # stars, three redshift ranges of quasars
    per_deg2 = np.trapezoid(density, grid, axis=1)
    if n_sources is None:
        numbers = rng.poisson(per_deg2 * float(area_deg2))
        area = float(area_deg2)
    else:
        numbers = rng.multinomial(int(n_sources), per_deg2 / per_deg2.sum())
        area = float(int(n_sources) / per_deg2.sum())
    statistics = _statistics()
    parts = []
    for kind, number in enumerate(numbers):
        i_mag = _draw(rng, grid, density[kind], number)
        if kind == 0:
            z, colors = np.full(number, np.nan), _star_colors(rng, number, statistics)
        else:
            z, colors = _quasar_colors(rng, number, statistics["quasars"], _Z_RANGES[kind - 1])
        parts.append((i_mag, z, colors, np.full(number, kind > 0)))
    i_mag, z, colors, quasar = (np.concatenate(p) for p in zip(*parts, strict=True))
    order = rng.permutation(len(i_mag))
    return _frame(rng, i_mag[order], z[order], colors[order], quasar[order], area, seed)


def _statistics():
    path = files("qsolearn.simulate") / "data" / "sdss_colors.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _density(grid):
    """Stars and the three quasar ranges per square degree and magnitude, on a magnitude grid."""
    mag = SURFACE_DENSITY[:, 0]
    logs = [np.interp(grid, mag, np.log(column)) for column in SURFACE_DENSITY[:, 1:].T]
    everything, *quasars = np.exp(logs)
    return np.array([everything - sum(quasars), *quasars])


def _draw(rng, grid, density, n):
    """Draw n values from a density on a grid."""
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp(rng.random(n) * cumulative[-1], cumulative, grid)


def _star_colors(rng, n, statistics):
    edges = np.asarray(statistics["g_i_edges"])
    share = np.asarray(statistics["star_share"])
    which = rng.choice(len(share), n, p=share / share.sum())
    g_i = rng.uniform(edges[which], edges[which + 1])
    locus = STELLAR_LOCUS
    # Blueward of the locus lie the A stars of the halo: g-r and r-i go on in a straight line,
    # u-g stays at the Balmer jump.
    blue = np.minimum(g_i - locus[0, 0], 0.0)[:, None] * np.array([-0.15, 0.62, 0.38, 0.2])
    columns = [np.interp(g_i, locus[:, 0], locus[:, k]) for k in (1, 2, 3, 4)]
    colors = np.column_stack(columns) + blue
    colors += rng.normal(0.0, _LOCUS_SCATTER, colors.shape)
    solar = np.clip((g_i - 1.3) / 0.5, 0.0, 1.0) + np.clip((0.3 - g_i) / 0.3, 0.0, 1.0)
    colors[:, 0] += rng.normal(*_METALLICITY, n) * np.clip(1.0 - solar, 0.0, 1.0)
    dwarf = rng.random(n) < _WHITE_DWARF_SHARE
    temperature = np.exp(rng.uniform(np.log(6000.0), np.log(30000.0), dwarf.sum()))
    colors[dwarf] = np.column_stack(
        [np.interp(temperature, WHITE_DWARFS[:, 0], WHITE_DWARFS[:, k]) for k in (1, 2, 3, 4)]
    ) + rng.normal(0.0, _LOCUS_SCATTER, (dwarf.sum(), 4))
    u_to_ab, z_to_ab = get_band("sdss_u").survey_to_ab, get_band("sdss_z").survey_to_ab
    return colors + np.array([u_to_ab, 0.0, 0.0, -z_to_ab])


def _quasar_colors(rng, n, bins, z_range):
    low = np.array([b["z_low"] for b in bins])
    high = np.array([b["z_high"] for b in bins])
    inside = (low >= z_range[0] - 1e-9) & (high <= z_range[1] + 1e-9)
    weight = np.array([b["n"] for b in bins]) * inside
    which = rng.choice(len(bins), n, p=weight / weight.sum())
    z = rng.uniform(low[which], high[which])
    median = np.array([b["median"] for b in bins])
    center = (low + high) / 2
    colors = np.column_stack([np.interp(z, center, median[:, k]) for k in range(4)])
    spread = np.array([np.linalg.cholesky(b["covariance"]) for b in bins])
    colors += np.einsum("nij,nj->ni", spread[which], rng.standard_normal((n, 4)))
    return z, colors


def _frame(rng, i_mag, z, colors, quasar, area, seed):
    n = len(i_mag)
    ebv = _EBV[0] * np.exp(rng.normal(0.0, _EBV[1], n))
    true = np.empty((n, 5))
    true[:, 3] = i_mag
    true[:, 4] = i_mag - colors[:, 3]
    for k in (2, 1, 0):
        true[:, k] = true[:, k + 1] + colors[:, k]
    columns = {
        "id": np.arange(n),
        # A square of the given area around (180, 30) deg.
        "ra": 180.0 + rng.uniform(-0.5, 0.5, n) * np.sqrt(area) / np.cos(np.radians(30.0)),
        "dec": 30.0 + rng.uniform(-0.5, 0.5, n) * np.sqrt(area),
        "ebv": ebv,
    }
    for k, band in enumerate(survey_bands("sdss")):
        # Color statistics were measured on reddened quasars: redden by what differs from the mean.
        mag = true[:, k] + band.extinction * (ebv - _EBV[0])
        offset = band.survey_to_ab
        flux = flux_from_mag(mag - offset)
        five_sigma = flux_from_mag(band.depth - offset) / 5.0
        sigma = np.sqrt(five_sigma**2 + (_CALIBRATION_FLOOR / 1.0857 * flux) ** 2)
        seen = asinh_from_flux(flux + rng.normal(0.0, sigma), band.id)
        columns[f"mag_{band.id}"] = seen + offset
        # The error of an asinh magnitude stays finite where the flux is zero.
        softening = 2e9 * SDSS_SOFTENING[band.id]
        columns[f"err_{band.id}"] = error_from_snr(
            np.hypot(flux_from_asinh(seen, band.id), softening) / sigma
        )
        columns[f"limit_{band.id}"] = np.zeros(n, dtype=bool)
    true_class = np.where(quasar, np.where(z > 2.5, "QSOhighZ", "QSOlowZ"), "Star").astype(object)
    columns["true_class"] = true_class
    columns["true_z"] = z
    columns["true_ebv"] = ebv
    columns["label_class"] = np.where(i_mag < 19.1, true_class, "").astype(object)
    frame = pd.DataFrame(columns)
    frame.attrs = {"survey": "sdss", "dereddened": False, "area_deg2": area, "seed": int(seed)}
    return frame
