"""Cuts that come before any model of a quasar, and chains of cuts that count what each one leaves.

Every cut has ``contains(frame)`` (which sources pass) and ``explain(frame)`` (why one does not). A
`SelectionChain` asks its steps in turn, each only about the sources that are left, and is itself a
selector for `select_frame`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qsolearn.bands import check_bands
from qsolearn.errors import CatalogError, nearest_names

__all__ = ["QualityCut", "SNRCut", "SelectionChain", "rejected_by"]


class SNRCut:
    """Sources whose signal-to-noise ratio is above a limit in every one of some bands.

    Parameters
    ----------
    limits : dict of str to float
        Band and the limit, which must be exceeded.

    Attributes
    ----------
    limits : dict
    bands : list of str

    Raises
    ------
    CatalogError
        If a band is unknown or a limit is not a positive number.

    Notes
    -----
    The ratio is the reciprocal of the magnitude error, as Kim et al. 2024 define it; the ratio of
    flux to flux error is 8.6 % larger (`qsolearn.photometry.snr_from_error`). A missing band and an
    upper limit have no error and do not pass.

    Examples
    --------
    >>> frame = pd.DataFrame({"mag_kmt_i": [20.0, 20.0], "err_kmt_i": [0.1, 0.3]})
    >>> SNRCut({"kmt_i": 5}).contains(frame)
    array([ True, False])
    """

    def __init__(self, limits: dict[str, float]) -> None:
        try:
            self.bands = check_bands(limits)
        except ValueError as error:
            raise CatalogError(str(error)) from None
        self.limits = {band: float(limits[band]) for band in self.bands}
        for band, limit in self.limits.items():
            if not (np.isfinite(limit) and limit > 0):
                raise CatalogError(f"The S/N limit of {band} is {limit:g}; it must be positive.")

    def _low(self, frame):
        """Per band: not above the limit, and not measured, each shape (n, bands)."""
        low, gone = [], []
        for band, limit in self.limits.items():
            error = _column(frame, f"err_{band}").to_numpy(dtype=float, na_value=np.nan)
            if f"limit_{band}" in frame:
                is_limit = frame[f"limit_{band}"].to_numpy(dtype=bool, na_value=False)
                error = np.where(is_limit, np.nan, error)
            known = np.isfinite(error) & (error > 0)
            gone.append(~known)
            low.append(known & ~(1.0 / np.where(known, error, 1.0) > limit))
        return np.column_stack(low), np.column_stack(gone)

    def contains(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether each source passes.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        ndarray of bool, shape (n,)

        Raises
        ------
        CatalogError
            If an error column is absent.
        """
        low, gone = self._low(frame)
        return ~(low | gone).any(axis=1)

    def explain(self, frame: pd.DataFrame) -> np.ndarray:
        """Which bands are too noisy or not detected.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        ndarray of str, shape (n,)
            "passes", or what rejects the source.
        """
        low, gone = self._low(frame)
        names = [f"{band} (limit {limit:g})" for band, limit in self.limits.items()]
        return _sentences([("S/N too low: ", names, low), ("not detected: ", self.bands, gone)])

    def to_state(self) -> tuple[dict, dict]:
        """What the cut consists of, for saving.

        Returns
        -------
        values, arrays : dict
        """
        return {"limits": self.limits}, {}

    @classmethod
    def from_state(cls, values: dict, arrays: dict | None = None) -> SNRCut:
        """Make the cut again: the inverse of `to_state`.

        Parameters
        ----------
        values : dict
            As `to_state` gave it.
        arrays : dict, optional
            Not used.

        Returns
        -------
        SNRCut
        """
        return cls(values["limits"])


class QualityCut:
    """Sources that are not flagged and were exposed often enough.

    Parameters
    ----------
    flag : str, optional
        Column that is null, empty, 0 or False for good sources.
    exposures : dict of str to int
        Column with a number of exposures, and the smallest number that is enough.

    Attributes
    ----------
    flag, exposures
        As given.
    bands : list of str
        Empty: no magnitude is looked at.

    Notes
    -----
    A missing number of exposures does not pass.

    Examples
    --------
    >>> frame = pd.DataFrame({"ssflag": [None, "crosstalk"], "ndith_kmt_i": [4, 5]})
    >>> QualityCut(flag="ssflag", exposures={"ndith_kmt_i": 4}).contains(frame)
    array([ True, False])
    """

    bands = ()

    def __init__(self, *, flag: str | None = None, exposures: dict[str, int] | None = None) -> None:
        self.flag, self.exposures = flag, dict(exposures or {})

    def _bad(self, frame):
        few = np.zeros((len(frame), len(self.exposures)), dtype=bool)
        for k, (name, least) in enumerate(self.exposures.items()):
            number = _column(frame, name).to_numpy(dtype=float, na_value=np.nan)
            few[:, k] = ~(number >= least)
        flagged = np.zeros((len(frame), int(self.flag is not None)), dtype=bool)
        if self.flag is not None:
            value = _column(frame, self.flag)
            flagged[:, 0] = ~(value.isna() | value.isin(["", 0, False])).to_numpy()
        return flagged, few

    def contains(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether each source passes.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows

        Returns
        -------
        ndarray of bool, shape (n,)

        Raises
        ------
        CatalogError
            If a column is absent.
        """
        return np.logical_not(np.hstack(self._bad(frame)).any(axis=1))

    def explain(self, frame: pd.DataFrame) -> np.ndarray:
        """What is wrong with each source.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows

        Returns
        -------
        ndarray of str, shape (n,)
            "passes", or what rejects the source.
        """
        flagged, few = self._bad(frame)
        names = [f"{name} (least {least})" for name, least in self.exposures.items()]
        return _sentences([("flagged: ", [self.flag], flagged), ("too few: ", names, few)])


class SelectionChain:
    """Steps that a source must pass one after another.

    Parameters
    ----------
    steps : dict of str to step
        Name and step, in order. A step has ``bands``, ``contains(frame)`` and ``explain(frame)``,
        such as `QualityCut`, `SNRCut` and `ColorWedge`, or it has ``select(frame)``, such as
        `SEDClassifier` or another chain.

    Attributes
    ----------
    steps : dict
    bands : list of str
        Bands of all steps together.
    classes_, quasar_classes_
        "QSO" for those that pass, "other" for the rest.

    Raises
    ------
    CatalogError
        If there is no step.

    Notes
    -----
    A later step is asked only about the sources that are left, so the expensive ones come last.

    Examples
    --------
    >>> from qsolearn.selection import KIM2024_WEDGE
    >>> chain = SelectionChain({"S/N": SNRCut({"wise_w3": 2}), "color": KIM2024_WEDGE})
    >>> chain.bands
    ['wise_w3', 'wise_w1', 'wise_w2', 'kmt_b']
    """

    classes_ = np.array(["QSO", "other"])
    quasar_classes_ = ("QSO",)

    def __init__(self, steps: dict[str, Any]) -> None:
        self.steps = dict(steps)
        if not self.steps:
            raise CatalogError("A chain needs at least one step.")
        bands = (getattr(s, "bands_", s.bands) or () for s in self.steps.values())
        self.bands = list(dict.fromkeys(b for own in bands for b in own))

    def _run(self, frame):
        """Ask each step once: sources left after each, reasons, redshifts."""
        left = np.ones(len(frame), dtype=bool)
        passes, reason = {}, np.full(len(frame), "passes", dtype=object)
        z_phot = np.full(len(frame), np.nan)
        for name, step in self.steps.items():
            asked = np.flatnonzero(left)
            if len(asked):
                part = frame.iloc[asked]
                if hasattr(step, "select"):
                    result = step.select(part)
                    kept, why = result["is_candidate"].to_numpy(), result["reason"].to_numpy()
                    z_phot[asked] = result["z_phot"]
                    reason[asked[kept]] = [f"{name}: {text}" for text in why[kept]]
                    why = why[~kept]
                else:
                    kept = step.contains(part)
                    why = step.explain(part[~kept]) if not kept.all() else []
                reason[asked[~kept]] = [f"{name}: {text}" for text in why]
                left = left.copy()
                left[asked] = kept
            passes[name] = left
        return pd.DataFrame(passes, index=frame.index), reason, np.where(left, z_phot, np.nan)

    def passes(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Which sources are left after each step.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        pandas.DataFrame of bool, shape (n, number of steps), same index
        """
        return self._run(frame)[0]

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Candidates of a frame: what `select_frame` returns.

        Parameters
        ----------
        frame : pandas.DataFrame, n rows
            A photometric frame.

        Returns
        -------
        pandas.DataFrame, n rows, same index
            ``P_QSO`` (1 for those that pass all steps, else 0), ``selected_class``,
            ``is_candidate``, ``reason`` (the first step that rejects the source, and what it
            says), ``z_phot`` (of the last step that gives one; NaN for a rejected source).
        """
        passes, reason, z_phot = self._run(frame)
        inside = passes.iloc[:, -1].to_numpy()
        return pd.DataFrame(
            {
                "P_QSO": inside.astype(float),
                "selected_class": np.where(inside, *self.classes_).astype(object),
                "is_candidate": inside,
                "reason": reason,
                "z_phot": z_phot,
            },
            index=frame.index,
        )


def rejected_by(passes: pd.DataFrame) -> np.ndarray:
    """Name of the step that rejects each source.

    Parameters
    ----------
    passes : pandas.DataFrame of bool, shape (n, number of steps)
        As `SelectionChain.passes` gives it.

    Returns
    -------
    ndarray of str, shape (n,)
        "" for a source that passes all.

    Examples
    --------
    >>> rejected_by(pd.DataFrame({"S/N": [True, False], "color": [True, False]})).tolist()
    ['', 'S/N']
    """
    table = passes.to_numpy()
    names = np.array([*passes.columns, ""], dtype=object)
    return names[np.where(table.all(axis=1), table.shape[1], np.argmin(table, axis=1))]


def _column(frame, name):
    if name not in frame:
        raise CatalogError(
            f"The catalog has no column {name!r}, which a cut needs; "
            f"{nearest_names(name, frame.columns)}."
        )
    return frame[name]


def _sentences(groups):
    """One text per row from (beginning, names, which apply (n, names)); rows share few patterns."""
    flags = np.hstack([which for _, _, which in groups])
    patterns, place = np.unique(flags, axis=0, return_inverse=True)
    texts = []
    for row in patterns:
        parts, start = [], 0
        for beginning, names, which in groups:
            own = row[start : start + which.shape[1]]
            start += which.shape[1]
            if own.any():
                parts.append(
                    beginning + ", ".join(n for n, yes in zip(names, own, strict=False) if yes)
                )
        texts.append("; ".join(parts) or "passes")
    return np.asarray(texts, dtype=object)[place.ravel()]
