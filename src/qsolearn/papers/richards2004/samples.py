"""The samples of the paper: which stars train, which sources are classified."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from qsolearn.bands import get_band
from qsolearn.errors import CatalogError
from qsolearn.frame import magnitudes
from qsolearn.judge import is_quasar_class
from qsolearn.papers.richards2004.published import PUBLISHED

__all__ = ["completeness_cuts", "in_test_set", "star_cuts"]

#: Columns of a frame that the cuts use where they exist.
FLAGS = {"fatal flag": "fatal", "non-fatal flag": "non_fatal"}


def in_test_set(frame: pd.DataFrame) -> np.ndarray:
    """Which sources pass the cuts of the paper's test set.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame with SDSS u and g; the paper's faint limit is meant for dereddened g,
        so deredden first if the frame has ``ebv``. Boolean columns ``fatal`` and ``non_fatal``
        (photometric flags) and ``extended`` are minded if they are there.

    Returns
    -------
    ndarray of bool, shape (n,)
        u - g < 1 (in SDSS zero points), 14.5 < g < 21, u error below 0.5 mag, no flag, a point
        source. False where a value is missing.

    Raises
    ------
    CatalogError
        If u or g is not there, or a flag is not boolean.

    Notes
    -----
    The paper cuts the observed g at the bright end and the dereddened at the faint end; here the
    same g is used for both, which matters only for the brightest quasars.

    References
    ----------
    Richards et al. 2004, Sect. 3.3.
    """
    cuts = completeness_cuts(frame)
    return np.logical_and.reduce(list(cuts.values()))


def completeness_cuts(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The cuts of the test set one by one, for a completeness chain.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        As for `in_test_set`.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        Name of each cut and which sources pass it; flags only where the frame has them.

    Raises
    ------
    CatalogError
        As `in_test_set`.
    """
    u, g = magnitudes(frame, ["sdss_u", "sdss_g"]).T
    err_u = frame["err_sdss_u"].to_numpy(dtype=float, na_value=np.nan)
    u_g_limit = PUBLISHED["u_g_limit"] + get_band("sdss_u").survey_to_ab
    return {
        "14.5 < g < 21": (g > PUBLISHED["g_bright"]) & (g < PUBLISHED["g_faint"]),
        "u error < 0.5": err_u < PUBLISHED["err_u_limit"],
        "u - g < 1": u - g < u_g_limit,
        **_flags(frame, {**FLAGS, "extended": "extended"}),
    }


def _flags(frame, names):
    """Per flag column that exists, which sources do not have it."""
    out = {}
    for name, column in names.items():
        if column in frame:
            values = frame[column]
            if not pd.api.types.is_bool_dtype(values.dtype):
                raise CatalogError(
                    f"Column {column!r} is a flag and must be boolean, not {values.dtype}."
                )
            out[f"no {name}" if name != "extended" else "point source"] = ~values.to_numpy()
    return out


def star_cuts(frame: pd.DataFrame, known_class: ArrayLike | None = None) -> dict[str, np.ndarray]:
    """The cuts that make the stars of the training set out of all point sources.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        A photometric frame with SDSS g, dereddened. Columns that are minded if they are there:
        ``fatal``, ``non_fatal``, ``extended`` (bool) and ``radio_mjy`` (20 cm flux density [mJy];
        NaN or at most 0 = no detection).
    known_class : array_like of str, shape (n,), optional
        Spectroscopic class, "" where unknown; names of quasars begin with QSO.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        Name of each cut and which sources pass it. What passes all is the training set of stars,
        with the quasars that no survey has found yet.

    Raises
    ------
    CatalogError
        If g is not there, a flag is not boolean, or the classes are not as many as the sources.

    References
    ----------
    Richards et al. 2004, Sect. 3.2: a random tenth of the point sources with 14.5 < g < 21.

    Examples
    --------
    >>> frame = pd.DataFrame({"mag_sdss_g": [18.0, 19.0, 20.0, 22.0], "radio_mjy": [0, 3.2, 0, 0]})
    >>> cuts = star_cuts(frame, ["", "", "QSO", ""])
    >>> {name: int(passed.sum()) for name, passed in cuts.items()}
    {'14.5 < g < 21': 3, 'no radio source': 3, 'no known quasar': 3}
    """
    (g,) = magnitudes(frame, ["sdss_g"]).T
    cuts = {"14.5 < g < 21": (g > PUBLISHED["g_bright"]) & (g < PUBLISHED["g_faint"])}
    cuts |= _flags(frame, {**FLAGS, "extended": "extended"})
    if "radio_mjy" in frame:
        cuts["no radio source"] = ~(frame["radio_mjy"].to_numpy(dtype=float, na_value=np.nan) > 0)
    if known_class is not None:
        if np.size(known_class) != len(frame):
            raise CatalogError(
                f"There are {len(frame):,} sources but {np.size(known_class):,} known classes."
            )
        cuts["no known quasar"] = ~is_quasar_class(known_class)
    return cuts
