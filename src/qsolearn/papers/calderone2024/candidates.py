"""Candidates among the sources that nobody has classified, ranked for the telescope."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError
from qsolearn.frame import attach_columns
from qsolearn.judge import class_labels
from qsolearn.papers.calderone2024.method import TARGET, features, recipe
from qsolearn.redshift import RedshiftRegressor
from qsolearn.selection import select_frame

__all__ = ["find_candidates", "priority"]


def priority(magnitude: ArrayLike, z_phot: ArrayLike) -> np.ndarray:
    """Order in which to observe candidates: bright ones and high redshifts first.

    Parameters
    ----------
    magnitude : array_like, shape (n,)
        Magnitude [mag]; a candidate without one comes last.
    z_phot : array_like, shape (n,)
        Estimated redshift; a candidate without one comes last.

    Returns
    -------
    ndarray of int, shape (n,)
        1 for the first to observe.

    Notes
    -----
    The paper prefers bright candidates and high estimated redshifts, without a formula. Here the
    ranks in both are added, and the sums ranked; equal sums go by magnitude, then by row.

    Examples
    --------
    >>> priority([17.0, 18.0, 18.5], [2.6, 4.0, 2.7]).tolist()
    [2, 1, 3]
    """
    bright = pd.Series(np.asarray(magnitude, dtype=float)).rank()
    far = pd.Series(-np.asarray(z_phot, dtype=float)).rank()
    order = pd.DataFrame({"sum": bright + far, "bright": bright}).sort_values(
        ["sum", "bright"], kind="stable"
    )
    out = np.empty(len(order), dtype=int)
    out[order.index.to_numpy()] = np.arange(1, len(order) + 1)
    return out


def find_candidates(frame: pd.DataFrame, labels: ArrayLike, z: ArrayLike) -> pd.DataFrame:
    """Train on every known object, select from the rest, estimate redshifts, rank.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame with the paper's bands, known and unclassified sources together.
    labels : array_like of str, shape (n,)
        Known classes; "" or a missing value = unclassified.
    z : array_like, shape (n,)
        Known redshifts of quasars; NaN elsewhere. Redshifts of unclassified sources are not used.

    Returns
    -------
    pandas.DataFrame
        The candidates with the columns of ``frame``, those of `qsolearn.selection.select_frame`,
        ``z_phot`` and ``priority``, the first to observe first.

    Raises
    ------
    CatalogError
        If no source is unclassified, or no quasar has a redshift.

    References
    ----------
    Calderone et al. 2024, Sects. 6 and 7.
    """
    text = class_labels(labels).to_numpy(dtype=str)
    z = np.asarray(z, dtype=float)
    known = text != ""
    if known.all():
        raise CatalogError("Every source has a label; candidates come from those without one.")
    with_z = known & np.char.startswith(text, "QSO") & np.isfinite(z)
    if not with_z.any():
        raise CatalogError("No quasar with a label has a redshift, so none can be estimated.")
    selector = recipe().fit(frame[known], text[known])
    unknown = frame[~known].reset_index(drop=True)
    selected = attach_columns(unknown, select_frame(selector, unknown))
    regressor = RedshiftRegressor().fit(features(frame[with_z]), z[with_z])
    chosen = (selected["selected_class"] == TARGET).to_numpy()
    found = selected[chosen].reset_index(drop=True)
    found["z_phot"] = regressor.predict(features(unknown[chosen])) if chosen.any() else np.nan
    found["priority"] = priority(found["mag_ps1_i"], found["z_phot"])
    return found.sort_values("priority").reset_index(drop=True)
