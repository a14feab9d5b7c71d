"""Gaussian kernel sums in up to four dimensions by way of a grid, with a proven error.

A Gaussian of variance h^2 is the convolution of two of variance h^2 / 2. So every training point is
spread onto the grid points around it with the narrow Gaussian, once, and every object gathers from
the grid points around it with the same: a fixed amount of work per point.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = ["Grid", "gather", "make_grid"]

MAX_AXES = 4

# Grid spacing over bandwidth. Summing over the grid instead of integrating changes each pair's
# kernel by a factor within 1 +- 2.3e-6 per axis: 2 exp(-pi^2 / (2 SPACING^2)), by Poisson's sum.
SPACING = 0.6
ALIASING = 2.3e-6

# Grid points used around each point, per axis: the left-out ones are beyond TAPS / 2 spacings.
TAPS = 16

# Grid points beyond the outermost training points: a training point's own, and one for rounding.
MARGIN = TAPS // 2 + 1

# No larger grid is made (256 MB).
MAX_CELLS = 2**25


class Grid(NamedTuple):
    """Training points of one class, spread on a grid.

    Attributes
    ----------
    values : (cells,) array
    shape : (4,) int array
        Axes that are not needed come first and have length 1.
    origin : (4,) array
        Coordinates of the first grid point.
    step : float
        Grid spacing.
    missing : float
        Upper bound on what the left-out grid points would add to any kernel sum.
    aliasing : float
        Upper bound on the relative error of the rest.
    """

    values: np.ndarray
    shape: np.ndarray
    origin: np.ndarray
    step: float
    missing: float
    aliasing: float


def make_grid(points, weights, n_features, bandwidth):
    """Spread training points on a grid, or return None if they need too large a one.

    Parameters
    ----------
    points : (n, w) array
        Only the first `n_features` coordinates count.
    weights : (n,) array
    n_features : int
    bandwidth : float

    Returns
    -------
    Grid or None

    Notes
    -----
    For one axis, with step s and a pair at distance u, the sum over all grid points of the two
    narrow Gaussians is ``exp(-u^2 / 2h^2) h sqrt(pi / 2) / s``, to 1 +- `ALIASING`. A left-out
    grid point is at least r = TAPS s / 2 from one of the two. On that side the k-th one contributes
    at most ``exp(-(r + k s)^2 / h^2) <= exp(-r^2 / h^2) q^k`` with q = exp(-2 r s / h^2). So what
    is left out, after normalization, is at most ``s / (h sqrt(pi / 2)) exp(-r^2 / h^2) / (1 - q)``
    for each of the four sides of a pair, per axis.
    """
    if n_features > MAX_AXES:
        return None
    step = SPACING * bandwidth
    used = points[:, :n_features]
    low = np.floor(used.min(axis=0) / step) - MARGIN
    cells = np.ceil((used.max(axis=0) - low * step) / step) + MARGIN + 1
    if cells.prod() > MAX_CELLS:
        return None
    shape = np.ones(MAX_AXES, dtype=np.int64)
    shape[MAX_AXES - n_features :] = cells
    origin = np.zeros(MAX_AXES)
    origin[MAX_AXES - n_features :] = low * step
    values = np.zeros(shape.prod())
    _spread(points, weights, n_features, shape, origin, step, values)
    values *= (SPACING / math.sqrt(math.pi / 2)) ** n_features
    aliasing = (1.0 + ALIASING) ** n_features - 1.0
    reach = 0.5 * TAPS * SPACING
    geometric = 1.0 / (1.0 - math.exp(-2.0 * reach * SPACING))
    per_axis = 4.0 * SPACING / math.sqrt(math.pi / 2) * math.exp(-(reach**2)) * geometric
    return Grid(
        values,
        shape,
        origin,
        step,
        per_axis * (1.0 + aliasing) * n_features * weights.sum(),
        aliasing,
    )


@njit(cache=True, nogil=True)
def gather(points, n_features, grid, tolerance, sums):
    """Kernel sums from the grid; NaN where the error is not proven to be within the tolerance."""
    values, shape, origin, step, missing, aliasing = grid
    first = np.empty(MAX_AXES, dtype=np.int64)
    taps = np.ones((MAX_AXES, TAPS))
    counts = np.ones(MAX_AXES, dtype=np.int64)
    rows = np.empty(TAPS)
    for i in range(points.shape[0]):
        sums[i] = np.nan
        if _place(points, i, n_features, shape, origin, step, first, counts, taps):
            rows[:] = 0.0
            for a in range(first[0], first[0] + counts[0]):
                for b in range(first[1], first[1] + counts[1]):
                    outer = taps[0, a - first[0]] * taps[1, b - first[1]]
                    for c in range(first[2], first[2] + counts[2]):
                        factor = outer * taps[2, c - first[2]]
                        start = ((a * shape[1] + b) * shape[2] + c) * shape[3] + first[3]
                        for k in range(TAPS):
                            rows[k] += factor * values[start + k]
            total = 0.0
            for k in range(TAPS):
                total += rows[k] * taps[3, k]
            if missing <= (tolerance - 2.0 * aliasing) * total:
                sums[i] = total


@njit(cache=True, nogil=True)
def _spread(points, weights, n_features, shape, origin, step, values):
    first = np.empty(MAX_AXES, dtype=np.int64)
    taps = np.ones((MAX_AXES, TAPS))
    counts = np.ones(MAX_AXES, dtype=np.int64)
    for i in range(points.shape[0]):
        _place(points, i, n_features, shape, origin, step, first, counts, taps)
        for a in range(first[0], first[0] + counts[0]):
            for b in range(first[1], first[1] + counts[1]):
                outer = weights[i] * taps[0, a - first[0]] * taps[1, b - first[1]]
                for c in range(first[2], first[2] + counts[2]):
                    factor = outer * taps[2, c - first[2]]
                    start = ((a * shape[1] + b) * shape[2] + c) * shape[3] + first[3]
                    for k in range(TAPS):
                        values[start + k] += factor * taps[3, k]


@njit(cache=True, nogil=True)
def _place(points, i, n_features, shape, origin, step, first, counts, taps):
    """First grid point and narrow Gaussians along each axis; False if some are off the grid."""
    for axis in range(MAX_AXES):
        d = axis - (MAX_AXES - n_features)
        if d < 0:
            first[axis] = 0
            continue
        cell = (points[i, d] - origin[axis]) / step
        if not 0.0 <= cell < shape[axis]:
            return False
        first[axis] = int(cell) - TAPS // 2 + 1
        counts[axis] = TAPS
        if first[axis] < 0 or first[axis] + TAPS > shape[axis]:
            return False
        for k in range(TAPS):
            taps[axis, k] = math.exp(-(((first[axis] + k - cell) * SPACING) ** 2))
    return True
