"""Exact labels by dual tree: most objects are labelled in groups, from bounds alone.

A node of objects is settled as soon as the lower bound of one class's prior-weighted density is
above the upper bounds of all others over its whole box. Otherwise its two children inherit its
lists of candidates. What is left at the leaves is settled object by object: by the same bounds at
the object itself, and last by exact sums.
"""

import numpy as np
from numba import njit

from qsolearn.selection.kde.bounds import recenter, smallest_difference, value_at
from qsolearn.selection.kde.candidates import SETTLED, refine_candidates, write_trace
from qsolearn.selection.kde.leaf_sums import make_room, sum_candidates
from qsolearn.selection.kde.tree import axes_of, largest_leaf

__all__ = ["UNSETTLED", "label_node"]

#: A candidate is opened when it holds more than this share of the doubt at the parent node.
SHARE = 1.0 / 64.0

# Bounds are sums of at most millions of terms, rounded at 1e-16 each: settle only beyond this.
ROUNDING = 1e-10

UNSETTLED = -1


def label_node(objects, root, forest, roots, bandwidths, factors, nothing, default, labels, trace):
    """Label every object below one node of the tree of objects.

    Parameters
    ----------
    objects : Tree
    root : int
        Node of `objects`.
    forest : Tree
        Training points, one tree per class.
    roots : (n_classes,) int array
    bandwidths : (n_classes,) array
    factors : (n_classes,) array
        Prior times normalization of each class: what its kernel sum is multiplied by.
    nothing : (n_classes,) array
        Kernel sums up to this are rounding, and count as zero.
    default : int
        The class where every density is zero.
    labels : (n,) int array
        Class numbers in tree order; written for the objects of the node.
    trace : (k, 4) int array
        See `write_trace`; k = 0 for none.
    """
    _label_node(
        axes_of(objects),
        objects,
        root,
        forest,
        roots,
        bandwidths**2,
        factors / factors.max(),
        nothing,
        default,
        labels,
        trace,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _label_node(
    axes, objects, root, forest, roots, squares, factors, nothing, default, labels, trace
):
    width, n_classes, boxes = len(axes), len(roots), objects.boxes
    # What belongs to the node at each depth; a child overwrites only what is deeper.
    depths = 2 + int(np.ceil(np.log2(boxes.shape[0] + 1)))
    fold = np.zeros((depths, n_classes, width + 2))
    first = np.zeros((depths, n_classes + 1), dtype=np.int64)
    doubts = np.full(depths, np.inf)
    lower, upper = np.empty((n_classes, width + 2)), np.empty((n_classes, width + 2))
    stack = np.empty(1 << 14, dtype=np.int64)
    for c in range(n_classes):
        stack[c] = roots[c]
        first[0, c + 1] = c + 1
    room = make_room(axes, largest_leaf(objects), largest_leaf(forest))
    waiting = np.empty((depths + 1, 3), dtype=np.int64)
    waiting[0] = (root, root, 1)
    n_waiting = 1
    while n_waiting > 0:
        n_waiting -= 1
        q, parent, depth = waiting[n_waiting]
        end = first[depth - 1, n_classes]
        first[depth, 0] = end
        doubts[depth] = 0.0
        size = 0.0
        for c in range(n_classes):
            recenter(axes, fold[depth - 1, c], boxes, parent, q, fold[depth, c])
            stack, end, doubt = refine_candidates(
                axes,
                boxes,
                q,
                forest,
                squares[c],
                doubts[depth - 1] * SHARE / factors[c],
                stack,
                first[depth - 1, c],
                first[depth - 1, c + 1],
                end,
                fold[depth, c],
                lower[c],
                upper[c],
                trace,
            )
            first[depth, c + 1] = end
            doubts[depth] += factors[c] * doubt
            size += factors[c] * (abs(lower[c, 0]) + abs(upper[c, 0]) + nothing[c])
        label = _label_box(
            axes, boxes, q, lower, upper, factors, ROUNDING * size, end - first[depth, 0], default
        )
        if label != UNSETTLED:
            write_trace(trace, q, -1, SETTLED, label)
            labels[objects.start[q] : objects.stop[q]] = label
        elif objects.left[q] >= 0:
            waiting[n_waiting] = (objects.left[q], q, depth + 1)
            waiting[n_waiting + 1] = (objects.left[q] + 1, q, depth + 1)
            n_waiting += 2
        else:
            _label_points(axes, objects, q, lower, upper, factors, ROUNDING * size, labels)
            _label_exactly(
                axes,
                objects,
                q,
                forest,
                squares,
                stack,
                first[depth],
                fold[depth],
                lower,
                upper,
                factors,
                nothing,
                default,
                ROUNDING * size,
                room,
                labels,
            )


@njit(cache=True, nogil=True)
def _label_box(axes, boxes, q, lower, upper, factors, margin, n_candidates, default):
    """The class that wins over all of box q, or UNSETTLED."""
    n_classes = factors.shape[0]
    if n_classes == 1 or (n_candidates == 0 and _is_empty(lower, upper)):
        return default
    best = 0
    for c in range(1, n_classes):
        if factors[c] * lower[c, 0] > factors[best] * lower[best, 0]:
            best = c
    for c in range(n_classes):
        if c != best:
            least = smallest_difference(
                axes, lower[best], factors[best], upper[c], factors[c], boxes, q
            )
            if not least > margin:
                return UNSETTLED
    return best


@njit(cache=True, nogil=True)
def _is_empty(lower, upper):
    """Whether no training point is within reach."""
    for c in range(lower.shape[0]):
        for d in range(lower.shape[1]):
            if lower[c, d] != 0.0 or upper[c, d] != 0.0:
                return False
    return True


@njit(cache=True, nogil=True)
def _label_points(axes, objects, q, lower, upper, factors, margin, labels):
    """Label those objects of leaf q that the bounds at the object itself settle."""
    n_classes = factors.shape[0]
    for i in range(objects.start[q], objects.stop[q]):
        labels[i] = UNSETTLED
        best = 0
        most = -np.inf
        for c in range(n_classes):
            value = factors[c] * value_at(axes, lower[c], objects.boxes, q, objects.points, i)
            if value > most:
                best, most = c, value
        settled = True
        for c in range(n_classes):
            if c != best and settled:
                value = factors[c] * value_at(axes, upper[c], objects.boxes, q, objects.points, i)
                settled = most - value > margin
        if settled:
            labels[i] = best


@njit(cache=True, nogil=True, error_model="numpy")
def _label_exactly(
    axes,
    objects,
    q,
    forest,
    squares,
    stack,
    first,
    fold,
    lower,
    upper,
    factors,
    nothing,
    default,
    margin,
    room,
    labels,
):
    """Label what is left of leaf q: exact sums class by class, the cheapest class first.

    After each class the exact sum takes the place of its bounds, and objects that are settled by
    then do without the costlier classes.
    """
    width, n_classes = len(axes), len(factors)
    n = objects.stop[q] - objects.start[q]
    given, sums = room.given, room.sums
    which = np.empty(n, dtype=np.int64)
    lows, highs = np.empty((n, n_classes)), np.empty((n, n_classes))
    n = 0
    for i in range(objects.start[q], objects.stop[q]):
        if labels[i] == UNSETTLED:
            which[n] = i
            for c in range(n_classes):
                for bounds, values in ((lower, lows), (upper, highs)):
                    values[n, c] = factors[c] * value_at(
                        axes, bounds[c], objects.boxes, q, objects.points, i
                    )
            n += 1
    cost = np.zeros(n_classes)
    for c in range(n_classes):
        for k in range(first[c], first[c + 1]):
            cost[c] += forest.stop[stack[k]] - forest.start[stack[k]]
    for done, c in enumerate(np.argsort(cost)):
        if n == 0:
            return
        for k in range(n):
            for d in range(width):
                given[k, d] = objects.points[which[k], d]
        sum_candidates(
            axes,
            objects.boxes,
            q,
            forest,
            squares[c],
            stack,
            first[c],
            first[c + 1],
            n,
            fold[c].copy(),
            room,
        )
        kept = 0
        for k in range(n):
            value = factors[c] * sums[k] if sums[k] > nothing[c] else 0.0
            lows[k, c] = highs[k, c] = value
            label = _settle(lows[k], highs[k], margin, default, done == n_classes - 1)
            if label != UNSETTLED:
                labels[which[k]] = label
            else:
                which[kept] = which[k]
                lows[kept] = lows[k]
                highs[kept] = highs[k]
                kept += 1
        n = kept


@njit(cache=True, nogil=True)
def _settle(low, high, margin, default, exact):
    """The class whose low value beats all other high values; any winner where they are exact."""
    best = np.argmax(low)
    if exact:
        return best if low[best] > 0.0 else default
    for c in range(len(low)):
        if c != best and not low[best] - high[c] > margin:
            return UNSETTLED
    return best
