"""From a list of candidates to a night at a telescope: who is up, when, and how high.

`observing_plan` ranks candidates by how well a site sees them in one night; `write_regions` writes
them as a region file for DS9. Everything is computed on this machine, without a network.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError, nearest_names
from qsolearn.frame.write import replace_atomically

__all__ = ["SITES", "night_curves", "observing_plan", "site_location", "write_regions"]

#: Longitude and latitude [deg, east and north positive] and height [m] of some observatories.
SITES = {
    "calar-alto": (-2.5463, 37.2236, 2168.0),
    "cerro-tololo": (-70.8065, -30.1691, 2207.0),
    "kitt-peak": (-111.5967, 31.9583, 2096.0),
    "la-palma": (-17.8792, 28.7583, 2326.0),
    "la-silla": (-70.7345, -29.2567, 2347.0),
    "las-campanas": (-70.6926, -29.0146, 2380.0),
    "mauna-kea": (-155.4681, 19.8208, 4215.0),
    "palomar": (-116.8650, 33.3564, 1706.0),
    "paranal": (-70.4045, -24.6272, 2635.0),
    "siding-spring": (149.0612, -31.2733, 1165.0),
    "sutherland": (20.8107, -32.3794, 1798.0),
}
#: Sun's altitude at which astronomical twilight ends [deg].
DARK = -18.0
#: Time between two looks at the sky [min].
STEP = 10.0
#: Sources that are followed over the night at once.
BLOCK = 2_000


def site_location(site: str) -> tuple[float, float, float]:
    """Find where a site is.

    Parameters
    ----------
    site : str
        A name of `SITES`, or "longitude,latitude,height" [deg, deg, m; east and north positive].

    Returns
    -------
    tuple of float
        Longitude, latitude [deg], height [m].

    Raises
    ------
    CatalogError
        If it is neither.

    Examples
    --------
    >>> site_location("paranal")
    (-70.4045, -24.6272, 2635.0)
    >>> site_location("10.5,-20,1000")
    (10.5, -20.0, 1000.0)
    """
    if site in SITES:
        return SITES[site]
    if not re.fullmatch(r"[^,]+,[^,]+,[^,]+", site):
        raise CatalogError(
            f"There is no site {site!r}; {nearest_names(site, SITES)}, or give longitude,latitude,"
            "height in degrees and meters."
        )
    try:
        longitude, latitude, height = map(float, site.split(","))
    except ValueError:
        raise CatalogError(
            f"A site is longitude,latitude,height as three numbers; got {site!r}."
        ) from None
    if not (-180 <= longitude <= 360 and -90 <= latitude <= 90 and -500 <= height <= 9000):
        raise CatalogError(
            f"A site has -180 <= longitude <= 360, -90 <= latitude <= 90 and a height from -500 to "
            f"9000 m; got {site!r}."
        )
    return longitude, latitude, height


def observing_plan(
    candidates: pd.DataFrame,
    site: str,
    night: str,
    *,
    min_altitude: float = 30.0,
    min_moon: float = 20.0,
) -> pd.DataFrame:
    """Rank candidates by how long and how high a site sees them in one night.

    Parameters
    ----------
    candidates : pandas.DataFrame, n rows
        With ``id``, ``ra``, ``dec`` [deg, ICRS]; every further column comes along. Rows without a
        position are left out.
    site : str
        As for `site_location`.
    night : str
        Date on which the night begins at the site, "YYYY-MM-DD".
    min_altitude : float
        Lowest altitude that counts as visible [deg]; 30 is an airmass of 2.
    min_moon : float
        Smallest distance from the Moon that counts as visible while it is up [deg].

    Returns
    -------
    pandas.DataFrame
        The visible candidates only, in the order of ``best_utc``: the input's columns, then
        ``hours`` visible in the dark [h], ``first_utc``, ``best_utc``, ``last_utc`` (ISO, UTC;
        best = highest while visible), ``altitude`` [deg] and ``airmass`` (secant of the zenith
        distance) at best, ``moon_distance`` [deg] at best. ``attrs`` hold site, night, begin and
        end of the dark.

    Raises
    ------
    CatalogError
        If site or night is wrong, no candidate has a position, or the Sun never sinks below -18
        deg that night.

    Notes
    -----
    Altitudes are those of astropy, without refraction, every 10 minutes between the ends of
    astronomical twilight; the tables of the Earth's rotation that ship with astropy are used, whose
    predictions are good to far below an arcminute for years.
    """
    if not 0 <= min_altitude < 90:
        raise CatalogError(f"min_altitude is 0 to 90 deg; got {min_altitude}.")
    absent = [c for c in ("id", "ra", "dec") if c not in candidates]
    if absent:
        raise CatalogError(f"The candidates need the columns id, ra, dec; {absent[0]} is missing.")
    place = candidates[["ra", "dec"]].apply(pd.to_numeric, errors="coerce")
    known = candidates[np.isfinite(place).all(axis=1)].reset_index(drop=True)
    if not len(known):
        raise CatalogError("None of the candidates has ra and dec.")
    longitude, latitude, height = site_location(site)
    with _without_network():
        times, where = _dark_times(night, longitude, latitude, height, site)
        seen = _follow(known, times, where, min_altitude, min_moon)
    plan = pd.concat([known, seen], axis=1)
    plan = plan[plan["hours"] > 0]
    plan = plan.sort_values(["best_utc", "id"], kind="stable").reset_index(drop=True)
    plan.attrs = {
        "site": site,
        "night": night,
        "dark_from": times[0].isot[:16],
        "dark_to": times[-1].isot[:16],
    }
    return plan


def night_curves(candidates: pd.DataFrame, site: str, night: str) -> tuple[pd.DataFrame, pd.Series]:
    """Altitude of candidates and of the Moon over the dark part of a night.

    Parameters
    ----------
    candidates : pandas.DataFrame, n rows
        With ``id``, ``ra``, ``dec`` [deg, ICRS].
    site, night
        As for `observing_plan`.

    Returns
    -------
    altitudes : pandas.DataFrame
        Index: time (UTC), every 10 minutes of the dark; one column per candidate, named by its id
        [deg]; below the horizon is negative.
    moon : pandas.Series
        Altitude of the Moon [deg], same index.

    Raises
    ------
    CatalogError
        If site or night is wrong, or a candidate has no position.
    """
    place = candidates[["ra", "dec"]].to_numpy(dtype=float)
    if not len(place) or not np.isfinite(place).all():
        raise CatalogError("Every candidate whose night is drawn needs ra and dec.")
    with _without_network():
        from astropy.coordinates import AltAz, SkyCoord, get_body

        times, where = _dark_times(night, *site_location(site), site)
        frames = AltAz(obstime=times, location=where)
        sky = SkyCoord(place, unit="deg")
        altitudes = np.array([s.transform_to(frames).alt.deg for s in sky]).T
        moon = get_body("moon", times, where).transform_to(frames).alt.deg
    index = pd.DatetimeIndex(times.isot, name="utc")
    return (
        pd.DataFrame(altitudes, index=index, columns=list(candidates["id"])),
        pd.Series(moon, index=index, name="moon"),
    )


@contextlib.contextmanager
def _without_network():
    """Take the tables of the Earth's rotation that ship with astropy, as they are."""
    from astropy.utils import iers

    with warnings.catch_warnings(), iers.conf.set_temp("auto_download", False):
        # Old tables of the Earth's rotation, and times outside them, cost arcseconds, not a night.
        warnings.simplefilter("ignore")
        with (
            iers.conf.set_temp("auto_max_age", None),
            iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
        ):
            yield


def _dark_times(night, longitude, latitude, height, site):
    """Times of the dark part of a night, and the place as astropy knows it."""
    import astropy.units as u
    from astropy.coordinates import AltAz, EarthLocation, get_sun
    from astropy.time import Time

    if not re.fullmatch(r"\d{4}-\d\d-\d\d", night):
        raise CatalogError(f"A night is a date such as 2026-11-21; got {night!r}.")
    try:
        # Local noon of that date, then the 24 hours that follow.
        noon = Time(night, scale="utc") + (0.5 - longitude / 360) * u.day
    except ValueError:
        raise CatalogError(f"There is no date {night}.") from None
    where = EarthLocation.from_geodetic(longitude, latitude, height)
    times = noon + np.arange(0, 24 * 60, STEP) * u.min
    sun = get_sun(times).transform_to(AltAz(obstime=times, location=where)).alt.deg
    if not (sun < DARK).any():
        raise CatalogError(
            f"At {site} the Sun stays above {DARK:.0f} deg in the night of {night}: it does not "
            "get dark."
        )
    return times[sun < DARK], where


def _follow(known, times, where, min_altitude, min_moon):
    """What each source does in the night, in blocks."""
    import astropy.units as u
    from astropy.coordinates import AltAz, SkyCoord, get_body

    moon = get_body("moon", times, where)
    frames = AltAz(obstime=times, location=where)
    moon_up = moon.transform_to(frames).alt.deg > 0
    moon_ra, moon_dec = moon.ra.deg, moon.dec.deg
    stamps = np.array([t[:16] for t in times.isot])
    parts = []
    for start in range(0, len(known), BLOCK):
        rows = known.iloc[start : start + BLOCK]
        sky = SkyCoord(rows["ra"].to_numpy(float) * u.deg, rows["dec"].to_numpy(float) * u.deg)
        altitude = np.empty((len(rows), len(times)))
        distance = np.empty_like(altitude)
        for k in range(len(times)):
            altitude[:, k] = sky.transform_to(frames[k]).alt.deg
            near = SkyCoord(moon_ra[k] * u.deg, moon_dec[k] * u.deg)
            distance[:, k] = sky.separation(near).deg
        visible = (altitude >= min_altitude) & ((distance >= min_moon) | ~moon_up)
        highest = np.where(visible, altitude, -np.inf).argmax(axis=1)
        each = np.arange(len(rows))
        best = altitude[each, highest]
        first = visible.argmax(axis=1)
        last = len(times) - 1 - visible[:, ::-1].argmax(axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "hours": visible.sum(axis=1) * STEP / 60,
                    "first_utc": stamps[first],
                    "best_utc": stamps[highest],
                    "last_utc": stamps[last],
                    "altitude": best,
                    "airmass": 1 / np.sin(np.radians(np.maximum(best, 1.0))),
                    "moon_distance": distance[each, highest],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def write_regions(
    candidates: pd.DataFrame, path: str | Path, *, radius: float = 5.0, overwrite: bool = False
) -> None:
    """Write candidates as circles that DS9 (and any other viewer of regions) can show.

    Parameters
    ----------
    candidates : pandas.DataFrame
        With ``id``, ``ra``, ``dec`` [deg, ICRS]; rows without a position are left out.
    path : str or Path
        File to write, ending in .reg.
    radius : float
        Radius of the circles [arcsec].
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    CatalogError
        If the name does not end in .reg, the file exists, or no candidate has a position.
    """
    path = Path(path)
    if path.suffix != ".reg":
        raise CatalogError(f"A region file ends in .reg; got {path.name}.")
    known = candidates[np.isfinite(candidates[["ra", "dec"]].astype(float)).all(axis=1)]
    if not len(known):
        raise CatalogError("None of the candidates has ra and dec.")
    lines = ["# Region file format: DS9 version 4.1", "icrs"]
    for row in known[["id", "ra", "dec"]].itertuples(index=False):
        # Braces would end the label, and a line break the region.
        label = re.sub(r"[{}\s]+", " ", str(row.id)).strip()
        lines.append(f'circle({row.ra:.6f},{row.dec:.6f},{radius:g}") # text={{{label}}}')
    with replace_atomically(path, overwrite=overwrite) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
