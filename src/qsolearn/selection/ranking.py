"""From a selection to the list that is taken to a telescope: ranked, with reasons and warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qsolearn.bands import color_names, get_band
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors

__all__ = ["rank_candidates"]

#: Colors farther than this from the rival class are named in a reason [standard deviations].
_TELLING = 2.0
#: How many colors a reason names at most.
_NAMED = 2


def rank_candidates(
    selector: Any, frame: pd.DataFrame, selection: pd.DataFrame, *, top: int | None = None
) -> pd.DataFrame:
    """List the candidates of a selection, the most probable first, with reasons and warnings.

    Parameters
    ----------
    selector : fitted selector
        The one that selected; a `FrameSelector` tells most.
    frame : pandas.DataFrame, n rows
        The photometric frame that was selected from, treated in the same way.
    selection : pandas.DataFrame, n rows
        What `select_frame` returned for it.
    top : int, optional
        Keep this many; by default all.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, index as in ``frame``: ``rank`` (1 = first), ``id, ra, dec, P_QSO,
        selected_class, z_phot``, ``reason``, ``warnings`` ("" = none), ``domain_distance`` (see
        `TrainingDomain`; NaN without a domain) and ``in_domain`` (bool), then magnitudes, errors
        and limits of the selector's bands.

    Raises
    ------
    CatalogError
        If the two tables do not have the same rows, or ``top`` is not positive.

    Notes
    -----
    Equal probabilities are ordered by the fewer warnings, then by the smaller distance from the
    training domain. A reason is that of the selector, and then the colors by which a candidate
    stands off the rival, the most probable class that is no quasar (of the training sample, if the
    probabilities are all zero), by at least two standard deviations of the nearest part of it.
    """
    if len(frame) != len(selection) or not frame.index.equals(selection.index):
        raise CatalogError(
            f"The catalog has {len(frame):,} rows and the selection {len(selection):,}; they must "
            "be the same rows in the same order."
        )
    if top is not None and top < 1:
        raise CatalogError(f"A list holds at least one candidate, not {top}.")
    chosen = selection["is_candidate"].to_numpy(dtype=bool)
    own, found = frame[chosen], selection[chosen]
    bands = [b for b in getattr(selector, "bands", None) or [] if f"mag_{b}" in own]
    domain = getattr(selector, "domain_", None)
    distance = np.full(len(own), np.nan) if domain is None else domain.distance(own)
    warned = _warnings(own, bands, domain, distance)
    telling = _telling(selector, own, domain) if len(own) else []
    out = {name: own.get(name, np.nan) for name in ("id", "ra", "dec")}
    out |= {name: found[name] for name in ("P_QSO", "selected_class", "z_phot")}
    reason = found["reason"].astype(object).to_numpy()
    out["reason"] = [
        "; ".join(filter(None, parts))
        for parts in zip(reason, _ratios(selector, own), telling, strict=True)
    ]
    out["warnings"] = ["; ".join(w) for w in warned]
    out["domain_distance"] = distance
    out["in_domain"] = ~(distance > (np.inf if domain is None else domain.threshold))
    for band in bands:
        for kind in ("mag", "err", "limit"):
            if f"{kind}_{band}" in own:
                out[f"{kind}_{band}"] = own[f"{kind}_{band}"]
    table = pd.DataFrame(out, index=own.index)
    order = np.lexsort(
        (
            np.nan_to_num(distance, nan=np.inf),
            [len(w) for w in warned],
            -found["P_QSO"].to_numpy(float),
        )
    )
    table = table.iloc[order[:top]]
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _warnings(frame, bands, domain, distance):
    """What speaks for caution, for each candidate."""
    out = [[] for _ in range(len(frame))]
    if domain is not None:
        for i in np.flatnonzero(distance > domain.threshold):
            out[i].append(
                f"colors outside the training domain ({distance[i]:.1f}, limit "
                f"{domain.threshold:.1f})"
            )
    for k, band in enumerate(bands):
        label = get_band(band).label
        mag = magnitudes(frame, [band])[:, 0]
        for i in np.flatnonzero(np.isnan(mag)):
            out[i].append(f"no {label}")
        limit = frame.get(f"limit_{band}")
        if limit is not None:
            for i in np.flatnonzero(limit.to_numpy(dtype=bool)):
                out[i].append(f"{label} is an upper limit")
        if domain is None:
            continue
        low, high = domain.ranges[k]
        for name, beyond in (("brighter", mag < low), ("fainter", mag > high)):
            for i in np.flatnonzero(beyond):
                out[i].append(f"{label} {name} than in training")
    return out


def _ratios(selector, frame):
    """How many times denser quasars are than the rest, if the selector knows densities."""
    if not len(frame) or not hasattr(getattr(selector, "estimator_", None), "log_density"):
        return [""] * len(frame)
    quasar, other = selector.log10_densities(frame).T
    return [
        ""
        if not np.isfinite(q)
        else "only training quasars are near"
        if not np.isfinite(o)
        else f"quasars are {10 ** min(q - o, 99):.3g} times as dense here as the rest"
        for q, o in zip(quasar, other, strict=True)
    ]


def _telling(selector, frame, domain):
    """The colors by which each candidate stands off its rival class, as words."""
    if domain is None:
        return [""] * len(frame)
    quasar = np.isin(selector.classes_, selector.quasar_classes_)
    if quasar.all():
        return [""] * len(frame)
    others = selector.classes_[~quasar]
    proba = np.nan_to_num(selector.predict_proba(frame))[:, ~quasar]
    common = int(np.argmax([selector.class_counts_[c] for c in others]))
    rival = np.where(proba.max(axis=1) > 0, proba.argmax(axis=1), common)
    X, names = colors(magnitudes(frame, selector.bands)), color_names(selector.bands)
    out = np.full(len(frame), "", dtype=object)
    for number, label in enumerate(others):
        rows = np.flatnonzero(rival == number)
        if not len(rows):
            continue
        z = np.nan_to_num(domain.class_separation(X[rows], label))
        for i, own in zip(rows, z, strict=True):
            first = np.argsort(-np.abs(own), kind="stable")[:_NAMED]
            told = [
                f"{names[k]} = {X[i, k]:.2f} is {abs(own[k]):.1f} sigma "
                f"{'redder' if own[k] > 0 else 'bluer'}"
                for k in first
                if abs(own[k]) >= _TELLING
            ]
            if told:
                out[i] = f"{' and '.join(told)} than {label}"
    return out
