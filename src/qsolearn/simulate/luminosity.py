"""How many quasars there are: the luminosity function, and counts that follow from it.

The luminosity function of Palanque-Delabrouille et al. 2016 [1]_, a double power law in the
absolute magnitude M_g(z=2),

.. math:: \\Phi = \\frac{\\Phi^*(z)}{10^{0.4(\\alpha+1)(M-M^*(z))} + 10^{0.4(\\beta+1)(M-M^*(z))}}

with pure luminosity evolution below z = 2.2, M*(z) = M*(0) - 2.5 (k1 z + k2 z^2), and luminosity
and density evolution above. It was measured for 0.68 < z < 4; here it is **extrapolated** below and
above. Nothing in this module is tuned to counts: numbers per square degree come out.

References
----------
.. [1] Palanque-Delabrouille et al. 2016, A&A 587, A41, PLE+LEDE model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.sed.grid import MAX_REDSHIFT, quasar_grid
from qsolearn.simulate.cosmology import comoving_volume_per_deg2, distance_modulus
from qsolearn.simulate.luminosity_parameters import PIVOT, LuminosityParameters
from qsolearn.simulate.quasars import combine_quasars, draw_quasars

__all__ = [
    "QuasarCounts",
    "count_quasars",
    "draw_magnitudes",
    "luminosity_function",
    "quasar_counts",
]

#: The published luminosity function.
_PUBLISHED = LuminosityParameters()

#: Redshifts within which the luminosity function was measured.
MEASURED = (0.68, 4.0)

_Z_STEP = 0.02
_MAG_STEP = 0.05
_DRAWS = 1000
#: Brightest and faintest i magnitude of the tables, Galactic extinction removed.
BRIGHTEST, FAINTEST = 13.0, 25.0


def luminosity_function(
    absolute: ArrayLike, z: ArrayLike, parameters: LuminosityParameters = _PUBLISHED
) -> np.ndarray:
    """Quasars per comoving volume and magnitude.

    Parameters
    ----------
    absolute : array_like
        Absolute magnitudes M_g(z=2) [mag].
    z : array_like
        Redshifts, broadcast against ``absolute``.
    parameters : LuminosityParameters
        Of another luminosity function than the published one.

    Returns
    -------
    ndarray
        Phi [Mpc^-3 mag^-1].

    Examples
    --------
    >>> float(np.log10(luminosity_function(-26.0, 1.5)).round(2))
    -6.11
    """
    absolute, z = np.asarray(absolute, dtype=float), np.asarray(z, dtype=float)
    p = parameters
    low = np.minimum(z, PIVOT)
    high = np.maximum(z - PIVOT, 0.0)
    knee = p.m0 - 2.5 * (p.k1 * low + p.k2 * low**2) + p.c2 * high
    log_phi = p.log_phi + p.c1a * high + p.c1b * high**2
    alpha = p.alpha + p.c3 * high
    below = 0.4 * (absolute - knee)
    return 10**log_phi / (10 ** ((alpha + 1) * below) + 10 ** ((p.beta + 1) * below))


def _mean_magnitudes():
    """Nodes in z, and g and i magnitudes of the mean quasar without host, arbitrary zero point."""
    grid = quasar_grid(("sdss_g", "sdss_i"))
    nodes = np.expm1(grid.step * np.arange(len(grid.flux)))
    return nodes, -2.5 * np.log10(grid.flux[:, :, :6].sum(axis=2))


def mean_i_magnitude(absolute, z):
    """i magnitude of the mean quasar of given M_g(z=2).

    Parameters
    ----------
    absolute, z : array_like
        Absolute magnitude and redshift, broadcast.

    Returns
    -------
    ndarray
        i magnitude (AB), Galactic extinction removed, no host galaxy.

    Notes
    -----
    i = M_g(z=2) + DM(z) + K_g(z) - (g - i)(z), with K_g(2) = 0. K_g + (i - g) is the i magnitude of
    the mean quasar at z less its g magnitude at z = 2: the Lyman continuum never enters.
    """
    nodes, shape = _mean_magnitudes()
    at_two = np.interp(2.0, nodes, shape[:, 0])
    return absolute + distance_modulus(z) + np.interp(z, nodes, shape[:, 1]) - at_two


@lru_cache(maxsize=1)
def _color_offsets():
    """Nodes in z and i, and g - i of random quasars less that of the mean one, (z, i, draw)."""
    rng = np.random.default_rng(20160216)
    nodes, shape = _mean_magnitudes()
    at_z = np.arange(0.1, 6.51, 0.2)
    at_mag = np.arange(15.0, 24.1, 1.5)
    offsets = np.empty((len(at_z), len(at_mag), _DRAWS))
    for k, one in enumerate(at_z):
        # Beyond 2.5 the forest takes over g: the spread of g - i is kept as it is there.
        seen = min(one, 2.5)
        where = np.full(_DRAWS, seen)
        mean = np.diff([np.interp(seen, nodes, shape[:, j]) for j in (1, 0)])[0]
        for j, mag in enumerate(at_mag):
            drawn = draw_quasars(where, np.full(_DRAWS, mag), rng)
            g_minus_i = -np.diff(combine_quasars(where, ["sdss_g", "sdss_i"], drawn))[:, 0]
            offsets[k, j] = g_minus_i - mean
    return at_z, at_mag, offsets


def spread_factor(z, magnitude, density):
    """Ratio of counts in i to counts of mean quasars, from the spread of g - i.

    Parameters
    ----------
    z : ndarray, shape (k,)
        Redshifts.
    magnitude : ndarray, shape (m,)
        i magnitudes.
    density : ndarray, shape (k, m)
        Counts of mean quasars, in any unit.

    Returns
    -------
    ndarray, shape (k, m)

    Notes
    -----
    The luminosity function counts quasars by g; single quasars are redder or bluer than the mean,
    mostly redder (dust, host). If the colors c of quasars of given i are known, n_g(m) is the mean
    of n_i(m - c), so that for counts rising as 10^(s m)

        n_i(m) = n_mean(m) / <10^(-s (c - c_mean))>.
    """
    at_z, at_mag, offsets = _color_offsets()
    near = (at_z > z[0] - 0.21) & (at_z < z[-1] + 0.21)
    at_z, offsets = at_z[near], offsets[near]
    slope = np.gradient(np.log10(density), magnitude, axis=1)
    rows = np.searchsorted(z, at_z).clip(0, len(z) - 1)
    s = np.array([np.interp(at_mag, magnitude, slope[row]) for row in rows])
    factor = 1.0 / np.mean(10 ** (-s[:, :, None] * offsets), axis=2)
    along = np.array([np.interp(magnitude, at_mag, row) for row in factor])
    return np.array([np.interp(z, at_z, column) for column in along.T]).T


@dataclass(frozen=True)
class QuasarCounts:
    """Quasars per square degree in cells of redshift and i magnitude.

    Attributes
    ----------
    z : ndarray, shape (k,)
        Centers of the redshift cells.
    magnitude : ndarray, shape (m,)
        Centers of the magnitude cells, i (AB), Galactic extinction removed.
    density : ndarray, shape (k, m)
        Quasars per square degree in each cell.
    """

    z: np.ndarray
    magnitude: np.ndarray
    density: np.ndarray

    def total(self, faint: float, z_min: float = 0.0, z_max: float = MAX_REDSHIFT) -> float:
        """Quasars per square degree brighter than ``faint`` between two redshifts."""
        rows = (self.z > z_min) & (self.z < z_max)
        return float(self.density[rows][:, self.magnitude < faint].sum())


def count_quasars(parameters: LuminosityParameters, rows: slice | None = None) -> QuasarCounts:
    """Counts that follow from a luminosity function, computed anew.

    Parameters
    ----------
    parameters : LuminosityParameters
        Of the luminosity function.
    rows : slice, optional
        Which redshift cells; None = all.

    Returns
    -------
    QuasarCounts
        As `quasar_counts`, which remembers what it has computed.
    """
    z = np.arange(0.1 + _Z_STEP / 2, 6.5, _Z_STEP)
    first, last, _ = (slice(None) if rows is None else rows).indices(len(z))
    # The spread of colors is interpolated between redshifts 0.2 apart.
    around = slice(max(first - 11, 0), last + 11)
    inner = slice(first - around.start, last - around.start)
    z = z[around]
    mag = np.arange(BRIGHTEST + _MAG_STEP / 2, FAINTEST, _MAG_STEP)
    absolute = mag[None, :] - mean_i_magnitude(0.0, z)[:, None]
    density = luminosity_function(absolute, z[:, None], parameters) * _MAG_STEP
    density *= spread_factor(z, mag, density)
    density *= (comoving_volume_per_deg2(z) * _Z_STEP)[:, None]
    return QuasarCounts(z[inner], mag, density[inner])


@lru_cache(maxsize=4)
def quasar_counts(parameters: LuminosityParameters = _PUBLISHED) -> QuasarCounts:
    """Counts that follow from the luminosity function.

    Parameters
    ----------
    parameters : LuminosityParameters
        Of another luminosity function than the published one.

    Returns
    -------
    QuasarCounts
        Cells of 0.02 in redshift, 0.1 to 6.5, and 0.05 in magnitude, 13 to 25.

    Examples
    --------
    >>> counts = quasar_counts()
    >>> bool(counts.total(20.0) > 10 * counts.total(18.0))
    True
    """
    return count_quasars(parameters)


def draw_quasars_of_sky(n, bright, faint, rng, z_range=(0.0, MAX_REDSHIFT), parameters=_PUBLISHED):
    """Redshifts and i magnitudes of random quasars of a flux-limited sky.

    Parameters
    ----------
    n : int
        How many.
    bright, faint : float
        Limits in i, Galactic extinction removed.
    rng : numpy.random.Generator
        Source of randomness.
    z_range : tuple of float
        Redshifts above the first and up to the second.
    parameters : LuminosityParameters
        Of the luminosity function.

    Returns
    -------
    z, magnitude : ndarray, shape (n,)
    """
    counts = quasar_counts(parameters)
    columns = (counts.magnitude > bright) & (counts.magnitude < faint)
    rows = (counts.z > z_range[0]) & (counts.z < z_range[1])
    density = counts.density[rows][:, columns]
    sums = np.cumsum(density.ravel())
    cell = np.searchsorted(sums, rng.random(n) * sums[-1])
    row, column = np.divmod(cell, density.shape[1])
    z = counts.z[rows][row] + _Z_STEP * (rng.random(n) - 0.5)
    return z, counts.magnitude[columns][column] + _MAG_STEP * (rng.random(n) - 0.5)


def draw_magnitudes(z: np.ndarray, faint: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random i magnitudes of quasars at given redshifts, brighter than a limit.

    Parameters
    ----------
    z, faint : ndarray, shape (n,)
        Redshift and faint limit of each.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n,)
        i magnitudes, Galactic extinction removed.
    """
    counts = quasar_counts()
    row = np.clip(((z - counts.z[0]) / _Z_STEP + 0.5).astype(int), 0, len(counts.z) - 1)
    sums = np.cumsum(counts.density, axis=1)
    edges = np.append(counts.magnitude - _MAG_STEP / 2, FAINTEST)
    limit = np.clip(((faint - BRIGHTEST) / _MAG_STEP).astype(int), 1, sums.shape[1]) - 1
    want = rng.random(len(z)) * sums[row, limit]
    out = np.empty(len(z))
    order = np.argsort(row, kind="stable")
    bounds = np.searchsorted(row[order], np.arange(len(counts.z) + 1))
    for k in np.unique(row):
        mine = order[bounds[k] : bounds[k + 1]]
        out[mine] = np.interp(want[mine], np.concatenate([[0.0], sums[k]]), edges)
    return out
