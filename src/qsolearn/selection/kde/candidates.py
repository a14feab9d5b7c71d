"""Candidate lists: which training nodes still matter to a node of objects.

A node of objects inherits the list of its parent and looks at each candidate again. It drops what
lies beyond the bandwidth, folds what lies wholly within it into one exact quadratic, opens what
leaves too much in doubt, and keeps and bounds the rest.
"""

import numpy as np
from numba import njit

from qsolearn.selection.kde.bounds import bound_straddling, box_distances
from qsolearn.selection.kde.tiles import pack_references, tile_epanechnikov

__all__ = [
    "DROPPED",
    "FOLDED",
    "KEPT",
    "OPENED",
    "SETTLED",
    "fold_node",
    "make_room",
    "refine_candidates",
    "sum_candidates",
    "write_trace",
]

DROPPED, FOLDED, OPENED, KEPT, SETTLED = 0, 1, 2, 3, 4

# A tile is at most this many training points by this many objects: larger ones would cover too
# many pairs that are out of reach, smaller ones are not worth the look at their boxes.
RUN = 64
GROUP = 8

# Boxes are computed with rounding: fold only what lies this far within the bandwidth.
SLACK = 1e-12


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


@njit(cache=True, nogil=True)
def make_room(axes, n):
    """Arrays that `sum_candidates` works in, for up to n objects at a time.

    Returns
    -------
    x : (m, w) array
        To be filled with the objects, less the middle of their node, over the bandwidth. Room for
        whole groups.
    groups : (m / GROUP, 2 w) array
        Bounding boxes of groups of consecutive objects.
    folds : (m / GROUP, w + 2) array
        What is folded for each group.
    packed : (w + 2, RUN) array
        Training points, as a tile reads them.
    sums : (m,) array
        The result.
    """
    width = len(axes)
    n_groups = (n + GROUP - 1) // GROUP
    return (
        np.zeros((n_groups * GROUP, width)),
        np.empty((n_groups, 2 * width)),
        np.empty((n_groups, width + 2)),
        np.empty((width + 2, RUN)),
        np.empty(n_groups * GROUP),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def sum_candidates(axes, objects, q, tree, square, stack, first, last, n, fold, room):
    """Exact kernel sums at n objects of node q from its candidates, by folding and by tiles.

    Parameters
    ----------
    n : int
        Number of objects in ``x`` of the room; the sums are left there too.
    fold : (w + 2,) array
        Quadratic about the middle of q of what has been folded already; more is added.
    room : tuple of arrays
        From `make_room`.
    """
    width = len(axes)
    x, groups, folds, packed, sums = room
    n_groups = _group_objects(axes, n, room)
    scale = 1.0 / np.sqrt(square)
    waiting = np.empty(128, dtype=np.int64)
    for k in range(first, last):
        waiting[0] = stack[k]
        n_waiting = 1
        while n_waiting > 0:
            n_waiting -= 1
            r = waiting[n_waiting]
            nearest, farthest = box_distances(axes, objects, q, tree.boxes, r)
            if nearest >= square:
                continue
            if farthest <= square:
                fold_node(axes, objects, q, tree.boxes, r, square, fold)
            elif tree.left[r] >= 0 and tree.stop[r] - tree.start[r] > RUN:
                waiting[n_waiting] = tree.left[r]
                waiting[n_waiting + 1] = tree.left[r] + 1
                n_waiting += 2
            else:
                _sum_run(
                    axes,
                    objects,
                    q,
                    tree.boxes,
                    tree.points,
                    tree.weights,
                    tree.start[r],
                    tree.stop[r],
                    r,
                    scale,
                    n_groups,
                    x,
                    groups,
                    folds,
                    packed,
                    sums,
                )
    for i in range(n):
        own = folds[i // GROUP]
        value = fold[0] + own[0]
        for d in range(width):
            step = x[i, d] / scale
            value += (fold[1 + d] - fold[1 + width] * step) * step
            value += (own[1 + d] - own[1 + width] * x[i, d]) * x[i, d]
        sums[i] += value


@njit(cache=True, nogil=True)
def _group_objects(axes, n, room):
    """Bounding boxes of groups of consecutive objects; returns how many groups there are."""
    width = len(axes)
    x, groups, folds, _, sums = room
    n_groups = (n + GROUP - 1) // GROUP
    folds[:n_groups] = 0.0
    sums[: n_groups * GROUP] = 0.0
    for g in range(n_groups):
        start, stop = g * GROUP, min((g + 1) * GROUP, n)
        for d in range(width):
            low = high = x[start, d]
            for i in range(start + 1, stop):
                low = min(low, x[i, d])
                high = max(high, x[i, d])
            groups[g, d] = 0.5 * (low + high)
            groups[g, width + d] = 0.5 * (high - low)
    return n_groups


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def _sum_run(
    axes,
    objects,
    q,
    boxes,
    points,
    weights,
    start,
    stop,
    r,
    scale,
    n_groups,
    x,
    groups,
    folds,
    packed,
    sums,
):
    """Add a short run of training points, node r, to the sums of all groups.

    Seen from a small group, the node may lie within or beyond the bandwidth after all; only the
    groups for which it straddles go through the tile.
    """
    width = len(axes)
    m = 0
    for g in range(n_groups):
        nearest = 0.0
        farthest = 0.0
        for d in range(width):
            between = abs(groups[g, d] - (boxes[r, d] - objects[q, d]) * scale)
            reach = groups[g, width + d] + boxes[r, width + d] * scale
            gap = max(between - reach, 0.0)
            nearest += gap * gap
            farthest += (between + reach) * (between + reach)
        if nearest >= 1.0:
            continue
        if farthest <= 1.0 - SLACK:
            weight = boxes[r, 3 * width]
            mean = 1.0 - boxes[r, 3 * width + 1] * scale * scale
            for d in range(width):
                step = (boxes[r, 2 * width + d] - objects[q, d]) * scale
                mean -= step * step
                folds[g, 1 + d] += 2.0 * weight * step
            folds[g, 0] += weight * mean
            folds[g, 1 + width] += weight
            continue
        if m == 0:
            m = pack_references(axes, points, weights, start, stop, objects, q, scale, packed)
        tile_epanechnikov(axes, x, g * GROUP, (g + 1) * GROUP, packed, m, sums)
