"""Stars of a simulated sky: which kind, how far, how bright, how fast.

A star count model of the Milky Way in three smooth parts, thin disk, thick disk and halo, gives the
number of stars of each color and distance in a direction; distance gives proper motion and
parallax. Scale lengths and local densities are those of Juric et al. 2008 [1]_ and the luminosity
function is that of nearby stars, both approximate values from memory of the literature. The whole
is then scaled to the number of SDSS point sources per square degree and magnitude of the XDQSO
selection [2]_ at i = 19.

References
----------
.. [1] Juric et al. 2008, ApJ 673, 864 (disk and halo; photometric parallax, "bright").
.. [2] Bovy et al. 2011, ApJ 729, 141: 1,059 sources per deg^2 per mag at i = 19.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.sed.stars import (
    ALL_BANDS,
    StarTemplates,
    star_templates,
    white_dwarf_absolute_g,
)

__all__ = ["LATITUDES", "draw_stars", "star_density"]

#: Centers of the tables in Galactic latitude |b| [deg].
LATITUDES = np.array([15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0])

# Local density relative to the thin disk, scale height and length [pc], velocity dispersion and
# lag behind the Sun [km/s]: Juric et al. 2008 and standard kinematics, approximate.
_DISKS = {"thin": (1.0, 300.0, 2600.0, 35.0, 10.0), "thick": (0.12, 900.0, 3600.0, 55.0, 45.0)}
_HALO = (0.0051, 0.64, 2.77, 130.0, 200.0)
_SUN_R, _SUN_Z = 8000.0, 25.0

# Local luminosity function of main-sequence stars: M_r, stars per 1000 pc^3 per mag (approximate).
_LF_M = np.arange(2.0, 19.0)
_LF = np.array(
    [0.5, 1.2, 2.2, 3.2, 3.4, 3.2, 3.6, 5.0, 7.5, 9.5, 8.5, 6.0, 4.5, 4.0, 3.5, 3.0, 2.5]
)

#: White dwarfs per pc^3 (approximate), their scale height [pc], share without hydrogen.
_WD_DENSITY, _WD_HEIGHT, _WD_HELIUM = 0.0046, 300.0, 0.2
#: Share of white dwarfs with a K or M dwarf beside them (approximate): "pair" below.
_PAIR_SHARE = 0.15
#: Blue horizontal-branch stars and blue stragglers per turn-off star of the halo, and their M_r
#: (approximate).
_BHB_SHARE, _BHB_MAG = 0.003, 1.2

#: SDSS point sources per deg^2 per mag at i = 19 (XDQSO): a mean over the survey, |b| > 30 [deg].
_XDQSO_AT, _XDQSO_COUNT, _XDQSO_LATITUDE = 19.0, 1059.0, 30.0

_MU = np.arange(0.0, 20.01, 0.25)
_LONGITUDES = np.radians(np.arange(15.0, 360.0, 30.0))
_I = ALL_BANDS.index("sdss_i")
_R = ALL_BANDS.index("sdss_r")
_G = ALL_BANDS.index("sdss_g")
#: Names of the populations, in the order of the tables.
POPULATIONS = ("thin", "thick", "halo", "bhb", "da", "db", "pair")


def _absolute_r(r_minus_i):
    """Photometric parallax of main-sequence stars (Juric et al. 2008, eq. 2).

    Redder than 1.8, where the relation ends, its last slope goes on: the latest dwarfs are faint.
    """
    x = np.clip(r_minus_i, 0.0, 1.8)
    curve = 3.2 + 13.30 * x - 11.50 * x**2 + 5.40 * x**3 - 0.70 * x**4
    slope = 13.30 - 23.00 * 1.8 + 16.20 * 1.8**2 - 2.80 * 1.8**3
    return curve + slope * np.maximum(r_minus_i - 1.8, 0.0)


def _density(latitude, mu):
    """Relative density of the three parts along a sightline, mean over longitude: (3, k)."""
    d = 10 ** (0.2 * mu + 1)
    b = np.radians(latitude)
    z = np.abs(d * np.sin(b) + _SUN_Z)
    flat = d * np.cos(b)
    radius = np.sqrt(_SUN_R**2 + flat**2 - 2 * _SUN_R * flat * np.cos(_LONGITUDES)[:, None])
    out = []
    for share, height, length, _, _ in _DISKS.values():
        out.append(share * np.exp(-z / height - (radius - _SUN_R) / length).mean(axis=0))
    share, squash, power, _, _ = _HALO
    out.append(share * (_SUN_R / np.hypot(radius, z / squash)).mean(axis=0) ** power)
    return np.array(out)


def _kinds():
    """Rows of the tables: population, template row, M_i, local stars per pc^3 in the row."""
    made = star_templates()
    rows = []
    for population, family in (("thin", "disk"), ("thick", "halo"), ("halo", "halo")):
        t = made[family]
        blue = {"thin": 0.1, "thick": 0.5, "halo": 0.3}[population]
        keep = np.flatnonzero(t.parameter > blue)[::4]
        r_minus_i = t.magnitudes[keep, _R]  # i is 0 in the templates
        # Metal-poor stars are fainter at a given color (approximate).
        m_r = _absolute_r(r_minus_i) + {"thin": 0.0, "thick": 0.4, "halo": 1.0}[population]
        step = np.abs(np.gradient(m_r))
        lf = np.interp(m_r, _LF_M, _LF, left=0.3, right=0.0) * 1e-3
        rows.append((population, keep, m_r - r_minus_i, lf * step))
    t = made["halo"]
    keep = np.flatnonzero(t.parameter < 0.22)
    turnoff = rows[2][3][:12].sum()
    m_i = _BHB_MAG - t.magnitudes[keep, _R]
    rows.append(("bhb", keep, m_i, np.full(len(keep), _BHB_SHARE * turnoff / len(keep))))
    for family, share in (("da", 1 - _WD_HELIUM), ("db", _WD_HELIUM)):
        t = made[family]
        keep = np.arange(0, len(t.parameter), 4)
        temperature = t.parameter[keep]
        # Cooling: the time spent near a temperature falls steeply with it.
        weight = temperature**-2.5 * np.gradient(temperature)
        m_g = white_dwarf_absolute_g(temperature, helium=family == "db")
        m_i = m_g - t.magnitudes[keep, _G]
        rows.append((family, keep, m_i, share * _WD_DENSITY * weight / weight.sum()))
    _, m_i, local = _pairs()
    rows.append(("pair", np.arange(len(m_i)), m_i, local))
    return rows


@lru_cache(maxsize=1)
def _pairs():
    """White dwarfs with a K or M dwarf: templates, M_i and stars per pc^3 of each pair."""
    made = star_templates()
    hot = made["da"].nearest(np.geomspace(5000.0, 40_000.0, 18))
    cool = made["disk"].nearest(np.linspace(1.0, 3.95, 25))
    temperature = made["da"].parameter[hot]
    first, second = made["da"].magnitudes[hot], made["disk"].magnitudes[cool]
    m_first = white_dwarf_absolute_g(temperature) - first[:, _G]
    m_second = _absolute_r(second[:, _R]) - second[:, _R]
    flux = 10 ** (-0.4 * (first + m_first[:, None]))[:, None]
    mags = -2.5 * np.log10(flux + 10 ** (-0.4 * (second + m_second[:, None]))[None])
    mags = mags.reshape(-1, mags.shape[-1])
    weight = np.outer(
        temperature**-1.5, np.interp(m_second + second[:, _R], _LF_M, _LF)
    ).ravel()  # cooling time per step of ln T
    m_i = mags[:, _I].copy()
    templates = StarTemplates(np.arange(len(mags), dtype=float), mags - m_i[:, None])
    return templates, m_i, _PAIR_SHARE * _WD_DENSITY * weight / weight.sum()


@lru_cache(maxsize=1)
def _tables():
    """Per latitude: stars per deg^2 in cells of (row, distance modulus); with the rows' data."""
    kinds = _kinds()
    population = np.concatenate([np.full(len(k[1]), POPULATIONS.index(k[0])) for k in kinds])
    template = np.concatenate([k[1] for k in kinds])
    m_i = np.concatenate([k[2] for k in kinds])
    local = np.concatenate([k[3] for k in kinds])
    d = 10 ** (0.2 * _MU + 1)
    volume = d**3 * 0.2 * np.log(10) * (_MU[1] - _MU[0]) * (np.pi / 180) ** 2
    tables = []
    for latitude in LATITUDES:
        part = _density(latitude, _MU)
        wd = np.exp(-(d * np.sin(np.radians(latitude))) / _WD_HEIGHT)
        shape = np.vstack([part[0], part[1], part[2], part[2], wd, wd, wd])
        tables.append(local[:, None] * shape[population] * volume)
    tables = np.array(tables)
    i_mag = m_i[:, None] + _MU
    near = np.abs(i_mag - _XDQSO_AT) < 0.5
    sine = np.linspace(np.sin(np.radians(_XDQSO_LATITUDE)), 1.0, 100)  # equal areas
    latitude = np.degrees(np.arcsin(sine))
    model = np.interp(latitude, LATITUDES, [t[near].sum() for t in tables]).mean()
    return population, template, m_i, tables * (_XDQSO_COUNT / model)


def star_density(latitude: ArrayLike, bright: float, faint: float) -> np.ndarray:
    """Stars per square degree between two i magnitudes, Galactic extinction removed.

    Parameters
    ----------
    latitude : array_like
        Galactic latitudes [deg]; within 15 degrees of the plane the value at 15 is given.
    bright, faint : float
        Magnitude limits.

    Returns
    -------
    ndarray
        Stars per deg^2.

    Examples
    --------
    >>> bool(star_density(20.0, 15.0, 20.0) > 3 * star_density(80.0, 15.0, 20.0))
    True
    """
    _, _, m_i, tables = _tables()
    i_mag = m_i[:, None] + _MU
    inside = (i_mag > bright) & (i_mag < faint)
    totals = np.array([t[inside].sum() for t in tables])
    return np.exp(np.interp(np.abs(latitude), LATITUDES, np.log(totals)))


@lru_cache(maxsize=8)
def _cumulative(bright, faint, only):
    population, _, m_i, tables = _tables()
    i_mag = m_i[:, None] + _MU
    inside = (i_mag > bright) & (i_mag < faint)
    if only is not None:
        inside &= (population == POPULATIONS.index(only))[:, None]
    cells = np.flatnonzero(inside.ravel())
    return cells, [np.cumsum(t.ravel()[cells]) for t in tables]


def draw_stars(
    latitude: np.ndarray,
    bright: float,
    faint: float,
    bands: Sequence[str],
    rng: np.random.Generator,
    only: str | None = None,
) -> dict[str, np.ndarray]:
    """Random stars in given directions.

    Parameters
    ----------
    latitude : ndarray, shape (n,)
        Galactic latitude of each [deg].
    bright, faint : float
        Limits in i, Galactic extinction removed.
    bands : sequence of str, length b
        Band ids.
    rng : numpy.random.Generator
        Source of randomness.
    only : str, optional
        Name of one of `POPULATIONS`, to draw a rare one in numbers; None = all.

    Returns
    -------
    dict of ndarray
        ``magnitudes`` (n, b), ``population`` (index into `POPULATIONS`), ``parallax`` [mas] and
        ``motion`` [mas/yr], each (n,).
    """
    population, template, m_i, _ = _tables()
    cells, sums = _cumulative(float(bright), float(faint), only)
    n = len(latitude)
    # The table of the nearer latitude, at random in proportion to nearness.
    place = np.interp(np.abs(latitude), LATITUDES, np.arange(len(LATITUDES)))
    table = (place + rng.random(n)).astype(int).clip(0, len(LATITUDES) - 1)
    cell = np.empty(n, dtype=np.int64)
    chance = rng.random(n)
    for k in range(len(LATITUDES)):
        mine = np.flatnonzero(table == k)
        cell[mine] = cells[np.searchsorted(sums[k], chance[mine] * sums[k][-1])]
    row, step = np.divmod(cell, len(_MU))
    mu = _MU[step] + (_MU[1] - _MU[0]) * (rng.random(n) - 0.5)
    kind = population[row]
    places = [ALL_BANDS.index(b) for b in bands]
    mags = np.empty((n, len(bands)))
    made = star_templates()
    families = [made[name] for name in ("disk", "halo", "halo", "halo", "da", "db")]
    for k, family in enumerate([*families, _pairs()[0]]):
        mine = np.flatnonzero(kind == k)
        mags[mine] = family.magnitudes[:, places][template[row[mine]]]
    # Intrinsic width of the locus, band by band; photometric parallax scatters by 0.2 mag.
    mags += 0.015 * rng.standard_normal(mags.shape)
    i_mag = (m_i[row] + mu).clip(bright, faint)
    mags += i_mag[:, None]
    parallax = 1e3 / 10 ** (0.2 * mu + 1)
    speed = np.array(
        [*((d[3], d[4]) for d in _DISKS.values()), _HALO[3:], _HALO[3:], *((40.0, 15.0),) * 3]
    )[kind]
    velocity = speed[:, :1] * rng.standard_normal((n, 2))
    # The lag is seen in one of the two directions, foreshortened by the sightline.
    velocity[:, 0] += speed[:, 1] * 0.7
    motion = np.hypot(velocity[:, 0], velocity[:, 1]) * parallax / 4.74
    return {"magnitudes": mags, "population": kind, "parallax": parallax, "motion": motion}
