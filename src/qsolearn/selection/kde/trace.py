"""What the label engine does, step by step, for a figure."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from qsolearn.selection.kde.engine import label_tree, prepare
from qsolearn.selection.kde.tree import build_tree

__all__ = ["LabelTrace", "trace_labels"]

ACTIONS = ["dropped", "folded", "opened", "kept", "settled"]


class LabelTrace(NamedTuple):
    """The steps of one run of the label engine.

    Attributes
    ----------
    steps : DataFrame
        One row per step, in order: `object_node`; `training_node` (-1 where the step is about the
        objects alone); `training_class` (the class whose tree the training node is in, or the
        class that a settled node of objects gets); `action`: the training node was "dropped" (out
        of reach), "folded" (wholly within reach, taken in whole), "opened" (replaced by its two
        children) or "kept" (bounded, for the children of the object node to look at again), or the
        node of objects was "settled"; `n_points`: points of the training node, or objects of the
        settled one.
    object_boxes : (n, d, 2) array
        Lower and upper edge of the bounding box of each node of objects.
    training_boxes : (m, d, 2) array
        The same for the training nodes.
    """

    steps: pd.DataFrame
    object_boxes: np.ndarray
    training_boxes: np.ndarray


def trace_labels(classifier, X, leaf_size=8, max_steps=100_000):
    """Run the label engine and note every step it takes.

    Parameters
    ----------
    classifier : KernelBayesClassifier
        Fitted, with Epanechnikov kernels.
    X : (n, d) array
        Objects.
    leaf_size : int
        Points per leaf of both trees, at least 2; smaller than in earnest, so that small samples
        show steps.
    max_steps : int
        Later steps are not noted.

    Returns
    -------
    LabelTrace

    Raises
    ------
    ValueError
        If the kernel is not "epanechnikov", or `leaf_size` is below 2.

    Examples
    --------
    >>> import numpy as np
    >>> from qsolearn.selection.kde import KernelBayesClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["QSO", "star"], 200)
    >>> X = rng.normal(size=(400, 2)) + 4 * (y == "star")[:, None]
    >>> trace = trace_labels(KernelBayesClassifier(1.5).fit(X, y), X)
    >>> sorted(trace.steps["action"].unique())
    ['dropped', 'folded', 'kept', 'opened', 'settled']
    """
    if classifier.kernel != "epanechnikov":
        raise ValueError(
            f"The kernel is {classifier.kernel!r}, but only 'epanechnikov' has a label engine: "
            "fit the classifier with that kernel."
        )
    if leaf_size < 2:
        raise ValueError(f"leaf_size is {leaf_size}: give at least 2 points per leaf.")
    X = np.asarray(X, dtype=np.float64)
    objects = build_tree(X, np.ones(len(X)), leaf_size)
    training = prepare(
        classifier._points,
        classifier._weights,
        classifier.bandwidths_,
        classifier.kernel,
        leaf_size,
    )
    notes = np.zeros((max_steps + 1, 4), dtype=np.int64)
    labels = np.empty(len(X), dtype=np.int64)
    label_tree(training, classifier.priors_, objects, 0, labels, notes)
    q, r, action, number = notes[1 : notes[0, 0] + 1].T
    settled = r < 0
    classes = np.where(settled, number, np.searchsorted(training.roots, r, side="right") - 1)
    steps = pd.DataFrame(
        {
            "object_node": q,
            "training_node": r,
            "training_class": classifier.classes_[classes],
            "action": np.array(ACTIONS, dtype=object)[action],
            "n_points": np.where(settled, objects.stop[q] - objects.start[q], number),
        }
    )
    return LabelTrace(steps, _edges(objects, X.shape[1]), _edges(training.forest, X.shape[1]))


def _edges(tree, d):
    width = tree.points.shape[1]
    middle, half = tree.boxes[:, :d], tree.boxes[:, width : width + d]
    return np.stack([middle - half, middle + half], axis=2)
