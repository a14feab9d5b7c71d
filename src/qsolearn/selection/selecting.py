"""From a photometric frame to candidates: the one way in for every selector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError
from qsolearn.frame import validate_frame
from qsolearn.selection.frame_selector import check_measured
from qsolearn.selection.wording import most_probable

__all__ = ["select_frame"]

#: Rows that are classified at once: enough to be fast, few enough to be told about.
_BLOCK = 50_000


def select_frame(
    selector: Any, frame: pd.DataFrame, progress: Callable | None = None, *, whole: bool = True
) -> pd.DataFrame:
    """Select quasar candidates from a photometric frame.

    Parameters
    ----------
    selector : fitted selector
        Such as a `FrameSelector`: it has ``predict_proba``, ``explain``, ``bands``, ``classes_``,
        ``quasar_classes_`` and ``threshold``. One that reads frames itself, such as a fitted
        `SEDClassifier`, has ``select`` instead, which gives the table below.
    frame : pandas.DataFrame, n rows
        A photometric frame; it is not changed.
    progress : callable, optional
        Called with the number of rows done, after each block of rows.
    whole : bool
        False for a part of a larger catalog, where a band may happen to have no value at all.

    Returns
    -------
    pandas.DataFrame, n rows, same index
        ``P_QSO`` (sum over the quasar classes; NaN if not classified), ``selected_class`` ("" if
        not classified), ``is_candidate`` (bool), ``reason`` (one sentence), ``z_phot`` (of the
        candidates; NaN for others, and where the selector gives none).

    Raises
    ------
    CatalogError
        If the frame is not one, lacks a band, has a band without any value, or was treated
        differently from the training set.

    Examples
    --------
    See `FrameSelector`.
    """
    own_way = hasattr(selector, "select") and hasattr(selector, "quasar_classes_")
    if not own_way and not (hasattr(selector, "explain") and hasattr(selector, "quasar_classes_")):
        raise CatalogError(
            f"{type(selector).__name__} is not a fitted selector; wrap a classifier in "
            "FrameSelector(classifier, bands) and fit that."
        )
    validate_frame(frame)
    if whole and not own_way:
        check_measured(frame, selector.bands)
    blocks = []
    for start in range(0, len(frame), _BLOCK):
        block = frame.iloc[start : start + _BLOCK]
        blocks.append(selector.select(block) if own_way else _select_block(selector, block))
        if progress is not None:
            progress(len(blocks[-1]))
    return pd.concat(blocks) if len(blocks) > 1 else blocks[0]


def _select_block(selector, frame):
    if hasattr(selector, "predict_explained"):
        proba, reason = selector.predict_explained(frame)
    else:
        proba = selector.predict_proba(frame)
        reason = selector.explain(frame, proba)
    label = most_probable(selector.classes_, proba)
    p_qso = proba[:, np.isin(selector.classes_, selector.quasar_classes_)].sum(axis=1)
    # A tie, such as equal priors far from all training sources, is no candidate.
    least = np.nextafter(0.5, 1) if selector.threshold is None else selector.threshold
    candidate = p_qso >= least
    z_phot = np.full(len(frame), np.nan)
    chosen = np.flatnonzero(candidate)
    if len(chosen) and hasattr(selector, "rejected"):
        out = chosen[selector.rejected(frame.iloc[chosen])]
        candidate[out] = False
        for i in out:
            reason[i] += "; rejected, stars are too dense here"
        chosen = np.flatnonzero(candidate)
    if len(chosen) and hasattr(selector, "redshifts"):
        z_phot[chosen] = selector.redshifts(frame.iloc[chosen])["z_phot"]
    return pd.DataFrame(
        {
            "P_QSO": p_qso,
            "selected_class": label,
            "is_candidate": candidate,
            "reason": reason,
            "z_phot": z_phot,
        },
        index=frame.index,
    )
