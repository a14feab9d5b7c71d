"""What `train` reads from its options and files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qsolearn.errors import CatalogError

__all__ = ["priors", "redshifts"]


def redshifts(frame, column, bands, is_quasar, least):
    """Find the redshifts to learn from.

    Parameters
    ----------
    frame : pandas.DataFrame, n rows
        All training sources.
    column : str or None
        Column that was asked for; None takes ``true_z`` if it is there and suffices.
    bands : sequence of str
        Bands of the colors.
    is_quasar : ndarray of bool, shape (n,)
    least : int
        Smallest number of quasars with a redshift and all bands.

    Returns
    -------
    name : str or None
        The column; None if there is too little to learn from.
    z : ndarray, shape (n,), or None
        Redshifts; NaN where missing. A negative one is a sentinel, and missing.

    Raises
    ------
    CatalogError
        If a column that was asked for is absent or does not suffice.
    """
    name = column or "true_z"
    if name not in frame:
        if column is None:
            return None, None
        raise CatalogError(f"No training file has the column {column!r} of redshifts.")
    z = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    z = np.where(z >= 0, z, np.nan)
    complete = frame.reindex(columns=[f"mag_{b}" for b in bands]).notna().all(axis=1).to_numpy()
    if np.sum(is_quasar & np.isfinite(z) & complete) >= least:
        return name, z
    if column is None:
        return None, None
    raise CatalogError(
        f"Fewer than {least} quasars have a redshift in {column!r} and all bands, too few to learn "
        "from; leave --redshift out."
    )


def priors(given):
    """Read priors from CLASS=P texts.

    Parameters
    ----------
    given : sequence of str

    Returns
    -------
    dict of {str: float} or None
        None if nothing was given.

    Raises
    ------
    CatalogError
        If a text is not written so.
    """
    if not given:
        return None
    out = {}
    for text in given:
        name, _, value = text.rpartition("=")
        try:
            out[name] = float(value)
        except ValueError:
            name = ""
        if not name:
            raise CatalogError(f"A prior is written CLASS=P, such as Star=0.88, not {text!r}.")
    return out
