"""From arrays of objects to labels and densities: trees, threads, and the order of the input."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from qsolearn.selection.kde.densities import log_normalization, sum_node
from qsolearn.selection.kde.gaussian_grid import gather, make_grid
from qsolearn.selection.kde.gaussian_tree import log_sum_gaussian
from qsolearn.selection.kde.labels import label_node
from qsolearn.selection.kde.tree import Tree, build_forest, build_tree

__all__ = [
    "Training",
    "class_span",
    "grow_objects",
    "label_objects",
    "label_tree",
    "log_densities",
    "log_sum_class",
    "prepare",
    "run_nodes",
    "sum_class",
]

# Leaves are settled as a whole for labels; for densities they are compact groups of a larger block.
OBJECTS_PER_LEAF = {"labels": 32, "densities": 16}
REFERENCES_PER_LEAF = 32

# A kernel sum below this, relative to the mean weight of a training point, is rounding.
NOTHING = 1e-12

# Relative error of a Gaussian kernel sum; a little below 1e-4, since it is proven against the sum
# that was found and not the true one.
TOLERANCE = 0.99e-4

# Below this many points in all, a grid costs more than it saves.
WORTH_A_GRID = 20_000

# The tree of objects is worked on in up to this many parts, whatever the number of threads.
PARTS = 32


class Training(NamedTuple):
    """Training points of all classes, ready for the engine.

    Attributes
    ----------
    forest : Tree
    roots : (n_classes,) int array
    bandwidths : (n_classes,) array
    kernel : str
    n_features : int
    totals : (n_classes,) array
        Sum of the weights of each class.
    nothing : (n_classes,) array
        Kernel sums up to this count as zero.
    """

    forest: Tree
    roots: np.ndarray
    bandwidths: np.ndarray
    kernel: str
    n_features: int
    totals: np.ndarray
    nothing: np.ndarray


def prepare(samples, weights, bandwidths, kernel, leaf_size=REFERENCES_PER_LEAF):
    """Grow the trees of all classes.

    Parameters
    ----------
    samples : list of (n_c, d) arrays
    weights : list of (n_c,) arrays, all positive
    bandwidths : (n_classes,) array
    kernel : {"epanechnikov", "gaussian"}
    leaf_size : int
        Training points per leaf.

    Returns
    -------
    Training
    """
    forest, roots = build_forest(samples, weights, leaf_size)
    totals = np.array([w.sum() for w in weights])
    means = np.array([w.mean() for w in weights])
    return Training(forest, roots, bandwidths, kernel, samples[0].shape[1], totals, NOTHING * means)


def grow_objects(X, purpose):
    """Tree of the objects, and the nodes whose subtrees are the parts of the work."""
    tree = build_tree(X, np.ones(len(X)), OBJECTS_PER_LEAF[purpose])
    nodes = [0]
    while len(nodes) < PARTS and tree.left[nodes[0]] >= 0:
        nodes = [child for q in nodes for child in (tree.left[q], tree.left[q] + 1)]
    return tree, nodes


def run_nodes(work, nodes, n_threads):
    """Call ``work(node)`` for every part, on one or more threads."""
    if n_threads == 1:
        for node in nodes:
            work(node)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(work, nodes))


def log_densities(training, X, n_threads):
    """Log of every class's kernel density at every object.

    Parameters
    ----------
    training : Training
    X : (n, d) array
    n_threads : int

    Returns
    -------
    (n, n_classes) array
        Natural log of the density per unit volume of the features; -inf where it is zero.
    """
    objects, nodes = grow_objects(X, "densities")
    result = np.empty((len(X), len(training.roots)))
    for c in range(len(training.roots)):
        if training.kernel == "epanechnikov":
            sums = sum_class(training, c, training.bandwidths[c], objects, nodes, n_threads)
            with np.errstate(divide="ignore"):
                log_sums = np.log(sums)
        else:
            log_sums = log_sum_class(training, c, training.bandwidths[c], objects, n_threads)
        result[objects.order, c] = log_sums - np.log(training.totals[c])
        result[:, c] -= log_normalization(
            training.kernel, training.n_features, training.bandwidths[c]
        )
    return result


def sum_class(training, c, bandwidth, objects, nodes, n_threads):
    """Epanechnikov kernel sums of one class, exact, in the order of the tree of objects."""
    sums = np.empty(len(objects.points))

    def work(node):
        sum_node(objects, node, training.forest, training.roots[c], bandwidth, sums)

    run_nodes(work, nodes, n_threads)
    sums[sums <= training.nothing[c]] = 0.0
    return sums


def log_sum_class(training, c, bandwidth, objects, n_threads, left_out=None):
    """Log of the Gaussian kernel sums of one class, in the order of the tree of objects.

    The grid gives what it can prove to be within the tolerance, the tree gives the rest.

    Parameters
    ----------
    left_out : (n,) int array, optional
        For each object, in tree order, the training point in tree order that it does without, or
        -1. These objects take the tree.
    """
    n = len(objects.points)
    own = slice(*class_span(training, c))
    points, weights = training.forest.points[own], training.forest.weights[own]
    left_out = np.full(n, -1) if left_out is None else left_out
    log_sums = np.full(n, np.nan)
    edges = np.linspace(0, n, PARTS + 1).astype(int)
    grid = None
    if n + len(points) > WORTH_A_GRID:
        grid = make_grid(points, weights, training.n_features, bandwidth)

    def work(part):
        sums = np.full(edges[part + 1] - edges[part], np.nan)
        rows = slice(edges[part], edges[part + 1])
        if grid is not None:
            gather(objects.points[rows], training.n_features, grid, TOLERANCE, sums)
            sums[left_out[rows] >= 0] = np.nan
        result = np.log(sums)
        rest = np.flatnonzero(np.isnan(sums))
        exact = np.empty(len(rest))
        log_sum_gaussian(
            objects.points[rows][rest],
            training.forest,
            training.roots[c],
            bandwidth,
            TOLERANCE,
            left_out[rows][rest],
            exact,
        )
        result[rest] = exact
        log_sums[rows] = result

    run_nodes(work, range(PARTS), n_threads)
    return log_sums


def class_span(training, c):
    """First and last + 1 of the training points of class c."""
    root = training.roots[c]
    return training.forest.start[root], training.forest.stop[root]


def label_objects(training, priors, X, n_threads):
    """Number of the most probable class of every object, by Epanechnikov kernels.

    Parameters
    ----------
    training : Training
    priors : (n_classes,) array
    X : (n, d) array
    n_threads : int

    Returns
    -------
    (n,) int array
        The class with the largest prior where every density is zero.
    """
    objects, nodes = grow_objects(X, "labels")
    in_order = np.empty(len(X), dtype=np.int64)
    no_trace = np.zeros((0, 4), dtype=np.int64)

    def work(node):
        label_tree(training, priors, objects, node, in_order, no_trace)

    run_nodes(work, nodes, n_threads)
    labels = np.empty_like(in_order)
    labels[objects.order] = in_order
    return labels


def label_tree(training, priors, objects, node, labels, trace):
    """Write the class numbers of all objects below one node, in the order of their tree."""
    log_factors = np.log(priors) - np.log(training.totals)
    log_factors -= [
        log_normalization("epanechnikov", training.n_features, h) for h in training.bandwidths
    ]
    label_node(
        objects,
        node,
        training.forest,
        training.roots,
        training.bandwidths,
        np.exp(log_factors - log_factors.max()),
        training.nothing,
        int(np.argmax(priors)),
        labels,
        trace,
    )
