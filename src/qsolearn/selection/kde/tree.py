"""Balanced kd-trees whose nodes know the first moments of their points."""

from typing import NamedTuple

import numpy as np
from numba import njit

from qsolearn.selection.kde.tiles import LANES, pad_features

__all__ = ["Tree", "axes_of", "build_forest", "build_tree", "largest_leaf"]


class Tree(NamedTuple):
    """One or more kd-trees as flat arrays; w is the number of coordinates carried, 4 or 8.

    Attributes
    ----------
    points : (n, w) array
        Points in tree order: every node owns a contiguous run.
    weights : (n,) array
    order : (n,) int array
        ``points[k]`` was given as row ``order[k]`` of its sample.
    start, stop : (n_nodes,) int arrays
        The run of each node.
    left : (n_nodes,) int array
        The left child of each node; the right child comes next; -1 at a leaf.
    boxes : (n_nodes, 3 w + 4) array
        What is known of each node, side by side in memory:

        - columns 0 to w - 1: middle of the bounding box; w to 2w - 1: its half widths;
        - 2w to 3w - 1: weighted mean of the points;
        - 3w: total weight W;
        - 3w + 1: weighted mean of ``|y - mean|^2``, the scatter. The sum of ``w |x - y|^2`` over
          the node is ``W (|x - mean|^2 + scatter)``, exactly, for any x: what makes folding
          possible;
        - 3w + 2: at least the variance of the points along any direction;
        - 3w + 3: at least the variance of ``|y - mean|^2``.
    """

    points: np.ndarray
    weights: np.ndarray
    order: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    left: np.ndarray
    boxes: np.ndarray


def axes_of(tree):
    """A tuple as long as the points have coordinates.

    Its length is part of its type, so the compiler knows it and unrolls loops over coordinates.
    """
    return (0,) * tree.points.shape[1]


def build_tree(X, weights, leaf_size):
    """Build a tree by halving the widest side until no leaf has more than `leaf_size` points.

    Parameters
    ----------
    X : (n, d) array, n at least 1, d from 1 to 8
    weights : (n,) array, all positive
    leaf_size : int
        At least 2.

    Returns
    -------
    Tree
        All leaves but the last are whole strips of points, where `leaf_size` is a few of them.
    """
    points = pad_features(X)
    n, width = points.shape
    strip = min(LANES, leaf_size // 2)
    levels = max(0, int(np.ceil(np.log2(-(-n // strip) / (leaf_size // strip)))))
    n_nodes = 2 ** (levels + 1) - 1
    parents = np.arange(n_nodes // 2)
    tree = Tree(
        points=points,
        weights=np.array(weights, dtype=np.float64),
        order=np.arange(n),
        start=np.zeros(n_nodes, dtype=np.int64),
        stop=np.zeros(n_nodes, dtype=np.int64),
        left=np.concatenate([2 * parents + 1, np.full(n_nodes - len(parents), -1)]),
        boxes=np.zeros((n_nodes, 3 * width + 4)),
    )
    _split_nodes(axes_of(tree), tree, strip)
    _sum_moments(axes_of(tree), tree)
    return tree


def build_forest(samples, weights, leaf_size):
    """Build one tree per sample and join their arrays.

    Parameters
    ----------
    samples : list of (n_c, d) arrays
    weights : list of (n_c,) arrays
    leaf_size : int

    Returns
    -------
    Tree
        All trees; node and point numbers run through.
    roots : (n_trees,) int array
        The root of each.
    """
    trees = [build_tree(X, w, leaf_size) for X, w in zip(samples, weights, strict=True)]
    nodes = np.cumsum([0] + [len(tree.start) for tree in trees])
    points = np.cumsum([0] + [len(tree.points) for tree in trees])
    trees = [
        tree._replace(
            start=tree.start + points[c],
            stop=tree.stop + points[c],
            left=np.where(tree.left < 0, -1, tree.left + nodes[c]),
        )
        for c, tree in enumerate(trees)
    ]
    return Tree(*(np.concatenate(arrays) for arrays in zip(*trees, strict=True))), nodes[:-1]


@njit(cache=True, nogil=True)
def largest_leaf(tree):
    """Number of points in the largest leaf."""
    largest = 0
    for node in range(tree.start.shape[0]):
        if tree.left[node] < 0:
            largest = max(largest, tree.stop[node] - tree.start[node])
    return largest


@njit(cache=True, nogil=True)
def _split_nodes(axes, tree, strip):
    width = len(axes)
    points, boxes = tree.points, tree.boxes
    tree.stop[0] = points.shape[0]
    low, high = np.empty(width), np.empty(width)
    for node in range(tree.start.shape[0]):
        a, b = tree.start[node], tree.stop[node]
        for d in range(width):
            low[d] = high[d] = points[a, d]
        for k in range(a + 1, b):
            for d in range(width):
                low[d] = min(low[d], points[k, d])
                high[d] = max(high[d], points[k, d])
        widest = 0
        for d in range(width):
            boxes[node, d] = 0.5 * (low[d] + high[d])
            boxes[node, width + d] = max(high[d] - boxes[node, d], boxes[node, d] - low[d])
            if boxes[node, width + d] > boxes[node, width + widest]:
                widest = d
        child = tree.left[node]
        if child >= 0:
            n_strips = (b - a + strip - 1) // strip
            cut = a + (n_strips + 1) // 2 * strip
            _select(axes, points, tree.weights, tree.order, a, b, cut, widest)
            tree.start[child], tree.stop[child] = a, cut
            tree.start[child + 1], tree.stop[child + 1] = cut, b


@njit(cache=True, nogil=True)
def _select(axes, points, weights, order, a, b, k, d):
    """Quickselect: move rows a to b - 1 so that row k is in its place along coordinate d."""
    left, right = a, b - 1
    while left < right:
        x, y, z = points[left, d], points[(left + right) // 2, d], points[right, d]
        pivot = max(min(x, y), min(max(x, y), z))
        i, j = left, right
        while i <= j:
            while points[i, d] < pivot:
                i += 1
            while points[j, d] > pivot:
                j -= 1
            if i <= j:
                for e in range(len(axes)):
                    points[i, e], points[j, e] = points[j, e], points[i, e]
                weights[i], weights[j] = weights[j], weights[i]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if k <= j:
            right = j
        elif k >= i:
            left = i
        else:
            return


@njit(cache=True, nogil=True)
def _sum_moments(axes, tree):
    """Fill the moments from the leaves up; products are sums of ``w (y - mean) (y - mean)^T``."""
    width = len(axes)
    boxes = tree.boxes
    n_nodes = boxes.shape[0]
    products = np.zeros((n_nodes, width, width))
    step = np.empty(width)
    for node in range(n_nodes - 1, -1, -1):
        child = tree.left[node]
        if child < 0:
            _sum_leaf(axes, tree, node, products, step)
        else:
            # Two halves: the products of each, and those of their means about the common mean.
            u, v = boxes[child, 3 * width], boxes[child + 1, 3 * width]
            boxes[node, 3 * width] = u + v
            for d in range(2 * width, 3 * width):
                step[d - 2 * width] = boxes[child + 1, d] - boxes[child, d]
                boxes[node, d] = boxes[child, d] + step[d - 2 * width] * (v / (u + v))
            for d in range(width):
                for e in range(width):
                    between = step[d] * step[e] * (u * v / (u + v))
                    products[node, d, e] = products[child, d, e] + products[child + 1, d, e]
                    products[node, d, e] += between
        scatter = 0.0
        reach = 0.0
        largest = 0.0
        for d in range(width):
            scatter += products[node, d, d]
            reach += (
                boxes[node, width + d] + abs(boxes[node, d] - boxes[node, 2 * width + d])
            ) ** 2
            row = 0.0
            for e in range(width):
                row += abs(products[node, d, e])
            largest = max(largest, row)
        # No eigenvalue exceeds the largest row of absolute values; no variance of numbers between
        # 0 and reach with mean m exceeds m (reach - m).
        m = scatter / boxes[node, 3 * width]
        boxes[node, 3 * width + 1] = m
        boxes[node, 3 * width + 2] = largest / boxes[node, 3 * width]
        boxes[node, 3 * width + 3] = m * max(reach - m, 0.0)


@njit(cache=True, nogil=True)
def _sum_leaf(axes, tree, node, products, step):
    width = len(axes)
    boxes = tree.boxes
    mean = boxes[node, 2 * width : 3 * width]
    weight = 0.0
    for k in range(tree.start[node], tree.stop[node]):
        weight += tree.weights[k]
        for d in range(width):
            mean[d] += tree.weights[k] * (tree.points[k, d] - boxes[node, d])
    boxes[node, 3 * width] = weight
    for d in range(width):
        mean[d] = boxes[node, d] + mean[d] / weight
    for k in range(tree.start[node], tree.stop[node]):
        for d in range(width):
            step[d] = tree.points[k, d] - mean[d]
        for d in range(width):
            for e in range(width):
                products[node, d, e] += tree.weights[k] * step[d] * step[e]
