"""Redshift, its range and its probability from chi2 by redshift."""

from __future__ import annotations

import numpy as np

__all__ = ["redshift_summary"]

#: Probability that the range of redshift holds: 68.3 %, half of the rest on either side.
_TAIL = 0.1585
#: Half width of the neighborhood of z_phot, in units of 1 + z_phot.
_NEAR = 0.1


def redshift_summary(
    z: np.ndarray, profile: np.ndarray, best: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Redshift of the best model, and how sure it is.

    Parameters
    ----------
    z : ndarray, shape (nz,)
        Redshifts.
    profile : ndarray, shape (n, nz)
        chi2 of the best model at each redshift.
    best : ndarray of int, shape (n,)
        Index of the redshift of the best model.

    Returns
    -------
    z_phot, z_low, z_high, probability : ndarray, shape (n,)

    Notes
    -----
    p(z) ~ exp(-chi2(z) / 2), flat in z; the range holds its central 68.3 %, the probability is
    the share within 0.1 (1 + z_phot) of z_phot.

    Examples
    --------
    >>> z = np.linspace(0, 6, 601)
    >>> chi2 = ((z - 2.0) / 0.1) ** 2
    >>> [v.round(2).tolist() for v in redshift_summary(z, chi2[None], np.array([200]))]
    [[2.0], [1.9], [2.1], [1.0]]
    """
    p = np.exp(-0.5 * (profile - profile.min(axis=1, keepdims=True)), dtype=float)
    cumulative = np.cumsum(p, axis=1)
    cumulative /= cumulative[:, [-1]]
    low = z[np.argmax(cumulative >= _TAIL, axis=1)]
    high = z[np.argmax(cumulative >= 1 - _TAIL, axis=1)]
    at = z[best]
    near = np.abs(z - at[:, None]) <= _NEAR * (1 + at[:, None])
    return at, low, high, np.sum(p * near, axis=1) / p.sum(axis=1)
