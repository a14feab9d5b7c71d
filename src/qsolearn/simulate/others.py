"""Sources that are neither star nor plain galaxy nor quasar: hidden AGN, BL Lacs, HII regions.

Each is a galaxy plus a power law f_nu ~ nu^-alpha: a little of it, steep, for a hidden nucleus; a
lot of it for a BL Lac object; none, and young stars only, for an HII region.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qsolearn.bands import get_band
from qsolearn.simulate.galaxies import draw_galaxies

__all__ = ["draw_others"]


def draw_others(
    n: int, bright: float, faint: float, bands: Sequence[str], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Random "other" sources.

    Parameters
    ----------
    n, bright, faint, bands, rng
        As for `qsolearn.simulate.galaxies.draw_galaxies`.

    Returns
    -------
    dict of ndarray
        ``magnitudes`` (n, b) and ``z`` (n,).
    """
    made = draw_galaxies(n, bright, faint, bands, rng)
    kind = rng.random(n)
    share = np.where(kind < 0.6, 0.15, np.where(kind < 0.8, 5.0, 0.0))
    share = share * np.exp(0.5 * rng.standard_normal(n))
    alpha = np.where(kind < 0.6, 2.0, 1.2) + 0.25 * rng.standard_normal(n)
    waves = np.array([get_band(b).wavelength for b in bands])
    i_mag = made["magnitudes"][:, np.argmin(np.abs(waves - 7525.6))]
    law = np.log10(waves / 7525.6) * alpha[:, None]
    added = share[:, None] * 10 ** (-0.4 * i_mag[:, None] + law)
    flux = 10 ** (-0.4 * made["magnitudes"]) + added
    # The catalog's limit holds for the sum.
    mags = -2.5 * np.log10(flux) + 2.5 * np.log10(1 + share)[:, None]
    return {"magnitudes": mags, "z": made["z"]}
