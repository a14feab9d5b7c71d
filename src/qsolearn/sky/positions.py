"""Positions as unit vectors, and where they lie in the Galaxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from qsolearn.errors import CatalogError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["galactic_latitude", "unit_vectors"]


def galactic_latitude(ra: ArrayLike, dec: ArrayLike) -> np.ndarray:
    """Galactic latitude of a position.

    Parameters
    ----------
    ra, dec : array_like
        ICRS position [deg].

    Returns
    -------
    ndarray
        Latitude b [deg], same shape.

    Examples
    --------
    >>> float(galactic_latitude(192.85948, 27.12825).round(1))
    90.0
    """
    ra, dec = np.radians(ra), np.radians(dec)
    pole_ra, pole_dec = np.radians(192.85948), np.radians(27.12825)
    sine = np.sin(dec) * np.sin(pole_dec)
    sine = sine + np.cos(dec) * np.cos(pole_dec) * np.cos(ra - pole_ra)
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))


def unit_vectors(table: pd.DataFrame, name: str) -> np.ndarray:
    """Unit vectors of the positions of a table.

    Parameters
    ----------
    table : pandas.DataFrame, n rows
        Columns ``ra``, ``dec`` [deg].
    name : str
        What to call the table in an error.

    Returns
    -------
    ndarray, shape (n, 3)

    Raises
    ------
    CatalogError
        If a column is absent, or a position is missing or off the sky.

    Examples
    --------
    >>> import pandas as pd
    >>> unit_vectors(pd.DataFrame({"ra": [90.0], "dec": [0.0]}), "sources").round(3)
    array([[0., 1., 0.]])
    """
    for column in ("ra", "dec"):
        if column not in table:
            raise CatalogError(
                f"The {name} have no column {column!r}; positions are ra, dec [deg]."
            )
    ra, dec = (table[c].to_numpy(dtype=float, na_value=np.nan) for c in ("ra", "dec"))
    bad = ~(np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90))
    if bad.any():
        raise CatalogError(
            f"Row {int(np.argmax(bad))} of the {name} has no position on the sky; leave such rows "
            "out before matching."
        )
    return _unit(ra, dec)


def _unit(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
