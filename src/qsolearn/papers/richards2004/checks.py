"""How the paper checks its catalog, and what it could not check."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone

from qsolearn.errors import CatalogError
from qsolearn.judge import completeness, proportion
from qsolearn.papers.richards2004.published import BANDS
from qsolearn.selection import select_frame
from qsolearn.simulate import quasar_magnitudes

if TYPE_CHECKING:
    from qsolearn.selection import FrameSelector, TwoPassBayes

__all__ = [
    "color_cut_efficiency",
    "pairs_at_one_redshift",
    "simulated_completeness",
    "training_accuracies",
]


def training_accuracies(
    model: TwoPassBayes, X: ArrayLike, y: ArrayLike, X_new: ArrayLike, y_new: ArrayLike
) -> pd.DataFrame:
    """Three accuracies of one classifier side by side, from the flattering to the fair.

    Parameters
    ----------
    model : TwoPassBayes
        Not fitted, or fitted: a clone is used.
    X, y : array_like, shape (n, d) and (n,)
        Training objects and their labels.
    X_new, y_new : array_like, shape (m, d) and (m,)
        Objects that did not train, with labels of the same kind.

    Returns
    -------
    pandas.DataFrame, one row per class
        ``resubstitution`` (training objects, each in its own density), ``leave_one_out`` (before
        the cleaning), ``leave_one_out_cleaned`` (what was kept, judged by what was kept),
        ``held_out`` (the new objects). Each is the share that gets its own label.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 3.6, 3.7, 4.1 and 4.2: its completeness of 94.7 % and
    its efficiency of 97.6 % are of samples that partly trained the classifier.
    """
    model = clone(model).fit(X, y)
    y, y_new = np.asarray(y), np.asarray(y_new)
    again, new = model.predict(X) == y, model.predict(X_new) == y_new
    rows = {}
    for c in model.classes_:
        rows[c] = {
            "resubstitution": float(np.mean(again[y == c])),
            "leave_one_out": model.accuracy_.loc[c, "before"],
            "leave_one_out_cleaned": model.accuracy_.loc[c, "after"],
            "held_out": float(proportion(new[y_new == c].sum(), np.sum(y_new == c))),
        }
    return pd.DataFrame(rows).T


def simulated_completeness(
    selector: FrameSelector,
    z_bins: ArrayLike,
    *,
    reddening: float = 0.0,
    magnitude: float = 19.0,
    n: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Completeness of a selector on simulated quasars, by redshift.

    Parameters
    ----------
    selector : FrameSelector
        Fitted on SDSS bands.
    z_bins : array_like, shape (k + 1,)
        Edges of the redshift bins, from 0 to 7.
    reddening : float
        Extra E(B-V) of SMC dust at the quasar [mag], on top of the scatter of ordinary quasars;
        a negative value makes them bluer.
    magnitude : float
        i magnitude of every quasar [AB mag].
    n : int
        Quasars per bin.
    seed : int
        Seed of the simulation.

    Returns
    -------
    pandas.DataFrame
        As `qsolearn.judge.completeness` in bins. The quasars have no photometric errors: what is
        lost is lost by color.

    Notes
    -----
    The dust follows a power law of 1.2 in wavenumber, close to the Small Magellanic Cloud, with
    A_B / E(B-V) = 3.93 at 4400 angstrom at rest.

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 4.1 (95 % within a range of redshifts that was not
    recovered; the reddest quasars lose more).
    """
    from qsolearn.bands import get_band

    edges = np.asarray(z_bins, dtype=float)
    if edges.ndim != 1 or len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise CatalogError("z_bins are edges of redshift bins: at least two, increasing.")
    rng = np.random.default_rng(seed)
    z = np.concatenate([rng.uniform(a, b, n) for a, b in pairwise(edges)])
    mags = quasar_magnitudes(z, BANDS, np.full(len(z), magnitude), seed=rng)
    wave = np.array([get_band(b).wavelength for b in BANDS])
    dust = reddening * 3.93 * (wave / (1 + z[:, None]) / 4400.0) ** -1.2
    # The i magnitude stays: dust moves the colors, not the depth of the sample.
    mags += dust - dust[:, [BANDS.index("sdss_i")]]
    frame = pd.DataFrame(mags, columns=[f"mag_{b}" for b in BANDS])
    frame.attrs["dereddened"] = selector.dereddened_
    found = select_frame(selector, frame)["is_candidate"].to_numpy()
    return completeness(np.ones(len(z), bool), found, z, edges)


def color_cut_efficiency(n_catalog: int, n_input: int, efficiency: float) -> float:
    """Largest efficiency that a cut in one color can have, given a better catalog.

    Parameters
    ----------
    n_catalog : int
        Objects of the catalog that pass the cut.
    n_input : int
        Objects of the whole input that pass it.
    efficiency : float
        Share of quasars among the former.

    Returns
    -------
    float
        If every quasar that passes the cut is in the catalog. Quasars that the catalog missed make
        the true value larger.

    Examples
    --------
    >>> round(color_cut_efficiency(97_035, 139_161, 0.95), 3)
    0.662

    References
    ----------
    Richards et al. 2004, ApJS 155, 257, Sect. 4.2.
    """
    if not (0 <= efficiency <= 1 and 0 <= n_catalog <= n_input and n_input > 0):
        raise CatalogError(
            f"Of {n_input:,} objects {n_catalog:,} are in the catalog, with efficiency "
            f"{efficiency}; the catalog is a part of the input and an efficiency a share."
        )
    return efficiency * n_catalog / n_input


def pairs_at_one_redshift(table: pd.DataFrame, radius_arcsec: float = 60.0) -> pd.DataFrame:
    """Pairs of candidates close on the sky whose redshift ranges overlap.

    Parameters
    ----------
    table : pandas.DataFrame, n rows
        ``ra``, ``dec`` [deg], ``z_low``, ``z_high``.
    radius_arcsec : float
        Largest separation [arcsec].

    Returns
    -------
    pandas.DataFrame
        ``first``, ``second`` (row numbers from 0), ``separation`` [arcsec], ``same_redshift``
        (bool: the ranges overlap), by separation.

    Examples
    --------
    >>> table = pd.DataFrame({"ra": [10.0, 10.001, 50.0], "dec": [0.0, 0.0, 0.0],
    ...                       "z_low": [1.0, 1.2, 1.0], "z_high": [1.3, 1.6, 2.0]})
    >>> pairs_at_one_redshift(table).round(1).values.tolist()
    [[0, 1, 3.6, True]]
    """
    from scipy.spatial import cKDTree

    ra, dec = np.radians(table["ra"].to_numpy(float)), np.radians(table["dec"].to_numpy(float))
    places = np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    reach = 2 * np.sin(np.radians(radius_arcsec / 3600) / 2)
    pairs = cKDTree(places).query_pairs(reach, output_type="ndarray")
    pairs = np.sort(pairs.reshape(-1, 2), axis=1)
    chord = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
    low, high = table["z_low"].to_numpy(float), table["z_high"].to_numpy(float)
    first, second = pairs.T
    out = pd.DataFrame(
        {
            "first": first,
            "second": second,
            "separation": np.degrees(2 * np.arcsin(chord / 2)) * 3600,
            "same_redshift": (low[first] <= high[second]) & (low[second] <= high[first]),
        }
    )
    return out.sort_values(["separation", "first"], ignore_index=True)
