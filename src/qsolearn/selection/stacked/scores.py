"""How strongly any selector speaks for a quasar: log-odds, NaN where it has nothing to say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qsolearn.bands import color_names
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors
from qsolearn.selection.sedfit.photometry import fluxes_and_weights
from qsolearn.selection.sedfit.rules import PARAMETERS

__all__ = ["SURE", "quasar_log_odds", "speaks", "with_bands"]

#: Largest log-odds that a selector is believed: one wrong in a million.
SURE = float(np.log(1e6))


def quasar_log_odds(selector: Any, frame: pd.DataFrame) -> np.ndarray:
    """Log-odds of every source for a quasar, by one fitted selector.

    Parameters
    ----------
    selector : fitted selector
        A `FrameSelector`, a `SEDClassifier`, a `ColorWedge`, a cut or a `SelectionChain`.
    frame : pandas.DataFrame, n rows
        A photometric frame; a band that it lacks is missing for all sources.

    Returns
    -------
    ndarray, shape (n,)
        ln P/(1-P), within +-`SURE`; NaN where the selector has no measured color, or tells nothing.

    Raises
    ------
    CatalogError
        If the selector gives no probability and no verdict.

    Notes
    -----
    P is the sum over the selector's quasar classes. Two give more than ``predict_proba``: reverse
    selection with a ranker ranks what it discards (``target_score``), and a template fit has

    .. math:: \\ln\\frac{P}{1-P} = -\\tfrac12 BIC_Q - \\ln(e^{-BIC_G/2} + e^{-BIC_S/2}),

    divided by the number of detected bands: templates are never perfect, and chi2 then grows with
    every band and with brightness far beyond what a probability could mean. A cut has +-`SURE`.

    Examples
    --------
    >>> from qsolearn.selection import FrameSelector, UVExcessCut
    >>> frame = pd.DataFrame({"mag_sdss_u": [20.0, 21.0, 20.0], "mag_sdss_g": [19.8, 19.5, None]})
    >>> cut = FrameSelector(UVExcessCut(), ["sdss_u", "sdss_g"]).fit(frame[:2], ["QSO", "Star"])
    >>> quasar_log_odds(cut, frame).round(1)
    array([ 13.8, -13.8,   nan])
    """
    bands = list(getattr(selector, "bands_", None) or selector.bands)
    frame = with_bands(frame, bands)
    if hasattr(selector, "fit_sources"):
        return _template_log_odds(selector, frame)
    if hasattr(selector, "predict_proba"):
        p = _quasar_probability(selector, frame)
    elif hasattr(selector, "select"):
        p = selector.select(frame)["P_QSO"].to_numpy(dtype=float)
    elif hasattr(selector, "contains"):
        p = np.asarray(selector.contains(frame), dtype=float)
    else:
        raise CatalogError(
            f"{type(selector).__name__} gives no probability and no verdict; combine selectors "
            "such as FrameSelector, SEDClassifier or ColorWedge."
        )
    silent = ~speaks(frame, bands)
    with np.errstate(divide="ignore"):
        odds = np.log(p) - np.log1p(-p)
    return np.where(silent, np.nan, np.clip(odds, -SURE, SURE))


def with_bands(frame, bands):
    """The frame with columns of NaN for the magnitudes and errors that it lacks."""
    absent = [f"{k}_{b}" for b in bands for k in ("mag", "err") if f"{k}_{b}" not in frame]
    if not absent:
        return frame
    empty = pd.DataFrame(np.nan, index=frame.index, columns=absent)
    out = pd.concat([frame, empty], axis=1)
    out.attrs = frame.attrs
    return out


def speaks(frame, bands):
    """Rows with one measured color, or one measured band for a selector of a single band."""
    mags = magnitudes(frame, bands)
    return np.isfinite(mags if len(bands) == 1 else colors(mags)).any(axis=1)


def _quasar_probability(selector, frame):
    estimator = getattr(selector, "estimator_", None)
    target = [str(getattr(estimator, "target_", ""))]
    if getattr(estimator, "ranker_", None) is not None and selector.quasar_classes_ == target:
        X = colors(magnitudes(frame, selector.bands))
        return estimator.target_score(pd.DataFrame(X, columns=color_names(selector.bands)))
    own = np.isin(selector.classes_, selector.quasar_classes_)
    return np.asarray(selector.predict_proba(frame))[:, own].sum(axis=1)


def _template_log_odds(selector, frame):
    _, _, detected = fluxes_and_weights(frame, selector.bands_, selector.floor_)
    rows = np.flatnonzero(detected.sum(axis=1) > PARAMETERS["qso"])
    out = np.full(len(frame), np.nan)
    if len(rows):
        fits = selector.fit_sources(frame.iloc[rows])
        weight = {k: -0.5 * fits[f"bic_{k}"].to_numpy() for k in PARAMETERS}
        odds = weight["qso"] - np.logaddexp(weight["galaxy"], weight["star"])
        out[rows] = np.clip(odds / fits["n_bands"].to_numpy(), -SURE, SURE)
    return out
