"""Bounds on a sum of Epanechnikov kernels over a box of objects, from the moments of nodes.

Write z = h^2 - |x - y|^2. The kernel sum at x over the points y_j of a node is
``sum_j w_j max(0, z_j) / h^2``, and the moments of the node give the mean of the z_j at any x,
``h^2 - |x - mean|^2 - scatter``, exactly. Where no z_j can be negative, that is the sum itself and
the node is *folded*. Where some can, the mean is still a lower bound, and two upper bounds follow:

- the chord: max(0, z) is convex, so it lies below the straight line between its ends;
- the variance bound: the mean of max(0, z) is at most (m + sqrt(m^2 + s^2)) / 2 when z has mean m
  and standard deviation s.

Every one of these is, over a box of objects, one quadratic

    value(x) = constant + slope . (x - middle) - curvature |x - middle|^2,

kept as a row ``[constant, slope..., curvature]``. So bounds from many nodes add up to one row, and
its smallest value over the box is exact because the coordinates separate.
"""

import numpy as np
from numba import njit

__all__ = ["bound_straddling", "box_distances", "recenter", "smallest_difference", "value_at"]

EXACT = {"contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=EXACT)
def box_distances(axes, objects, q, boxes, r):
    """Squares of the smallest and largest distance between a point of box q and one of box r."""
    width = len(axes)
    nearest = 0.0
    farthest = 0.0
    for d in range(width):
        between = abs(objects[q, d] - boxes[r, d])
        reach = objects[q, width + d] + boxes[r, width + d]
        gap = max(between - reach, 0.0)
        nearest += gap * gap
        farthest += (between + reach) * (between + reach)
    return nearest, farthest


@njit(cache=True, nogil=True, fastmath=EXACT, error_model="numpy")
def bound_straddling(axes, objects, q, boxes, r, square, nearest, farthest):
    """Mean of z at the middle of box q, and the better upper bound on the mean of max(0, z).

    Parameters
    ----------
    axes : tuple of width w
    objects, boxes : (n_nodes, 3 w + 4) arrays
        ``Tree.boxes`` of the objects and of the training points.
    q, r : int
        A node of each.
    square : float
        h squared.
    nearest, farthest : float
        From `box_distances`; ``nearest < square < farthest``.

    Returns
    -------
    mean : float
        Mean of z over the node at the middle of q.
    upper, slope : float
        Over the whole box q, the mean of max(0, z) is at most ``upper + slope * (m - mean)``,
        where m is the mean of z at that place.
    """
    width = len(axes)
    close = 0.0
    middle = 0.0
    far = 0.0
    for d in range(width):
        between = abs(objects[q, d] - boxes[r, 2 * width + d])
        half = objects[q, width + d]
        gap = max(between - half, 0.0)
        close += gap * gap
        middle += between * between
        far += (between + half) * (between + half)
    scatter = boxes[r, 3 * width + 1]
    low = square - scatter - far
    mean = square - scatter - middle
    high = square - scatter - close
    # z = const - |y - c|^2 + 2 (x - c).(y - c): the standard deviation is at most the sum of both
    # parts', 2 |x - c| spread + wobble, and (a + b)^2 <= 1.2 a^2 + 6 b^2.
    variance = 4.8 * far * boxes[r, 3 * width + 2] + 6.0 * boxes[r, 3 * width + 3]
    at_low = 0.5 * (low + np.sqrt(low * low + variance))
    at_high = 0.5 * (high + np.sqrt(high * high + variance))
    # The variance bound is convex in the mean: below its own chord over this box.
    slope = (at_high - at_low) / (high - low) if high - low > 1e-9 * square else 1.0
    upper = at_low + slope * (mean - low)
    chord = (square - nearest) / (farthest - nearest)
    if chord * (mean + farthest - square) < upper:
        return mean, chord * (mean + farthest - square), chord
    return mean, upper, slope


@njit(cache=True, nogil=True)
def recenter(axes, row, objects, old, new, result):
    """Write the same quadratic about the middle of another box."""
    width = len(axes)
    constant, curvature = row[0], row[1 + width]
    for d in range(width):
        step = objects[new, d] - objects[old, d]
        constant += (row[1 + d] - curvature * step) * step
        result[1 + d] = row[1 + d] - 2.0 * curvature * step
    result[0] = constant
    result[1 + width] = curvature


@njit(cache=True, nogil=True)
def value_at(axes, row, objects, q, points, i):
    """The quadratic at object i."""
    width = len(axes)
    value = row[0]
    for d in range(width):
        step = points[i, d] - objects[q, d]
        value += (row[1 + d] - row[1 + width] * step) * step
    return value


@njit(cache=True, nogil=True)
def smallest_difference(axes, lower, a, upper, b, objects, q):
    """Smallest value of ``a * lower - b * upper`` over box q."""
    width = len(axes)
    value = a * lower[0] - b * upper[0]
    curvature = a * lower[1 + width] - b * upper[1 + width]
    for d in range(width):
        slope = abs(a * lower[1 + d] - b * upper[1 + d])
        half = objects[q, width + d]
        if curvature < 0.0 and slope < -2.0 * curvature * half:
            value += slope * slope / (4.0 * curvature)
        else:
            value -= (slope + curvature * half) * half
    return value
