"""A number that carries its interval."""

from __future__ import annotations

import numpy as np
from scipy import stats

__all__ = ["LEVEL", "Estimate", "proportion"]

#: Probability content of every interval unless another is asked for.
LEVEL = 0.95


class Estimate(float):
    """A float with an interval and the number of objects behind it.

    It behaves as a float in every calculation.

    Parameters
    ----------
    value, low, high : float
        Best value and the ends of the interval.
    n : int
        Number of objects that the value was computed from.

    Attributes
    ----------
    low, high, n
        As given.

    Examples
    --------
    >>> Estimate(0.5, 0.4, 0.6, 100)
    0.5 (0.4 to 0.6, n = 100)
    >>> Estimate(0.5, 0.4, 0.6, 100) + 1
    1.5
    """

    low: float
    high: float
    n: int

    def __new__(cls, value, low, high, n):
        """Make the float and hang the interval on it."""
        self = super().__new__(cls, value)
        self.low, self.high, self.n = float(low), float(high), int(n)
        return self

    def __reduce__(self):
        """Copy with the interval."""
        return Estimate, (float(self), self.low, self.high, self.n)

    def __repr__(self):
        """Value, interval and number, rounded to what the interval supports."""
        width = self.high - self.low
        digits = 3
        if np.isfinite(width) and width > 0:
            digits = int(np.clip(1 - np.floor(np.log10(width)), 1, 6))
        value, low, high = (f"{round(x, digits):g}" for x in (float(self), self.low, self.high))
        return f"{value} ({low} to {high}, n = {self.n})"

    __str__ = __repr__

    def __format__(self, spec):
        """Format the value alone with a format; the whole without one."""
        return format(float(self), spec) if spec else repr(self)

    def to_dict(self) -> dict:
        """Value, interval and number as plain floats, for a result file.

        Returns
        -------
        dict
        """
        return {"value": float(self), "low": self.low, "high": self.high, "n": self.n}


def proportion(k: int, n: int, level: float = LEVEL) -> Estimate:
    """Share k / n with its interval.

    Parameters
    ----------
    k : int
        Number of successes.
    n : int
        Number of trials; 0 gives NaN with the interval 0 to 1.
    level : float
        Probability content of the interval.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If not 0 <= k <= n.

    Notes
    -----
    Jeffreys interval: quantiles of Beta(k + 1/2, n - k + 1/2), closed at 0 for k = 0 and at 1 for
    k = n. It is never empty and never leaves [0, 1], also for few objects.

    References
    ----------
    Brown, Cai & DasGupta 2001, Statistical Science 16, 101.

    Examples
    --------
    >>> proportion(107, 121)
    0.88 (0.82 to 0.93, n = 121)
    """
    k, n = int(k), int(n)
    if not 0 <= k <= n:
        raise ValueError(f"A share needs 0 <= k <= n; got k = {k}, n = {n}.")
    if n == 0:
        return Estimate(np.nan, 0.0, 1.0, 0)
    tail = (1 - level) / 2
    low, high = stats.beta.ppf([tail, 1 - tail], k + 0.5, n - k + 0.5)
    return Estimate(k / n, 0.0 if k == 0 else low, 1.0 if k == n else high, n)
