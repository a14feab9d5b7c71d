"""Candidate lists: which training nodes still matter to a node of objects.

A node of objects inherits the list of its parent and looks at each candidate again. It drops what
lies beyond the bandwidth, folds what lies wholly within it into one exact quadratic, opens what
leaves too much in doubt, and keeps and bounds the rest.
"""

import numpy as np
from numba import njit

from qsolearn.selection.kde.bounds import bound_straddling, box_distances

__all__ = [
    "DROPPED",
    "FOLDED",
    "KEPT",
    "OPENED",
    "SETTLED",
    "fold_node",
    "refine_candidates",
    "write_trace",
]

DROPPED, FOLDED, OPENED, KEPT, SETTLED = 0, 1, 2, 3, 4


@njit(cache=True, nogil=True, error_model="numpy")
def fold_node(axes, objects, q, boxes, r, square, fold):
    """Add the kernel sum over node r, wholly within the bandwidth of box q, to a quadratic."""
    width = len(axes)
    weight = boxes[r, 3 * width] / square
    mean = square - boxes[r, 3 * width + 1]
    for d in range(width):
        step = objects[q, d] - boxes[r, 2 * width + d]
        mean -= step * step
        fold[1 + d] -= 2.0 * weight * step
    fold[0] += weight * mean
    fold[1 + width] += weight


@njit(cache=True, nogil=True)
def write_trace(trace, q, r, action, number):
    """Note a step as a row ``[q, r, action, number]``, as long as there is room.

    Row 0 is the counter; an array without rows keeps no trace.
    """
    if trace.shape[0] > 0 and trace[0, 0] + 1 < trace.shape[0]:
        trace[0, 0] += 1
        trace[trace[0, 0]] = (q, r, action, number)


@njit(cache=True, nogil=True, error_model="numpy")
def refine_candidates(
    axes, objects, q, tree, square, limit, stack, first, last, end, fold, lower, upper, trace
):
    """Look again at candidates ``stack[first:last]`` for node q; the ones kept go to `end` on.

    Parameters
    ----------
    limit : float
        A node that leaves more than this in doubt is opened.
    fold, lower, upper : (w + 2,) arrays
        Quadratics about the middle of q; folded nodes are added to `fold`, and `lower` and `upper`
        become bounds on the whole kernel sum.
    trace : (k, 4) int array
        See `write_trace`.

    Returns
    -------
    stack : int array
        The same, or a longer copy.
    end : int
        Where the candidates kept end.
    doubt : float
        Sum of upper minus lower bounds at the middle of q.
    """
    width = len(axes)
    boxes, left = tree.boxes, tree.left
    doubt = 0.0
    lower[:] = 0.0
    upper[:] = 0.0
    waiting = np.empty(128, dtype=np.int64)
    for k in range(first, last):
        waiting[0] = stack[k]
        n_waiting = 1
        while n_waiting > 0:
            n_waiting -= 1
            r = waiting[n_waiting]
            action = KEPT
            nearest, farthest = box_distances(axes, objects, q, boxes, r)
            if nearest >= square:
                action = DROPPED
            elif farthest <= square:
                action = FOLDED
                fold_node(axes, objects, q, boxes, r, square, fold)
            else:
                mean, bound, slope = bound_straddling(
                    axes, objects, q, boxes, r, square, nearest, farthest
                )
                weight = boxes[r, 3 * width] / square
                gap = weight * (bound - max(mean, 0.0))
                if gap > limit and left[r] >= 0:
                    action = OPENED
                    waiting[n_waiting] = left[r]
                    waiting[n_waiting + 1] = left[r] + 1
                    n_waiting += 2
                else:
                    if end >= stack.shape[0]:
                        longer = np.empty(2 * end, dtype=stack.dtype)
                        longer[:end] = stack
                        stack = longer
                    stack[end] = r
                    end += 1
                    doubt += gap
                    positive = weight if mean > 0.0 else 0.0
                    lower[0] += positive * mean
                    lower[1 + width] += positive
                    upper[0] += weight * bound
                    upper[1 + width] += weight * slope
                    for d in range(width):
                        step = 2.0 * (objects[q, d] - boxes[r, 2 * width + d])
                        lower[1 + d] -= positive * step
                        upper[1 + d] -= weight * slope * step
            write_trace(trace, q, r, action, tree.stop[r] - tree.start[r])
    for d in range(width + 2):
        lower[d] += fold[d]
        upper[d] += fold[d]
    return stack, end, doubt
