"""From true magnitudes at places on the sky to the columns of a survey's catalog."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError
from qsolearn.simulate.extinction import draw_ebv, extinction_coefficients
from qsolearn.simulate.mosaic import KS4_MOSAIC
from qsolearn.simulate.quasars import quasar_magnitudes
from qsolearn.simulate.surveys import draw_positions, get_survey
from qsolearn.simulate.together import observe_all

__all__ = ["catalog_columns", "observe_quasars"]


def catalog_columns(survey, place, mags, dust, rng, first_id=0):
    """Observe sources: what stands in the catalog of each.

    Parameters
    ----------
    survey : Survey
        Which survey.
    place : ndarray, shape (n, 3)
        Right ascension, declination and Galactic latitude [deg].
    mags : ndarray, shape (n, b)
        True magnitudes without Galactic extinction [AB mag].
    dust : ndarray, shape (n,)
        E(B-V) of the sightlines, SFD98 unscaled [mag].
    rng : numpy.random.Generator
        Source of randomness.
    first_id : int
        The id of the first source; the others follow.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        The columns of a photometric frame.
    """
    bands = list(survey.bands)
    dimming = dust[:, None] * extinction_coefficients(bands)
    shots = KS4_MOSAIC.exposures(place[:, 0], place[:, 1]) if "kmt_i" in bands else None
    mag, err, limit = observe_all(survey, mags, dimming, place[:, 2], rng, shots)
    n = len(mags)
    out = {
        "id": np.arange(first_id, first_id + n),
        "ra": place[:, 0],
        "dec": place[:, 1],
        # The map smooths over what the sightline meets: 10 % of scatter.
        "ebv": dust * np.exp(0.1 * rng.standard_normal(n)),
    }
    for k, band in enumerate(bands):
        out[f"mag_{band}"], out[f"err_{band}"] = mag[:, k], err[:, k]
        out[f"limit_{band}"] = limit[:, k]
    if shots is not None:
        for band in (b for b in bands if b.startswith("kmt_")):
            out[f"ndith_{band}"] = shots
    return out


def observe_quasars(
    survey: str,
    z: ArrayLike,
    magnitude: ArrayLike,
    *,
    ebv: ArrayLike | None = None,
    sightline: ArrayLike | None = None,
    seed: int | np.random.Generator = 0,
    parameters: dict | None = None,
) -> pd.DataFrame:
    """Put quasars of wanted properties on the sky of a survey and observe them.

    Parameters
    ----------
    survey : {"sdss", "ps1-gaia-wise", "ks4"}
        Which survey.
    z, magnitude : array_like, shape (n,)
        Redshifts, and i magnitudes (SDSS) free of Galactic extinction [AB mag].
    ebv : array_like, shape (n,), optional
        True E(B-V) of the sightlines, SFD98 unscaled [mag]; None = as the survey's sky has them.
    sightline : array_like, shape (n,), optional
        Lyman-limit absorption, as for `quasar_magnitudes`; None = drawn at random.
    seed : int or numpy.random.Generator
        Where the randomness comes from.
    parameters : dict, optional
        Another quasar model than `qsolearn.sed.quasar.quasar_parameters`.

    Returns
    -------
    pandas.DataFrame, n rows
        A photometric frame with ``true_z`` and ``true_ebv``, at random places of the footprint.

    Raises
    ------
    CatalogError
        If the survey is unknown or an E(B-V) is negative or missing.

    Examples
    --------
    >>> observe_quasars("sdss", [1.0, 2.0], [18.0, 19.0], seed=1)["true_z"].tolist()
    [1.0, 2.0]
    """
    record = get_survey(survey)
    rng = np.random.default_rng(seed)
    z = np.atleast_1d(np.asarray(z, dtype=float))
    place = np.column_stack(draw_positions(record, len(z), rng))
    dust = draw_ebv(place[:, 2], rng)
    if ebv is not None:
        dust = np.broadcast_to(np.asarray(ebv, dtype=float), z.shape)
        if not (np.isfinite(dust) & (dust >= 0)).all():
            raise CatalogError("Every E(B-V) must be a finite number of at least 0.")
    mags = quasar_magnitudes(
        z, record.bands, magnitude, sightline=sightline, seed=rng, parameters=parameters
    )
    out = catalog_columns(record, place, mags, dust, rng)
    frame = pd.DataFrame({**out, "true_z": z, "true_ebv": dust})
    frame.attrs = {"survey": record.name, "dereddened": False}
    return frame
