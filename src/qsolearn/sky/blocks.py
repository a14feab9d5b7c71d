"""Blocks of sky, so that neighbors and repeated sources stay on one side of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qsolearn.errors import CatalogError
from qsolearn.sky.coverage import healpix_pixels
from qsolearn.sky.positions import unit_vectors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sky_blocks"]


def sky_blocks(sources: pd.DataFrame, level: int = 3, *, together: float = 1.0) -> np.ndarray:
    """Number the block of sky of every source; the same source seen twice has one block.

    Parameters
    ----------
    sources : pandas.DataFrame, n rows
        Columns ``ra``, ``dec`` [deg]; the rows of several files one after the other, if the files
        may share sources.
    level : int
        HEALPix level, 0 to 29; blocks are 7.3, 3.7 and 1.8 deg wide at 3, 4 and 5. Choose blocks
        wider than whatever neighbors share: a field, a plate, a night, the dust of a cloud.
    together : float
        Sources at most so far apart [arcsec] are the same source, also in a chain; all of them get
        the block of the first. 0 for none.

    Returns
    -------
    ndarray of int, shape (n,)
        HEALPix numbers, nested scheme, for `qsolearn.judge.block_splits`.

    Raises
    ------
    CatalogError
        If the level is impossible, a position is missing, the distance is below 0, or
        astropy-healpix is not installed.

    Notes
    -----
    Without ``together`` the border of two blocks would part a source from its second measurement.

    References
    ----------
    Gorski et al. 2005, ApJ 622, 759 (HEALPix); Roberts et al. 2017, Ecography 40, 913 (blocks).

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({"ra": [44.9999, 45.0001, 200.0], "dec": [0.0, 0.0, 30.0]})
    >>> len(set(sky_blocks(seen, level=3, together=0))), len(set(sky_blocks(seen, level=3)))
    (3, 2)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not together >= 0:
        raise CatalogError(
            f"Sources cannot be {together} arcsec apart; give 0 or a small distance."
        )
    vectors = unit_vectors(sources, "sources")
    n = len(vectors)
    pixels = healpix_pixels(sources["ra"], sources["dec"], level)
    if together == 0 or n == 0:
        return pixels
    chord = 2 * np.sin(np.radians(together / 3600) / 2)
    pairs = cKDTree(vectors).query_pairs(chord * (1 + 1e-9), output_type="ndarray")
    links = coo_array((np.ones(len(pairs), bool), pairs.T), shape=(n, n))
    _, group = connected_components(links, directed=False)
    _, first = np.unique(group, return_index=True)
    return pixels[first[group]]
