"""Matches by position, and how many of them are accidents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from qsolearn.errors import CatalogError
from qsolearn.judge import Estimate, proportion
from qsolearn.sky.positions import unit_vectors

__all__ = ["ChanceRate", "chance_match_rate", "chance_probability", "match_nearest"]

_ARCSEC = np.radians(1.0 / 3600.0)


def match_nearest(sources: pd.DataFrame, catalog: pd.DataFrame, radius: float) -> pd.DataFrame:
    """For each source, the nearest entry of another catalog within a radius.

    Parameters
    ----------
    sources : pandas.DataFrame, n rows
        Columns ``ra``, ``dec`` [deg]. May have no rows.
    catalog : pandas.DataFrame, m rows
        The other catalog, same columns. May have no rows.
    radius : float
        Largest separation of a match, inclusive [arcsec].

    Returns
    -------
    pandas.DataFrame, n rows, index of ``sources``
        ``match`` (row number in ``catalog`` from 0, -1 = none), ``separation`` ([arcsec], NaN =
        none), ``n_within`` (entries within the radius), ``ambiguous`` (more than one entry lies
        within the radius), ``shared`` (the same entry is also the match of another source).

    Raises
    ------
    CatalogError
        If a column is absent, a position is missing or off the sky, or the radius is not positive.

    Notes
    -----
    Of several entries at the same separation the first is taken. Distances are those of unit
    vectors, so there is no seam at RA 0 and none at the poles; separations are exact to about
    1e-6 arcsec.

    Examples
    --------
    >>> sources = pd.DataFrame({"ra": [359.9999, 10.0], "dec": [0.0, 0.0]})
    >>> catalog = pd.DataFrame({"ra": [0.0001, 50.0], "dec": [0.0, 0.0]})
    >>> match_nearest(sources, catalog, radius=1.0)[["match", "separation"]].round(2)
       match  separation
    0      0        0.72
    1     -1         NaN
    """
    radius = _check_radius(radius)
    here, there = unit_vectors(sources, "sources"), unit_vectors(catalog, "catalog")
    n = len(here)
    match, separation = np.full(n, -1), np.full(n, np.nan)
    n_within = np.zeros(n, dtype=int)
    if n and len(there):
        match, separation, n_within = _nearest(here, there, radius * _ARCSEC)
    found = match >= 0
    times = np.bincount(match[found], minlength=1)
    shared = np.zeros(n, dtype=bool)
    shared[found] = times[match[found]] > 1
    return pd.DataFrame(
        {
            "match": match,
            "separation": separation,
            "n_within": n_within,
            "ambiguous": n_within > 1,
            "shared": shared,
        },
        index=sources.index,
    )


def _nearest(here, there, angle):
    """Nearest neighbor of unit vectors within an angle [rad]: row, separation [arcsec], number."""
    tree = cKDTree(there)
    # Found a little too wide, then cut on the angle itself, so that the radius is inclusive.
    chord = 2 * np.sin(min(angle * (1 + 1e-9) + 1e-12, np.pi) / 2)
    match, separation = np.full(len(here), -1), np.full(len(here), np.nan)
    some = np.flatnonzero(tree.query_ball_point(here, chord, return_length=True))
    if not len(some):
        return match, separation, np.zeros(len(here), dtype=int)
    pairs = tree.query_ball_point(here[some], chord)
    row = np.repeat(some, [len(p) for p in pairs])
    entry = np.concatenate([np.asarray(p, dtype=int) for p in pairs])
    half = np.linalg.norm(here[row] - there[entry], axis=1) / 2
    apart = 2 * np.arcsin(np.minimum(half, 1.0))
    near = apart <= angle + 1e-15
    row, entry, apart = row[near], entry[near], apart[near]
    n_within = np.bincount(row, minlength=len(here))
    order = np.lexsort((entry, apart, row))
    row, entry, apart = row[order], entry[order], apart[order]
    first = np.diff(row, prepend=-1) > 0
    match[row[first]], separation[row[first]] = entry[first], apart[first] / _ARCSEC
    return match, separation, n_within


def _check_radius(radius):
    radius = float(radius)
    if not (np.isfinite(radius) and radius > 0):
        raise CatalogError(f"A match radius is a positive number of arcsec, not {radius:g}.")
    return radius


def chance_probability(density_deg2: ArrayLike, radius: float) -> np.ndarray | float:
    """Probability that at least one unrelated source lies within a radius of a position.

    Parameters
    ----------
    density_deg2 : array_like
        Sources per square degree.
    radius : float
        Match radius [arcsec].

    Returns
    -------
    ndarray or float
        Same shape as the density.

    Notes
    -----
    For sources spread at random, :math:`p = 1 - e^{-\\pi r^2 \\rho}`.

    Examples
    --------
    Richards et al. 2004 expect about 69 accidental X-ray matches: 7,000 X-ray sources, 45.5
    candidates per square degree, 30 arcsec.

    >>> round(7000 * chance_probability(45.5, 30.0), 1)
    69.1
    """
    radius = _check_radius(radius)
    expected = np.asarray(density_deg2, dtype=float) * np.pi * (radius / 3600.0) ** 2
    out = -np.expm1(-expected)
    return out if out.ndim else float(out)


@dataclass(frozen=True)
class ChanceRate:
    """Share of sources that would be matched by accident.

    Attributes
    ----------
    formula : float
        `chance_probability` at the mean density of the catalog; NaN if no area was given.
    shifted : Estimate
        Share of moved positions that found a match.
    """

    formula: float
    shifted: Estimate


def chance_match_rate(
    sources: pd.DataFrame,
    catalog: pd.DataFrame,
    radius: float,
    *,
    area_deg2: float | None = None,
    shift: float = 60.0,
    n_shifts: int = 8,
) -> ChanceRate:
    """How many sources are matched by accident, told in two ways.

    Parameters
    ----------
    sources, catalog, radius
        As for `match_nearest`.
    area_deg2 : float, optional
        Area that ``catalog`` covers [deg^2]; without it there is no formula.
    shift : float
        How far the sources are moved [arcsec]: farther than any true match (at least twice the
        radius), nearer than the catalog's density changes.
    n_shifts : int
        Number of directions, evenly around.

    Returns
    -------
    ChanceRate

    Raises
    ------
    CatalogError
        As `match_nearest`; also if there is no source, the area is not positive, or the shift is
        less than twice the radius.

    Notes
    -----
    The formula takes the catalog for evenly spread; the moved positions feel its real crowding.
    The interval of ``shifted`` takes the moved positions for independent, which holds when the
    shift is larger than the radius and matches are rare. Positions that are moved off the edge of
    the catalog find nothing, so the share is a little low in fields not much larger than the shift.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> def box(n):
    ...     return pd.DataFrame({"ra": rng.random(n), "dec": rng.random(n)})
    >>> rate = chance_match_rate(box(3000), box(3000), radius=10.0, area_deg2=1.0)
    >>> round(rate.formula, 4), round(rate.shifted, 3)
    (0.0701, 0.065)
    """
    radius = _check_radius(radius)
    if not shift >= 2 * radius:
        raise CatalogError(
            f"The positions are moved by {shift:g} arcsec, less than twice the radius of "
            f"{radius:g}; true matches would be counted as accidents."
        )
    if n_shifts < 1:
        raise CatalogError(f"At least one shift is needed, not {n_shifts}.")
    here, there = unit_vectors(sources, "sources"), unit_vectors(catalog, "catalog")
    if not len(here):
        raise CatalogError("There is no source to match.")
    formula = np.nan
    if area_deg2 is not None:
        if not float(area_deg2) > 0:
            raise CatalogError(f"The area must be positive, not {area_deg2} square degrees.")
        formula = float(chance_probability(len(there) / float(area_deg2), radius))
    ra = np.radians(sources["ra"].to_numpy(dtype=float))
    east = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], axis=-1)
    north = np.cross(here, east)
    found = 0
    tree = cKDTree(there) if len(there) else None
    for angle in 2 * np.pi * np.arange(n_shifts) / n_shifts:
        step = np.cos(angle) * north + np.sin(angle) * east
        moved = np.cos(shift * _ARCSEC) * here + np.sin(shift * _ARCSEC) * step
        if tree is not None:
            found += int((tree.query(moved)[0] <= 2 * np.sin(radius * _ARCSEC / 2)).sum())
    return ChanceRate(formula, proportion(found, len(here) * n_shifts))
