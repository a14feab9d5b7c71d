"""Fit the luminosity function to counts of candidates, by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special, stats

from qsolearn.census.cells import Cells, Prediction
from qsolearn.errors import CatalogError
from qsolearn.simulate import LuminosityParameters

__all__ = ["LuminosityFit", "fit_luminosity_function"]

#: Steps of the numerical derivatives, per parameter.
_STEP = 1e-3
_ROUNDS = 60
#: Expected gain of ln likelihood below which a fit has arrived, and the worst condition number.
_ENOUGH, _CONDITION = 1e-4, 1e12
#: Where the profile likelihood is looked at, in errors.
_AWAY = 1.5
#: An error beyond which the counts say nothing of a parameter, and the longest step of one.
_LARGEST = 100.0
_LONGEST = 0.5


@dataclass(frozen=True)
class LuminosityFit:
    """A fitted luminosity function.

    Attributes
    ----------
    parameters : LuminosityParameters
        Most likely ones; those that were not free are as given.
    free : tuple of str
        Names of the fitted parameters.
    covariance : ndarray, shape (f, f)
        From the expected information at the maximum.
    deviance : float
        2 ln of the likelihood that is lost against cells that fit exactly; about as large as
        ``degrees`` if the model is right and the cells are not nearly empty.
    degrees : int
        Cells less free parameters.
    expected : ndarray, shape (k, m)
        Quasars among the candidates of each cell, fitted.
    profile : ndarray, shape (f, 2)
        By how many standard deviations the likelihood falls, all other parameters at their best,
        when a parameter is 1.5 errors below and above its best value; NaN where the others find no
        maximum there.
    """

    parameters: LuminosityParameters
    free: tuple[str, ...]
    covariance: np.ndarray
    deviance: float
    degrees: int
    expected: np.ndarray
    profile: np.ndarray
    _problem: _Problem = field(repr=False)

    @property
    def best(self) -> np.ndarray:
        """Values of the free parameters, shape (f,)."""
        return np.array([getattr(self.parameters, name) for name in self.free])

    def table(self, levels: Sequence[float] = (0.6827, 0.95)) -> pd.DataFrame:
        """Values, errors and intervals.

        Parameters
        ----------
        levels : sequence of float
            Probability contents, at most 0.997.

        Returns
        -------
        pandas.DataFrame, one row per free parameter
            ``value``, ``error`` and, per level, ``low`` and ``high`` with the level in percent
            behind, such as ``low_95``.

        Notes
        -----
        The ends are where the profile likelihood has fallen by what the level asks for, on the
        parabola through the three places where it is known; infinite where it is not known, since
        the counts do not bound the parameter on that side.
        """
        error = np.sqrt(np.diag(self.covariance))
        out = {"value": self.best, "error": error}
        for level in levels:
            sigmas = stats.norm.ppf(0.5 + level / 2)
            ends = [_reach(down, up, sigmas) for down, up in self.profile]
            low, high = np.array(ends).T
            out[f"low_{100 * level:.0f}"] = self.best + low * error
            out[f"high_{100 * level:.0f}"] = self.best + high * error
        return pd.DataFrame(out, index=list(self.free))

    def compare(self, other: LuminosityParameters) -> tuple[float, float]:
        """How much less likely other parameters are, all together.

        Parameters
        ----------
        other : LuminosityParameters
            Such as the true ones.

        Returns
        -------
        loss : float
            2 ln of the likelihood ratio.
        level : float
            Probability content of the joint region of the free parameters that just holds
            ``other``: below 0.95 if it is within the 95 % region.
        """
        loss = self._problem.counts.deviance(self._problem.predict(other)) - self.deviance
        return float(loss), float(stats.chi2.cdf(loss, len(self.free)))

    def shift(self, selection: Callable | Sequence[Callable]) -> pd.Series:
        """By how many errors another selection function would move the parameters.

        Parameters
        ----------
        selection : callable, or sequence of callables
            As for `fit_luminosity_function`, such as `SelectionFunction.resampled`.

        Returns
        -------
        pandas.Series, one entry per free parameter
            Change over error, from one step of the fit.

        Raises
        ------
        CatalogError
            If the selection cannot be used.

        Notes
        -----
        The intervals of `table` take the selection function as known. That is so as long as the
        mean square of the shifts of several resampled ones is far below 1: there, an interval would
        be wider by the root of 1 plus it.
        """
        there = self._problem.predict
        other = _Problem(
            Prediction(there.cells, selection, there.area, there.scatter), self._problem.counts
        )
        slopes = other.slopes(self.parameters, self.free)
        score, _ = other.counts.score(other.predict(self.parameters), slopes)
        step = self.covariance @ score / np.sqrt(np.diag(self.covariance))
        return pd.Series(step, index=list(self.free))


def fit_luminosity_function(
    cells: Cells,
    selection: Callable | Sequence[Callable],
    area_deg2: float,
    *,
    free: Sequence[str] = ("log_phi", "m0", "alpha", "beta"),
    start: LuminosityParameters | None = None,
    scatter: float = 0.0,
) -> LuminosityFit:
    """Fit the double power law of the sky to counted candidates.

    Parameters
    ----------
    cells : Cells
        As `qsolearn.census.count_cells` counts them; it says which kind of redshift.
    selection : callable, or sequence of callables
        `SelectionFunction` of the recipe; for estimated redshifts one per redshift cell.
    area_deg2 : float
        Area that was searched [deg^2].
    free : sequence of str
        Names of the parameters to fit.
    start : LuminosityParameters, optional
        Where to begin, and the values of the parameters that are not free; the published ones.
    scatter : float
        Scatter of the measured about the true magnitudes [mag].

    Returns
    -------
    LuminosityFit

    Raises
    ------
    CatalogError
        If a parameter is unknown, the cells cannot tell the free parameters apart, or the fit does
        not end.

    Notes
    -----
    In a cell with q expected quasars and c expected contaminants, of which the share f has a
    spectrum, the three counts are Poisson with the means f q, f c and (1 - f)(q + c). For every q
    the best c is known in closed form, so that only the luminosity function is searched, by Fisher
    scoring with halved steps. With spectroscopic redshifts only f q is left.

    The selection functions are taken as known; `LuminosityFit.shift` tells whether they were
    measured with enough quasars.

    References
    ----------
    Marshall et al. 1983, ApJ 269, 35 (likelihood of a luminosity function).
    """
    start = LuminosityParameters() if start is None else start
    free = tuple(free)
    unknown = [name for name in free if name not in start.__dataclass_fields__]
    if unknown or not free:
        raise CatalogError(
            f"Free parameters are some of {', '.join(start.__dataclass_fields__)}, not {free}."
        )
    problem = _Problem(Prediction(cells, selection, area_deg2, scatter), _Counts(cells))
    best, expected, loss, information = problem.maximize(start, free)
    covariance = np.linalg.inv(information)
    profile = np.empty((len(free), 2))
    for k in range(len(free)):
        others = [n for n in range(len(free)) if n != k]
        for side, sign in enumerate((-1, 1)):
            # The others begin where a normal likelihood would have them.
            away = sign * _AWAY * covariance[:, k] / np.sqrt(covariance[k, k])
            moved = _moved(best, free, away)
            if others:
                try:
                    found = problem.maximize(moved, [free[n] for n in others])[2]
                except CatalogError:
                    # The others run away: this side has no end.
                    found = np.nan
            else:
                found = problem.counts.deviance(problem.predict(moved))
            profile[k, side] = np.sqrt(np.maximum(found - loss, 0.0))
    return LuminosityFit(
        best, free, covariance, loss, expected.size - len(free), expected, profile, problem
    )


def _moved(parameters, free, step):
    values = {n: float(getattr(parameters, n) + s) for n, s in zip(free, step, strict=True)}
    return replace(parameters, **values)


def _reach(down, up, sigmas):
    """Ends of an interval in errors: the signed root r(x) = a x + b x^2 meets +-sigmas."""
    if np.isnan(down) or np.isnan(up):
        low = -np.inf if np.isnan(down) else -sigmas * _AWAY / down
        high = np.inf if np.isnan(up) else sigmas * _AWAY / up
        return [low, high]
    a, b = (up + down) / (2 * _AWAY), (up - down) / (2 * _AWAY**2)
    ends = []
    for wanted in (-sigmas, sigmas):
        if abs(b) < 1e-9:
            ends.append(wanted / a)
            continue
        root = a**2 + 4 * b * wanted
        # Where the parabola turns before it is there, the slope at its known end goes on.
        side = np.sign(wanted) * _AWAY
        known, slope = a * side + b * side**2, max(a + 2 * b * side, a / 4)
        straight = side + (wanted - known) / slope
        inner = (-a + np.sqrt(max(root, 0.0))) / (2 * b)
        ends.append(inner if abs(inner) <= _AWAY and root > 0 else straight)
    return ends


@dataclass(frozen=True)
class _Problem:
    """What is predicted and what was counted."""

    predict: Prediction
    counts: _Counts

    def maximize(self, start, free):
        """Best parameters, expected counts, deviance and information."""
        here = start
        expected = self.predict(here)
        loss = self.counts.deviance(expected)
        for _ in range(_ROUNDS):
            score, information = self.counts.score(expected, self.slopes(here, free))
            useless = not np.linalg.cond(information) <= _CONDITION
            if useless or np.diag(np.linalg.inv(information)).max() > _LARGEST**2:
                raise CatalogError(
                    f"The cells cannot tell the parameters {', '.join(free)} apart; fit fewer, or "
                    "count in more cells."
                )
            step = np.linalg.solve(information, score)
            # Far from the maximum a full step may leave the range where the model is finite.
            step /= max(1.0, np.abs(step).max() / _LONGEST)
            gain = float(score @ step)
            if gain < _ENOUGH:
                return here, expected, loss, information
            for scale in 0.5 ** np.arange(12):
                tried = _moved(here, free, scale * step)
                found = self.predict(tried)
                new = self.counts.deviance(found)
                # A step that wins next to nothing has gone too far, and the next would come back.
                if np.isfinite(new) and new < loss - 0.1 * scale * gain:
                    break
            else:
                return here, expected, loss, information
            here, expected, loss = tried, found, new
        raise CatalogError(
            f"The fit of {', '.join(free)} did not come to an end; fit fewer parameters."
        )

    def slopes(self, here, free):
        """Derivatives of the expected counts, shape (f, k, m)."""
        out = []
        for k in range(len(free)):
            step = np.zeros(len(free))
            step[k] = _STEP
            up, down = (self.predict(_moved(here, free, s)) for s in (step, -step))
            out.append((up - down) / (2 * _STEP))
        return np.array(out)


class _Counts:
    """The likelihood of the counts, with the contaminants at their best."""

    def __init__(self, cells):
        self.q = cells.quasars.astype(float)
        self.c = cells.contaminants.astype(float)
        self.u = cells.unlabeled.astype(float)
        self.f = np.broadcast_to(cells.share, self.q.shape)
        self.only = not cells.photometric
        self.best = self._loss(*self._saturated())

    def _saturated(self):
        every = self.q + self.c + self.u
        labeled = self.q + self.c
        quasar = np.divide(self.q, labeled, out=np.zeros_like(every), where=labeled > 0)
        # With no spectrum in the cell, contaminants are as good as quasars.
        quasar = np.where(labeled > 0, quasar, 1.0)
        if self.only:
            return np.divide(self.q, self.f), np.zeros_like(every)
        # f and the split are fixed: the means that fit best are the counts themselves.
        return every * quasar, every * (1 - quasar)

    def contaminants(self, q):
        """Best c for given q: c^2 + c (q - U - C) - C q = 0."""
        if self.only:
            return np.zeros_like(q)
        half = (self.u + self.c - q) / 2
        return half + np.sqrt(half**2 + self.c * q)

    def _loss(self, q, c):
        """-2 ln likelihood without constants."""
        f = self.f
        out = f * q - special.xlogy(self.q, f * q)
        if not self.only:
            both = (1 - f) * (q + c)
            out = out + f * c - special.xlogy(self.c, f * c) + both - special.xlogy(self.u, both)
        return 2 * float(out.sum())

    def deviance(self, q):
        """Against the best fit of every cell of its own."""
        return self._loss(q, self.contaminants(q)) - self.best

    def score(self, q, slopes):
        """Derivative of ln likelihood and the expected information in the free parameters."""
        f, c = self.f, self.contaminants(q)
        gradient = self.q / q - f
        per_cell = f / q
        if not self.only:
            both = q + c
            gradient = gradient + self.u / both - (1 - f)
            shared = (1 - f) / both
            # A contaminant rate of zero is known exactly: it takes nothing away.
            own = np.divide(f, c, out=np.full_like(c, np.inf), where=c > 0)
            per_cell = per_cell + shared - shared**2 / (shared + own)
        flat = slopes.reshape(len(slopes), -1)
        return flat @ gradient.ravel(), (flat * per_cell.ravel()) @ flat.T
