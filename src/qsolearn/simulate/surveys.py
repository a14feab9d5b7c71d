"""What a survey makes of true magnitudes: noise, depth, saturation, limits, missing bands.

The noise of a flux f in a band of 5-sigma depth m5 is

.. math:: \\sigma_f^2 = (f_5/5)^2 + (\\epsilon f)^2,\\quad f_5 = 10^{0.4 (22.5 - m_5)}

with epsilon the calibration floor. Depths of 5 sigma stand in `qsolearn.bands`, with their sources;
what that module gives for SDSS are limits of completeness, so its 5-sigma depths stand here. What
then happens to a faint source differs:

``sdss``
    every source has five asinh magnitudes, however faint: nothing is missing; in one source of
    two hundred a band is wrong by more than its error says (blends, bad pixels: `spoil`);
``ps1-gaia-wise``
    a band below 5 sigma is missing in PS1 and Gaia; a source below 5 sigma in W1 is absent from
    WISE, one that is there has 95 % upper limits where it is below 2 sigma;
``ks4``
    BVRI from four dithered exposures with gaps between the CCDs (`qsolearn.simulate.mosaic`): a
    source in a gap has lost one or more of them, which costs depth; near-infrared from VISTA or,
    outside its area, 2MASS; upper limits below 2 sigma.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.photometry import POGSON, asinh_from_flux, flux_from_asinh, flux_from_mag
from qsolearn.sky import galactic_latitude

__all__ = ["SURVEYS", "Survey", "draw_positions", "get_survey", "observe", "spoil"]


@dataclass(frozen=True)
class Survey:
    """One survey, or a combination of surveys as one catalog.

    Attributes
    ----------
    name : str
        As `make_sky` takes it.
    bands : tuple of str
        Band ids.
    bright, faint : float
        Limits of the catalog in SDSS i, Galactic extinction removed [AB mag].
    latitude : float
        Smallest |b| [deg].
    dec : tuple of float
        Declination range [deg].
    compact : float
        Share of galaxies that the catalog keeps (compact ones, in point-source catalogs).
    spectra : tuple of float
        Share of quasars, galaxies and other sources with a spectrum.
    spectra_limit : float
        Faintest magnitude (the band nearest to 7500 angstrom) of sources with a spectrum.
    gaia : bool
        Whether proper motions are Gaia's (else those of photographic plates, 3 mas/yr).
    """

    name: str
    bands: tuple[str, ...]
    bright: float
    faint: float
    latitude: float
    dec: tuple[float, float]
    compact: float
    spectra: tuple[float, float, float]
    spectra_limit: float
    gaia: bool


#: The surveys that can be simulated, by name.
SURVEYS = {
    s.name: s
    for s in (
        Survey(
            "sdss", tuple(f"sdss_{f}" for f in "ugriz"),
            17.0, 21.0, 30.0, (-5.0, 65.0), 0.01, (0.9, 0.5, 0.5), 19.1, False,
        ),
        Survey(
            "ps1-gaia-wise",
            (*(f"ps1_{f}" for f in "grizy"), "gaia_g", "gaia_bp", "gaia_rp",
             *(f"wise_w{k}" for k in (1, 2, 3, 4))),
            14.0, 18.9, 25.0, (-30.0, 15.0), 0.05, (0.5, 0.5, 0.5), 18.9, True,
        ),
        Survey(
            "ks4",
            (*(f"kmt_{f}" for f in "bvri"), "vista_j", "vista_h", "vista_ks",
             "twomass_j", "twomass_h", "twomass_ks", *(f"wise_w{k}" for k in (1, 2, 3, 4))),
            14.0, 21.0, 10.0, (-85.0, -30.0), 0.3, (0.1, 0.1, 0.1), 19.0, True,
        ),
    )
}  # fmt: skip

#: Calibration floor of each survey [mag].
_FLOOR = {"sdss": 0.018, "ps1": 0.012, "gaia": 0.004, "kmt": 0.025, "vista": 0.02,
          "twomass": 0.02, "wise": 0.023}  # fmt: skip
#: Depths that the survey tables do not give in this form: 5 sigma, AB. Gaia: approximate. SDSS,
#: with its floor: fitted to the printed errors of the even rows of DR5 and DR7 quasars.
_DEPTH = {
    "gaia_g": 22.3, "gaia_bp": 20.9, "gaia_rp": 20.9,
    "sdss_u": 22.0, "sdss_g": 23.13, "sdss_r": 22.68, "sdss_i": 22.23, "sdss_z": 20.82,
}  # fmt: skip
#: Brighter than this a band saturates [AB mag]: KS4 from Kim et al. 2024, the rest approximate.
_SATURATION = {
    "kmt_b": 12.95, "kmt_v": 13.07, "kmt_r": 13.77, "kmt_i": 13.60,
    **{f"sdss_{f}": 13.0 for f in "ugriz"}, **{f"ps1_{f}": 13.0 for f in "grizy"},
}  # fmt: skip
#: Share of SDSS sources with a wrong band, from the even rows of SDSS DR5 quasars (approximate).
_SPOILED = 0.005
#: Dithered exposures of KS4.
_DITHERS = 4
#: Share of the KS4 area with VISTA photometry (approximate).
_VISTA_SHARE = 0.75


def get_survey(name: str) -> Survey:
    """Look a survey up.

    Parameters
    ----------
    name : str
        ``"sdss"``, ``"ps1-gaia-wise"`` or ``"ks4"``.

    Returns
    -------
    Survey

    Raises
    ------
    CatalogError
        If there is no such survey.

    Examples
    --------
    >>> get_survey("sdss").bands
    ('sdss_u', 'sdss_g', 'sdss_r', 'sdss_i', 'sdss_z')
    """
    if name not in SURVEYS:
        raise CatalogError(f"Unknown survey {name!r}; the surveys are {', '.join(SURVEYS)}.")
    return SURVEYS[name]


def draw_positions(
    survey: Survey, n: int, rng: np.random.Generator, weight: Callable | None = None
) -> tuple[np.ndarray, ...]:
    """Random positions in a survey's footprint.

    Parameters
    ----------
    survey : Survey
        Whose footprint.
    n : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.
    weight : callable, optional
        Relative density by Galactic latitude, at most 1; None = uniform on the sky.

    Returns
    -------
    ra, dec, latitude : ndarray, shape (n,)
        Degrees.
    """
    low, high = np.sin(np.radians(survey.dec))
    kept = []
    have = 0
    while have < n:
        size = 3 * (n - have) + 64
        ra = 360.0 * rng.random(size)
        dec = np.degrees(np.arcsin(low + (high - low) * rng.random(size)))
        latitude = galactic_latitude(ra, dec)
        good = np.abs(latitude) > survey.latitude
        if weight is not None:
            good &= rng.random(size) < weight(np.abs(latitude))
        kept.append(np.column_stack([ra, dec, latitude])[good])
        have += len(kept[-1])
    return tuple(np.concatenate(kept)[:n].T)


def spoil(mags: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Wrong photometry: one band of some sources is off, mostly too faint.

    Parameters
    ----------
    mags : ndarray, shape (n, b)
        Magnitudes [mag].
    share : float
        Share of sources with a wrong band.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n, b)
        A copy, off by an exponential deviate of mean 0.6 mag, in three of four cases to the faint
        side. The form was chosen by eye on the even rows of SDSS DR7 stars.
    """
    out = mags.copy()
    bad = np.flatnonzero(rng.random(len(mags)) < share)
    size = 0.6 * rng.standard_exponential(len(bad))
    sign = np.where(rng.random(len(bad)) < 0.75, 1.0, -1.0)
    out[bad, rng.integers(0, mags.shape[1], len(bad))] += size * sign
    return out


def _noise(mags, depth, floor, rng):
    """Measured fluxes and their errors [nanomaggy]."""
    flux = flux_from_mag(mags)
    error = np.hypot(flux_from_mag(depth) / 5.0, floor * flux)
    return flux + error * rng.standard_normal(flux.shape), error


def observe(
    survey: Survey,
    mags: np.ndarray,
    latitude: np.ndarray,
    rng: np.random.Generator,
    shots: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measured magnitudes, errors and limits of sources.

    Parameters
    ----------
    survey : Survey
        Which survey.
    mags : ndarray, shape (n, b)
        True magnitudes in the survey's bands, with Galactic extinction [AB mag].
    latitude : ndarray, shape (n,)
        Galactic latitudes [deg], signed.
    rng : numpy.random.Generator
        Source of randomness.
    shots : ndarray of int, shape (n,), optional
        Exposures of each source in the bands of KS4, of four; None = all four.

    Returns
    -------
    mag, err : ndarray, shape (n, b)
        AB magnitudes and errors; NaN = missing; a limit has a magnitude and no error.
    limit : ndarray of bool, shape (n, b)
        Whether the magnitude is an upper limit.
    """
    records = [get_band(band) for band in survey.bands]
    names = np.array([r.survey for r in records])
    depth = np.array([_DEPTH.get(r.id, r.depth) for r in records])
    floor = np.array([_FLOOR[name] for name in names]) / POGSON
    depth = np.broadcast_to(depth, mags.shape)
    if shots is not None:
        depth = depth.copy()
        with np.errstate(divide="ignore"):
            depth[:, names == "kmt"] += 1.25 * np.log10(shots / _DITHERS)[:, None]
    if survey.name == "sdss":
        mags = spoil(mags, _SPOILED, rng)
    flux, error = _noise(mags, depth, floor, rng)
    # No exposure at all: infinite noise, no signal.
    blind = ~np.isfinite(error)
    snr = np.where(blind, -1.0, flux) / np.where(blind, 1.0, error)
    flux = np.where(blind, np.nan, flux)
    if survey.name == "sdss":
        return _asinh(survey, flux, error)
    with np.errstate(invalid="ignore", divide="ignore"):
        mag = np.where(flux > 0, 22.5 - 2.5 * np.log10(flux), np.nan)
        err = POGSON / snr
    limit = np.zeros(mags.shape, dtype=bool)
    listed = np.ones(mags.shape, dtype=bool)
    threshold = np.where(np.isin(names, ("ps1", "gaia")), 5.0, 2.0)
    infrared = np.isin(names, ("wise", "vista", "twomass"))
    listed[:, ~infrared] = snr[:, ~infrared] >= threshold[~infrared]
    wise = names == "wise"
    in_wise = snr[:, survey.bands.index("wise_w1")] >= 5.0
    listed[:, wise] = in_wise[:, None]
    limit[:, wise] = in_wise[:, None] & (snr[:, wise] < 2.0)
    if survey.name == "ks4":
        _near_infrared(names, survey, snr, latitude, listed, limit, rng)
    for k, band in enumerate(survey.bands):
        listed[:, k] &= mags[:, k] > _SATURATION.get(band, -np.inf)
    # 95 % limit: what a source of this noise would at most have.
    top = 22.5 - 2.5 * np.log10(np.maximum(flux, 0.0) + 2.0 * error)
    mag = np.where(limit, top, mag)
    limit &= listed
    return (
        np.where(listed, mag, np.nan),
        np.where(listed & ~limit & np.isfinite(mag), err, np.nan),
        limit,
    )


def _asinh(survey, flux, error):
    mag = np.column_stack([asinh_from_flux(flux[:, k], b) for k, b in enumerate(survey.bands)])
    err = np.empty_like(mag)
    for k, band in enumerate(survey.bands):
        step = flux_from_asinh(mag[:, k] - 1e-3, band) - flux_from_asinh(mag[:, k] + 1e-3, band)
        err[:, k] = error[:, k] * 2e-3 / step
    return mag, err, np.zeros(mag.shape, dtype=bool)


def _near_infrared(names, survey, snr, latitude, listed, limit, rng):
    """VISTA where it looked (H in the southern Galactic cap only), 2MASS elsewhere; in place."""
    seen = rng.random(len(snr)) < _VISTA_SHARE
    vista, twomass = names == "vista", names == "twomass"
    listed[:, vista] = seen[:, None]
    listed[:, survey.bands.index("vista_h")] &= latitude < 0
    # 2MASS lists detections only; VISTA's area gives limits.
    detected = (snr[:, twomass] >= 5.0).any(axis=1)
    listed[:, twomass] = (~seen & detected)[:, None]
    for kind in (vista, twomass):
        limit[:, kind] = listed[:, kind] & (snr[:, kind] < 2.0)
