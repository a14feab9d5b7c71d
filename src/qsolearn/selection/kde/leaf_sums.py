"""Exact kernel sums at the objects of one leaf or block, from its candidates.

Candidates are opened down to *runs*, nodes of a few dozen training points. What lies beyond the
bandwidth of the whole box of objects is dropped and what lies within is folded. The runs that are
left are compared again with small groups of objects, all at once, and only runs that straddle for a
group are summed pair by pair, in register tiles.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from qsolearn.selection.kde.bounds import box_distances
from qsolearn.selection.kde.candidates import fold_node
from qsolearn.selection.kde.tiles import LANES, TILE, pack_strips, sum_strips

__all__ = ["Room", "is_wide", "make_room", "sum_candidates"]

# Nodes of at most this many training points, *runs*, are summed point by point, this many runs at a
# time: their strips stay in the nearest cache while all objects go over them.
RUN = 32
RUNS = 16

# Objects that are compared with the boxes of runs together.
GROUP = 2 * TILE

# The expanded square loses digits far from its origin: objects of a box with a half diagonal beyond
# this many bandwidths are compared with training points one pair at a time.
WIDE = 2.0

# Boxes are computed with rounding: fold only what lies this far within the bandwidth.
SLACK = 1e-12

# Where runs that are not there lie, in bandwidths.
FAR = 1e9


class Room(NamedTuple):
    """Arrays that `sum_candidates` works in.

    Attributes
    ----------
    given : (m, w) array
        To be filled with the objects.
    x : (m, w) array
        The objects, less the middle of their node, over the bandwidth: *local* coordinates, as
        everything below. Room for whole groups.
    groups : (m / GROUP, 2 w) array
        Middles and half widths of the boxes around groups of consecutive objects.
    folds : (m / GROUP, w + 2) array
        What is folded for each group, as a row about the middle of the node.
    strips : (RUNS * size, w + 2, LANES) array
        Training points of the runs, as a tile reads them; ``size`` strips for each run.
    runs : (3 w + 2, RUNS) array
        By run: middle and half widths of its box, and the row to fold it with.
    nodes, sizes : (RUNS,) int arrays
        The node that each run is, and how many strips it takes.
    packed, folded, straddling : (RUNS,) arrays
        1 for the runs whose strips are written; for those wholly within reach of a group; for those
        partly within; else 0.
    chosen : (RUNS * size,) int array
        Strips of the straddling runs.
    sums : (m,) array
        The result.
    """

    given: np.ndarray
    x: np.ndarray
    groups: np.ndarray
    folds: np.ndarray
    strips: np.ndarray
    runs: np.ndarray
    nodes: np.ndarray
    sizes: np.ndarray
    packed: np.ndarray
    folded: np.ndarray
    straddling: np.ndarray
    chosen: np.ndarray
    sums: np.ndarray


@njit(cache=True, nogil=True)
def make_room(axes, n, largest_run):
    """Room for up to n objects at a time against leaves of up to `largest_run` points."""
    width = len(axes)
    n_groups = (n + GROUP - 1) // GROUP
    size = (max(RUN, largest_run) + LANES - 1) // LANES
    return Room(
        np.zeros((n_groups * GROUP, width)),
        np.zeros((n_groups * GROUP, width)),
        np.empty((n_groups, 2 * width)),
        np.empty((n_groups, width + 2)),
        np.empty((RUNS * size, width + 2, LANES)),
        np.zeros((3 * width + 2, RUNS)),
        np.empty(RUNS, dtype=np.int64),
        np.zeros(RUNS, dtype=np.int64),
        np.zeros(RUNS),
        np.zeros(RUNS),
        np.zeros(RUNS),
        np.empty(RUNS * size, dtype=np.int64),
        np.empty(n_groups * GROUP),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def sum_candidates(axes, objects, q, tree, square, stack, first, last, n, fold, room):
    """Exact kernel sums at n objects of node q from its candidates, by folding and by tiles.

    Parameters
    ----------
    n : int
        Number of objects that the room has been given; the sums are left there too.
    fold : (w + 2,) array
        Quadratic about the middle of q of what has been folded already; more is added.
    room : Room
    """
    width = len(axes)
    scale = 1.0 / np.sqrt(square)
    wide = is_wide(axes, objects, q, square)
    for i in range(n):
        for d in range(width):
            room.x[i, d] = (room.given[i, d] - objects[q, d]) * scale
    _group_objects(axes, n, room)
    waiting = np.empty(128, dtype=np.int64)
    n_runs = 0
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
            elif wide:
                _sum_pairs(axes, tree, r, square, n, room)
            else:
                _add_run(axes, objects, q, tree, r, scale, room, n_runs)
                n_runs += 1
                if n_runs == RUNS:
                    _sum_runs(axes, objects, q, tree, scale, n, room)
                    n_runs = 0
    if n_runs > 0:
        room.runs[0, n_runs:] = FAR
        _sum_runs(axes, objects, q, tree, scale, n, room)
    for i in range(n):
        own = room.folds[i // GROUP]
        value = fold[0] + own[0]
        for d in range(width):
            step = room.x[i, d] / scale
            value += (fold[1 + d] - fold[1 + width] * step) * step
            value += (own[1 + d] - own[1 + width] * room.x[i, d]) * room.x[i, d]
        room.sums[i] += value


@njit(cache=True, nogil=True)
def is_wide(axes, objects, q, square):
    """Whether box q has a half diagonal beyond `WIDE` bandwidths."""
    width = len(axes)
    diagonal = 0.0
    for d in range(width):
        diagonal += objects[q, width + d] * objects[q, width + d]
    return diagonal > WIDE * WIDE * square


@njit(cache=True, nogil=True)
def _sum_pairs(axes, tree, r, square, n, room):
    """Add the kernels of node r to the sums of n objects, one pair at a time."""
    for i in range(n):
        total = 0.0
        for j in range(tree.start[r], tree.stop[r]):
            distance = 0.0
            for d in range(len(axes)):
                step = room.given[i, d] - tree.points[j, d]
                distance += step * step
            total += tree.weights[j] * max(1.0 - distance / square, 0.0)
        room.sums[i] += total


@njit(cache=True, nogil=True)
def _group_objects(axes, n, room):
    """Boxes around groups of consecutive objects."""
    n_groups = (n + GROUP - 1) // GROUP
    room.folds[:n_groups] = 0.0
    room.sums[: n_groups * GROUP] = 0.0
    width = len(axes)
    for g in range(n_groups):
        start, stop = g * GROUP, min((g + 1) * GROUP, n)
        for d in range(width):
            low = high = room.x[start, d]
            for i in range(start + 1, stop):
                low = min(low, room.x[i, d])
                high = max(high, room.x[i, d])
            room.groups[g, d] = 0.5 * (low + high)
            room.groups[g, width + d] = 0.5 * (high - low)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"})
def _add_run(axes, objects, q, tree, r, scale, room, k):
    """Make node r run k."""
    width = len(axes)
    boxes, runs = tree.boxes, room.runs
    weight = boxes[r, 3 * width]
    mean = 1.0 - boxes[r, 3 * width + 1] * scale * scale
    for d in range(width):
        runs[d, k] = (boxes[r, d] - objects[q, d]) * scale
        runs[width + d, k] = boxes[r, width + d] * scale
        step = (boxes[r, 2 * width + d] - objects[q, d]) * scale
        mean -= step * step
        runs[2 * width + 1 + d, k] = 2.0 * weight * step
    runs[2 * width, k] = weight * mean
    runs[3 * width + 1, k] = weight
    room.nodes[k] = r
    room.sizes[k] = (tree.stop[r] - tree.start[r] + LANES - 1) // LANES
    room.packed[k] = 0.0


@njit(cache=True, nogil=True)
def _sum_runs(axes, objects, q, tree, scale, n, room):
    """Add the runs to the sums of all n objects.

    Seen from a small group, a run may lie within or beyond the bandwidth after all; only what
    straddles goes through the tile, and only that is packed.
    """
    size = room.strips.shape[0] // RUNS
    for g in range((n + GROUP - 1) // GROUP):
        n_folded, n_missing = _compare_runs(axes, room, g)
        if n_folded > 0.0:
            _fold_runs(axes, room.runs, room.folded, room.folds, g)
        if n_missing > 0.0:
            for k in range(RUNS):
                if room.straddling[k] > room.packed[k]:
                    r = room.nodes[k]
                    pack_strips(
                        axes,
                        tree.points,
                        tree.weights,
                        tree.start[r],
                        tree.stop[r],
                        objects,
                        q,
                        scale,
                        room.strips[k * size : k * size + room.sizes[k]],
                    )
                    room.packed[k] = 1.0
        # Strips of runs that do not straddle are written over by the next: no branch to guess.
        n_chosen = 0
        for k in range(RUNS):
            for j in range(size):
                room.chosen[n_chosen + j] = k * size + j
            n_chosen += room.sizes[k] * int(room.straddling[k])
        if n_chosen > 0:
            for first in range(g * GROUP, min((g + 1) * GROUP, n), TILE):
                sum_strips(axes, room.x, first, room.strips, room.chosen, n_chosen, room.sums)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _compare_runs(axes, room, g):
    """Tell which runs are within reach of group g and which straddle; all lanes alike.

    Returns how many are folded, and how many straddle and are not packed.
    """
    width = len(axes)
    groups, runs = room.groups, room.runs
    n_folded = 0.0
    n_missing = 0.0
    for k in range(RUNS):
        nearest = 0.0
        farthest = 0.0
        for d in range(width):
            between = abs(groups[g, d] - runs[d, k])
            reach = groups[g, width + d] + runs[width + d, k]
            gap = max(between - reach, 0.0)
            nearest += gap * gap
            farthest += (between + reach) * (between + reach)
        within = 1.0 if farthest <= 1.0 - SLACK else 0.0
        straddling = (1.0 if nearest < 1.0 else 0.0) - within
        room.folded[k] = within
        room.straddling[k] = straddling
        n_folded += within
        n_missing += straddling * (1.0 - room.packed[k])
    return n_folded, n_missing


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _fold_runs(axes, runs, folded, folds, g):
    """Add the rows of the folded runs to those of group g."""
    width = len(axes)
    for e in range(width + 2):
        total = 0.0
        for k in range(RUNS):
            total += folded[k] * runs[2 * width + e, k]
        folds[g, e] += total
