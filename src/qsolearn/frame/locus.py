"""Vega or AB? Where the stars lie tells.

Ordinary stars crowd at one value of certain colors, whatever their type. If that crowd stands
where Vega magnitudes would put it, magnitudes that claim to be AB are not; quasars and galaxies
spread widely there and make no crowd.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsolearn.bands import get_band

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LOCUS_COLORS", "misplaced_systems"]

#: Combination of magnitudes, its value for ordinary stars in the Vega system, width of the crowd
#: [mag], and how many times more sources than the next window to the blue it must hold.
#: W1-W2: Davenport et al. 2014, Tables 1 and 2, F to early M dwarfs. The Gaia combination
#: (BP-G) - 1.1 (G-RP) is constant along the locus; its value was measured on stars of DESI DR1.
#: Near-infrared colors are not used: redshifted galaxies stand where Vega magnitudes put stars.
LOCUS_COLORS = (
    ({"wise_w1": 1.0, "wise_w2": -1.0}, -0.03, 0.2, 8.0),
    ({"gaia_bp": 1.0, "gaia_g": -2.1, "gaia_rp": 1.1}, -0.22, 0.1, 4.0),
)
_FEWEST = 30
_LARGEST_ERROR = 0.05


def misplaced_systems(frame: pd.DataFrame, bands: Sequence[str]) -> list[str]:
    """Sentences about bands that look as if they were in another system than AB.

    Parameters
    ----------
    frame : pandas.DataFrame
        A photometric frame (its magnitudes are meant to be AB).
    bands : sequence of str
        Bands to look at.

    Returns
    -------
    list of str
        Empty when nothing looks wrong, or too few stars are there to tell.

    Notes
    -----
    Stars are the sharp blue edge of these colors. For each possible system the sources in a window
    of width w around the stars' color are counted, and those in the next window of the same width
    to the blue. A system is possible when the first count is at least 30 and several times the
    second (see LOCUS_COLORS); of the possible ones that with the most sources is believed.
    """
    notes = []
    for weights, vega_color, width, steep in LOCUS_COLORS:
        if not set(weights) <= set(bands):
            continue
        color = _well_measured(frame, weights)
        if len(color) < _FEWEST:
            continue
        shift = sum(w * (get_band(band).vega_to_ab or 0.0) for band, w in weights.items())
        crowds = {
            system: _crowd(color, vega_color + k * shift, width, steep)
            for system, k in (("vega", 0), ("ab", 1), ("twice", 2))
        }
        best = max(crowds, key=crowds.__getitem__)
        if best == "ab" or crowds[best] == 0:
            continue
        names = ", ".join(weights)
        notes.append(
            f"Bands {names} look like Vega magnitudes given as AB (the stars lie where Vega puts "
            "them): say system='vega' for them."
            if best == "vega"
            else f"Bands {names} look as if AB magnitudes were converted from Vega once more: say "
            "system='ab' for them."
        )
    return notes


def _well_measured(frame, weights):
    good = np.ones(len(frame), dtype=bool)
    color = np.zeros(len(frame))
    for band, weight in weights.items():
        color += weight * frame[f"mag_{band}"].to_numpy(dtype=float, na_value=np.nan)
        err = frame.get(f"err_{band}")
        if err is not None:
            # A missing error says nothing; a large one blurs the crowd.
            good &= ~(err.to_numpy(dtype=float, na_value=np.nan) > _LARGEST_ERROR)
    return color[good & np.isfinite(color)]


def _crowd(color, center, width, steep):
    """Count of sources around a color, or 0 when they are no sharp blue edge."""
    left = center - 0.6 * width
    inside = int(np.sum((color > left) & (color < left + width)))
    bluer = int(np.sum((color > left - width) & (color < left)))
    return inside if inside >= _FEWEST and inside > steep * bluer else 0
