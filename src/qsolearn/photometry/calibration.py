"""From instrumental to calibrated magnitudes, and from one filter system to another.

References
----------
Kim et al. 2024, arXiv 2410.17187, Sect. 2 (calibration); Jester et al. 2005, AJ 130, 873 (i').
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.photometry.magnitudes import vega_from_ab

__all__ = [
    "ZeroPoint",
    "jester2005_i",
    "kmtnet_from_references",
    "sdss_i_from_kmtnet",
    "zero_point",
]


def kmtnet_from_references(
    *,
    b_apass: ArrayLike,
    v_apass: ArrayLike,
    r_apass: ArrayLike,
    i_apass: ArrayLike,
    i_smss: ArrayLike,
    z_smss: ArrayLike,
) -> np.ndarray:
    """Magnitudes of stars in the KMTNet bands, from APASS and SkyMapper.

    Parameters
    ----------
    b_apass, v_apass : array_like, shape (n,)
        Johnson B and V of APASS [Vega mag].
    r_apass, i_apass : array_like, shape (n,)
        Sloan r and i of APASS [AB mag].
    i_smss, z_smss : array_like, shape (n,)
        i and z of SkyMapper [AB mag].

    Returns
    -------
    ndarray, shape (n, 4)
        B, V, R, I [AB mag]; NaN where an input is NaN.

    Notes
    -----
    .. math::

        B &= B_A - 0.06 - 0.27 (B_A - V_A) \\\\
        V &= V_A + 0.02 \\\\
        R &= r_A + 0.0383 - 0.3718 (r_A - i_A) \\\\
        I &= i_S + 0.011 - 0.243 (i_S - z_S)

    The constants of B and V carry the step from Vega to AB with them.

    References
    ----------
    Kim et al. 2024, arXiv 2410.17187, Sect. 2.

    Examples
    --------
    >>> kmtnet_from_references(b_apass=[15.0], v_apass=[14.4], r_apass=[14.2], i_apass=[14.0],
    ...                        i_smss=[14.0], z_smss=[13.9])
    array([[14.778  , 14.42   , 14.16394, 13.9867 ]])
    """
    b, v, r, i, i_s, z_s = (
        np.asarray(m, dtype=float) for m in (b_apass, v_apass, r_apass, i_apass, i_smss, z_smss)
    )
    return np.stack(
        [
            b - 0.06 - 0.27 * (b - v),
            v + 0.02,
            r + 0.0383 - 0.3718 * (r - i),
            i_s + 0.011 - 0.243 * (i_s - z_s),
        ],
        axis=-1,
    )


@dataclass(frozen=True)
class ZeroPoint:
    """Zero point of an image.

    Attributes
    ----------
    value, error : float
        To be added to the instrumental magnitudes, and its standard error [mag].
    n_used, n_clipped : int
        Stars that were used, and stars that were thrown out.
    """

    value: float
    error: float
    n_used: int
    n_clipped: int


def zero_point(instrumental: ArrayLike, reference: ArrayLike, *, clip: float = 3.0) -> ZeroPoint:
    """Zero point from stars of known magnitude, robust against variable and blended ones.

    Parameters
    ----------
    instrumental : array_like, shape (n,)
        Magnitudes -2.5 log10(counts) [mag]; NaN is left out.
    reference : array_like, shape (n,)
        Magnitudes of the same stars in the same filter [AB mag]; NaN is left out.
    clip : float
        Stars farther than this many NMAD from the median are thrown out, until none is.

    Returns
    -------
    ZeroPoint

    Raises
    ------
    ValueError
        If the two differ in length or fewer than three stars have both.

    Notes
    -----
    The value is the median of reference - instrumental, its error 1.2533 standard deviations over
    the root of the number, as for the median of Gaussian values.

    Examples
    --------
    >>> found = zero_point([-10.0, -9.0, -8.0, -7.0], [20.0, 21.01, 21.99, 28.0])
    >>> found.value, found.n_clipped
    (30.0, 1)
    """
    instrumental, reference = (np.asarray(m, dtype=float) for m in (instrumental, reference))
    if instrumental.shape != reference.shape or instrumental.ndim != 1:
        raise ValueError(
            f"There are {instrumental.size} instrumental and {reference.size} reference "
            "magnitudes; give one of each per star."
        )
    offset = reference - instrumental
    known = offset = offset[np.isfinite(offset)]
    if len(offset) < 3:
        raise ValueError(
            f"{len(offset)} of the stars have both magnitudes; a zero point needs at least three."
        )
    while True:
        median = np.median(offset)
        width = 1.4826 * np.median(np.abs(offset - median))
        near = np.abs(offset - median) <= clip * max(width, 1e-12)
        if near.all():
            break
        offset = offset[near]
    error = 1.2533 * np.std(offset, ddof=1) / np.sqrt(len(offset)) if len(offset) > 1 else np.nan
    return ZeroPoint(float(median), float(error), len(offset), len(known) - len(offset))


def jester2005_i(b: ArrayLike, v: ArrayLike, r: ArrayLike, i: ArrayLike) -> np.ndarray:
    """SDSS i of quasars at z < 2.1 from Johnson-Cousins magnitudes.

    Parameters
    ----------
    b, v, r, i : array_like, shape (n,)
        Magnitudes B, V, R, I, on the Vega system in which the relation was derived [Vega mag].

    Returns
    -------
    ndarray, shape (n,)
        SDSS i [AB mag]; NaN where an input is NaN.

    Notes
    -----
    .. math:: i' = V - 0.19 (B - V) - 0.90 (R - I) + 0.18

    References
    ----------
    Jester et al. 2005, AJ 130, 873, Table 1; as combined by Kim et al. 2024 for Fig. 6.

    Examples
    --------
    >>> jester2005_i([19.2], [19.0], [18.8], [18.4]).round(3)
    array([18.782])
    """
    b, v, r, i = (np.asarray(m, dtype=float) for m in (b, v, r, i))
    return v - 0.19 * (b - v) - 0.90 * (r - i) + 0.18


def sdss_i_from_kmtnet(mag: ArrayLike) -> np.ndarray:
    """SDSS i of quasars at z < 2.1 from KMTNet magnitudes, moved to Vega first.

    Parameters
    ----------
    mag : array_like, shape (n, 4)
        B, V, R, I of KMTNet [AB mag].

    Returns
    -------
    ndarray, shape (n,)
        SDSS i [AB mag]; NaN where a magnitude is.

    Notes
    -----
    Putting AB magnitudes into `jester2005_i` as they are makes i' 0.26 mag too faint, whatever the
    colors: the relation is linear, so the zero points add up to a constant. That is a factor of
    1.65 in number counts with a slope of 0.85.

    Examples
    --------
    >>> mag = [[19.1, 19.0, 18.9, 18.8]]
    >>> (jester2005_i(*zip(*mag)) - sdss_i_from_kmtnet(mag)).round(3)
    array([0.257])
    """
    mag = np.asarray(mag, dtype=float)
    bands = ("kmt_b", "kmt_v", "kmt_r", "kmt_i")
    return jester2005_i(*(vega_from_ab(mag[..., k], band) for k, band in enumerate(bands)))
