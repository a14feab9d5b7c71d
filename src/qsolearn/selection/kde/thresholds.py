"""Kernel sums only where they matter: compared with thresholds, exact only near them.

The same dual tree as for labels, with one class; the place of the other classes is taken by a
lower and an upper threshold for every object.
"""

import numpy as np
from numba import njit

from qsolearn.selection.kde.bounds import recenter, smallest_difference, value_at
from qsolearn.selection.kde.candidates import refine_candidates
from qsolearn.selection.kde.labels import ROUNDING, SHARE
from qsolearn.selection.kde.leaf_sums import make_room, sum_candidates
from qsolearn.selection.kde.tree import axes_of, largest_leaf

__all__ = ["sum_near_thresholds"]


def sum_near_thresholds(objects, root, tree, tree_root, bandwidth, low, high, sums):
    """Epanechnikov kernel sums of one class, exact only between the thresholds.

    Parameters
    ----------
    objects : Tree
    root : int
        Node of `objects` below which to work.
    tree : Tree
        Training points.
    tree_root : int
        Where the tree of the class begins.
    bandwidth : float
    low, high : (n,) arrays
        Thresholds of each object, in tree order.
    sums : (n,) array
        In tree order; +inf for a sum above `high`, -inf for one below `low`, and the exact sum
        elsewhere.
    """
    _sum_near_thresholds(
        axes_of(objects), objects, root, tree, tree_root, bandwidth**2, low, high, sums
    )


@njit(cache=True, nogil=True)
def _extremes(objects, low, high):
    """Smallest low and largest high threshold below each node."""
    n_nodes = objects.start.shape[0]
    lowest, highest = np.empty(n_nodes), np.empty(n_nodes)
    for q in range(n_nodes - 1, -1, -1):
        child = objects.left[q]
        if child >= 0:
            lowest[q] = min(lowest[child], lowest[child + 1])
            highest[q] = max(highest[child], highest[child + 1])
        else:
            lowest[q] = low[objects.start[q] : objects.stop[q]].min()
            highest[q] = high[objects.start[q] : objects.stop[q]].max()
    return lowest, highest


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_near_thresholds(axes, objects, root, tree, tree_root, square, low, high, sums):
    width, boxes = len(axes), objects.boxes
    lowest, highest = _extremes(objects, low, high)
    depths = 2 + int(np.ceil(np.log2(boxes.shape[0] + 1)))
    fold = np.zeros((depths, width + 2))
    first = np.zeros(depths + 1, dtype=np.int64)
    first[1] = 1
    doubts = np.full(depths, np.inf)
    lower, upper, zero = np.empty(width + 2), np.empty(width + 2), np.zeros(width + 2)
    stack = np.empty(1 << 14, dtype=np.int64)
    stack[0] = tree_root
    room = make_room(axes, largest_leaf(objects), largest_leaf(tree))
    no_trace = np.zeros((0, 4), dtype=np.int64)
    waiting = np.empty((depths + 1, 3), dtype=np.int64)
    waiting[0] = (root, root, 1)
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        q, parent, depth = waiting[n_waiting]
        recenter(axes, fold[depth - 1], boxes, parent, q, fold[depth])
        stack, end, doubts[depth] = refine_candidates(
            axes,
            boxes,
            q,
            tree,
            square,
            doubts[depth - 1] * SHARE,
            stack,
            first[depth - 1],
            first[depth],
            first[depth],
            fold[depth],
            lower,
            upper,
            no_trace,
        )
        first[depth + 1] = end
        start, stop = objects.start[q], objects.stop[q]
        margin = ROUNDING * (abs(lower[0]) + abs(upper[0]) + highest[q])
        if smallest_difference(axes, lower, 1.0, zero, 0.0, boxes, q) - highest[q] > margin:
            sums[start:stop] = np.inf
        elif smallest_difference(axes, zero, 0.0, upper, 1.0, boxes, q) + lowest[q] > margin:
            sums[start:stop] = -np.inf
        elif objects.left[q] >= 0:
            waiting[n_waiting] = (objects.left[q], q, depth + 1)
            waiting[n_waiting + 1] = (objects.left[q] + 1, q, depth + 1)
            n_waiting += 2
        else:
            _sum_leaf(
                axes,
                objects,
                q,
                tree,
                square,
                stack,
                first[depth],
                end,
                fold[depth],
                lower,
                upper,
                low,
                high,
                margin,
                room,
                sums,
            )


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_leaf(
    axes,
    objects,
    q,
    tree,
    square,
    stack,
    first,
    last,
    fold,
    lower,
    upper,
    low,
    high,
    margin,
    room,
    sums,
):
    """Settle what the bounds at the objects themselves can settle; sum the rest exactly."""
    given, exact = room.given, room.sums
    which = np.empty(objects.stop[q] - objects.start[q], dtype=np.int64)
    n = 0
    for i in range(objects.start[q], objects.stop[q]):
        if value_at(axes, lower, objects.boxes, q, objects.points, i) - high[i] > margin:
            sums[i] = np.inf
        elif low[i] - value_at(axes, upper, objects.boxes, q, objects.points, i) > margin:
            sums[i] = -np.inf
        else:
            which[n] = i
            for d in range(len(axes)):
                given[n, d] = objects.points[i, d]
            n += 1
    if n > 0:
        sum_candidates(
            axes, objects.boxes, q, tree, square, stack, first, last, n, fold.copy(), room
        )
        for k in range(n):
            sums[which[k]] = exact[k]
