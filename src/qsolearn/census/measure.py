"""Measure a selection function: put quasars on the simulated sky and see which are selected."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from qsolearn import __version__
from qsolearn.census.selection_function import AXES, SelectionFunction
from qsolearn.errors import CatalogError
from qsolearn.photometry import deredden
from qsolearn.sed.grid import LYC_FACTORS
from qsolearn.sed.quasar import quasar_parameters
from qsolearn.selection import select_frame
from qsolearn.simulate import LuminosityParameters, observe_quasars
from qsolearn.simulate.extinction import draw_ebv
from qsolearn.simulate.surveys import draw_positions, get_survey

__all__ = ["candidates_of", "measure_selection_function", "sky_version"]

#: Quasars that are made at once.
_BLOCK = 100_000
_SIGHTLINES = 200_000


def sky_version() -> str:
    """Name of the simulated sky: the release and a hash of the numbers that it is made from.

    Returns
    -------
    str

    Examples
    --------
    >>> sky_version().startswith("qsolearn ")
    True
    """
    numbers = json.dumps([quasar_parameters(), asdict(LuminosityParameters())], sort_keys=True)
    return f"qsolearn {__version__}, quasars {hashlib.sha256(numbers.encode()).hexdigest()[:12]}"


def candidates_of(selector: Any, frame: pd.DataFrame) -> np.ndarray:
    """Which sources of a frame a selector selects, the frame being as observed.

    Parameters
    ----------
    selector : fitted selector, or callable
        What `select_frame` takes, or a function of the frame that returns n booleans.
    frame : pandas.DataFrame, n rows
        A photometric frame, not dereddened.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    CatalogError
        If what a function returns is not one boolean per source.
    """
    if hasattr(selector, "quasar_classes_"):
        treatment = getattr(selector, "dereddened_", False)
        if isinstance(treatment, dict):
            frame = deredden(frame, convention=treatment["convention"])
        return select_frame(selector, frame)["is_candidate"].to_numpy(dtype=bool)
    chosen = np.asarray(selector(frame))
    if chosen.shape != (len(frame),) or chosen.dtype.kind not in "bi":
        raise CatalogError(
            f"A selection returns one boolean, or the number of a part, per source; got shape "
            f"{chosen.shape} of {chosen.dtype} for {len(frame):,} sources."
        )
    return chosen


def measure_selection_function(
    selector: Any,
    survey: str,
    redshift: ArrayLike,
    magnitude: ArrayLike,
    *,
    ebv: ArrayLike | None = None,
    sightline: ArrayLike | None = None,
    n: int = 200,
    seed: int = 0,
    recipe: str = "",
    command: str = "",
    parts: int | None = None,
    parameters: dict | None = None,
) -> SelectionFunction | list[SelectionFunction]:
    """Measure the selection function of a selector on the simulated sky.

    Parameters
    ----------
    selector : fitted selector, or callable
        What `select_frame` takes; the frame is dereddened as the selector was trained. Or a
        function of the observed frame that returns n booleans, for a selection with cuts before it.
    survey : {"sdss", "ps1-gaia-wise", "ks4"}
        Which sky.
    redshift, magnitude : array_like
        Cell edges; i magnitude (SDSS) free of Galactic extinction [AB mag].
    ebv : array_like, optional
        Cell edges of the true Galactic E(B-V) [mag]. None: no such axis; sightlines as the
        survey's footprint has them.
    sightline : array_like, optional
        Cell edges of the Lyman-limit absorption in front of the quasar over its mean, 0 to 4.
        None: no such axis; drawn at random.
    n : int
        Quasars per cell.
    seed : int
        The same seed gives the same function.
    recipe, command : str
        What was measured and how, for the record.
    parts : int, optional
        The function returns the number of a part, from 0, or -1 for not selected; one selection
        function per part is returned. So the estimated redshifts are followed to where they fall.
    parameters : dict, optional
        Another quasar model than that of the default sky, to see what it changes.

    Returns
    -------
    SelectionFunction, or list of SelectionFunction

    Raises
    ------
    CatalogError
        If the edges, the survey or what the function returns cannot be used.

    Notes
    -----
    Within a cell, redshift and magnitude are spread evenly; E(B-V) as in the footprint (evenly
    where it has too few places), and sightlines as the sky has them. Magnitudes are the true ones,
    before variability and noise.

    Examples
    --------
    >>> from qsolearn.photometry import deredden
    >>> def blue(frame):
    ...     frame = deredden(frame)
    ...     return (frame["mag_sdss_u"] - frame["mag_sdss_g"] < 0.6).to_numpy()
    >>> function = measure_selection_function(blue, "sdss", [1.0, 2.0, 3.0, 4.0], [18.0, 20.0])
    >>> bool(function(1.5, 19.0) > 0.8), bool(function(3.5, 19.0) < 0.1)
    (True, True)
    """
    record = get_survey(survey)
    if not n >= 1:
        raise CatalogError(f"Every cell needs at least one quasar, not {n}.")
    given = dict(zip(AXES, (redshift, magnitude, ebv, sightline), strict=True))
    edges = {a: np.asarray(e, dtype=float) for a, e in given.items() if e is not None}
    shape = tuple(len(e) - 1 for e in edges.values())
    # The constructor checks the axes before any quasar is made.
    SelectionFunction(edges, np.zeros(shape, int), np.ones(shape, int))
    if "sightline" in edges and not 0 <= edges["sightline"][0] < edges["sightline"][-1] <= 4:
        raise CatalogError(f"Sightlines lie between 0 and {LYC_FACTORS[-1]:g} times the mean.")
    natural = _natural_ebv(record, seed)
    cells = int(np.prod(shape))
    hits = np.zeros((parts or 1, cells), dtype=int)
    step = max(1, _BLOCK // n)
    for block, start in enumerate(range(0, cells, step)):
        own = np.repeat(np.arange(start, min(start + step, cells)), n)
        place = dict(zip(edges, np.unravel_index(own, shape), strict=True))
        rng = np.random.default_rng([seed, 3, block])
        at = {a: _within(edges[a], place[a], rng) for a in AXES[:2]}
        if "ebv" in edges:
            at["ebv"] = _ebv_within(edges["ebv"], place["ebv"], natural, rng)
        if "sightline" in edges:
            low, high = (_cloud_share(edges["sightline"][place["sightline"] + k]) for k in (0, 1))
            at["sightline"] = _cloud(low + (high - low) * rng.random(len(own)))
        frame = observe_quasars(
            survey, at["redshift"], at["magnitude"], ebv=at.get("ebv"),
            sightline=at.get("sightline"), seed=rng, parameters=parameters,
        )  # fmt: skip
        chosen = candidates_of(selector, frame)
        for part, found in enumerate(hits):
            mine = chosen == part if parts else chosen.astype(bool)
            found += np.bincount(own[mine], minlength=cells)
    meta: dict[str, Any] = {
        "survey": record.name, "recipe": recipe, "sky": sky_version(), "seed": seed,
        "command": command,
    }  # fmt: skip
    if parameters is not None:
        meta["sky"] += ", changed"
    shares: dict[str, np.ndarray] = {}
    if "ebv" in edges:
        inside = np.histogram(natural, edges["ebv"])[0]
        if not inside.any():
            raise CatalogError("No place of the footprint has an E(B-V) within these edges.")
        shares["ebv"] = inside / inside.sum()
        meta["sky_within_ebv"] = round(float(inside.sum() / len(natural)), 4)
    if "sightline" in edges:
        share = np.diff(_cloud_share(edges["sightline"]))
        shares["sightline"] = share / share.sum()
        meta["sky_within_sightline"] = round(float(share.sum()), 4)
    tried = np.full(shape, n)
    out = [SelectionFunction(edges, h.reshape(shape), tried, shares, meta) for h in hits]
    return out if parts else out[0]


def _within(edges, cell, rng):
    return edges[cell] + (edges[cell + 1] - edges[cell]) * rng.random(len(cell))


def _natural_ebv(record, seed):
    """E(B-V) of random places of a footprint, sorted."""
    rng = np.random.default_rng([seed, 4])
    return np.sort(draw_ebv(draw_positions(record, _SIGHTLINES, rng)[2], rng))


def _ebv_within(edges, cell, natural, rng):
    ends = np.searchsorted(natural, edges)
    out = _within(edges, cell, rng)
    count = np.diff(ends)[cell]
    pick = ends[cell] + (count * rng.random(len(cell))).astype(int)
    enough = count >= 100
    return np.where(enough, natural[np.minimum(pick, len(natural) - 1)], out)


def _gamma():
    shape = quasar_parameters()["scatter"]["cloud_shape"]
    return stats.gamma(shape, scale=1 / shape)


def _cloud_share(value):
    """Share of sightlines below; the model clips at the largest factor."""
    return np.where(np.asarray(value) >= LYC_FACTORS[-1], 1.0, _gamma().cdf(value))


def _cloud(share):
    return np.minimum(_gamma().ppf(share), LYC_FACTORS[-1])
