"""Band vectors of stars and white dwarfs: the magnitudes of each kind in every band.

Published colors (the stellar locus of Davenport et al. 2014 [1]_, the white dwarfs of the Montreal
models [2]_) give a star's magnitude in the bands of SDSS, 2MASS and WISE. A smooth
spectrum through these points, with the filter curves of `qsolearn.sed`, gives it in the bands of
PS1, Gaia, VISTA and Legacy. The spectrum is adjusted until its synthetic photometry returns the
published colors. KMTNet's BVRI follow from g to z by published transformations: to Johnson B and V
for stars [3]_, and on to KMTNet as that survey was calibrated [4]_.

Blueward of g - i = 0.5 the published locus ends; F stars, A stars and the blue horizontal branch
were extended by the median colors of the even rows of SDSS DR17 stars.

References
----------
.. [1] Davenport et al. 2014, MNRAS 440, 3430, Tables 1 and 2 (every fifth bin or so).
.. [2] Bergeron et al., Montreal cooling models, DA and DB (pure helium, January 2021), log g = 8.
.. [3] Jester et al. 2005, AJ 130, 873, Table 1, all stars with R-I < 1.15 (from memory).
.. [4] Kim et al. 2024, arXiv 2410.17187, Sect. 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from qsolearn.bands import BANDS, get_band
from qsolearn.photometry import kmtnet_from_references
from qsolearn.sed.filters import WAVELENGTH, filter_weights

__all__ = ["ALL_BANDS", "StarTemplates", "star_templates"]

#: Bands of every template vector.
ALL_BANDS = tuple(BANDS)

_ANCHORS = (
    *(f"sdss_{f}" for f in "ugriz"), "twomass_j", "twomass_h", "twomass_ks",
    "wise_w1", "wise_w2", "wise_w3",
)  # fmt: skip
_NO = np.nan

# u-g, g-r, r-i, i-z, z-J, J-H, H-Ks, Ks-W1, W1-W2, W2-W3; SDSS as printed by SDSS, J to W3 Vega.
# Extension to the blue: SDSS colors from SDSS DR17 stars (even rows), infrared by continuity.
_BLUE = (
    (1.090, -0.250, -0.220, -0.170, 0.520, -0.030, -0.040, 0.020, 0.000, _NO),
    (1.120, -0.205, -0.195, -0.120, 0.560, 0.010, -0.030, 0.020, 0.000, _NO),
    (1.150, -0.090, -0.110, -0.095, 0.620, 0.070, -0.010, 0.020, -0.005, _NO),
    (1.110, 0.035, -0.035, -0.059, 0.690, 0.140, 0.010, 0.025, -0.010, _NO),
    (1.020, 0.165, 0.035, -0.010, 0.750, 0.210, 0.030, 0.030, -0.015, _NO),
    (0.960, 0.295, 0.105, 0.020, 0.810, 0.285, 0.045, 0.035, -0.018, _NO),
)
# Davenport et al. 2014.
_LOCUS = (
    (1.187, 0.408, 0.136, 0.028, 0.842, 0.319, 0.051, 0.037, -0.024, _NO),
    (1.326, 0.454, 0.151, 0.042, 0.861, 0.338, 0.057, 0.038, -0.030, _NO),
    (1.488, 0.524, 0.175, 0.062, 0.894, 0.372, 0.065, 0.041, -0.036, _NO),
    (1.649, 0.599, 0.206, 0.085, 0.931, 0.417, 0.074, 0.043, -0.042, _NO),
    (1.819, 0.675, 0.236, 0.107, 0.970, 0.458, 0.080, 0.046, -0.047, _NO),
    (1.972, 0.741, 0.257, 0.121, 0.995, 0.485, 0.088, 0.047, -0.053, _NO),
    (2.115, 0.822, 0.278, 0.140, 1.019, 0.513, 0.093, 0.049, -0.055, _NO),
    (2.232, 0.876, 0.302, 0.154, 1.039, 0.530, 0.102, 0.052, -0.056, _NO),
    (2.335, 0.973, 0.336, 0.178, 1.065, 0.570, 0.106, 0.053, -0.055, _NO),
    (2.419, 1.027, 0.360, 0.188, 1.082, 0.583, 0.112, 0.057, -0.055, _NO),
    (2.476, 1.116, 0.441, 0.224, 1.125, 0.627, 0.126, 0.069, -0.034, _NO),
    (2.551, 1.212, 0.457, 0.244, 1.134, 0.641, 0.128, 0.064, -0.041, 0.128),
    (2.611, 1.245, 0.531, 0.269, 1.160, 0.651, 0.143, 0.073, -0.027, _NO),
    (2.588, 1.322, 0.556, 0.301, 1.169, 0.660, 0.151, 0.079, -0.015, 0.166),
    (2.646, 1.349, 0.640, 0.340, 1.192, 0.662, 0.163, 0.086, -0.004, 0.146),
    (2.639, 1.387, 0.703, 0.374, 1.212, 0.663, 0.174, 0.095, 0.013, 0.162),
    (2.573, 1.418, 0.765, 0.411, 1.226, 0.649, 0.189, 0.107, 0.044, 0.145),
    (2.606, 1.421, 0.856, 0.462, 1.249, 0.644, 0.198, 0.113, 0.061, 0.152),
    (2.595, 1.421, 0.952, 0.509, 1.273, 0.635, 0.208, 0.119, 0.084, 0.149),
    (2.537, 1.420, 1.048, 0.559, 1.298, 0.622, 0.217, 0.125, 0.110, 0.156),
    (2.626, 1.415, 1.153, 0.611, 1.329, 0.618, 0.227, 0.133, 0.125, 0.154),
    (2.541, 1.411, 1.237, 0.654, 1.355, 0.609, 0.233, 0.137, 0.143, 0.150),
    (2.632, 1.408, 1.339, 0.714, 1.389, 0.607, 0.242, 0.146, 0.152, 0.167),
    (2.593, 1.427, 1.430, 0.770, 1.427, 0.604, 0.251, 0.154, 0.166, 0.170),
    (2.568, 1.444, 1.491, 0.803, 1.454, 0.600, 0.259, 0.162, 0.175, 0.172),
    (2.628, 1.462, 1.581, 0.862, 1.494, 0.598, 0.269, 0.171, 0.183, 0.183),
    (2.578, 1.498, 1.659, 0.908, 1.525, 0.595, 0.278, 0.181, 0.192, 0.199),
    (2.546, 1.527, 1.737, 0.951, 1.557, 0.591, 0.288, 0.188, 0.200, 0.202),
    (2.404, 1.571, 1.930, 1.061, 1.639, 0.597, 0.309, 0.199, 0.210, 0.225),
    (2.586, 1.601, 2.117, 1.158, 1.711, 0.597, 0.326, 0.208, 0.216, 0.236),
    (2.216, 1.608, 2.348, 1.279, 1.800, 0.604, 0.343, 0.215, 0.224, _NO),
)

# Teff, u-g, g-r, r-i, i-z, M_g, z-J, J-H, H-K: white dwarfs, log g = 8; ugriz AB, J, H, K Vega.
_HYDROGEN = (
    (5000, 1.533, 0.704, 0.252, 0.114, 15.54, 0.901, 0.325, 0.091),
    (6000, 0.811, 0.385, 0.120, 0.018, 14.41, 0.781, 0.271, 0.057),
    (7000, 0.487, 0.197, 0.030, -0.048, 13.65, 0.697, 0.210, 0.015),
    (8000, 0.381, 0.082, -0.036, -0.101, 13.08, 0.619, 0.146, -0.011),
    (9000, 0.362, -0.002, -0.091, -0.149, 12.60, 0.551, 0.089, -0.029),
    (10000, 0.372, -0.070, -0.139, -0.196, 12.19, 0.495, 0.041, -0.041),
    (12000, 0.358, -0.175, -0.213, -0.257, 11.63, 0.431, -0.013, -0.053),
    (15000, 0.256, -0.275, -0.267, -0.288, 11.18, 0.391, -0.040, -0.059),
    (20000, 0.003, -0.367, -0.310, -0.315, 10.61, 0.333, -0.070, -0.076),
    (30000, -0.300, -0.471, -0.360, -0.348, 9.73, 0.258, -0.107, -0.103),
    (40000, -0.418, -0.512, -0.377, -0.356, 9.17, 0.235, -0.116, -0.102),
)  # fmt: skip
_HELIUM = (
    (5000, 1.052, 0.603, 0.212, 0.077, 15.43, 0.797, 0.200, 0.000),
    (6000, 0.726, 0.371, 0.087, -0.014, 14.41, 0.674, 0.154, 0.060),
    (7000, 0.504, 0.208, -0.001, -0.077, 13.66, 0.586, 0.106, 0.050),
    (8000, 0.350, 0.091, -0.064, -0.122, 13.09, 0.521, 0.065, 0.024),
    (9000, 0.228, 0.002, -0.112, -0.156, 12.64, 0.472, 0.034, 0.000),
    (10000, 0.128, -0.074, -0.150, -0.184, 12.28, 0.432, 0.009, -0.020),
    (12000, -0.019, -0.186, -0.203, -0.224, 11.73, 0.374, -0.028, -0.045),
    (14000, -0.106, -0.260, -0.243, -0.252, 11.31, 0.332, -0.055, -0.062),
    (16000, -0.143, -0.304, -0.271, -0.271, 10.97, 0.305, -0.076, -0.075),
    (18000, -0.160, -0.332, -0.288, -0.282, 10.69, 0.294, -0.091, -0.082),
    (20000, -0.179, -0.357, -0.302, -0.289, 10.48, 0.290, -0.100, -0.084),
    (25000, -0.211, -0.394, -0.320, -0.301, 10.24, 0.283, -0.106, -0.083),
    (30000, -0.261, -0.435, -0.341, -0.314, 9.98, 0.267, -0.111, -0.087),
    (40000, -0.374, -0.495, -0.369, -0.336, 9.44, 0.232, -0.127, -0.101),
)  # fmt: skip

# Metal-poor stars shine more in the ultraviolet: g - i, and by how much u - g is below the locus,
# which was measured on bright disk stars; from the even rows of real SDSS stars at r > 17.
_METAL_POOR = (
    (0.1, 0.25, 0.35, 0.45, 0.55, 0.7, 0.95, 1.3, 1.5),
    (0.0, 0.09, 0.07, 0.075, 0.13, 0.20, 0.25, 0.12, 0.0),
)


@dataclass(frozen=True)
class StarTemplates:
    """Band vectors of a family of stars along one parameter.

    Attributes
    ----------
    parameter : ndarray, shape (k,)
        g - i (AB) of dwarfs, effective temperature [K] of white dwarfs; increasing.
    magnitudes : ndarray, shape (k, 30)
        Magnitudes in `ALL_BANDS` relative to SDSS i [AB mag].
    """

    parameter: np.ndarray
    magnitudes: np.ndarray

    def nearest(self, value: ArrayLike) -> np.ndarray:
        """Rows of the templates nearest to parameter values (ends are kept)."""
        k = np.searchsorted(self.parameter, value).clip(1, len(self.parameter) - 1)
        left = value - self.parameter[k - 1] < self.parameter[k] - value
        return np.where(left, k - 1, k)


def _anchor_magnitudes(colors):
    """AB magnitudes in `_ANCHORS` relative to i from published neighboring colors (k, 10)."""
    mags = -np.cumsum(np.column_stack([np.zeros(len(colors)), colors]), axis=1)
    for k, band in enumerate(_ANCHORS):
        record = get_band(band)
        mags[:, k] += record.vega_to_ab if record.native == "vega" else record.survey_to_ab
    return mags - mags[:, [3]]


def _all_bands(anchors):
    """Magnitudes in all bands of smooth spectra through anchor magnitudes (k, 11)."""
    at = np.log([get_band(b).wavelength for b in _ANCHORS])
    weights = filter_weights(ALL_BANDS)
    places = [ALL_BANDS.index(b) for b in _ANCHORS]
    seen = weights.any(axis=1)
    x = np.log(WAVELENGTH[seen])
    flux = np.zeros((len(anchors), len(WAVELENGTH)))
    nodes = anchors.copy()
    for _ in range(4):
        # Rayleigh-Jeans (2.17 mag per unit of ln lambda) beyond W3; flat f_nu before u.
        far = nodes[:, -1] + 2.1715 * (np.log(3e5) - at[-1])
        points = np.column_stack([nodes[:, 0] * 1.0, nodes, far])
        where = np.concatenate([[np.log(2500.0)], at, [np.log(3e5)]])
        points[:, 0] += (nodes[:, 0] - nodes[:, 1]) * 0.5
        mags = PchipInterpolator(where, points, axis=1)(np.clip(x, where[0], where[-1]))
        flux[:, seen] = 10 ** (-0.4 * mags) / WAVELENGTH[seen] ** 2
        made = -2.5 * np.log10(flux @ weights)
        made -= made[:, [places[3]]]
        nodes = nodes + anchors - made[:, places]
    made[:, places] = anchors
    made[:, [ALL_BANDS.index(f"kmt_{f}") for f in "bvri"]] = _kmtnet(anchors[:, 1:5])
    return made


def _kmtnet(griz):
    """KMTNet B, V, R, I of stars (k, 4) from SDSS g, r, i, z (k, 4), all AB."""
    g, r, i, z = griz.T
    b = g + 0.39 * (g - r) + 0.21
    v = g - 0.59 * (g - r) - 0.01
    return kmtnet_from_references(b_apass=b, v_apass=v, r_apass=r, i_apass=i, i_smss=i, z_smss=z)


def _dense(parameter, values, step):
    grid = np.arange(parameter[0], parameter[-1] + step / 2, step)
    return grid, PchipInterpolator(parameter, values, axis=0)(grid)


def _dwarfs(metal_poor):
    rows = np.array([*_BLUE, *_LOCUS])
    g_i = rows[:, 1] + rows[:, 2]
    known = np.isfinite(rows[:, 9])
    # W2 - W3 of warm stars is near 0; the table begins where it can be measured.
    rows[:, 9] = np.interp(g_i, [-0.5, 0.5, *g_i[known]], [0.0, 0.05, *rows[known, 9]])
    if metal_poor:
        rows[:, 0] -= np.interp(g_i, *_METAL_POOR)
    order = np.argsort(g_i)
    grid, colors = _dense(g_i[order], rows[order], 0.01)
    return StarTemplates(grid, _all_bands(_anchor_magnitudes(colors)))


def _white_dwarfs(table):
    rows = np.array(table, dtype=float)
    extra = np.column_stack([rows[:, [1, 2, 3, 4, 6, 7, 8]], np.zeros((len(rows), 3))])
    # The models are in AB; `_anchor_magnitudes` expects what SDSS prints.
    printed = np.array([get_band(b).survey_to_ab for b in _ANCHORS[:5]])
    extra[:, :4] -= printed[:-1] - printed[1:]
    extra[:, 4] -= printed[4]
    grid, colors = _dense(np.log10(rows[:, 0]), extra, 0.005)
    return StarTemplates(10**grid, _all_bands(_anchor_magnitudes(colors)))


def white_dwarf_absolute_g(temperature, helium=False):
    """M_g of white dwarfs, log g = 8, of given effective temperature [K]."""
    rows = np.array(_HELIUM if helium else _HYDROGEN, dtype=float)
    return np.interp(temperature, rows[:, 0], rows[:, 5])


@lru_cache(maxsize=1)
def star_templates() -> dict[str, StarTemplates]:
    """Templates of the four families of stars.

    Returns
    -------
    dict of str to StarTemplates
        ``disk`` and ``halo`` (dwarfs by g - i), ``da`` and ``db`` (white dwarfs by temperature).

    Examples
    --------
    >>> star_templates()["disk"].magnitudes.shape[1]
    30
    """
    return {
        "disk": _dwarfs(metal_poor=False),
        "halo": _dwarfs(metal_poor=True),
        "da": _white_dwarfs(_HYDROGEN),
        "db": _white_dwarfs(_HELIUM),
    }
