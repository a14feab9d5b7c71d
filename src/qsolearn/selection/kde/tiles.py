"""Register tiles: four objects against a run of training points at a time.

Inside its support the Epanechnikov kernel is ``1 - |x - y|^2``, in units of the bandwidth. Written
out, ``(1 - |y|^2) - |x|^2 + 2 x.y``: one addition and one multiply-add per coordinate, clipped at
zero and summed. Four objects share each training point that is loaded from memory, and everything
else stays in processor registers, which is why the coordinates are spelled out by hand.
"""

import math

import numpy as np
from numba import njit

__all__ = ["MAX_FEATURES", "pack_references", "pad_features", "sum_gaussian", "tile_epanechnikov"]

#: The engine carries points of up to this many coordinates.
MAX_FEATURES = 8

# What the compiler may reorder: sums of nonnegative terms (relative error of 1e-16 per addition)
# and products into fused multiply-adds (more exact, not less).
REORDER = {"reassoc", "contract", "nsz", "nnan", "ninf"}


def pad_features(X):
    """Copy points to float64 with 4 or 8 coordinates; the added ones are zero.

    Parameters
    ----------
    X : (n, d) array, d from 1 to 8

    Returns
    -------
    (n, 4) or (n, 8) array
        C-contiguous. Zeros leave every distance unchanged.
    """
    n, d = X.shape
    padded = np.zeros((n, 4 if d <= 4 else 8))
    padded[:, :d] = X
    return padded


@njit(cache=True, nogil=True)
def pack_references(points, weights, start, stop, center, scale, packed):
    """Write training points as a tile reads them: coordinate by coordinate, local, scaled.

    Row ``d`` of ``packed`` becomes ``2 y_d``, then come ``1 - |y|^2`` and the weight, where
    ``y = (point - center) * scale``. A nearby center keeps ``|y|`` small and the expanded square
    exact to a few units in the last place.
    """
    width = points.shape[1]
    for j in range(start, stop):
        square = 0.0
        for d in range(width):
            y = (points[j, d] - center[d]) * scale
            packed[d, j - start] = 2.0 * y
            square += y * y
        packed[width, j - start] = 1.0 - square
        packed[width + 1, j - start] = weights[j]


@njit(cache=True, nogil=True, fastmath=REORDER)
def tile_epanechnikov(x, first, last, packed, m, sums):
    """Add ``sum_j w_j max(0, 1 - |x_i - y_j|^2)`` to ``sums[i]`` for objects first to last - 1.

    Parameters
    ----------
    x : (n, 4) or (n, 8) array
        Objects in the same local, scaled coordinates as ``packed``.
    first, last : int
        Which objects; ``last - first`` is a multiple of four.
    packed : (6 or 10, >= m) array
        Training points from `pack_references`.
    m : int
        How many of them.
    sums : (n,) array
    """
    if x.shape[1] == 4:
        for i in range(first, last, 4):
            _four_by_four(x, i, packed, m, sums)
    else:
        for i in range(first, last, 4):
            _four_by_eight(x, i, packed, m, sums)


@njit(cache=True, nogil=True, fastmath=REORDER)
def _four_by_four(x, i, packed, m, sums):
    y0, y1, y2, y3, yc, weight = packed[0], packed[1], packed[2], packed[3], packed[4], packed[5]
    a0, a1, a2, a3 = x[i, 0], x[i, 1], x[i, 2], x[i, 3]
    b0, b1, b2, b3 = x[i + 1, 0], x[i + 1, 1], x[i + 1, 2], x[i + 1, 3]
    c0, c1, c2, c3 = x[i + 2, 0], x[i + 2, 1], x[i + 2, 2], x[i + 2, 3]
    d0, d1, d2, d3 = x[i + 3, 0], x[i + 3, 1], x[i + 3, 2], x[i + 3, 3]
    ac = a0 * a0 + a1 * a1 + a2 * a2 + a3 * a3
    bc = b0 * b0 + b1 * b1 + b2 * b2 + b3 * b3
    cc = c0 * c0 + c1 * c1 + c2 * c2 + c3 * c3
    dc = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3
    s0 = s1 = s2 = s3 = 0.0
    for j in range(m):
        u0, u1, u2, u3, c, w = y0[j], y1[j], y2[j], y3[j], yc[j], weight[j]
        s0 += w * max(c - ac + a0 * u0 + a1 * u1 + a2 * u2 + a3 * u3, 0.0)
        s1 += w * max(c - bc + b0 * u0 + b1 * u1 + b2 * u2 + b3 * u3, 0.0)
        s2 += w * max(c - cc + c0 * u0 + c1 * u1 + c2 * u2 + c3 * u3, 0.0)
        s3 += w * max(c - dc + d0 * u0 + d1 * u1 + d2 * u2 + d3 * u3, 0.0)
    sums[i] += s0
    sums[i + 1] += s1
    sums[i + 2] += s2
    sums[i + 3] += s3


@njit(cache=True, nogil=True, fastmath=REORDER)
def _four_by_eight(x, i, packed, m, sums):
    y0, y1, y2, y3, y4 = packed[0], packed[1], packed[2], packed[3], packed[4]
    y5, y6, y7, yc, weight = packed[5], packed[6], packed[7], packed[8], packed[9]
    for k in range(i, i + 4, 2):
        a0, a1, a2, a3 = x[k, 0], x[k, 1], x[k, 2], x[k, 3]
        a4, a5, a6, a7 = x[k, 4], x[k, 5], x[k, 6], x[k, 7]
        b0, b1, b2, b3 = x[k + 1, 0], x[k + 1, 1], x[k + 1, 2], x[k + 1, 3]
        b4, b5, b6, b7 = x[k + 1, 4], x[k + 1, 5], x[k + 1, 6], x[k + 1, 7]
        ac = a0 * a0 + a1 * a1 + a2 * a2 + a3 * a3 + a4 * a4 + a5 * a5 + a6 * a6 + a7 * a7
        bc = b0 * b0 + b1 * b1 + b2 * b2 + b3 * b3 + b4 * b4 + b5 * b5 + b6 * b6 + b7 * b7
        s0 = s1 = 0.0
        for j in range(m):
            u0, u1, u2, u3 = y0[j], y1[j], y2[j], y3[j]
            u4, u5, u6, u7 = y4[j], y5[j], y6[j], y7[j]
            c, w = yc[j], weight[j]
            p = a0 * u0 + a1 * u1 + a2 * u2 + a3 * u3 + a4 * u4 + a5 * u5 + a6 * u6 + a7 * u7
            q = b0 * u0 + b1 * u1 + b2 * u2 + b3 * u3 + b4 * u4 + b5 * u5 + b6 * u6 + b7 * u7
            s0 += w * max(c - ac + p, 0.0)
            s1 += w * max(c - bc + q, 0.0)
        sums[k] += s0
        sums[k + 1] += s1


@njit(cache=True, nogil=True)
def sum_gaussian(x, points, weights, scale, left_out, log_sums):
    """Log of ``sum_j w_j exp(-|x_i - y_j|^2 scale^2 / 2)``, exact far out in the tails too.

    ``left_out[i]`` is the training point that object i does without, or -1.
    """
    width = points.shape[1]
    squares = np.empty(points.shape[0])
    for i in range(x.shape[0]):
        nearest = np.inf
        for j in range(points.shape[0]):
            square = 0.0
            for d in range(width):
                difference = (x[i, d] - points[j, d]) * scale
                square += difference * difference
            squares[j] = square if j != left_out[i] else np.inf
            nearest = min(nearest, squares[j])
        if nearest == np.inf:
            log_sums[i] = -np.inf
            continue
        total = 0.0
        for j in range(points.shape[0]):
            total += weights[j] * math.exp(-0.5 * (squares[j] - nearest))
        log_sums[i] = math.log(total) - 0.5 * nearest
