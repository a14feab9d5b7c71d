"""Number counts that bend: a double power law beside a single one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

__all__ = ["DoublePowerLaw", "fit_double_power_law"]


@dataclass(frozen=True)
class DoublePowerLaw:
    """Counts that rise steeply at the bright end and less beyond a magnitude.

    Attributes
    ----------
    log10_norm : float
        log10 of the counts per bin where the two laws cross, times two.
    mag_bend : float
        Magnitude of the bend [mag].
    bright_slope, faint_slope : float
        d log10 N / d mag at the two ends.
    gain : float
        By how much 2 ln(likelihood) beats that of a single power law. It has two parameters more,
        for which the Bayesian information criterion asks 2 ln k, with k bins.
    """

    log10_norm: float
    mag_bend: float
    bright_slope: float
    faint_slope: float
    gain: float

    def counts(self, mag: ArrayLike) -> np.ndarray:
        """Counts per bin of the fit.

        Parameters
        ----------
        mag : array_like, shape (k,)
            Bin centers [mag].

        Returns
        -------
        ndarray, shape (k,)
        """
        parameters = (self.log10_norm, self.mag_bend, self.bright_slope, self.faint_slope)
        return np.exp(_log_counts(parameters, np.asarray(mag, dtype=float)))


def _log_counts(parameters, mag):
    norm, bend, bright, faint = parameters
    x = (mag - bend) * np.log(10)
    return norm * np.log(10) - np.logaddexp(-bright * x, -faint * x)


def _likelihood(log_counts, n):
    """2 ln of the Poisson likelihood."""
    return 2 * float(np.sum(n * log_counts - np.exp(log_counts) - special.gammaln(n + 1)))


def fit_double_power_law(mag: ArrayLike, n: ArrayLike) -> DoublePowerLaw:
    """Fit N = 2 N* / (10^(-b (m - m*)) + 10^(-f (m - m*))) by Poisson likelihood.

    Parameters
    ----------
    mag : array_like, shape (k,)
        Bin centers [mag], k at least 5.
    n : array_like, shape (k,)
        Objects per bin: whole counts, not densities. Bins of equal width and complete.

    Returns
    -------
    DoublePowerLaw

    Raises
    ------
    ValueError
        If there are fewer than five bins, or counts are negative or missing.

    Notes
    -----
    The bend is searched on a grid within the bins, since the likelihood may have two maxima; the
    three other parameters and at last all four follow by descent.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 6 and Fig. 11 (the fit's numbers were not recovered).

    Examples
    --------
    >>> mag = np.arange(16.0, 21.0, 0.25)
    >>> true = DoublePowerLaw(3.0, 18.5, 0.9, 0.3, 0.0)
    >>> fit = fit_double_power_law(mag, np.round(true.counts(mag)))
    >>> round(fit.mag_bend, 1), round(fit.bright_slope, 1), round(fit.faint_slope, 1)
    (18.5, 0.9, 0.3)
    """
    mag, n = np.asarray(mag, dtype=float), np.asarray(n, dtype=float)
    if mag.shape != n.shape or mag.ndim != 1 or len(mag) < 5:
        raise ValueError(
            f"A double power law needs at least five bins with one count each; got shapes "
            f"{mag.shape} and {n.shape}."
        )
    if not (np.isfinite(mag).all() and np.isfinite(n).all() and (n >= 0).all() and n.sum() > 0):
        raise ValueError("Counts must be finite, not negative, and not all zero.")

    def worse(p):
        return -_likelihood(_log_counts(p, mag), n)

    line = np.polyfit(mag, np.log10(n + 0.5), 1)
    best: Any = None
    for bend in np.linspace(mag[1], mag[-2], 9):
        level = np.polyval(line, bend) + np.log10(2)
        start = (level, bend, line[0] + 0.2, line[0] - 0.2)
        options = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-6, "fatol": 1e-8}
        found = optimize.minimize(worse, start, method="Nelder-Mead", options=options)
        if best is None or found.fun < best.fun:
            best = found
    norm, bend, a, b = best.x
    single = optimize.minimize(
        lambda p: -_likelihood((p[0] + p[1] * (mag - mag.mean())) * np.log(10), n),
        (np.polyval(line, mag.mean()), line[0]),
        method="Nelder-Mead",
        options={"maxiter": 4000, "xatol": 1e-8, "fatol": 1e-8},
    )
    return DoublePowerLaw(
        float(norm), float(bend), float(max(a, b)), float(min(a, b)), float(single.fun - best.fun)
    )
