"""Vega magnitudes given as AB, or converted twice? What brings a catalog home tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsolearn.bands import get_band
from qsolearn.frame import magnitudes
from qsolearn.photometry import colors

if TYPE_CHECKING:
    import pandas as pd

    from qsolearn.selection.domain.summary import TrainingDomain

__all__ = ["zero_point_suspects"]

#: Sources looked at, evenly spread over the catalog.
_ROWS = 4_000
#: Smallest share of foreign sources that gives cause to ask.
_CAUSE = 0.05
#: A mend must bring the share of foreign sources down to this part of it, or less ...
_MENDED = 0.5
#: ... and each step of it by this much.
_STEP = 0.03
#: Smallest difference between the systems that matters [mag].
_LEAST = 0.05


def zero_point_suspects(
    domain: TrainingDomain, frame: pd.DataFrame
) -> list[tuple[tuple[str, ...], str]]:
    """Bands that come home to the training domain when their zero point is changed.

    Parameters
    ----------
    domain : TrainingDomain
    frame : pandas.DataFrame, n rows
        A photometric frame with the same bands; its magnitudes are meant to be AB.

    Returns
    -------
    list of (tuple of str, str)
        Bands and "vega" (Vega magnitudes that were taken for AB) or "twice" (AB magnitudes to which
        the Vega offset was added); empty when nothing is to be mended.

    Notes
    -----
    The known difference between AB and Vega is added to or taken from all bands of a survey
    together, or one band alone, and the share of sources outside the domain (farther than
    ``domain.threshold``) is counted again. The best such step is kept while it lowers the share by
    at least 0.03, and the result is believed if the share began above 0.05 and at least half of it
    is gone. Another mix of the training classes cannot cause this, as it puts no source outside.
    """
    rows = np.unique(np.linspace(0, len(frame) - 1, min(len(frame), _ROWS)).round().astype(int))
    mags = magnitudes(frame, domain.bands)[rows]
    offsets = np.array([get_band(b).vega_to_ab or 0.0 for b in domain.bands])
    moves = _moves(domain.bands, offsets)
    state = np.zeros(len(offsets), dtype=int)
    first = share = _outside(domain, mags)
    if not first > _CAUSE:
        return []
    while True:
        # A band that was moved stays where it is: no move takes another one back.
        options = [state + move for move in moves if not (state[move != 0] != 0).any()]
        found = [_outside(domain, mags + s * offsets) for s in options]
        if not found or min(found) > share - _STEP:
            break
        k = int(np.argmin(found))
        state, share = options[k], found[k]
    if share > _MENDED * first:
        return []
    names = np.asarray(domain.bands, dtype=object)
    kinds = ((1, "vega"), (-1, "twice"))
    return [(tuple(names[state == k]), kind) for k, kind in kinds if (state == k).any()]


def _moves(bands, offsets):
    """Every step: the bands of a survey together first, then each alone; up or down."""
    surveys = np.array([get_band(b).survey for b in bands])
    matters = np.abs(offsets) > _LEAST
    groups = [(surveys == s) & (offsets != 0) for s in dict.fromkeys(surveys)]
    groups = [g for g in groups if (g & matters).any()]
    alone = [np.arange(len(bands)) == k for k in np.flatnonzero(matters)]
    return [sign * group.astype(int) for group in groups + alone for sign in (1, -1)]


def _outside(domain, mags):
    distance = domain.color_distance(colors(mags))
    distance = distance[np.isfinite(distance)]
    return float(np.mean(distance > domain.threshold)) if len(distance) else 0.0
