"""Gaussian kernel sums at one object after another, to a proven relative tolerance.

Each object walks down the tree of training points, near nodes first. The mean kernel value over a
node is bounded from the mean of the squared distances, which its moments give exactly. Where the
bounds are close enough, their middle is taken; what has to be summed point by point is.
"""

import math

import numpy as np
from numba import njit

from qsolearn.selection.kde.tree import axes_of

__all__ = ["log_sum_gaussian"]


def log_sum_gaussian(points, tree, root, bandwidth, tolerance, left_out, log_sums):
    """Log of ``sum_j w_j exp(-|x_i - y_j|^2 / (2 h^2))`` at every object, however far away.

    Parameters
    ----------
    points : (n, w) array
        Objects.
    tree : Tree
        Training points.
    root : int
        Where the tree of the class begins.
    bandwidth : float
    tolerance : float
        Relative; proven for the sum.
    left_out : (n,) int array
        For each object the training point, in tree order, that it does without, or -1.
    log_sums : (n,) array
        Overwritten.
    """
    _log_sum(axes_of(tree), points, tree, root, bandwidth**2, tolerance, left_out, log_sums)


@njit(cache=True, nogil=True)
def _squares(axes, points, i, boxes, r):
    """Squares of the smallest and largest distance from object i to a point of node r."""
    width = len(axes)
    nearest = 0.0
    farthest = 0.0
    for d in range(width):
        between = abs(points[i, d] - boxes[r, d])
        gap = max(between - boxes[r, width + d], 0.0)
        nearest += gap * gap
        farthest += (between + boxes[r, width + d]) ** 2
    return nearest, farthest


@njit(cache=True, nogil=True)
def _nearest_square(axes, points, i, tree, root, skip, waiting):
    """Square of the distance to the nearest training point, by branch and bound."""
    width = len(axes)
    best = np.inf
    waiting[0] = root
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        r = waiting[n_waiting]
        if _squares(axes, points, i, tree.boxes, r)[0] >= best:
            continue
        child = tree.left[r]
        if child >= 0:
            a = _squares(axes, points, i, tree.boxes, child)[0]
            b = _squares(axes, points, i, tree.boxes, child + 1)[0]
            near = 0 if a <= b else 1
            waiting[n_waiting] = child + 1 - near
            waiting[n_waiting + 1] = child + near
            n_waiting += 2
        else:
            for j in range(tree.start[r], tree.stop[r]):
                square = 0.0
                for d in range(width):
                    square += (points[i, d] - tree.points[j, d]) ** 2
                if square < best and j != skip:
                    best = square
    return best


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "ninf"})
def _sum_points(axes, points, i, others, weights, start, stop, rate, offset, skip):
    """Sum of ``w_j exp(offset - rate |x_i - y_j|^2)`` without point `skip`, to 1e-8.

    exp(-v) is taken as exp(-v / 32) to the power of 32, by a Taylor polynomial about v / 32 = 1/2
    and five squarings: arithmetic alone, which the compiler vectorizes. Beyond v = 32 it is left
    at exp(-32) = 1e-14.
    """
    width = len(axes)
    total = 0.0
    for j in range(start, stop):
        square = 0.0
        for d in range(width):
            square += (points[i, d] - others[j, d]) ** 2
        u = 0.5 - min(max(rate * square - offset, 0.0), 32.0) / 32.0
        p = 1.0 + u / 9.0
        p = 1.0 + u / 8.0 * p
        p = 1.0 + u / 7.0 * p
        p = 1.0 + u / 6.0 * p
        p = 1.0 + u / 5.0 * p
        p = 1.0 + u / 4.0 * p
        p = 1.0 + u / 3.0 * p
        p = 1.0 + u / 2.0 * p
        p = (1.0 + u * p) * 0.6065306597126334
        p *= p
        p *= p
        p *= p
        p *= p
        p *= p
        total += weights[j] * p * (j != skip)
    return total


@njit(cache=True, nogil=True)
def _log_sum(axes, points, tree, root, square, tolerance, left_out, log_sums):
    width = len(axes)
    boxes = tree.boxes
    rate = 0.5 / square
    waiting = np.empty(128, dtype=np.int64)
    for i in range(points.shape[0]):
        skip = left_out[i]
        nearest_of_all = _nearest_square(axes, points, i, tree, root, skip, waiting)
        if nearest_of_all == np.inf:
            log_sums[i] = -np.inf
            continue
        # Everything is measured against the nearest point, so nothing underflows far away. The
        # error allowed per unit of weight adds up to the tolerance times a lower bound of the sum.
        total = 0.0
        spent = 0.0
        left = boxes[root, 3 * width]
        waiting[0] = root
        n_waiting = 1
        while n_waiting > 0:
            n_waiting -= 1
            r = waiting[n_waiting]
            weight = boxes[r, 3 * width]
            nearest, farthest = _squares(axes, points, i, boxes, r)
            mean = boxes[r, 3 * width + 1]
            for d in range(width):
                mean += (points[i, d] - boxes[r, 2 * width + d]) ** 2
            # exp is convex: its mean over the node is above exp of the mean, below the chord.
            low = math.exp(-rate * (mean - nearest_of_all))
            nearest = min(max(nearest, nearest_of_all), mean)
            at_near = math.exp(-rate * (nearest - nearest_of_all))
            at_far = math.exp(-rate * (farthest - nearest_of_all))
            share = (farthest - mean) / (farthest - nearest) if farthest > nearest else 1.0
            high = max(at_far + share * (at_near - at_far), low)
            allowed = (tolerance * (total + low * weight) - spent) / max(left, weight)
            holds_skip = tree.start[r] <= skip < tree.stop[r]
            if 0.5 * (high - low) <= allowed and not holds_skip:
                total += 0.5 * (high + low) * weight
                spent += 0.5 * (high - low) * weight
                left -= weight
                continue
            child = tree.left[r]
            if child >= 0:
                a = _squares(axes, points, i, boxes, child)[0]
                b = _squares(axes, points, i, boxes, child + 1)[0]
                near = 0 if a <= b else 1
                waiting[n_waiting] = child + 1 - near
                waiting[n_waiting + 1] = child + near
                n_waiting += 2
                continue
            left -= weight
            total += _sum_points(
                axes,
                points,
                i,
                tree.points,
                tree.weights,
                tree.start[r],
                tree.stop[r],
                rate,
                rate * nearest_of_all,
                skip,
            )
        log_sums[i] = math.log(total) - rate * nearest_of_all
