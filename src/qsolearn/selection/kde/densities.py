"""Exact Epanechnikov kernel sums: each leaf of objects against one tree of training points."""

import math

import numpy as np
from numba import njit

from qsolearn.selection.kde.leaf_sums import is_wide, make_room, sum_candidates
from qsolearn.selection.kde.tree import axes_of, largest_leaf

__all__ = ["log_normalization", "sum_node"]

# Objects that share their packed training points.
BLOCK = 512


def log_normalization(kernel, n_features, bandwidth):
    """Log of the integral of the unnormalized kernel over all space.

    The kernels are ``1 - |u|^2`` inside ``|u| < 1`` ("epanechnikov") and ``exp(-|u|^2 / 2)``
    ("gaussian"), with ``u = (x - y) / bandwidth``.

    Examples
    --------
    >>> round(math.exp(log_normalization("epanechnikov", 1, 1.0)), 6)  # 2 - 2/3
    1.333333
    """
    d = n_features
    if kernel == "epanechnikov":
        log_ball = 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1.0)
        return log_ball + math.log(2.0 / (d + 2.0)) + d * math.log(bandwidth)
    return 0.5 * d * math.log(2.0 * math.pi) + d * math.log(bandwidth)


def sum_node(objects, node, tree, root, bandwidth, sums):
    """Kernel sums ``sum_j w_j max(0, 1 - |x_i - y_j|^2 / h^2)`` at every object below one node.

    Parameters
    ----------
    objects : Tree
    node : int
    tree : Tree
        Training points.
    root : int
        Where the tree of the class begins.
    bandwidth : float
    sums : (n,) array
        In tree order; written for the objects of the node.
    """
    _sum_node(axes_of(objects), objects, node, tree, root, bandwidth**2, sums)


@njit(cache=True, nogil=True)
def _sum_node(axes, objects, node, tree, root, square, sums):
    width = len(axes)
    room = make_room(axes, max(BLOCK, largest_leaf(objects)), largest_leaf(tree))
    stack = np.full(1, root)
    waiting = np.empty(128, dtype=np.int64)
    waiting[0] = node
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        q = waiting[n_waiting]
        large = objects.stop[q] - objects.start[q] > BLOCK
        if objects.left[q] >= 0 and (large or is_wide(axes, objects.boxes, q, square)):
            waiting[n_waiting] = objects.left[q]
            waiting[n_waiting + 1] = objects.left[q] + 1
            n_waiting += 2
            continue
        start, n = objects.start[q], objects.stop[q] - objects.start[q]
        room.given[:n] = objects.points[start : start + n]
        fold = np.zeros(width + 2)
        sum_candidates(axes, objects.boxes, q, tree, square, stack, 0, 1, n, fold, room)
        sums[start : start + n] = room.sums[:n]
