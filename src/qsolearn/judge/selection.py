"""Completeness, efficiency and false-positive rate of a selection, with intervals and class mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from qsolearn.judge.estimate import LEVEL, Estimate, proportion

__all__ = [
    "SelectionReport",
    "class_labels",
    "completeness",
    "efficiency",
    "false_positive_rate",
    "is_quasar_class",
    "selection_report",
]


def class_labels(labels: ArrayLike) -> pd.Series:
    """Labels as text: 3.0 becomes "3", a missing label "".

    Parameters
    ----------
    labels : array_like, shape (n,)
        Labels of any kind; a whole number read as a float is meant as the integer.

    Returns
    -------
    pandas.Series of str, shape (n,)

    Examples
    --------
    >>> class_labels([1.0, 3.0, None]).tolist()
    ['1', '3', '']
    """

    def text(value):
        if pd.isna(value):
            return ""
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if whole else str(value)

    return pd.Series(np.asarray(labels, dtype=object)).map(text)


def is_quasar_class(labels: ArrayLike) -> np.ndarray:
    """Which labels name quasars: those that begin with "qso" or "quasar", in any case.

    Parameters
    ----------
    labels : array_like of str, shape (n,)
        Class labels.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> is_quasar_class(["QSOhighZ", "Star", "quasar"]).tolist()
    [True, False, True]
    """
    text = class_labels(labels).str.lower()
    return text.str.startswith(("qso", "quasar")).to_numpy(dtype=bool)


def _checked(is_quasar, selected):
    is_quasar, selected = np.asarray(is_quasar), np.asarray(selected)
    if is_quasar.shape != selected.shape or is_quasar.ndim != 1:
        raise ValueError(
            "Truth and selection must be one-dimensional and equally long; got shapes "
            f"{is_quasar.shape} and {selected.shape}."
        )
    for name, values in (("Truth", is_quasar), ("Selection", selected)):
        if values.dtype != bool:
            raise ValueError(f"{name} must be boolean (quasar or not), not {values.dtype}.")
    return is_quasar, selected


def _percent(share):
    """Share in percent with as many digits as tell it from 0 and 100 %."""
    return f"{100 * share:.3g}%" if share < 0.995 else f"{100 * share:.4g}%"


@dataclass(frozen=True)
class SelectionReport:
    """What a selection found and what it let in.

    Attributes
    ----------
    n_quasars, n_others : int
        True quasars and all other sources that were judged.
    found : int
        Quasars that were selected.
    false : int
        Others that were selected.
    level : float
        Probability content of the intervals.
    """

    n_quasars: int
    n_others: int
    found: int
    false: int
    level: float = LEVEL

    @property
    def completeness(self) -> Estimate:
        """Selected quasars / all quasars (recall)."""
        return proportion(self.found, self.n_quasars, self.level)

    @property
    def false_positive_rate(self) -> Estimate:
        """Selected others / all others (FPR)."""
        return proportion(self.false, self.n_others, self.level)

    @property
    def efficiency(self) -> Estimate:
        """Selected quasars / all selected (precision), in the class mix of this sample."""
        return proportion(self.found, self.found + self.false, self.level)

    @property
    def other_fraction(self) -> float:
        """Share of non-quasars in this sample, the class mix of `efficiency`."""
        return self.n_others / (self.n_quasars + self.n_others)

    def efficiency_at(self, other_fraction: float) -> Estimate:
        """Efficiency that the same selection would have in another class mix.

        Parameters
        ----------
        other_fraction : float
            Share of non-quasars, between 0 and 1.

        Returns
        -------
        Estimate

        Raises
        ------
        ValueError
            If the share is not between 0 and 1.

        Notes
        -----
        With completeness C, false-positive rate F and share f, E = C (1 - f) / (C (1 - f) + F f).
        The interval is that of the log odds, log F - log C, from the two binomial errors (with
        half an object added to each count, so that none is zero). It holds when the quasars and
        the others of the new mix look like those judged here.

        Examples
        --------
        >>> report = SelectionReport(n_quasars=1000, n_others=1000, found=950, false=20)
        >>> round(report.efficiency, 3), round(report.efficiency_at(0.88), 3)
        (0.979, 0.866)
        """
        f = float(other_fraction)
        if not 0 <= f <= 1:
            raise ValueError(f"A class mix is a share between 0 and 1, not {other_fraction}.")
        n = self.n_quasars + self.n_others
        c, r = float(self.completeness), float(self.false_positive_rate)
        selected = c * (1 - f) + r * f
        value = c * (1 - f) / selected if selected > 0 else np.nan
        if f in (0.0, 1.0) or not np.isfinite(value):
            return Estimate(value, value, value, n)
        c_plus = (self.found + 0.5) / (self.n_quasars + 1)
        r_plus = (self.false + 0.5) / (self.n_others + 1)
        sigma = np.sqrt((1 - c_plus) / (self.found + 0.5) + (1 - r_plus) / (self.false + 0.5))
        center = np.log(c_plus * (1 - f)) - np.log(r_plus * f)
        reach = stats.norm.ppf(0.5 + self.level / 2) * sigma
        low, high = 1 / (1 + np.exp(-(center + np.array([-reach, reach]))))
        return Estimate(value, min(low, value), max(high, value), n)

    def table(self, other_fractions: Sequence[float] = ()) -> pd.DataFrame:
        """All rates as a table.

        Parameters
        ----------
        other_fractions : sequence of float
            Further class mixes (share of non-quasars) for the efficiency.

        Returns
        -------
        pandas.DataFrame
            Columns value, low, high, n; one row per rate, each efficiency named with its mix.
        """
        rows = {
            "completeness": self.completeness,
            "false-positive rate": self.false_positive_rate,
            f"efficiency at {_percent(self.other_fraction)} others (this sample)": self.efficiency,
        }
        for f in other_fractions:
            rows[f"efficiency at {_percent(f)} others"] = self.efficiency_at(f)
        return pd.DataFrame({name: e.to_dict() for name, e in rows.items()}).T.astype({"n": int})


def selection_report(
    is_quasar: ArrayLike, selected: ArrayLike, level: float = LEVEL
) -> SelectionReport:
    """Judge a selection against the truth.

    Parameters
    ----------
    is_quasar : array_like of bool, shape (n,)
        Truth.
    selected : array_like of bool, shape (n,)
        What was selected. A source that could not be judged is not selected.
    level : float
        Probability content of the intervals.

    Returns
    -------
    SelectionReport

    Raises
    ------
    ValueError
        If the two are not boolean and equally long.

    Examples
    --------
    >>> report = selection_report([True, True, False, False], [True, False, False, False])
    >>> report.found, report.false
    (1, 0)
    """
    q, s = _checked(is_quasar, selected)
    return SelectionReport(
        int(q.sum()), int((~q).sum()), int((q & s).sum()), int((~q & s).sum()), level
    )


def completeness(
    is_quasar: ArrayLike,
    selected: ArrayLike,
    by: ArrayLike | None = None,
    bins: ArrayLike | None = None,
    level: float = LEVEL,
) -> Estimate | pd.DataFrame:
    """Share of the quasars that was selected, whole or in bins.

    Parameters
    ----------
    is_quasar, selected : array_like of bool, shape (n,)
        Truth and selection.
    by : array_like, shape (n,), optional
        Quantity to bin by, such as magnitude [mag] or redshift; NaN is in no bin.
    bins : array_like, shape (k + 1,), optional
        Bin edges; each bin holds its lower edge, the last also its upper.
    level : float
        Probability content of the intervals.

    Returns
    -------
    Estimate, or pandas.DataFrame with columns low_edge, high_edge, n, value, low, high

    Raises
    ------
    ValueError
        If shapes differ, or only one of ``by`` and ``bins`` is given.

    Examples
    --------
    >>> completeness([True, True], [True, False])
    0.5 (0.06 to 0.94, n = 2)
    """
    q, s = _checked(is_quasar, selected)
    return _rate(s, q, by, bins, level)


def efficiency(
    is_quasar: ArrayLike,
    selected: ArrayLike,
    by: ArrayLike | None = None,
    bins: ArrayLike | None = None,
    level: float = LEVEL,
) -> Estimate | pd.DataFrame:
    """Share of the selected that are quasars, whole or in bins, in this sample's class mix.

    Parameters
    ----------
    is_quasar, selected, by, bins, level
        As for `completeness`.

    Returns
    -------
    Estimate, or pandas.DataFrame with columns low_edge, high_edge, n, value, low, high

    Examples
    --------
    >>> efficiency([True, True, False], [True, False, True])
    0.5 (0.06 to 0.94, n = 2)
    """
    q, s = _checked(is_quasar, selected)
    return _rate(q, s, by, bins, level)


def false_positive_rate(
    is_quasar: ArrayLike,
    selected: ArrayLike,
    by: ArrayLike | None = None,
    bins: ArrayLike | None = None,
    level: float = LEVEL,
) -> Estimate | pd.DataFrame:
    """Share of the others that was selected, whole or in bins.

    Parameters
    ----------
    is_quasar, selected, by, bins, level
        As for `completeness`.

    Returns
    -------
    Estimate, or pandas.DataFrame with columns low_edge, high_edge, n, value, low, high

    Examples
    --------
    >>> float(false_positive_rate([True, False, False], [True, False, True]))
    0.5
    """
    q, s = _checked(is_quasar, selected)
    return _rate(s, ~q, by, bins, level)


def _rate(hit, base, by, bins, level):
    if (by is None) != (bins is None):
        raise ValueError("Give both 'by' and 'bins', or neither.")
    if by is None:
        return proportion(np.sum(hit & base), np.sum(base), level)
    by, bins = np.asarray(by, dtype=float), np.asarray(bins, dtype=float)
    if by.shape != hit.shape:
        raise ValueError(f"'by' has shape {by.shape}; the selection has {hit.shape}.")
    if bins.ndim != 1 or len(bins) < 2 or np.any(np.diff(bins) <= 0):
        raise ValueError("Bin edges must be at least two and increase.")
    n, _ = np.histogram(by[base & np.isfinite(by)], bins)
    k, _ = np.histogram(by[base & hit & np.isfinite(by)], bins)
    rates = [proportion(a, b, level) for a, b in zip(k, n, strict=True)]
    return pd.DataFrame(
        {
            "low_edge": bins[:-1],
            "high_edge": bins[1:],
            "n": n,
            "value": [float(r) for r in rates],
            "low": [r.low for r in rates],
            "high": [r.high for r in rates],
        }
    )
